"""The answers of one compared model, wherever they come from: a row a query, as a completion has it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from instruction_tuning.answering.direct import answer_requests
from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.canonical.reading import read_files
from instruction_tuning.canonical.records import asked_text
from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.lm.chat_request import as_messages, without_answer
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.request_parameters import Asker
from instruction_tuning.pipelines.comparison_data.parameters import ComparedModel, ComparisonDataParameters

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Places:
    """What the catalog holds for those that are named by a word."""

    teacher: Endpoint
    base_model: ModelFolder
    champion_model: ModelFolder | None


def model_folder(name: str, model: ComparedModel, places: Places) -> ModelFolder | None:
    """The folder of a model that is sampled here; null of others. Raises before anything is paid for."""
    if model.source == "champion" and places.champion_model is None:
        raise ConfigurationError(
            "no model is champion yet, so it cannot answer",
            field=f"comparison_data.models.{name}",
            fix="promote one (kedro run --pipeline=evaluation), or take the model out",
        )
    if model.source == "folder":
        assert model.path is not None
        return open_model_folder(model.path)
    return {"base_model": places.base_model, "champion": places.champion_model}.get(model.source)


def model_id(model: ComparedModel, folder: ModelFolder | None, teacher: Endpoint) -> str:
    """A folder's digest, the name that an endpoint's answers are stored by, a file's path, or `record`."""
    if folder is not None:
        return folder.digest
    endpoint = teacher if model.source == "teacher" else model.endpoint
    return str(model.path or "record") if endpoint is None else endpoint.identified().model


def recorded_answers(name: str, model: ComparedModel, queries: pd.DataFrame) -> list[str | None] | None:
    """What the records, or the rows of a file with the same questions, answer; null if a model is asked."""
    if model.source == "record":
        return [answer if isinstance(answer, str) else None for answer in queries["answer"]]
    if model.source != "file":
        return None
    assert model.path is not None
    by_question = _answers_of_file(model.path)
    found = [by_question.get(asked_text(without_answer(turns))) for turns in queries["messages"]]
    if not any(answer is not None for answer in found):
        raise InputError(
            f"no row of the file asks one of the {len(found)} queries",
            file=model.path,
            field=f"comparison_data.models.{name}.path",
            fix="give a file of answers to the same prompts, word for word",
        )
    return found


def _answers_of_file(path: Path) -> dict[str, str]:
    records, rejected = read_files(list_raw_files(path), ReadingRules())
    if rejected:
        logger.warning("%d rows of %s have no readable answer", len(rejected), path)
    answers: dict[str, str] = {}
    for record in records:
        if record.answer is not None:
            answers.setdefault(asked_text(record.messages), record.answer)
    return answers


def asked_answers(
    endpoint: Endpoint,
    queries: pd.DataFrame,
    asker: Asker,
    parameters: ComparisonDataParameters,
    *,
    index: int,
) -> pd.DataFrame:
    """Completions of `endpoint`; `index` is the model's number, by which its samples are told apart."""
    requests = answer_requests(
        queries,
        num_samples=1,
        temperature=parameters.temperature,
        max_tokens=parameters.max_tokens,
        seed=parameters.seed,
        first_sample=index,
    )
    return asker.ask(endpoint, requests)


def sampled_answers(
    folder: ModelFolder, queries: pd.DataFrame, parameters: ComparisonDataParameters
) -> list[str | None]:
    """What the model in `folder` writes, null where that is nothing."""
    from instruction_tuning.lm.local import sample_completions

    prompts = {
        str(record_id): as_messages(without_answer(messages))
        for record_id, messages in zip(queries["record_id"], queries["messages"], strict=True)
    }
    texts = sample_completions(
        folder,
        prompts,
        samples=1,
        temperature=parameters.temperature,
        max_new_tokens=parameters.max_tokens,
        seed=parameters.seed,
    )
    return [texts[str(record_id)][0].strip() or None for record_id in queries["record_id"]]


def completion_like(
    queries: pd.DataFrame, answers: Sequence[str | None], *, index: int, why_not: str
) -> pd.DataFrame:
    """Answers that nobody was asked for in the form of completions."""
    return pd.DataFrame(
        {
            "record_id": queries["record_id"].to_numpy(),
            "sample_index": index,
            "response": pd.Series(list(answers), dtype="str"),
            "status": ["failed" if answer is None else "ok" for answer in answers],
            "error": [why_not if answer is None else None for answer in answers],
        }
    )

"""Measuring one model on benchmark items with lm-eval (EleutherAI/lm-evaluation-harness).

Two calls of `evaluate`, one with the chat template and one without, each over all abilities, greedy
decoding (`simple_evaluate` would look at the machine for a second or two after each, which nobody reads).
Results are kept under `<work folder>/<fingerprint>/outputs` by model digest, so that a base model is
measured once for many candidates; a file that cannot be read is measured again. Until then the answers of
each batch are kept beside it (kept_answers.py).
"""

import contextlib
import hashlib
import io
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.evaluation.kept_answers import KeptAnswers
from instruction_tuning.evaluation.task_files import (
    CHAT_FORMS,
    FORMS,
    BenchmarkSettings,
    fingerprint,
    measured_items,
    task_name,
    write_task_files,
)
from instruction_tuning.lm.loading import load_model, load_tokenizer
from instruction_tuning.lm.model_folder import ModelFolder

logger = logging.getLogger(__name__)


def measure_model(
    model: ModelFolder,
    items: pd.DataFrame,
    settings: BenchmarkSettings,
    work_folder: Path,
    *,
    chat_template: str | None = None,
    role: str = "model",
) -> pd.DataFrame:
    """One row for each item and form: ability, language, form, item_id, prompt, response, extracted,
    target, score, skill, difficulty, counted, model_digest.

    `chat_template` is used where the model's tokenizer has none (a base model from the hub); `role` names the
    model in the log.
    """
    tokenizer = _tokenizer(model, chat_template)
    template_digest = hashlib.sha256(str(tokenizer.chat_template).encode()).hexdigest()[:8]
    name = f"{model.digest}-{template_digest}-{_device()}.parquet"
    stored = work_folder / fingerprint(items, settings) / "outputs" / name
    if (outputs := _read_stored(stored)) is not None:
        logger.info(
            "the %s (%s) was measured on these items before: answers taken from %s",
            role,
            model.digest,
            stored,
        )
        return outputs
    tasks = write_task_files(items, settings, work_folder)
    test = measured_items(items, settings)
    kept = KeptAnswers(stored.with_suffix(".jsonl"))
    rows = _run_harness(model, tokenizer, test, settings, tasks, kept, role=role)
    outputs = pd.DataFrame(rows).assign(model_digest=model.digest).astype({"extracted": "str"})
    _store(outputs, stored)
    kept.forget()
    return outputs


def chat_template_of(model: ModelFolder) -> str | None:
    """The chat template in a model folder, if there is one."""
    template: str | None = load_tokenizer(model).chat_template
    return template


def _run_harness(
    model: ModelFolder,
    tokenizer: Any,
    test: pd.DataFrame,
    settings: BenchmarkSettings,
    tasks: Path,
    kept: KeptAnswers,
    *,
    role: str,
) -> list[dict[str, object]]:
    import lm_eval
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_path=str(tasks), include_defaults=False)
    abilities = sorted(set(test["ability"]))
    rows: list[dict[str, object]] = []
    batches = len(FORMS) * -(-len(test) // settings.batch_size)
    with _load(model, tokenizer, settings.batch_size, batches, kept, label=role) as local_model:
        for forms, through_chat in ((CHAT_FORMS, True), (("document_few_shot",), False)):
            names = [task_name(ability, form) for ability in abilities for form in forms]
            with contextlib.redirect_stderr(io.StringIO()):  # lm-eval draws a bar for every task
                loaded = manager.load(names)
                for task in loaded["tasks"].values():
                    task.set_fewshot_seed(seed=0)  # it wants one; the examples stand in the items
                result = lm_eval.evaluate(
                    lm=local_model,
                    task_dict=loaded,
                    apply_chat_template=through_chat,
                    fewshot_as_multiturn=True,
                    bootstrap_iters=0,
                    log_samples=True,
                )
            for ability in abilities:
                for form in forms:
                    samples = result["samples"][task_name(ability, form)]
                    rows += [_output_row(sample, ability, form) for sample in samples]
    return rows


def _tokenizer(model: ModelFolder, chat_template: str | None) -> Any:
    tokenizer: Any = load_tokenizer(model)
    if tokenizer.chat_template is None:
        tokenizer.chat_template = chat_template
    if tokenizer.chat_template is None:
        raise ConfigurationError(
            "the tokenizer has no chat template, so the model cannot be measured through chat",
            file=model.path,
            fix="add chat_template.jinja to the model folder",
        )
    return tokenizer


@contextlib.contextmanager
def _load(
    model: ModelFolder, tokenizer: Any, batch_size: int, batches: int, kept: KeptAnswers, *, label: str
) -> Iterator[Any]:
    """The model as lm-eval wants it; freed afterwards, so that only one is in memory at a time."""
    from instruction_tuning.evaluation.harness import LocalModel

    with _quiet():  # it warns that a loaded model leaves some of its arguments unused
        local_model = LocalModel(
            expected_batches=batches,
            label=f"measuring the {label} ({model.digest})",
            kept=kept,
            pretrained=load_model(model, "causal"),
            tokenizer=tokenizer,
            batch_size=batch_size,
        )
    try:
        yield local_model
    finally:
        local_model.close()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    harness_logger = logging.getLogger("lm_eval")
    level = harness_logger.level
    harness_logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        harness_logger.setLevel(level)


def _output_row(sample: dict[str, Any], ability: str, form: str) -> dict[str, object]:
    extracted = sample["filtered_resps"][0]
    return {
        "ability": ability,
        "language": sample["doc"]["language"],
        "form": form,
        "item_id": sample["doc"]["item_id"],
        "prompt": sample["arguments"][0][0],
        "response": sample["resps"][0][0],
        "extracted": None if extracted == "[invalid]" else extracted,
        "target": sample["target"],
        "score": float(sample["score"]),
        **{name: sample["doc"][name] for name in ("skill", "difficulty", "counted")},
    }


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _read_stored(path: Path) -> pd.DataFrame | None:
    if not path.is_file():
        return None
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        logger.warning("stored results %s cannot be read (%s); measuring again", path, error)
        return None


def _store(outputs: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.draft")
    outputs.to_parquet(draft, index=False)
    os.replace(draft, path)

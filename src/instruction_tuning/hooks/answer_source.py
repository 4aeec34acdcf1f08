"""Where the answers of a run come from, and whether that goes together with its records and its stages."""

from pathlib import Path
from typing import Any

from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.hooks.redaction import redact_text

TEACHER_DATASET = "teacher"
TEACHER_PARAMETERS = "params:answer_generation"
RAW_DATASET = "raw_instructions"
BASE_MODEL_DATASET = "base_model"
RATINGS_DATASET = "rated_responses"
REWARD_PARAMETERS = "params:reward_model"
# The base_url that asks for the project's own teacher, and the records that this one can answer.
MICROWORLD = "microworld"
MICROWORLD_DATA = Path("data", "01_raw", "microworld")


def answers_come_from(catalog: CatalogProtocol[Any, Any]) -> str:
    """`teacher`, or `source` where the records' own answers are taken."""
    if TEACHER_PARAMETERS not in catalog:
        return "teacher"
    return str(getattr(catalog.load(TEACHER_PARAMETERS), "strategy", "teacher"))


def needs_teacher(pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> bool:
    """Whether a node of `pipeline` will really send requests to the teacher."""
    asks = any(TEACHER_DATASET in node.inputs for node in pipeline.nodes)
    return asks and answers_come_from(catalog) == "teacher"


def check_teacher_knows(asked: Pipeline, catalog: CatalogProtocol[Any, Any], project: Path) -> None:
    """Raise `ConfigurationError` when the built-in teacher is to answer records that are not of its world.

    It answers anything, and rates what it said: nothing later would tell that all of it is nonsense.
    `asked` is the run as it was asked for. A stage that runs alone takes stored queries; of those nothing
    is known here.
    """
    if catalog.load(TEACHER_DATASET).base_url != MICROWORLD or RAW_DATASET not in asked.inputs():
        return
    raw = getattr(catalog.get(RAW_DATASET), "_filepath", None)
    if raw is None or Path(raw).resolve().is_relative_to((project / MICROWORLD_DATA).resolve()):
        return
    raise ConfigurationError(
        "the built-in teacher knows only its invented world and would answer these records with nonsense",
        file=raw,
        field="teacher.base_url",
        fix="take the records' own answers, where they have any: --env=alpaca; or name a teacher of yours in "
        "conf/local/globals.yml (docs/your_own_data.md shows how)",
    )


def check_ratings_will_come(asked: Pipeline, to_run: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
    """Raise `ConfigurationError` when a reward model is to be trained on answers that nobody will rate."""
    trains = any(REWARD_PARAMETERS in node.inputs for node in to_run.nodes)
    if trains and RATINGS_DATASET in asked.all_outputs() and answers_come_from(catalog) == "source":
        raise ConfigurationError(
            "a reward model is trained on ratings, and the records' own answers have none",
            field="answer_generation.strategy",
            fix="stop before it: --pipeline=sft, or --pipeline=evaluation for a verdict too; "
            "or have a teacher answer and rate: answer_generation.strategy=teacher",
        )


def what_is_used(pipeline: Pipeline, catalog: CatalogProtocol[Any, Any], project: Path) -> str:
    """Base model, raw data and teacher of a run in one line; those that it does not take are left out."""
    parts = [
        f"{title} {_place(catalog.get(name), project)}"
        for name, title in ((BASE_MODEL_DATASET, "base model"), (RAW_DATASET, "raw data"))
        if name in pipeline.inputs() and name in catalog
    ]
    if TEACHER_DATASET in pipeline.inputs() and TEACHER_DATASET in catalog:
        parts.append(f"teacher {_teacher(catalog)}")
    return "; ".join(parts)


def _place(dataset: Any, project: Path) -> str:
    path = getattr(dataset, "_filepath", None)
    if path is None:
        told = dataset._describe() if hasattr(dataset, "_describe") else {}
        return (
            f"{told['model']} at {told['revision'] or 'its newest commit'}"
            if "model" in told
            else str(dataset)
        )
    place, root = Path(path).resolve(), project.resolve()
    return str(place.relative_to(root) if place.is_relative_to(root) else path)


def _teacher(catalog: CatalogProtocol[Any, Any]) -> str:
    if answers_come_from(catalog) == "source":
        return "none (the records' own answers)"
    endpoint = catalog.load(TEACHER_DATASET)
    if endpoint.base_url == MICROWORLD:
        return "the microworld's own"
    return f"{endpoint.model} at {redact_text(endpoint.address)}"

"""Where the answers of a run come from, and whether that goes together with its records and its stages."""

from pathlib import Path
from typing import Any

from kedro.io import CatalogProtocol
from kedro.pipeline import Node, Pipeline

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.hooks.redaction import redact_text
from instruction_tuning.lm.protocol import Endpoint

TEACHER = "params:teacher"
TEACHER_PARAMETERS = "params:answer_generation"
RAW_DATASET = "raw_instructions"
SEED_TASKS_DATASET = "seed_tasks"
DOCUMENTS_DATASET = "raw_documents"
BASE_MODEL_DATASET = "base_model"
RATINGS_DATASET = "rated_responses"
REWARD_PARAMETERS = "params:reward_model"
# The base_url that asks for the project's own teacher, and the records that this one can answer.
MICROWORLD = "microworld"
MICROWORLD_DATA = Path("data", "01_raw", "microworld")
TEACHER_KEY = "teacher"  # in globals.yml
_OWN_MODELS = (
    "have models that are trained here write and judge: instruction_backtranslation.written_by=model and "
    "curated_by=model; or "
)


def answers_come_from(catalog: CatalogProtocol[Any, Any]) -> str:
    """`teacher`, or `source` where the records' own answers are taken."""
    if TEACHER_PARAMETERS not in catalog:
        return "teacher"
    return str(getattr(catalog.load(TEACHER_PARAMETERS), "strategy", "teacher"))


def needs_teacher(pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> bool:
    """Whether a node of `pipeline` will really send requests to the teacher.

    One that takes the teacher does, unless a section of parameters that it takes says `asks_teacher` false.
    """
    return bool(asking_nodes(pipeline, catalog))


def asking_nodes(pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> list[Node]:
    """The nodes that `needs_teacher` is about."""
    return [node for node in pipeline.nodes if _asks(node, catalog)]


def _asks(node: Node, catalog: CatalogProtocol[Any, Any]) -> bool:
    return TEACHER in node.inputs and all(_may_ask(name, catalog) for name in node.inputs)


def _may_ask(name: str, catalog: CatalogProtocol[Any, Any]) -> bool:
    if not name.startswith("params:") or name not in catalog:
        return True
    return bool(getattr(catalog.load(name), "asks_teacher", True))


def endpoints_of(teacher: Endpoint) -> dict[str, Endpoint]:
    """By the key in globals.yml: the teacher, the judge where another endpoint rates, and other teachers."""
    judge = {} if teacher.judge is None else {"judge": teacher.judge}
    others = {f"other_teachers.{place}": other for place, other in enumerate(teacher.others)}
    return {TEACHER_KEY: teacher, **judge, **others}


def named_endpoints(pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> dict[str, Endpoint]:
    """Endpoints that parameters of `pipeline` name beside the teacher, by their key in the parameters."""
    names = {name for node in pipeline.nodes for name in node.inputs if name.startswith("params:")}
    return {
        f"{name.removeprefix('params:')}.{key}": endpoint
        for name in sorted(names)
        if name in catalog
        for key, endpoint in getattr(catalog.load(name), "endpoints", {}).items()
    }


class ServedEndpoint(Endpoint):
    """The project's own server once it runs: its address and name stand in the place of the word."""


def built_in_endpoints(teacher: Endpoint) -> list[str]:
    """Which of them are the project's own server, running or not."""
    return [
        name
        for name, endpoint in endpoints_of(teacher).items()
        if endpoint.base_url == MICROWORLD or isinstance(endpoint, ServedEndpoint)
    ]


def is_play_money(teacher: Endpoint) -> bool:
    """Whether nobody but the project's own server answers and rates."""
    return len(built_in_endpoints(teacher)) == len(endpoints_of(teacher))


def check_teacher_knows(asked: Pipeline, catalog: CatalogProtocol[Any, Any], project: Path) -> None:
    """Raise `ConfigurationError` when the built-in teacher is to answer or rate records of another world, or
    to write after seed tasks or documents of one.

    It answers anything, and rates what it said: nothing later would tell that all of it is nonsense.
    `asked` is the run as it was asked for. What a stage that runs alone takes from the disk is looked at in
    hooks/built_in_teacher.py.
    """
    built_in = built_in_endpoints(catalog.load(TEACHER))
    if not built_in:
        return
    # Where more than answers are asked for, records with answers of their own are no way out.
    only_answers = all(TEACHER_PARAMETERS in node.inputs for node in asking_nodes(asked, catalog))
    own_answers = "take the records' own answers, where they have any: --env=alpaca; or "
    verb = "rate" if built_in == ["judge"] else "answer"
    for name, does, fix in (
        (RAW_DATASET, f"{verb} these records with nonsense", own_answers if only_answers else ""),
        (SEED_TASKS_DATASET, "write nonsense after these seed tasks", ""),
        (DOCUMENTS_DATASET, "write and judge nonsense about these documents", _OWN_MODELS),
    ):
        if name != RAW_DATASET and built_in[0] != TEACHER_KEY:
            continue  # a judge, or another teacher, is not asked there
        raw = getattr(catalog.get(name), "_filepath", None) if name in asked.inputs() else None
        if raw is None or Path(raw).resolve().is_relative_to((project / MICROWORLD_DATA).resolve()):
            continue
        raise ConfigurationError(
            f"the built-in teacher knows only its invented world and would {does}",
            file=raw,
            field=f"{built_in[0]}.base_url",
            fix=f"{fix}name a {built_in[0]} of yours in "
            "conf/local/globals.yml (docs/your_own_data.md shows how)",
        )


def check_ratings_will_come(asked: Pipeline, to_run: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
    """Raise `ConfigurationError` when a reward model is to be trained on answers that nobody will rate."""
    trains = any(REWARD_PARAMETERS in node.inputs for node in to_run.nodes)
    if not trains or RATINGS_DATASET not in asked.all_outputs():
        return
    if answers_come_from(catalog) == "source":
        raise ConfigurationError(
            "a reward model is trained on ratings, and the records' own answers have none",
            field="answer_generation.strategy",
            fix="stop before it: --pipeline=sft, or --pipeline=evaluation for a verdict too; "
            "or have a teacher answer and rate: answer_generation.strategy=teacher",
        )
    if getattr(catalog.load(TEACHER_PARAMETERS), "rates_nothing", False):
        raise ConfigurationError(
            "a reward model is trained on ratings, and rejection sampling that drops what nothing verifies "
            "has none",
            field="answer_generation.rejection_sampling.unverified",
            fix="stop before it: --pipeline=sft, or --pipeline=evaluation for a verdict too; "
            "or set it to rate",
        )


def what_is_used(pipeline: Pipeline, catalog: CatalogProtocol[Any, Any], project: Path) -> str:
    """Base model, raw data, teacher and judge of a run in one line, without those that it does not take."""
    parts = [
        f"{title} {_place(catalog.get(name), project)}"
        for name, title in ((BASE_MODEL_DATASET, "base model"), (RAW_DATASET, "raw data"))
        if name in pipeline.inputs() and name in catalog
    ]
    if TEACHER in pipeline.inputs() and TEACHER in catalog:
        parts += _teacher_and_judge(pipeline, catalog)
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


def _teacher_and_judge(pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> list[str]:
    if not needs_teacher(pipeline, catalog):
        return ["teacher none (the records' own answers)"]
    return [
        f"{name} the microworld's own"
        if endpoint.base_url == MICROWORLD
        else f"{name} {endpoint.model} at {redact_text(endpoint.address)}"
        for name, endpoint in {
            **endpoints_of(catalog.load(TEACHER)),
            **named_endpoints(pipeline, catalog),
        }.items()
    ]

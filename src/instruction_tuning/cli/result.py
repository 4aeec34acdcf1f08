"""What a run has come to, in a few lines, where no report says it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from instruction_tuning.datasets.registered_model import aliased_version
from instruction_tuning.hooks.candidate import CANDIDATE_DATASET, REGISTERED_NAME
from instruction_tuning.hooks.data_versions import stored_path
from instruction_tuning.hooks.model_registry import CHALLENGER, CHAMPION

VERDICT_DATASET = "promotion_verdict"
POOL_PAGE = "pool_page"
# Registered names of the models that a run may end with.
_MODELS = {CANDIDATE_DATASET: REGISTERED_NAME, "reward_model": "reward-model"}
_TITLES = {CANDIDATE_DATASET: "Fine-tuned model", "reward_model": "Reward model"}


def result_lines(outputs: Mapping[str, Any]) -> Iterator[str]:
    """The page to read the pool on, models with their versions, the verdict with its reasons, and what to
    do next.

    `outputs` are the data sets that the run ended with, by name.
    """
    if POOL_PAGE in outputs:
        yield f"Read the data: {_shown(stored_path(outputs[POOL_PAGE]))}"
    for name in (name for name in _MODELS if name in outputs):
        model = outputs[name].load()
        known = _registered(_MODELS[name], model.digest)
        registered = f", registered as models:/{_MODELS[name]}/{known}" if known else ", not registered"
        yield f"{_TITLES[name]}: {_shown(stored_path(outputs[name]))}{registered}"
    if VERDICT_DATASET in outputs:
        yield from _verdict_lines(outputs[VERDICT_DATASET].load())
    elif CANDIDATE_DATASET in outputs:
        candidate = f"models:/{REGISTERED_NAME}/{known}" if known else _shown(model.path)
        yield f"Next: kedro run --pipeline=evaluation --params=candidate={candidate}"
        yield "      make chat, make ui"


def _verdict_lines(verdict: Mapping[str, Any]) -> Iterator[str]:
    known = _registered(REGISTERED_NAME, str(verdict.get("candidate_digest")))
    model = f"models:/{REGISTERED_NAME}/{known}" if known else "the candidate"
    yield f"Verdict on {model} against the {verdict['incumbent']}: {verdict['verdict']}"
    yield from (f"  {reason}" for reason in verdict["reasons"])
    yield "Next: make ui shows the model card and all runs; make chat talks to the newest version"


def _registered(name: str, digest: str) -> str | None:
    for alias in (CHALLENGER, CHAMPION):
        found = aliased_version(name, alias)
        if found is not None and found[1] == digest:
            return found[0]
    return None


def _shown(path: Path | None) -> str:
    if path is None:
        return "?"
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)

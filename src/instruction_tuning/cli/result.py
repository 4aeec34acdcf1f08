"""What a run has come to, in a few lines: its registered versions; where no report says it, the rest."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from instruction_tuning.cli.marked_results import marked_result_lines, next_line, shown
from instruction_tuning.datasets.registry_lookup import version_of_digest
from instruction_tuning.datasets.registry_store import SFT_MODEL
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.hooks.candidate import CANDIDATE_DATASET
from instruction_tuning.hooks.data_versions import stored_path
from instruction_tuning.lineage.rows import read_columns
from instruction_tuning.lm.model_folder import ModelFolder

logger = logging.getLogger(__name__)

VERDICT_DATASET = "promotion_verdict"
POOL_PAGE = "pool_page"
# Registered names of the models that a run may end with.
_MODELS = {
    CANDIDATE_DATASET: SFT_MODEL,
    "reward_model": "reward-model",
    "backtranslated_model": "backtranslated-model",
}
_TITLES = {
    CANDIDATE_DATASET: "Fine-tuned model",
    "reward_model": "Reward model",
    "backtranslated_model": "Backtranslated model",
}


def result_lines(outputs: Mapping[str, Any], made: Mapping[str, Any]) -> Iterator[str]:
    """What came in and was dropped, the page to read the pool on, where the results lie that the catalog
    marks, models with their versions, what fine-tuning measured, the verdict with its reasons, what to do
    next.

    `outputs` are the data sets that the run ended with, by name, `made` all that its nodes make.
    """
    yield from _row_lines(made)
    if POOL_PAGE in outputs:
        yield f"Read the data: {shown(stored_path(outputs[POOL_PAGE]))}"
    others = {name: dataset for name, dataset in outputs.items() if name not in _MODELS}
    yield from marked_result_lines(others, made)
    yield from model_lines(outputs)
    if CANDIDATE_DATASET in outputs:
        yield from _training_lines(outputs[CANDIDATE_DATASET].load())
    if VERDICT_DATASET in outputs:
        yield from _verdict_lines(outputs[VERDICT_DATASET].load())
    elif CANDIDATE_DATASET in outputs:
        model = outputs[CANDIDATE_DATASET].load()
        version, _ = _registered(SFT_MODEL, model.digest)
        candidate = f"models:/{SFT_MODEL}/{version}" if version else shown(model.path)
        yield f"Next: kedro run --pipeline=evaluation --params=candidate={candidate}"
        yield "      make chat, make ui"


def model_lines(datasets: Mapping[str, Any]) -> Iterator[str]:
    """For each model among `datasets`, by name: its folder, its version in the registry and the aliases."""
    for name in (name for name in _MODELS if name in datasets):
        version, aliases = _registered(_MODELS[name], datasets[name].load().digest)
        place = f"registered as models:/{_MODELS[name]}/{version}" if version else "not registered"
        carried = f" (alias {', '.join(aliases)})" if aliases else ""
        yield f"{_TITLES[name]}: {shown(stored_path(datasets[name]))}, {place}{carried}"
        yield from next_line(datasets[name])


def _row_lines(made: Mapping[str, Any]) -> Iterator[str]:
    """Counted from the columns that are needed: texts can be larger than memory. All of a store is loaded."""
    from instruction_tuning.reporting.row_counts import by_name, count_rows
    from instruction_tuning.reporting.wording import answered_sentence, wrapped

    if {"instruction_pool", "rejected_records"} <= made.keys():
        pool = _columns(made["instruction_pool"], "source")
        rejected = _columns(made["rejected_records"], "source", "stage", "reason")
        yield "Records"
        yield from count_rows(pool, rejected).lines()
    if {"verified_examples", "rejected_answers"} <= made.keys():
        examples = _columns(made["verified_examples"], "record_id")["record_id"].nunique()
        reasons = by_name(_columns(made["rejected_answers"], "reason")["reason"])
        yield "Answers"
        yield from wrapped(answered_sentence(examples, reasons))


def _columns(dataset: Any, *names: str) -> Any:
    path = stored_path(dataset)
    return dataset.load()[list(names)] if path is None else read_columns(path, list(names))


def _training_lines(model: ModelFolder) -> Iterator[str]:
    from instruction_tuning.training.training_record import read_training_record

    _, metrics = read_training_record(model)
    before, after = (metrics.get(f"heldout_loss_{when}") for when in ("before", "after"))
    if before is not None and after is not None:
        yield f"  loss on held-out answers: {before:.3f} before, {after:.3f} after, in nats a token"
    if "tokens_per_byte" in metrics and "truncated_share" in metrics:
        density, truncated = metrics["tokens_per_byte"], metrics["truncated_share"]
        yield f"  {density:.3f} tokens a byte; {truncated:.1%} of the chats truncated at sft.max_length"


def _verdict_lines(verdict: Mapping[str, Any]) -> Iterator[str]:
    from instruction_tuning.reporting.wording import incumbent_words, wrapped
    from instruction_tuning.schemas.benchmark_metrics import MACRO

    version, _ = _registered(SFT_MODEL, str(verdict.get("candidate_digest")))
    model = f"models:/{SFT_MODEL}/{version}" if version else "the candidate"
    yield f"Verdict on {model} against the {incumbent_words(verdict)}: {verdict['verdict']}"
    yield from (f"  {reason}" for reason in verdict["reasons"])
    rows = verdict.get("evidence", {}).get("metrics", ())
    abilities = sorted({row["ability"] for row in rows} - {MACRO})
    if abilities:
        measured_on = f"It was measured on benchmark_items ({', '.join(abilities)})"
        yield from wrapped(f"{measured_on} and says nothing of other tasks.")
    yield "Next: make ui shows the model card and all runs; make chat talks to the newest version"


def _registered(name: str, digest: str) -> tuple[str | None, list[str]]:
    """The newest version of `name` with these weights, and its aliases."""
    try:
        return version_of_digest(name, digest) or (None, [])
    except ConfigurationError as error:
        # The run is done, and its result is on this disk: what cannot be asked by now is not its end.
        logger.warning("%s", error)
        return None, []

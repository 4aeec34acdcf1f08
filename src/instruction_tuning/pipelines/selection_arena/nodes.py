"""Nodes of `selection_arena`."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.evaluation.parameters import EvaluationParameters
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.pipelines.selection_arena.parameters import SelectionArenaParameters
from instruction_tuning.training.on_examples import fine_tune_on_examples
from instruction_tuning.training.sft_parameters import SFTParameters

if TYPE_CHECKING:
    import plotly.graph_objects as go

logger = logging.getLogger(__name__)

FULL_POOL = "full_pool"
_RESULT_COLUMNS = ["method", "seed", "item_id", "ability", "form", "score", "counted"]


def list_arena_queries(
    instruction_pool: pd.DataFrame,
    compared_selections: pd.DataFrame,
    parameters: SelectionArenaParameters,
) -> pd.DataFrame:
    """Every record that a method picked with any seed, once; with `full_pool` the whole pool."""
    if compared_selections["seed"].nunique() < 2:
        raise ConfigurationError(
            "one seed tells nothing of another, so methods cannot be ranked by it",
            field="selection_comparison.seeds",
            fix="name two seeds at least; five tell more",
        )
    pool = instruction_pool.sort_values("record_id")
    picked = pool if parameters.full_pool else pool[pool["record_id"].isin(compared_selections["record_id"])]
    return picked.reset_index(drop=True).assign(
        rank=range(len(picked)),
        sampler="arena",
        selection_score=float("nan"),
        selected_because="picked by a method of the arena",
    )


def train_arena(
    base_model: ModelFolder,
    arena_examples: pd.DataFrame,
    compared_selections: pd.DataFrame,
    replay_documents: pd.DataFrame,
    benchmark_items: pd.DataFrame,
    sft: SFTParameters,
    evaluation: EvaluationParameters,
    parameters: SelectionArenaParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores of each trained model on each item, and what each was trained on.

    Each training and each measurement is kept by its content: a stopped arena goes on with the one it was at.
    """
    from instruction_tuning.evaluation.benchmarks import chat_template_of, measure_model

    work = Path(parameters.work_folder)
    items = _measured_items(benchmark_items, parameters)
    settings = evaluation.model_copy(update={"items_per_ability": parameters.items_per_ability}).settings()
    rows, trained = [], []
    runs = list(_runs(arena_examples, compared_selections, parameters))
    started = time.monotonic()
    for number, (method, seed, examples) in enumerate(runs, start=1):
        of_seed = sft.model_copy(update={"seed": seed, "work_folder": str(work / "sft")})
        result = fine_tune_on_examples(base_model, examples, replay_documents, of_seed)
        outputs = measure_model(
            result.model,
            items,
            settings,
            work / "evaluation",
            chat_template=chat_template_of(result.model),
            role=f"{method}, seed {seed}",
        )
        rows.append(outputs.assign(method=method, seed=seed)[_RESULT_COLUMNS])
        trained.append(
            {
                "method": method,
                "seed": seed,
                "examples": len(examples),
                "model_digest": result.model.digest,
                **{name: result.metrics.get(name) for name in ("steps", "train_tokens", "seconds")},
            }
        )
        left = (time.monotonic() - started) / number * (len(runs) - number) / 60
        logger.info("arena: %d of %d models, about %.0f min left", number, len(runs), left)
    return pd.concat(rows, ignore_index=True), pd.DataFrame(trained)


def rank_arena(
    arena_scores: pd.DataFrame,
    arena_trainings: pd.DataFrame,
    parameters: SelectionArenaParameters,
    reference: str,
) -> tuple[pd.DataFrame, "go.Figure", str]:
    """The methods by their mean over abilities, each against the reference in pairs of items and seeds."""
    from instruction_tuning.reporting.arena_figure import arena_figure, arena_table
    from instruction_tuning.statistics.paired_seeds import ability_differences, rank_methods

    is_ranked = (arena_scores["form"] == parameters.form) & arena_scores["counted"]
    in_form = arena_scores[is_ranked]
    ranking = rank_methods(in_form, reference, confidence=parameters.confidence)
    abilities = ability_differences(in_form, reference)
    sizes = arena_trainings.groupby("method")["examples"].mean()
    ranking = ranking.assign(examples=ranking["method"].map(sizes))
    figure = arena_figure(ranking, abilities, reference=reference, confidence=parameters.confidence)
    return ranking, figure, arena_table(ranking, reference=reference, confidence=parameters.confidence)


def _runs(
    examples: pd.DataFrame, selections: pd.DataFrame, parameters: SelectionArenaParameters
) -> Iterator[tuple[str, int, pd.DataFrame]]:
    """Method, seed and the verified examples of the records that it picked, in the order of the examples."""
    pairs = selections[["method", "seed"]].drop_duplicates()
    for method, seed in zip(pairs["method"].tolist(), pairs["seed"].tolist(), strict=True):
        picked = selections[(selections["method"] == method) & (selections["seed"] == seed)]
        chosen = examples[examples["record_id"].isin(picked["record_id"])]
        if chosen.empty:
            raise InputError(
                f"none of the {len(picked)} records that {method} picked with seed {seed} has an answer",
                record=picked["record_id"].iloc[0],
                fix="look at why answers were rejected (arena_rejected_answers)",
            )
        yield method, seed, chosen.reset_index(drop=True)
    if parameters.full_pool:
        for seed in selections["seed"].unique():
            yield FULL_POOL, int(seed), examples


def _measured_items(items: pd.DataFrame, parameters: SelectionArenaParameters) -> pd.DataFrame:
    """Train items for the examples, and those of the chosen split in the place of the test items."""
    train = items[items["split"] == "train"]
    chosen = items[items["split"] == parameters.split]
    if chosen.empty:
        raise InputError(
            f"the benchmark items hold none of the split {parameters.split}",
            field="selection_arena.split",
            fix="name a split that they have: " + ", ".join(sorted(set(items["split"]))),
        )
    return pd.concat([train, chosen.assign(split="test")], ignore_index=True)

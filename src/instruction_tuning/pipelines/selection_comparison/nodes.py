"""Nodes of `selection_comparison`."""

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.pipelines.selection_comparison.parameters import SelectionComparisonParameters
from instruction_tuning.selection import pool_embeddings as embeddings
from instruction_tuning.selection import pool_scores as scores
from instruction_tuning.selection.method_costs import method_costs
from instruction_tuning.selection.methods import Features, Method, decide, method_named
from instruction_tuning.selection.query_selection_parameters import QuerySelectionParameters
from instruction_tuning.selection.reasons import SELECTED

if TYPE_CHECKING:
    import plotly.graph_objects as go

logger = logging.getLogger(__name__)


def embed_for_comparison(
    instruction_pool: pd.DataFrame, base_model: ModelFolder, parameters: embeddings.PoolEmbeddingParameters
) -> pd.DataFrame:
    """One unit vector a record of the pool, in columns e000, e001 and so on."""
    return embeddings.embed_pool(instruction_pool, base_model, parameters)


def score_for_comparison(
    instruction_pool: pd.DataFrame,
    base_model: ModelFolder,
    rated_pool: pd.DataFrame,
    stored_ratings: pd.DataFrame | None,
    recipes: QuerySelectionParameters,
    parameters: scores.PoolScoreParameters,
    comparison: SelectionComparisonParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every score that one of the compared methods names, and tags; and the seconds that each took."""
    methods = _methods(recipes, comparison)
    known = rated_pool
    if stored_ratings is not None:
        more = [column for column in stored_ratings if column == "record_id" or column not in rated_pool]
        known = rated_pool.merge(stored_ratings[more], on="record_id", how="left", validate="1:1")
    names = sorted({name for method in methods.values() for name in method.scores})
    measured, seconds = [], []
    for name in names:
        started = time.perf_counter()
        measured.append(scores.measure_scores(instruction_pool, [name], base_model, known, parameters))
        seconds.append({"measure": name, "seconds": time.perf_counter() - started})
    started = time.perf_counter()
    tags = scores.tags_of(instruction_pool, known, parameters)
    seconds.append({"measure": "tags", "seconds": time.perf_counter() - started})
    return pd.concat([*measured, tags], axis=1).reset_index(), pd.DataFrame(seconds)


def compare_selections(
    instruction_pool: pd.DataFrame,
    compared_embeddings: pd.DataFrame,
    compared_scores: pd.DataFrame,
    recipes: QuerySelectionParameters,
    comparison: SelectionComparisonParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What each method picks with each seed, in order, and why; and the seconds that each took."""
    measured = compared_scores.set_index("record_id")
    features = Features(
        pool=instruction_pool,
        scores=measured.drop(columns="tags"),
        embeddings=compared_embeddings.set_index("record_id"),
        tags=measured[["tags"]],
    )
    picked, seconds = [], []
    for name, method in _methods(recipes, comparison).items():
        for seed in comparison.seeds:
            started = time.perf_counter()
            decisions = decide(name, method, features, comparison.budget, seed=seed)
            seconds.append({"method": name, "seed": seed, "seconds": time.perf_counter() - started})
            taken = decisions[decisions["decision"] == SELECTED].assign(method=name, seed=seed)
            picked.append(taken[["method", "seed", "rank", "record_id", "selection_score", "reason"]])
        logger.info("%s: %d picked", name, len(picked[-1]))
    return pd.concat(picked, ignore_index=True).astype({"rank": "int64"}), pd.DataFrame(seconds)


def count_costs(
    tagging_completions: pd.DataFrame,
    marking_completions: pd.DataFrame,
    ladder_completions: pd.DataFrame,
    score_seconds: pd.DataFrame,
    sampling_seconds: pd.DataFrame,
    recipes: QuerySelectionParameters,
    scoring: scores.PoolScoreParameters,
    comparison: SelectionComparisonParameters,
) -> pd.DataFrame:
    """Requests, tokens, money and seconds of each method on the whole pool."""
    return method_costs(
        _methods(recipes, comparison),
        pd.concat([tagging_completions, marking_completions, ladder_completions], ignore_index=True),
        score_seconds.set_index("measure")["seconds"],
        sampling_seconds.groupby("method")["seconds"].mean(),
        tags_by_model=scoring.tagger == "model",
    )


def draw_comparison(
    instruction_pool: pd.DataFrame,
    compared_embeddings: pd.DataFrame,
    compared_scores: pd.DataFrame,
    compared_selections: pd.DataFrame,
    selection_costs: pd.DataFrame,
    comparison: SelectionComparisonParameters,
) -> tuple[pd.DataFrame, "go.Figure", "go.Figure", "go.Figure", "go.Figure", "go.Figure"]:
    """The first seed's selections as a table, in figures, and on a map of the pool."""
    from instruction_tuning.reporting import selection_comparison as report
    from instruction_tuning.reporting import selection_comparison_figures as figures
    from instruction_tuning.reporting.selection_map import selection_map
    from instruction_tuning.selection.measures.overlap import overlap

    seed = comparison.seeds[0]
    of_seed = compared_selections[compared_selections["seed"] == seed].sort_values("rank")
    picked = {
        name: of_seed.loc[of_seed["method"] == name, "record_id"].tolist() for name in comparison.methods
    }
    vectors = compared_embeddings.set_index("record_id")
    tags = compared_scores.set_index("record_id")[["tags"]]
    table = report.selection_comparison(
        picked, instruction_pool, vectors, tags=tags, costs=selection_costs, seed=seed
    )
    return (
        table,
        figures.selection_overlap_figure(overlap(picked).jaccard),
        figures.selection_length_figure(report.length_quantiles(picked, instruction_pool)),
        figures.selection_composition_figure(report.composition_shares(picked, instruction_pool)),
        figures.selection_cost_figure(table),
        selection_map(picked, instruction_pool, vectors, seed=seed, max_points=comparison.map_points),
    )


def _methods(
    recipes: QuerySelectionParameters, comparison: SelectionComparisonParameters
) -> Mapping[str, Method]:
    return {name: method_named(name, recipes.methods) for name in comparison.methods}

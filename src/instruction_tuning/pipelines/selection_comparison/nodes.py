"""Nodes of `selection_comparison`."""

import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.pipelines.selection_comparison.parameters import SelectionComparisonParameters
from instruction_tuning.selection.decide import Features, decide
from instruction_tuning.selection.method_costs import method_costs
from instruction_tuning.selection.pool_scores import PoolMeasures, PoolScoreParameters
from instruction_tuning.selection.query_selection_parameters import QuerySelectionParameters
from instruction_tuning.selection.reasons import SELECTED
from instruction_tuning.selection.recipes import Method

if TYPE_CHECKING:
    import plotly.graph_objects as go

logger = logging.getLogger(__name__)


def score_for_comparison(
    instruction_pool: pd.DataFrame,
    base_model: ModelFolder,
    rated_pool: pd.DataFrame,
    stored_ratings: pd.DataFrame | None,
    recipes: QuerySelectionParameters,
    parameters: PoolScoreParameters,
    comparison: SelectionComparisonParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every score that one of the compared methods names, and tags; and the seconds that each took."""
    methods = _methods(recipes, comparison)
    scores = {name for method in methods.values() for name in method.scores}
    needs = {need for method in methods.values() for need in method.needs}
    known = _known(rated_pool, stored_ratings)
    measures = PoolMeasures(instruction_pool, scores, base_model, known, parameters)
    # Tags that cost nothing are in the table of the comparison, whether a method goes by them or not.
    with_tags = "tags" in needs or parameters.tagger == "verb_noun"
    steps: dict[str, Callable[[], object]] = {}
    if with_tags:
        steps["tags"] = lambda: measures.tags
    if "likelihoods" in needs:
        steps["likelihoods"] = lambda: measures.losses
    steps |= {name: partial(measures.score, name) for name in measures.scores}
    seconds = []
    for name, measure in steps.items():
        started = time.perf_counter()
        measure()  # and kept for the frame below
        seconds.append({"measure": name, "seconds": time.perf_counter() - started})
    return measures.frame(with_tags=with_tags).reset_index(), pd.DataFrame(
        seconds, columns=["measure", "seconds"]
    )


def compare_selections(
    instruction_pool: pd.DataFrame,
    compared_embeddings: pd.DataFrame,
    compared_scores: pd.DataFrame,
    recipes: QuerySelectionParameters,
    comparison: SelectionComparisonParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What each method picks with each seed, in order, and why; and the seconds that each took."""
    features = Features.of_frames(instruction_pool, compared_scores, compared_embeddings)
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
    scoring: PoolScoreParameters,
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

    seed = comparison.seeds[0]
    of_seed = compared_selections[compared_selections["seed"] == seed].sort_values("rank")
    picked = {
        name: of_seed.loc[of_seed["method"] == name, "record_id"].tolist() for name in comparison.methods
    }
    vectors = compared_embeddings.set_index("record_id")
    tags = compared_scores.set_index("record_id")[["tags"]] if "tags" in compared_scores else None
    compared = report.selection_comparison(
        picked, instruction_pool, vectors, tags=tags, costs=selection_costs, seed=seed
    )
    return (
        compared.table,
        figures.selection_overlap_figure(compared.overlaps),
        figures.selection_length_figure(compared.lengths),
        figures.selection_composition_figure(compared.shares),
        figures.selection_cost_figure(compared.table),
        selection_map(picked, instruction_pool, vectors, seed=seed, max_points=comparison.map_points),
    )


def _known(rated_pool: pd.DataFrame, stored_ratings: pd.DataFrame | None) -> pd.DataFrame:
    """What this run measured, and what others stored beside it (the rounds of DiverseEvol)."""
    if stored_ratings is None:
        return rated_pool
    more = [name for name in stored_ratings if name == "record_id" or name not in rated_pool]
    return rated_pool.merge(stored_ratings[more], on="record_id", how="left", validate="1:1")


def _methods(
    recipes: QuerySelectionParameters, comparison: SelectionComparisonParameters
) -> Mapping[str, Method]:
    """The compared recipes by name. `ConfigurationError` for a name without a recipe."""
    for name in comparison.methods:
        if name not in recipes.methods:
            raise ConfigurationError(
                f"no selection method is called {name!r}; there are {', '.join(sorted(recipes.methods))}",
                field="selection_comparison.methods",
                fix="name one of them, or write its recipe under query_selection.methods",
            )
    return {name: recipes.methods[name] for name in comparison.methods}

"""Nodes of `query_selection`."""

import logging

import pandas as pd

from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.selection.decide import Features, decide
from instruction_tuning.selection.pool_scores import PoolMeasures, PoolScoreParameters
from instruction_tuning.selection.query_selection_parameters import QuerySelectionParameters
from instruction_tuning.selection.reasons import SELECTED

logger = logging.getLogger(__name__)


def score_pool(
    instruction_pool: pd.DataFrame,
    base_model: ModelFolder,
    stored_ratings: pd.DataFrame | None,
    selection: QuerySelectionParameters,
    parameters: PoolScoreParameters,
) -> pd.DataFrame:
    """What the chosen method looks at beside the vectors: its scores, and tags where it goes by them."""
    method = selection.methods[selection.method]
    measures = PoolMeasures(instruction_pool, method.scores, base_model, stored_ratings, parameters)
    return measures.frame(with_tags=method.looks_at == "tags").reset_index()


def select_queries(
    instruction_pool: pd.DataFrame,
    pool_embeddings: pd.DataFrame,
    scored_pool: pd.DataFrame,
    parameters: QuerySelectionParameters,
) -> pd.DataFrame:
    """What became of every record of the pool under the budget, the taken ones first, in order."""
    method = parameters.methods[parameters.method]
    features = Features.of_frames(instruction_pool, scored_pool, pool_embeddings)
    decisions = decide(parameters.method, method, features, parameters.budget, seed=parameters.seed)
    taken = int((decisions["decision"] == SELECTED).sum())
    logger.info("selected %d of %d records with %s", taken, len(instruction_pool), parameters.method)
    if parameters.budget > len(instruction_pool) == taken:
        logger.info("the budget of %d is more than the pool has: all of it is taken", parameters.budget)
    if taken < min(parameters.budget, len(instruction_pool)):
        logger.warning(
            "%s picks no more than %d of the %d that the budget allows; selection_decisions says why",
            *(parameters.method, taken, parameters.budget),
        )
    return decisions


def collect_selected_queries(
    instruction_pool: pd.DataFrame, selection_decisions: pd.DataFrame
) -> pd.DataFrame:
    """The records taken, best first, with rank, score and reason."""
    taken = selection_decisions[selection_decisions["decision"] == SELECTED]
    taken = taken.astype({"rank": "int64"}).rename(columns={"reason": "selected_because"})
    return (
        taken[["record_id", "rank"]]
        .merge(instruction_pool, on="record_id", how="left", validate="1:1")
        .merge(
            taken[["record_id", "sampler", "selection_score", "selected_because"]],
            on="record_id",
            how="left",
            validate="1:1",
        )
    )

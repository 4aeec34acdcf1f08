"""Nodes of `query_selection`."""

import logging

import pandas as pd

from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.selection import pool_embeddings as embeddings
from instruction_tuning.selection import pool_scores as scores
from instruction_tuning.selection.methods import Features, decide
from instruction_tuning.selection.query_selection_parameters import QuerySelectionParameters
from instruction_tuning.selection.reasons import SELECTED

logger = logging.getLogger(__name__)


def embed_pool(
    instruction_pool: pd.DataFrame, base_model: ModelFolder, parameters: embeddings.PoolEmbeddingParameters
) -> pd.DataFrame:
    """One unit vector a record of the pool, in columns e000, e001 and so on."""
    return embeddings.embed_pool(instruction_pool, base_model, parameters)


def score_pool(
    instruction_pool: pd.DataFrame,
    base_model: ModelFolder,
    stored_ratings: pd.DataFrame | None,
    selection: QuerySelectionParameters,
    parameters: scores.PoolScoreParameters,
) -> pd.DataFrame:
    """What the chosen method looks at beside the vectors: its scores, and tags where it goes by them."""
    method = selection.methods[selection.method]
    measured = scores.measure_scores(instruction_pool, method.scores, base_model, stored_ratings, parameters)
    if method.looks_at == "tags":
        measured = measured.join(scores.tags_of(instruction_pool, stored_ratings, parameters))
    return measured.reset_index()


def select_queries(
    instruction_pool: pd.DataFrame,
    pool_embeddings: pd.DataFrame,
    scored_pool: pd.DataFrame,
    parameters: QuerySelectionParameters,
) -> pd.DataFrame:
    """What became of every record of the pool under the budget, the taken ones first, in order."""
    method = parameters.methods[parameters.method]
    measured = scored_pool.set_index("record_id")
    features = Features(
        pool=instruction_pool,
        scores=measured.drop(columns="tags", errors="ignore"),
        embeddings=pool_embeddings.set_index("record_id"),
        tags=measured[["tags"]] if "tags" in measured else None,
    )
    decisions = decide(parameters.method, method, features, parameters.budget, seed=parameters.seed)
    taken = int((decisions["decision"] == SELECTED).sum())
    if parameters.budget > len(instruction_pool) == taken:
        logger.info("the budget of %d is more than the pool has: all of it is taken", parameters.budget)
    logger.info("selected %d of %d records with %s", taken, len(instruction_pool), parameters.method)
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

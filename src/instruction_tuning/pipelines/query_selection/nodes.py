"""Nodes of `query_selection`."""

import logging

import numpy as np
import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.pipelines.query_selection.parameters import QuerySelectionParameters
from instruction_tuning.selection.reasons import SELECTED, k_center_decisions, uniform_decisions
from instruction_tuning.selection.samplers.k_center_greedy import k_center_greedy
from instruction_tuning.selection.samplers.uniform import uniform

logger = logging.getLogger(__name__)


def embed_pool(
    instruction_pool: pd.DataFrame, base_model: ModelFolder, parameters: QuerySelectionParameters
) -> pd.DataFrame:
    """One unit vector a record of the pool, in columns e000, e001 and so on."""
    if instruction_pool.empty:
        raise InputError(
            "the pool to select from is empty",
            fix="look at rejected_records for what the ingestion dropped, and why",
        )
    # Sorted, so that the floating-point sums, and with them the picks, do not hang on the order of the rows.
    pool = instruction_pool.sort_values("record_id")
    texts = pool["prompt"].tolist()
    if parameters.embedded_text == "prompt_and_answer":
        texts = [
            f"{p}\n\n{a}" if isinstance(a, str) else p for p, a in zip(texts, pool["answer"], strict=True)
        ]
    vectors = _embed(texts, base_model, parameters)  # (N, D)
    frame = pd.DataFrame(vectors, columns=[f"e{column:03d}" for column in range(vectors.shape[1])])
    frame.insert(0, "record_id", pool["record_id"].to_numpy())
    logger.info("embedded %d records in %d dimensions (%s)", *vectors.shape, parameters.embedding)
    return frame


def _embed(texts: list[str], base_model: ModelFolder, parameters: QuerySelectionParameters) -> np.ndarray:
    if parameters.embedding == "hidden_states":
        from instruction_tuning.lm.embeddings import embed_hidden_states

        return embed_hidden_states(
            base_model,
            texts,
            pooling=parameters.pooling,
            max_length_tokens=parameters.max_length_tokens,
        )
    from instruction_tuning.selection.tfidf_svd import embed_tfidf_svd

    return embed_tfidf_svd(texts, dimensions=parameters.dimensions, seed=parameters.seed)


def select_queries(
    instruction_pool: pd.DataFrame, pool_embeddings: pd.DataFrame, parameters: QuerySelectionParameters
) -> pd.DataFrame:
    """What became of every record of the pool under the budget, the taken ones first, in order."""
    # No score of quality yet: the samplers of this stage look at the record ids and the vectors only.
    scores = pd.Series(np.nan, index=pd.Index(instruction_pool["record_id"]), name="score")
    embeddings = pool_embeddings.set_index("record_id")
    if parameters.sampler == "uniform":
        drawn = uniform(scores, embeddings, len(scores), seed=parameters.seed)
        decisions = uniform_decisions(drawn, parameters.budget, seed=parameters.seed)
    else:
        picks = k_center_greedy(scores, embeddings, parameters.budget, seed=parameters.seed)
        decisions = k_center_decisions(picks, scores.index, embeddings, seed=parameters.seed)
    if parameters.budget > len(scores):
        logger.info("the budget of %d is more than the pool has: all of it is taken", parameters.budget)
    taken = int((decisions["decision"] == SELECTED).sum())
    logger.info("selected %d of %d records with %s", taken, len(scores), parameters.sampler)
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

"""Nodes of `query_selection`."""

import logging

import numpy as np
import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.pipelines.query_selection.parameters import QuerySelectionParameters
from instruction_tuning.selection.reasons import k_center_reasons, uniform_reasons
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
    """The records taken under the budget, best first, with rank, score and reason."""
    # No score of quality yet: the samplers of this stage look at the record ids and the vectors only.
    scores = pd.Series(np.nan, index=pd.Index(instruction_pool["record_id"]), name="score")
    embeddings = pool_embeddings.set_index("record_id")
    if parameters.sampler == "uniform":
        record_ids = uniform(scores, embeddings, parameters.budget, seed=parameters.seed)
        reasons = uniform_reasons(record_ids, pool_size=len(scores), seed=parameters.seed)
    else:
        record_ids = k_center_greedy(scores, embeddings, parameters.budget, seed=parameters.seed)
        reasons = k_center_reasons(record_ids, embeddings, seed=parameters.seed)
    if parameters.budget > len(scores):
        logger.info("the budget of %d is more than the pool has: all of it is taken", parameters.budget)
    logger.info("selected %d of %d records with %s", len(record_ids), len(scores), parameters.sampler)
    reasons.insert(1, "rank", np.arange(len(record_ids)))
    return (
        reasons[["record_id", "rank"]]
        .merge(instruction_pool, on="record_id", how="left", validate="1:1")
        .merge(reasons.drop(columns="rank"), on="record_id", how="left", validate="1:1")
    )

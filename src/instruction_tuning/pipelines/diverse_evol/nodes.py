"""Nodes of `diverse_evol`: a start, a round, and the order that came out.

Wu et al. 2023, DiverseEvol (arXiv 2311.08182): the pool is seen through a model that has learnt what is
picked so far, and the next records are those farthest from it (samplers/k_center_greedy.py). The records' own
answers are trained on. Departure: a record without one is embedded by its prompt and never trained on.
"""

import logging

import numpy as np
import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.pipelines.diverse_evol.parameters import DiverseEvolParameters
from instruction_tuning.selection.pool_embeddings import PoolEmbeddingParameters, embed_pool
from instruction_tuning.selection.samplers.k_center_greedy import k_center_greedy
from instruction_tuning.selection.samplers.uniform import uniform
from instruction_tuning.training.on_examples import fine_tune_on_examples
from instruction_tuning.training.sft_parameters import SFTParameters

logger = logging.getLogger(__name__)


def draw_first(instruction_pool: pd.DataFrame, parameters: DiverseEvolParameters) -> pd.DataFrame:
    """The records to begin with, drawn uniformly: record_id, round 0, rank."""
    scores = pd.Series(np.nan, index=pd.Index(instruction_pool["record_id"]))
    drawn = uniform(scores, None, parameters.initial, seed=parameters.seed)
    return pd.DataFrame({"record_id": drawn, "round": 0, "rank": range(len(drawn))})


def evolve_selection(
    instruction_pool: pd.DataFrame,
    picked: pd.DataFrame,
    base_model: ModelFolder,
    replay_documents: pd.DataFrame,
    sft: SFTParameters,
    embedding: PoolEmbeddingParameters,
    parameters: DiverseEvolParameters,
    *,
    number: int,
) -> pd.DataFrame:
    """`picked` with the records of round `number` behind it."""
    chosen = instruction_pool[instruction_pool["record_id"].isin(picked["record_id"])]
    examples = chosen[chosen["answer"].notna()]
    if len(examples) < 2:
        raise InputError(
            f"{len(examples)} of the {len(chosen)} records picked so far have an answer: too few to train on",
            record=picked["record_id"].iloc[0],
            field="answer",
            fix="raise diverse_evol.initial, or take a pool with answers",
        )
    changed = {
        "num_train_epochs": parameters.num_train_epochs,
        "validation_minimum": 1,
        "seed": parameters.seed,
        "work_folder": str(parameters.work_folder),
    }
    trained = fine_tune_on_examples(base_model, examples, replay_documents, sft.model_copy(update=changed))
    seen = embedding.model_copy(
        update={
            "embedding": "hidden_states",
            "embedding_model": None,
            "embedded_text": "prompt_and_answer",
            "pooling": "mean",
            "layer": -1,
        }
    )
    vectors = embed_pool(instruction_pool, trained.model, seen).set_index("record_id")
    scores = pd.Series(np.nan, index=pd.Index(instruction_pool["record_id"]))
    initial = picked["record_id"].tolist()
    added = k_center_greedy(scores, vectors, parameters.per_round, seed=parameters.seed, initial=initial)
    logger.info("round %d: %d records on top of %d", number, len(added), len(initial))
    more = pd.DataFrame(
        {"record_id": added, "round": number, "rank": range(len(initial), len(initial) + len(added))}
    )
    return pd.concat([picked, more], ignore_index=True)


def rank_picks(picked: pd.DataFrame) -> pd.DataFrame:
    """`diverse_evol_score` in (0, 1], the first pick highest, for those picked: what the method goes by."""
    return picked.assign(diverse_evol_score=1.0 - picked["rank"] / len(picked))

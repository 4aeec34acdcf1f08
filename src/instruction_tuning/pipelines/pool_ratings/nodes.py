"""Nodes of `pool_ratings` that train and ask models here, and the one that joins all measures."""

import logging

import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.pipelines.pool_ratings.parameters import PoolRatingsParameters
from instruction_tuning.pipelines.pool_ratings.required_answers import check_answers
from instruction_tuning.selection import pre_experience
from instruction_tuning.selection.exchanges import exchanges
from instruction_tuning.selection.ladders.evolving import ASPECTS
from instruction_tuning.selection.pool_embeddings import PoolEmbeddingParameters, embed_pool
from instruction_tuning.selection.pool_scores import PRE_EXPERIENCED, PoolScoreParameters, likelihoods
from instruction_tuning.selection.scores import deita, scorer_documents
from instruction_tuning.selection.scores.learnability import learnability
from instruction_tuning.training.on_examples import fine_tune_on_examples
from instruction_tuning.training.sft_parameters import SFTParameters

logger = logging.getLogger(__name__)


def score_by_deita(
    instruction_pool: pd.DataFrame,
    scored_ladders: pd.DataFrame,
    replay_documents: pd.DataFrame,
    base_model: ModelFolder,
    sft: SFTParameters,
    parameters: PoolRatingsParameters,
) -> pd.DataFrame:
    """Complexity and quality of every record, by scorers that are trained on the ladders."""
    if "deita" not in parameters.measures:
        return pd.DataFrame(columns=["record_id", "complexity_score", "quality_score", "deita_score"])
    turns = exchanges(instruction_pool)
    for aspect in ASPECTS:
        ladders = scored_ladders[scored_ladders["aspect"] == aspect]
        examples = scorer_documents.scorer_examples(ladders, aspect=aspect)
        recipe = _recipe(sft, parameters, parameters.deita.num_train_epochs)
        scorer = fine_tune_on_examples(base_model, examples, replay_documents, recipe).model
        scores = deita.exchange_scores(
            turns, scorer, aspect=aspect, max_length_tokens=parameters.deita.max_length_tokens
        )
        turns = turns.assign(**{f"{aspect}_score": scores})
    return deita.deita_scores(turns).reset_index()


def measure_with_models(
    instruction_pool: pd.DataFrame,
    replay_documents: pd.DataFrame,
    base_model: ModelFolder,
    champion_model: ModelFolder | None,
    sft: SFTParameters,
    embedding: PoolEmbeddingParameters,
    scoring: PoolScoreParameters,
    parameters: PoolRatingsParameters,
) -> pd.DataFrame:
    """Likelihoods under a model with a little experience, and what the champion has learnt since the base."""
    check_answers(instruction_pool, parameters)
    measured = pd.DataFrame(index=pd.Index(instruction_pool["record_id"], name="record_id"))
    if not {"pre_experience", "learnability"} & set(parameters.measures):
        return measured.reset_index()
    of_base = likelihoods(instruction_pool, base_model, scoring)
    if "pre_experience" in parameters.measures:
        chosen = pre_experience.pre_experience_records(
            embed_pool(instruction_pool, base_model, embedding).set_index("record_id"),
            of_base["prompt_loss"],
            clusters=parameters.pre_experience.clusters,
            per_cluster=parameters.pre_experience.per_cluster,
            seed=parameters.seed,
        )
        examples = instruction_pool[instruction_pool["record_id"].isin(chosen)]
        recipe = _recipe(sft, parameters, parameters.pre_experience.num_train_epochs)
        trained = fine_tune_on_examples(
            base_model, examples[examples["answer"].notna()], replay_documents, recipe
        )
        after = likelihoods(instruction_pool, trained.model, scoring)
        measured = measured.join(after.add_prefix(PRE_EXPERIENCED))
    if "learnability" in parameters.measures and champion_model is None:
        logger.warning("no model is champion yet, so nothing tells what can be learnt: learnability is null")
    elif "learnability" in parameters.measures and champion_model is not None:
        measured = measured.join(
            learnability(
                of_base,
                likelihoods(instruction_pool, champion_model, scoring, with_prompt_loss=False),
            )
        )
    return measured.reset_index()


def collect_ratings(
    instruction_pool: pd.DataFrame,
    pool_tags: pd.DataFrame,
    pool_marks: pd.DataFrame,
    deita_scores: pd.DataFrame,
    model_measures: pd.DataFrame,
) -> pd.DataFrame:
    """A row a record of the pool with all that was measured; what was not is null."""
    together = pd.DataFrame({"record_id": instruction_pool["record_id"].to_numpy()})
    for frame in (pool_tags, pool_marks, deita_scores, model_measures):
        if not set(frame["record_id"]) <= set(together["record_id"]):
            raise InputError(
                "a measurement is of a record that is not in the pool",
                record=sorted(set(frame["record_id"]) - set(together["record_id"]))[0],
                fix="measure anew: kedro run --pipeline=pool_ratings",
            )
        together = together.merge(frame, on="record_id", how="left", validate="1:1")
    return together


def _recipe(sft: SFTParameters, parameters: PoolRatingsParameters, epochs: float) -> SFTParameters:
    """The recipe of `sft` on examples alone, for so many epochs."""
    changed = {
        "num_train_epochs": epochs,
        "documents_per_example": 0.0,
        "validation_minimum": 1,
        "seed": parameters.seed,
        "work_folder": str(parameters.work_folder),
    }
    return sft.model_copy(update=changed)

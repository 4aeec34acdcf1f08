"""What the methods look at, measured on the pool by the parameter section `pool_scores`.

Scores of the pool itself and of the base model are measured here; what only a teacher, a judge or a model
trained for it can say comes from the pipeline `pool_ratings`, as a frame (`rated_pool`).
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from instruction_tuning.errors import InputError
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.selection.methods import SCORES
from instruction_tuning.selection.scores.capability import capability_from_loss
from instruction_tuning.selection.scores.cheap_quality import cheap_quality
from instruction_tuning.selection.scores.ifd import instruction_following_difficulty
from instruction_tuning.selection.scores.lima_rules import lima_rules
from instruction_tuning.selection.scores.perplexity_band import perplexity_band
from instruction_tuning.selection.scores.superfiltering import superfiltering
from instruction_tuning.selection.scores.tag_count import length_controlled_tag_count, tag_count

logger = logging.getLogger(__name__)

_FIX = "measure it first: kedro run --pipeline=pool_ratings (pool_ratings.measures says what)"
_CHAMPION_FIX = "make a champion first (kedro run), then measure: kedro run --pipeline=pool_ratings"
_ROUNDS_FIX = "run its rounds first: kedro run --pipeline=diverse_evol"
RATED = {
    "learnability": "learnability_score",
    "difficulty_rating": "difficulty_score",
    "judge_rating": "judge_rating_score",
    "complexity": "complexity_score",
    "quality": "quality_score",
    "deita": "deita_score",
    "diverse_evol": "diverse_evol_score",
}


class Band(BaseModel):
    """Percentiles between which a loss is neither too low nor too high."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: float = Field(ge=0, le=100)
    high: float = Field(ge=0, le=100)

    @model_validator(mode="after")
    def _in_order(self) -> "Band":
        if self.low >= self.high:
            raise ValueError(f"low {self.low:g} is not below high {self.high:g}")
        return self


class PoolScoreParameters(BaseModel):
    """How records are tagged, how likelihoods are measured, and which part of them is a good one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tagger: Literal["verb_noun", "model"]
    likelihood_model: Literal["base", "pre_experienced"]
    prompt_form: Literal["chat", "plain"]
    max_length_tokens: int = Field(gt=1)
    batch_tokens: int = Field(gt=0)
    perplexity_band: Band
    capability_band: Band
    min_answer_characters: int = Field(ge=0)
    max_answer_characters: int = Field(gt=0)


def likelihoods(pool: pd.DataFrame, model: ModelFolder, parameters: PoolScoreParameters) -> pd.DataFrame:
    """The losses of answers and prompts under `model`, by record id."""
    from instruction_tuning.lm.answer_likelihood import answer_likelihoods

    return answer_likelihoods(
        model,
        pool,
        prompt_form=parameters.prompt_form,
        max_length_tokens=parameters.max_length_tokens,
        batch_tokens=parameters.batch_tokens,
    )


def tags_of(
    pool: pd.DataFrame, rated_pool: pd.DataFrame | None, parameters: PoolScoreParameters
) -> pd.DataFrame:
    """A frame by record id with a column `tags`: lists of texts, null where they could not be read."""
    if parameters.tagger == "verb_noun":
        from instruction_tuning.selection.tags.verb_noun_tags import verb_noun_tags

        return verb_noun_tags(pool).set_index("record_id")[["tags"]]
    return _rated(pool, rated_pool, "tags").to_frame("tags")


def measure_scores(
    pool: pd.DataFrame,
    scores: Iterable[str],
    base_model: ModelFolder,
    rated_pool: pd.DataFrame | None,
    parameters: PoolScoreParameters,
) -> pd.DataFrame:
    """One column a score of `scores` (keys of methods.SCORES) by record id, up is better; NaN where missing.

    Raises `InputError` for a score that `rated_pool` should hold and does not.
    """
    names = sorted(set(scores))
    needed = {need for name in names for need in SCORES[name]}
    frame = pd.DataFrame(index=pd.Index(pool["record_id"], name="record_id"))
    # What is missing is found before anything is computed.
    rated = {name: _rated(pool, rated_pool, RATED[name]) for name in names if name in RATED}
    tags = tags_of(pool, rated_pool, parameters) if "tags" in needed else None
    losses = None
    if "likelihoods" in needed:
        losses = _likelihoods(pool, base_model, rated_pool, parameters)
    for name in names:
        if name in rated:
            frame[name] = rated[name]
        elif tags is not None and "tags" in SCORES[name]:
            counted = tag_count if name == "tag_count" else length_controlled_tag_count
            frame[name] = counted(pool, tags)
        elif losses is not None and "likelihoods" in SCORES[name]:
            frame[name] = _OF_LOSSES[name](losses, parameters)
        else:
            frame[name] = _of_pool(name, pool, parameters)
        logger.info("%s: %d of %d records have it", name, int(frame[name].notna().sum()), len(frame))
    return frame


_OF_LOSSES: Mapping[str, Callable[[pd.DataFrame, PoolScoreParameters], pd.Series]] = {
    "ifd": lambda losses, parameters: instruction_following_difficulty(losses),
    "superfiltering": lambda losses, parameters: superfiltering(losses),
    "prompt_perplexity_band": lambda losses, parameters: perplexity_band(
        losses["prompt_loss"], low=parameters.perplexity_band.low, high=parameters.perplexity_band.high
    ),
    "answer_perplexity_band": lambda losses, parameters: perplexity_band(
        losses["answer_loss"], low=parameters.perplexity_band.low, high=parameters.perplexity_band.high
    ),
    "capability": lambda losses, parameters: capability_from_loss(
        losses["answer_loss"], low=parameters.capability_band.low, high=parameters.capability_band.high
    ),
}


def _likelihoods(
    pool: pd.DataFrame,
    base_model: ModelFolder,
    rated_pool: pd.DataFrame | None,
    parameters: PoolScoreParameters,
) -> pd.DataFrame:
    if parameters.likelihood_model == "base":
        return likelihoods(pool, base_model, parameters)
    known = [] if rated_pool is None else [str(column) for column in rated_pool.columns]
    columns = [column for column in known if column.startswith("pre_experienced_")]
    measured = {name.removeprefix("pre_experienced_"): _rated(pool, rated_pool, name) for name in columns}
    if "answer_loss" not in measured:
        _rated(pool, rated_pool, "pre_experienced_answer_loss")
    return pd.DataFrame(measured)


def _of_pool(name: str, pool: pd.DataFrame, parameters: PoolScoreParameters) -> pd.Series:
    if name == "lima":
        rules = lima_rules(
            pool,
            min_answer_characters=parameters.min_answer_characters,
            max_answer_characters=parameters.max_answer_characters,
        )
        return rules["lima_score"]
    return cheap_quality(pool)["cheap_quality_score"]


def _rated(pool: pd.DataFrame, rated_pool: pd.DataFrame | None, column: str) -> pd.Series:
    """A column of `rated_pool` for the records of the pool, null for those that were not rated."""
    fix = {RATED["diverse_evol"]: _ROUNDS_FIX, RATED["learnability"]: _CHAMPION_FIX}.get(column, _FIX)
    if rated_pool is None or column not in rated_pool or rated_pool[column].isna().all():
        raise InputError(
            f"the selection needs `{column}` of the pool's records, and it was never measured",
            field=column,
            fix=fix,
        )
    values = rated_pool.set_index("record_id")[column]
    missing = pool.loc[~pool["record_id"].isin(values.index), "record_id"]
    if len(missing) == len(pool):
        raise InputError(
            f"`{column}` was measured on another pool: none of its records is in this one",
            record=missing.iloc[0],
            field=column,
            fix=fix,
        )
    if len(missing):
        logger.warning(
            "%d of %d records of the pool have no `%s`: they were not there when it was measured",
            *(len(missing), len(pool), column),
        )
    return values.reindex(pool["record_id"])

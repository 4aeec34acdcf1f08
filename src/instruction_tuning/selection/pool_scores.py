"""What the methods look at, measured on the pool by the parameter section `pool_scores`.

Scores of the pool itself and of the base model are measured here; what only a teacher, a judge or a model
trained for it can say comes from the pipeline `pool_ratings`, as a frame (`rated_pool`).
"""

import logging
from collections.abc import Iterable
from functools import cached_property
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from instruction_tuning.errors import InputError
from instruction_tuning.lm.answer_tokens import PromptForm
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.selection.recipes import SCORES
from instruction_tuning.selection.scores.capability import capability_from_loss
from instruction_tuning.selection.scores.cheap_quality import cheap_quality
from instruction_tuning.selection.scores.ifd import ifd_exclusions, instruction_following_difficulty
from instruction_tuning.selection.scores.lima_rules import lima_rules
from instruction_tuning.selection.scores.perplexity_band import perplexity_band, perplexity_band_exclusions
from instruction_tuning.selection.scores.superfiltering import superfiltering, superfiltering_exclusions
from instruction_tuning.selection.scores.tag_count import length_controlled_tag_count, tag_count

logger = logging.getLogger(__name__)

_FIX = "measure it first: kedro run --pipeline=pool_ratings (pool_ratings.measures says what)"
_OTHER_FIXES = {
    "learnability_score": "make a champion first (kedro run), then: kedro run --pipeline=pool_ratings",
    "diverse_evol_score": "run its rounds first: kedro run --pipeline=diverse_evol",
}
# Before the name of a loss, the columns of `rated_pool` under the model of a little experience.
PRE_EXPERIENCED = "pre_experienced_"
# Behind the name of a score, the column that says of a record why the score leaves it out.
EXCLUSION = "_exclusion"
# The column of `rated_pool` that holds a score.
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
    """How records are tagged, how likelihoods are measured, and which part of them is a good one.

    `keep_truncated` false gives no IFD where prompt or answer was cut; `length_sources` null is all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tagger: Literal["verb_noun", "model"]
    likelihood_model: Literal["base", "pre_experienced"]
    prompt_form: PromptForm
    max_length_tokens: int = Field(gt=1)
    keep_truncated: bool
    batch_tokens: int = Field(gt=0)
    perplexity_band: Band
    capability_band: Band
    min_answer_characters: int = Field(ge=0)
    max_answer_characters: int = Field(gt=0)
    length_sources: tuple[str, ...] | None


def likelihoods(
    pool: pd.DataFrame, model: ModelFolder, parameters: PoolScoreParameters, *, with_prompt_loss: bool = True
) -> pd.DataFrame:
    """The losses of answers under `model`, and of prompts where they are wanted, by record id."""
    from instruction_tuning.lm.answer_likelihood import answer_likelihoods

    return answer_likelihoods(
        model,
        pool,
        prompt_form=parameters.prompt_form,
        max_length_tokens=parameters.max_length_tokens,
        batch_tokens=parameters.batch_tokens,
        with_prompt_loss=with_prompt_loss,
    )


Measured = tuple[pd.Series, "pd.Series[str] | None"]


class PoolMeasures:
    """`scores` of one pool; tags and losses, which several share, are measured once, when first needed.

    Raises `InputError` at once for a score that `rated_pool` should hold and does not.
    """

    def __init__(
        self,
        pool: pd.DataFrame,
        scores: Iterable[str],
        base_model: ModelFolder,
        rated_pool: pd.DataFrame | None,
        parameters: PoolScoreParameters,
    ) -> None:
        self.scores = sorted(set(scores))
        self._pool, self._base_model, self._rated_pool = pool, base_model, rated_pool
        self._parameters = parameters
        self._measured: dict[str, Measured] = {
            name: (self._rated(RATED[name]), None) for name in self.scores if name in RATED
        }

    def frame(self, *, with_tags: bool) -> pd.DataFrame:
        """By record id a column a score, up is better, NaN where missing; exclusions; `tags`."""
        frame = pd.DataFrame(index=pd.Index(self._pool["record_id"], name="record_id"))
        for name in self.scores:
            frame[name], exclusions = self.score(name)
            if exclusions is not None:
                frame[f"{name}{EXCLUSION}"] = exclusions.reindex(frame.index).astype("str")
            logger.info("%s: %d of %d records have it", name, int(frame[name].notna().sum()), len(frame))
        return frame.join(self.tags) if with_tags else frame

    @cached_property
    def tags(self) -> pd.DataFrame:
        """A frame by record id with a column `tags`: lists of texts, null where they could not be read."""
        if self._parameters.tagger == "verb_noun":
            from instruction_tuning.selection.tags.verb_noun_tags import verb_noun_tags

            return verb_noun_tags(self._pool).set_index("record_id")[["tags"]]
        return self._rated("tags").to_frame("tags")

    @cached_property
    def losses(self) -> pd.DataFrame:
        """The likelihoods under the model that `likelihood_model` names, by record id."""
        if self._parameters.likelihood_model == "base":
            of_prompts = "prompt_perplexity_band" in self.scores
            return likelihoods(self._pool, self._base_model, self._parameters, with_prompt_loss=of_prompts)
        self._rated(f"{PRE_EXPERIENCED}answer_loss")
        assert self._rated_pool is not None  # or the line before has raised
        columns = [str(name) for name in self._rated_pool if str(name).startswith(PRE_EXPERIENCED)]
        return pd.DataFrame({name.removeprefix(PRE_EXPERIENCED): self._rated(name) for name in columns})

    def score(self, name: str) -> Measured:
        """The score, and for one that leaves records out why it does, by record id."""
        if name not in self._measured:
            self._measured[name] = self._measure(name)
        return self._measured[name]

    def _measure(self, name: str) -> Measured:
        if "tags" in SCORES[name]:
            counted = tag_count if name == "tag_count" else length_controlled_tag_count
            return counted(self._pool, self.tags), None
        if "likelihoods" in SCORES[name]:
            return self._of_losses(name)
        return self._of_pool(name), None

    def _of_losses(self, name: str) -> Measured:
        losses, keep = self.losses, self._parameters.keep_truncated
        if name == "ifd":
            return (
                instruction_following_difficulty(losses, keep_truncated=keep),
                ifd_exclusions(losses, keep_truncated=keep),
            )
        if name == "superfiltering":
            return (
                superfiltering(losses, keep_truncated=keep),
                superfiltering_exclusions(losses, keep_truncated=keep),
            )
        if name == "capability":
            band = self._parameters.capability_band
            return capability_from_loss(losses["answer_loss"], low=band.low, high=band.high), None
        band = self._parameters.perplexity_band
        of_part = losses["prompt_loss" if name == "prompt_perplexity_band" else "answer_loss"]
        return (
            perplexity_band(of_part, low=band.low, high=band.high),
            perplexity_band_exclusions(of_part, low=band.low, high=band.high),
        )

    def _of_pool(self, name: str) -> pd.Series:
        if name == "lima":
            rules = lima_rules(
                self._pool,
                min_answer_characters=self._parameters.min_answer_characters,
                max_answer_characters=self._parameters.max_answer_characters,
                length_sources=self._parameters.length_sources,
            )
            return rules["lima_score"]
        return cheap_quality(self._pool)["cheap_quality_score"]

    def _rated(self, column: str) -> pd.Series:
        """A column of `rated_pool` for the records of the pool, null for those that were not rated."""
        fix = _OTHER_FIXES.get(column, _FIX)
        rated = self._rated_pool
        if rated is None or column not in rated or rated[column].isna().all():
            raise InputError(
                f"the selection needs `{column}` of the pool's records, and it was never measured",
                field=column,
                fix=fix,
            )
        values = rated.set_index("record_id")[column]
        missing = self._pool.loc[~self._pool["record_id"].isin(values.index), "record_id"]
        if len(missing) == len(self._pool):
            raise InputError(
                f"`{column}` was measured on another pool: none of its records is in this one",
                record=missing.iloc[0],
                field=column,
                fix=fix,
            )
        if len(missing):
            logger.warning(
                "%d of %d records of the pool have no `%s`: they were not there when it was measured",
                *(len(missing), len(self._pool), column),
            )
        return values.reindex(self._pool["record_id"])

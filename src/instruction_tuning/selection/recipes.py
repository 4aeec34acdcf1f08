"""Selection methods as recipes: which scores, which filters, which sampler, with which settings.

A method is a line of configuration, not code: a score or a weighted mix of scores, stages that keep the best
part of the pool by a score, and a sampler that orders what is left. Every budget is a prefix of that order.
What a method needs to be measured first (tags, likelihoods, marks of a judge, trained scorers) follows from
its scores and its sampler.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, get_type_hints

import pandas as pd
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from instruction_tuning.selection.reasons import k_center_reasons, uniform_reasons
from instruction_tuning.selection.samplers.cluster_quota import cluster_quota, cluster_quota_reasons
from instruction_tuning.selection.samplers.facility_location import (
    facility_location,
    facility_location_reasons,
)
from instruction_tuning.selection.samplers.instag_diverse import instag_diverse, instag_diverse_reasons
from instruction_tuning.selection.samplers.k_center_greedy import k_center_greedy
from instruction_tuning.selection.samplers.repr_filter import repr_filter, repr_filter_reasons
from instruction_tuning.selection.samplers.stratified import stratified, stratified_reasons
from instruction_tuning.selection.samplers.tag_reweighting import tag_reweighting, tag_reweighting_reasons
from instruction_tuning.selection.samplers.top_score import top_score, top_score_reasons
from instruction_tuning.selection.samplers.uniform import uniform

# What each score is made of beside the pool: measured on the spot (pool_scores.py), or beforehand.
SCORES: Mapping[str, tuple[str, ...]] = {
    "cheap_quality": (),
    "lima": (),
    "tag_count": ("tags",),
    "length_controlled_tag_count": ("tags",),
    "ifd": ("likelihoods",),
    "superfiltering": ("likelihoods",),
    "prompt_perplexity_band": ("likelihoods",),
    "answer_perplexity_band": ("likelihoods",),
    "capability": ("likelihoods",),
    "learnability": ("champion",),
    "difficulty_rating": ("difficulty_ratings",),
    "judge_rating": ("judge_ratings",),
    "complexity": ("complexity_scorer",),
    "quality": ("quality_scorer",),
    "deita": ("complexity_scorer", "quality_scorer"),
    "diverse_evol": ("rounds",),
}


class _Sampler(NamedTuple):
    """How a sampler picks and explains, what it looks at, and whether it goes by a score."""

    pick: Callable[..., list[str]]
    reasons: Callable[..., pd.DataFrame]
    looks_at: str | None
    score: Literal["needed", "optional", "unused"]


SAMPLERS: Mapping[str, _Sampler] = {
    "uniform": _Sampler(uniform, uniform_reasons, None, "unused"),
    "top_score": _Sampler(top_score, top_score_reasons, None, "needed"),
    "k_center_greedy": _Sampler(k_center_greedy, k_center_reasons, "embeddings", "unused"),
    "facility_location": _Sampler(facility_location, facility_location_reasons, "embeddings", "unused"),
    "cluster_quota": _Sampler(cluster_quota, cluster_quota_reasons, "embeddings", "optional"),
    "repr_filter": _Sampler(repr_filter, repr_filter_reasons, "embeddings", "needed"),
    "instag_diverse": _Sampler(instag_diverse, instag_diverse_reasons, "tags", "needed"),
    "tag_reweighting": _Sampler(tag_reweighting, tag_reweighting_reasons, "tags", "unused"),
    "stratified": _Sampler(stratified, stratified_reasons, "stratum", "optional"),
}


class Stage(BaseModel):
    """Keep the best of what is left by a score: a share of it, a number, or what is no lower than a value."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    score: str
    keep_share: float | None = Field(default=None, gt=0, le=1)
    keep_count: int | None = Field(default=None, gt=0)
    at_least: float | None = None

    @model_validator(mode="after")
    def _one_rule(self) -> "Stage":
        _check_score(self.score)
        if sum(rule is not None for rule in (self.keep_share, self.keep_count, self.at_least)) != 1:
            raise ValueError("a stage says one of keep_share, keep_count and at_least")
        return self


class Method(BaseModel):
    """A recipe: stages, then a sampler on what is left, by a score or a weighted mix of scores.

    `missing` says what a mix does with a record that lacks one of its scores: `drop` it, or `renormalise`
    over those that it has. `settings` are the sampler's own; `by` names the column of the pool that
    `stratified` takes quotas of.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sampler: str
    score: str | dict[str, PositiveFloat] | None = None
    combine: Literal["sum", "product"] = "sum"
    missing: Literal["drop", "renormalise"] = "drop"
    stages: tuple[Stage, ...] = ()
    by: str = "source"
    settings: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> "Method":
        if self.sampler not in SAMPLERS:
            raise ValueError(
                f"no sampler is called {self.sampler!r}; there are {', '.join(sorted(SAMPLERS))}"
            )
        for name in self.scores:
            _check_score(name)
        if SAMPLERS[self.sampler].score == "needed" and not self.score:
            raise ValueError(f"the sampler {self.sampler} goes by a score, and none is named")
        if SAMPLERS[self.sampler].score == "unused" and self.score:
            raise ValueError(f"the sampler {self.sampler} goes by no score: name it in a stage before it")
        if self.combine == "product" and self.missing == "renormalise":
            raise ValueError("a product needs all of its scores: missing has to be drop")
        if len({stage.score for stage in self.stages}) < len(self.stages):
            raise ValueError("two stages go by the same score: one of them says it all")
        known = _settings_of(self.sampler)
        if unknown := sorted(set(self.settings) - known):
            raise ValueError(
                f"the sampler {self.sampler} has no setting {unknown[0]!r}; it has "
                f"{', '.join(sorted(known)) or 'none'}"
            )
        for name, value in self.settings.items():
            _check_setting(self.sampler, name, value)
        return self

    @property
    def scores(self) -> tuple[str, ...]:
        """Every score that has to be measured for it."""
        own = [] if self.score is None else [self.score] if isinstance(self.score, str) else list(self.score)
        return tuple(dict.fromkeys([*own, *(stage.score for stage in self.stages)]))

    @property
    def needs(self) -> frozenset[str]:
        """What has to be measured for its scores and its sampler, as `SCORES` names it."""
        of_scores = {need for score in self.scores for need in SCORES[score]}
        return frozenset(of_scores | ({"tags"} if self.looks_at == "tags" else set()))

    @property
    def looks_at(self) -> str | None:
        """`embeddings`, `tags`, `stratum` or nothing beside scores."""
        return SAMPLERS[self.sampler].looks_at


def _check_score(name: str) -> None:
    if name not in SCORES:
        raise ValueError(f"no score is called {name!r}; there are {', '.join(sorted(SCORES))}")


def _check_setting(sampler: str, name: str, value: object) -> None:
    wanted = get_type_hints(SAMPLERS[sampler].pick)[name]
    try:
        TypeAdapter(wanted).validate_python(value)
    except ValidationError as error:
        why = error.errors()[0]["msg"].lower()
        raise ValueError(f"the setting {name} of the sampler {sampler} cannot be {value!r}: {why}") from None


def _settings_of(sampler: str) -> set[str]:
    parameters = inspect.signature(SAMPLERS[sampler].pick).parameters.values()
    keywords = {parameter.name for parameter in parameters if parameter.kind == parameter.KEYWORD_ONLY}
    return keywords - {"seed", "initial"}

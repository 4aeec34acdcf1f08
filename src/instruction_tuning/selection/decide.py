"""One recipe applied to one pool: what becomes of every record under a budget, and why."""

from dataclasses import dataclass
from functools import partial

import pandas as pd

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.selection import mixes, staged_mixes
from instruction_tuning.selection.pool_scores import EXCLUSION
from instruction_tuning.selection.reasons import SELECTED, decisions_frame
from instruction_tuning.selection.recipes import SAMPLERS, Method


@dataclass(frozen=True)
class Features:
    """What a recipe can look at: the pool, and by record id the measures of it and the embeddings.

    `measured` has a column for each score, one with the reasons of records that a score leaves out, and
    `tags` where they are needed (pool_scores.py).
    """

    pool: pd.DataFrame
    measured: pd.DataFrame
    embeddings: pd.DataFrame

    @classmethod
    def of_frames(cls, pool: pd.DataFrame, measured: pd.DataFrame, embeddings: pd.DataFrame) -> "Features":
        """From frames with a column `record_id`."""
        return cls(pool, measured.set_index("record_id"), embeddings.set_index("record_id"))

    def score(self, name: str) -> pd.Series:
        """The score of every record of the pool."""
        return self.measured[name].reindex(pd.Index(self.pool["record_id"]))

    def looked_at(self, method: Method) -> pd.DataFrame | None:
        """What the method's sampler goes by beside a score."""
        if method.looks_at == "tags":
            return self.measured[["tags"]]
        if method.looks_at == "stratum":
            return self._strata(method.by)
        return self.embeddings if method.looks_at == "embeddings" else None

    def _strata(self, column: str) -> pd.DataFrame:
        if column not in self.pool:
            raise ConfigurationError(
                f"the pool has no column {column!r} to take quotas of; it has {', '.join(self.pool.columns)}",
                field="by",
                fix="name one of these columns in the method's recipe",
            )
        strata = self.pool.set_index("record_id")[[column]].set_axis(["stratum"], axis=1)
        return strata.assign(stratum=strata["stratum"].fillna("unknown").astype("str"))


def decide(name: str, method: Method, features: Features, budget: int, *, seed: int) -> pd.DataFrame:
    """What `method` makes of every record of the pool: first the picked ones, in order, then the others.

    See schemas.selection_decisions. A record that a stage or a score left out says so; a budget above what
    can be picked picks all that can be.
    """
    sampler, looked_at = SAMPLERS[method.sampler], features.looked_at(method)
    pick, explain = partial(sampler.pick, **method.settings), partial(sampler.reasons, **method.settings)
    scores = _scores(method, features)
    if method.stages:
        stages = [
            staged_mixes.Stage(
                stage.score,
                score=features.score(stage.score),
                keep_share=stage.keep_share,
                keep_count=stage.keep_count,
                at_least=stage.at_least,
            )
            for stage in method.stages
        ]
        last = staged_mixes.Stage(method.sampler, sampler=pick, reasons=explain)
        pick = partial(staged_mixes.staged_mix, stages=[*stages, last])
        explain = partial(staged_mixes.staged_mix_reasons, stages=[*stages, last])
    picks = pick(scores, looked_at, budget, seed=seed)
    decisions = decisions_frame(name, explain(picks, scores, looked_at, seed=seed), len(picks))
    return _with_exclusions(decisions, method, features)


def _with_exclusions(decisions: pd.DataFrame, method: Method, features: Features) -> pd.DataFrame:
    """A record that was left and that a score leaves out says why, behind what the sampler says."""
    is_left = (decisions["decision"] != SELECTED).to_numpy()
    reasons = decisions["reason"]
    for score in method.scores:
        if (column := f"{score}{EXCLUSION}") in features.measured:
            why = features.measured[column].reindex(decisions["record_id"]).to_numpy()
            told = is_left & pd.notna(why)
            reasons = reasons.mask(told, reasons + "; " + pd.Series(why, index=reasons.index, dtype="str"))
    return decisions.assign(reason=reasons)


def _scores(method: Method, features: Features) -> pd.Series:
    if method.score is None:
        # The same for all: a sampler that goes by score then draws, another looks at the index only.
        return pd.Series(0.0, index=pd.Index(features.pool["record_id"]), name="score")
    if isinstance(method.score, str):
        return features.score(method.score)
    parts = {name: features.score(name) for name in method.score}
    mix = mixes.weighted_mix if method.combine == "sum" else mixes.product_mix
    return mix(parts, method.score, missing=method.missing)

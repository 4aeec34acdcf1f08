"""Selections one after another: a sampler made of stages.

Each stage takes what the one before left, puts it in order by a score or by a sampler of its own, and keeps
the best part; the budget cuts the order of the last. As in Deita (arXiv 2312.15685) a score first and
distances after it, or in Superfiltering (arXiv 2402.00530) 20% by score and facility location on these; here
any number of stages in any order. What is cheap belongs first: then what costs sees least.

Stages before the last do not know the budget, so a smaller budget is a prefix of a larger one wherever it is
for the last stage alone. Every stage gets the same seed, so one stage alone picks as its sampler does.
O(stages · N log N), and what the samplers take.

    stages = [
        Stage("rating", score=ratings, keep_share=0.8),
        Stage("form", score=cheap_quality, at_least=0.7),
        Stage("spread", sampler=k_center_greedy, reasons=k_center_reasons),
    ]
    picks = staged_mix(scores, embeddings, 1000, seed=1, stages=stages)
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.selection.samplers.inputs import check_sampler_inputs
from instruction_tuning.selection.samplers.reason_rows import reason_rows
from instruction_tuning.selection.samplers.score_order import by_score, name_of, shown

Sampler = Callable[..., list[str]]
Reasons = Callable[..., pd.DataFrame]


@dataclass(frozen=True)
class Stage:
    """An order, by `sampler` or else by `score`, and how much of it is kept, the best first.

    `score` null: the one that the mix is called with. Settings of the sampler are bound to it
    (`functools.partial`). Kept are a share in (0, 1], rounded up, of what the stage can put in order (of a
    score the records that have it, of a sampler all that reach it), or a number, or what has at least that
    score; the last stage may leave it to the budget. `reasons` is the sampler's account of its picks.
    """

    name: str
    score: pd.Series | None = None
    sampler: Sampler | None = None
    keep_share: float | None = None
    keep_count: int | None = None
    at_least: float | None = None
    reasons: Reasons | None = None

    def rule(self) -> str:
        """What is kept, in words."""
        if self.keep_share is not None:
            return f"best {self.keep_share:.4g} of them"
        if self.keep_count is not None:
            return f"best {self.keep_count:,}"
        return "up to the budget" if self.at_least is None else f"at least {shown(self.at_least)}"


@dataclass(frozen=True)
class _Passage:
    """What reached a stage, sorted, with the scores there, what it could put in order, and what it kept."""

    stage: Stage
    entered: list[str]
    scores: pd.Series
    order: list[str]
    kept: list[str]


def staged_mix(
    scores: pd.Series,
    features: pd.DataFrame | None,
    budget: int,
    *,
    seed: int,
    stages: Sequence[Stage],
) -> list[str]:
    """Record ids in the order of the last stage; a smaller budget is a prefix of a larger one.

    `scores` (N,) is the pool by its index; a stage without a score of its own goes by its values.
    """
    return _passages(scores, features, budget, seed, stages)[-1].kept


def staged_mix_reasons(
    picks: list[str],
    scores: pd.Series,
    features: pd.DataFrame | None,
    *,
    seed: int,
    stages: Sequence[Stage],
) -> pd.DataFrame:
    """(N, 4) at which stage each record was left, or its place in the last; see reason_rows.py.

    The score is that of the stage which left the record, or of the last one's own account.
    """
    *before, end = stages
    if end.sampler is not None:
        # Its picks are known, and to pick once more would take as long as the first time.
        end = replace(end, sampler=lambda *_, **__: picks)
    passages = _passages(scores, features, max(len(picks), 1), seed, [*before, end])
    reasons: dict[str, str] = {}
    numbers = pd.Series(np.nan, index=scores.index)
    nearest: dict[str, str] = {}
    for place, passage in enumerate(passages, start=1):
        at = f"at stage {place} of {len(passages)}, {passage.stage.name}"
        reasons |= _in_words(passage, at)
        numbers[passage.entered] = passage.scores
    last = passages[-1]
    if last.stage.reasons is not None:
        own = last.stage.reasons(picks, last.scores, features, seed=seed)
        own = own.set_index("record_id")
        numbers[own.index] = own["selection_score"]
        nearest = {str(record): str(near) for record, near in own["nearest_selected"].dropna().items()}
        reasons |= {str(record): f"{at}: {said}" for record, said in own["reason"].items()}
    return reason_rows(picks, numbers, reasons, nearest)


def _passages(
    scores: pd.Series, features: pd.DataFrame | None, budget: int, seed: int, stages: Sequence[Stage]
) -> list[_Passage]:
    check_sampler_inputs(scores, None, budget)
    _check_stages(stages)
    passages: list[_Passage] = []
    reached = sorted(scores.index)
    for place, stage in enumerate(stages, start=1):
        limit = budget if place == len(stages) else len(reached)
        passages.append(_pass(stage, reached, scores, features, limit, seed))
        reached = sorted(passages[-1].kept)
    return passages


def _pass(
    stage: Stage,
    entered: list[str],
    scores: pd.Series,
    features: pd.DataFrame | None,
    limit: int,
    seed: int,
) -> _Passage:
    own = (scores if stage.score is None else stage.score).reindex(entered).astype("float64")
    order = by_score(own) if stage.sampler is None else entered
    count = len(order)
    if stage.keep_share is not None:
        count = math.ceil(round(stage.keep_share * len(order), 9))  # 0.7 of 10 is 7, not 7.000000000000001
    elif stage.keep_count is not None:
        count = stage.keep_count
    elif stage.at_least is not None:
        count = int((own >= stage.at_least).sum())
    if count == 0:
        raise InputError(
            f"stage {stage.name} keeps none of {len(entered)} records: {stage.rule()}",
            field=name_of(own),
            fix=f"set it to at most {shown(own.max())}, the best there is",
        )
    count = min(count, limit)
    kept = order[:count] if stage.sampler is None else stage.sampler(own, features, count, seed=seed)
    return _Passage(stage, entered, own, order, kept)


def _check_stages(stages: Sequence[Stage]) -> None:
    names = [stage.name for stage in stages]
    if not names or len(set(names)) < len(names):
        raise ConfigurationError(
            f"stages named {names}", field="stages", fix="give one stage at least, and each a name of its own"
        )
    for stage in stages:
        rules = [stage.keep_share, stage.keep_count, stage.at_least]
        given = sum(rule is not None for rule in rules)
        problem = None
        if given > 1 or (given == 0 and stage is not stages[-1]):
            problem = f"{given} rules for what it keeps"
        elif stage.keep_share is not None and not 0 < stage.keep_share <= 1:
            problem = f"keep_share {stage.keep_share}, outside (0, 1]"
        elif stage.keep_count is not None and stage.keep_count < 1:
            problem = f"keep_count {stage.keep_count}"
        elif stage.at_least is not None and stage.sampler is not None:
            problem = "at_least with a sampler, whose order is not that of a score"
        if problem:
            raise ConfigurationError(
                f"stage {stage.name} has {problem}",
                field="stages",
                fix="give one of keep_share in (0, 1], keep_count from 1, or at_least for a score",
            )


def _in_words(passage: _Passage, at: str) -> dict[str, str]:
    """A sentence on each record that reached the stage."""
    stage, kept = passage.stage, len(passage.kept)
    reasons = dict.fromkeys(passage.entered, f"left {at}: not among the {kept:,} that it picked")
    if stage.sampler is None:
        name, order, values = name_of(passage.scores), passage.order, passage.scores.to_dict()
        reasons = dict.fromkeys(passage.entered, f"left {at}: no {name}")
        for place, record in enumerate(order, start=1):
            standing = f"{name} {shown(values[record])}, place {place:,} of {len(order):,}"
            reasons[record] = f"left {at}: {standing}, {kept:,} kept ({stage.rule()})"
    for place, record in enumerate(passage.kept, start=1):
        reasons[record] = f"taken {at}: pick {place:,} of {kept:,}"
    return reasons

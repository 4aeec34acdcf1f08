"""Stratified diversity: a quota for each source, category or language, and the best scores within it.

Zhou et al. 2023, LIMA (arXiv 2305.11206): its questions are drawn from the exchanges of Stack Exchange with a
temperature of 3, so that small exchanges are not drowned by large ones, and then the best answers are taken.

    share_s = n_s^(1/T) / sum_r n_r^(1/T)

T = 1 is proportional to the pool, a high T equal for all. Each pick adds its share to what every stratum that
is not empty is owed, and goes to the one that is owed most (largest remainder, in turns); so a smaller budget
is a prefix of a larger one, and each stratum keeps near its share all the way. What an empty one would have
got goes to the others by their shares. O(N log N + K · S) for K picks from S strata.
Departures: the score may be any; where equal scores are left, the seed decides, not the record id, so that a
stratum without differences is drawn from at random.
"""

import numpy as np
import pandas as pd

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.seeds import substream_seed
from instruction_tuning.selection.record_ids import refuse_doubled
from instruction_tuning.selection.samplers.inputs import check_sampler_inputs
from instruction_tuning.selection.samplers.reason_rows import reason_rows
from instruction_tuning.selection.samplers.score_order import NO_SCORE, by_score, name_of, shown

STRATUM = "stratum"


def stratified(
    scores: pd.Series, features: pd.DataFrame | None, budget: int, *, seed: int, temperature: float = 3.0
) -> list[str]:
    """Record ids, dealt to the strata by their shares, in each the highest score first.

    `features` has a column `stratum`, matched by id. A record without a score is never picked. Without a
    score worth the name, hand over the same number for all: each stratum is then drawn from at random.
    """
    queues = _queues(scores, features, budget, seed)
    names = sorted(queues)
    weights = _shares([len(queues[name]) for name in names], temperature)  # (S,)
    owed = np.zeros(len(names))
    taken = [0] * len(names)
    picks: list[str] = []
    for _ in range(min(budget, sum(map(len, queues.values())))):
        owed += weights / weights.sum()
        # Equal claims differ by rounding: the first name is to have it.
        place = int(np.flatnonzero((owed >= owed[weights > 0].max() - 1e-9) & (weights > 0))[0])
        owed[place] -= 1.0
        picks.append(queues[names[place]][taken[place]])
        taken[place] += 1
        if taken[place] == len(queues[names[place]]):
            weights[place] = 0.0
    return picks


def stratified_reasons(
    picks: list[str],
    scores: pd.Series,
    features: pd.DataFrame | None,
    *,
    seed: int,
    temperature: float = 3.0,
) -> pd.DataFrame:
    """(N, 4) the place of each record in its stratum, and how many that gave; see reason_rows.py."""
    queues = _queues(scores, features, max(len(picks), 1), seed)
    name, values = name_of(scores), scores.to_dict()
    names = sorted(queues)
    shares = dict(zip(names, _shares([len(queues[s]) for s in names], temperature), strict=True))
    chosen = set(picks)
    reasons = dict.fromkeys(scores.index, NO_SCORE)
    for stratum, queue in queues.items():
        gave = sum(record in chosen for record in queue)
        share = f"{stratum} (share {100 * shares[stratum]:.1f}%)"
        for place, record in enumerate(queue, start=1):
            standing = f"{name} {shown(values[record])}"
            if record in chosen:
                reasons[record] = f"taken: {standing}, pick {place} of {gave} from {share}"
            else:
                reasons[record] = (
                    f"left: {standing}, place {place} of {len(queue)} in {share}, which gave {gave}"
                )
    return reason_rows(picks, scores, reasons)


def _queues(scores: pd.Series, features: pd.DataFrame | None, budget: int, seed: int) -> dict[str, list[str]]:
    """The records of each stratum, the best first; equal scores in the order that the seed draws."""
    check_sampler_inputs(scores, None, budget)
    strata = _strata(scores, features)
    order, values = by_score(scores), scores.to_dict()
    order.sort(key=lambda record: (-values[record], substream_seed(seed, "stratified", record), record))
    queues: dict[str, list[str]] = {}
    for record in order:
        queues.setdefault(strata[record], []).append(record)
    return queues


def _strata(scores: pd.Series, features: pd.DataFrame | None) -> dict[str, str]:
    if features is None or STRATUM not in features:
        raise InputError(
            "there is no stratum to take quotas of",
            field=STRATUM,
            fix="hand over a column `stratum`: the source, the category or the language of each record",
        )
    refuse_doubled(features.index, "the strata", fix="give each record one stratum")
    found = features[STRATUM].reindex(scores.index)
    missing = scores.index[found.isna()]
    if len(missing):
        raise InputError(
            f"{len(missing)} records have no stratum",
            record=missing[0],
            field=STRATUM,
            fix="give each record of the pool one, or all of those without the same name, such as `unknown`",
        )
    return {str(record): str(stratum) for record, stratum in found.items()}


def _shares(sizes: list[int], temperature: float) -> np.ndarray:
    """(S,) of the picks; a temperature of 1 is proportional, a high one equal."""
    if not temperature > 0:
        raise ConfigurationError(
            f"a temperature of {temperature} gives no shares",
            field="temperature",
            fix="take 1 for shares as in the pool, more for equal ones",
        )
    powers = np.power(np.array(sizes, dtype=np.float64), 1.0 / temperature)
    shares: np.ndarray = powers / powers.sum()
    return shares

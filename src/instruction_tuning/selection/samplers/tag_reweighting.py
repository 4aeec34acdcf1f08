"""A draw that moves the distribution of tags towards a target.

Importance sampling on the tags of InsTag (arXiv 2308.07074); the draw is the weighted one without replacement
of Efraimidis and Spirakis 2006, in its exponential form:

    weight_i = mean_{t in tags_i} target_t / share_t        share_t: of all tags on all records
    key_i = -log(u_i) / weight_i, smallest first            u_i uniform from (seed, record id)

Where each record has one tag and the budget is a small part of the pool, the expected shares of the picks are
the target. With several tags a record brings the others along, and rare tags run out, so that the picks only
move towards it. O(N log N + E) for E tags on all records. u hangs on the record's own id, so more records
change the weights and not what was drawn.
Departures: none known of the draw; the weights are the project's own.
"""

import math
from collections.abc import Mapping
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.seeds import substream_seed
from instruction_tuning.selection.samplers.inputs import check_sampler_inputs, needed
from instruction_tuning.selection.samplers.reason_rows import reason_rows
from instruction_tuning.selection.tags.tag_lists import TagList, tag_lists

Target: TypeAlias = Mapping[str, float] | Literal["uniform", "sqrt"]


def tag_reweighting(
    scores: pd.Series,
    features: pd.DataFrame | None,
    budget: int,
    *,
    seed: int,
    target: Target = "uniform",
) -> list[str]:
    """Record ids in the order drawn.

    `scores` (N,) is read for its index. `features` has a column `tags`, lists of texts matched by id.
    `target`: the same share for every tag of the pool, shares as the square roots of the pool's, or the
    share of each tag by name. Shares are scaled to sum to 1 over the tags that the pool has; tags that are
    not named have none. A record without tags, or with none of the target's, is never drawn.
    """
    check_sampler_inputs(scores, None, budget)
    record_ids = sorted(scores.index)
    weights, _ = _weights(_lists(features, record_ids), target)
    return [record_ids[row] for row in _drawn(record_ids, weights, seed)[:budget]]


def tag_reweighting_reasons(
    picks: list[str],
    scores: pd.Series,
    features: pd.DataFrame | None,
    *,
    seed: int,
    target: Target = "uniform",
) -> pd.DataFrame:
    """(N, 4) the weight of each record, which is its `selection_score`, and the tag that most made it."""
    record_ids = sorted(scores.index)
    lists = _lists(features, record_ids)
    weights, ratios = _weights(lists, target)
    ranks = {row: rank for rank, row in enumerate(_drawn(record_ids, weights, seed), start=1)}
    reasons: dict[str, str] = {}
    for row, (record, tags) in enumerate(zip(record_ids, lists, strict=True)):
        if not tags:
            reasons[record] = "left: its tags are not known, or it has none"
            continue
        if row not in ranks:
            reasons[record] = "left: the target gives none of its tags a share"
            continue
        foremost = max(tags, key=lambda tag: ratios[tag][0] / ratios[tag][1])
        wanted, share = ratios[foremost]
        taken = ranks[row] <= len(picks)
        after = "" if taken else f", after the {len(picks)} of the budget"
        reasons[record] = (
            f"{'taken' if taken else 'left'}: weight {weights[row]:.3g} drew place {ranks[row]} of "
            f"{len(ranks)}{after} (seed {seed}); of its tags {foremost} counts most, {share:.3g} of the pool "
            f"and {wanted:.3g} of the target"
        )
    known = [bool(tags) for tags in lists]
    selection_scores = pd.Series(np.where(known, weights, np.nan), index=record_ids)
    return reason_rows(picks, selection_scores, reasons)


def _lists(features: pd.DataFrame | None, record_ids: list[str]) -> list[TagList]:
    return tag_lists(needed(features, "tag_reweighting", "tags"), record_ids)


def _weights(lists: list[TagList], target: Target) -> tuple[np.ndarray, dict[str, tuple[float, float]]]:
    """The weight of each record (N,), 0 without tags; and of each tag its shares of target and pool."""
    rows = np.repeat(np.arange(len(lists)), [len(tags or ()) for tags in lists])  # (E,)
    codes, names = pd.factorize(
        np.array([tag for tags in lists for tag in tags or ()], dtype=object), sort=True
    )
    if not len(names):
        raise InputError(
            "none of the records has a tag",
            field="tags",
            fix="look at the status of the tags, or lower the count below which tags are dropped",
        )
    counts = np.bincount(codes)
    shares = counts / counts.sum()  # (T,)
    wanted = _target_shares(target, names.tolist(), shares)  # (T,)
    sums = np.bincount(rows, weights=(wanted / shares)[codes], minlength=len(lists))
    lengths = np.bincount(rows, minlength=len(lists))
    pairs = zip(wanted.tolist(), shares.tolist(), strict=True)
    return sums / np.maximum(lengths, 1), dict(zip(names.tolist(), pairs, strict=True))


def _target_shares(target: Target, names: list[str], shares: np.ndarray) -> np.ndarray:
    if target == "uniform":
        return np.full(len(names), 1.0 / len(names))
    if target == "sqrt":
        roots = np.sqrt(shares)
        return np.asarray(roots / roots.sum())
    if isinstance(target, str):
        raise ConfigurationError(
            f"there is no target {target!r}", field="target", fix="take uniform, sqrt or a share for each tag"
        )
    for tag, share in target.items():
        if not math.isfinite(share) or share < 0:
            raise ConfigurationError(
                f"the tag {tag!r} is to have a share of {share}",
                field="target",
                fix="give every tag a share of 0 or more",
            )
    wanted = np.array([target.get(name, 0.0) for name in names], dtype=np.float64)
    if wanted.sum() <= 0:
        raise ConfigurationError(
            f"no tag of the pool has a share in the target, which names {', '.join(sorted(target)[:5])}",
            field="target",
            fix=f"name tags that the pool has, such as {', '.join(names[:5])}",
        )
    return np.asarray(wanted / wanted.sum())


def _drawn(record_ids: list[str], weights: np.ndarray, seed: int) -> list[int]:
    """The rows of a weight above 0 in the order drawn; equal keys in the order of `record_ids`."""
    rows = np.flatnonzero(weights > 0)
    streams = [substream_seed(seed, "tag_reweighting", record_ids[row]) for row in rows.tolist()]
    uniforms = (np.array(streams, dtype=np.float64) + 0.5) / 2.0**63
    keys = -np.log(np.minimum(uniforms, 1.0 - 2.0**-53)) / weights[rows]
    return rows[np.argsort(keys, kind="stable")].tolist()

"""What several methods select from one pool, as a table: the whole pool in the first row, then a method each.

    selected                                       records
    mean_overlap                                   Jaccard with each other method, mean (`measures.overlap`)
    covered_rate, mean_distance, largest_distance  of the pool to what is selected (`measures.coverage`)
    radius                                         of the covered: median distance of a record to its nearest
    vendi_score                                    how many clearly different records (`measures.vendi`)
    tag_covered_rate                               share of the pool's tags that a selected record has
    prompt_tokens_median, answer_tokens_p90, …     lengths in words, numbers and Han characters: no model's
    language/en, category/…, licence/…             shares of the selected records: the pool's most frequent
                                                   values, then `(other)`
    cost/usd, …                                    per thousand records of the pool

What is not known (a cost that was not told, lengths of answers where there are none) is null. All methods are
measured on the same embeddings, which favours those that select by them. O(methods · selected · N · D), and
the tokens of the pool.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.pool_statistics.composition import UNKNOWN
from instruction_tuning.pool_statistics.lengths import length_summary
from instruction_tuning.selection.measures.coverage import coverage, median_neighbour_distance
from instruction_tuning.selection.measures.overlap import overlap
from instruction_tuning.selection.measures.vendi import vendi_score
from instruction_tuning.selection.samplers.inputs import check_sampler_inputs
from instruction_tuning.text.tokens import tokens

POOL = "(whole pool)"
OTHER = "(other)"
SHARED_PARTS = ("language", "category", "licence")
TEXT_PARTS = ("prompt", "answer")
COSTS = ("model_calls", "tokens", "usd", "seconds")
MOST_VALUES = 12
MEASURES = [
    *("method", "selected", "mean_overlap", "covered_rate", "mean_distance", "largest_distance", "radius"),
    "vendi_score",
]
_LENGTHS = ("texts", "tokens", "mean", "max", "p5", "p25", "p50", "p75", "p90", "p95", "p99")
Selections = Mapping[str, Sequence[str]]


class SelectionComparison(NamedTuple):
    """`table` as above; `overlaps` by measures.overlap, `lengths` and `shares` by the functions below."""

    table: pd.DataFrame
    overlaps: pd.DataFrame
    lengths: pd.DataFrame
    shares: pd.DataFrame


def selection_comparison(
    selections: Selections,
    pool: pd.DataFrame,
    embeddings: pd.DataFrame,
    *,
    seed: int,
    tags: pd.DataFrame | None = None,
    costs: pd.DataFrame | None = None,
) -> SelectionComparison:
    """The table and what it is made of, methods in the order of `selections` (record ids by method).

    `embeddings` (>= N, D) and `tags` (a column `tags` of lists) are indexed by record id. `costs`: `method`
    and any of `COSTS`, each for the whole pool. `seed` draws the records that the radius is measured on.
    Raises `InputError` for a selection that is empty, doubled or not from this pool.
    """
    _check(selections, pool)
    record_ids = sorted(pool["record_id"])
    check_sampler_inputs(pd.Series(np.nan, index=pd.Index(record_ids)), embeddings, 1)
    features = embeddings.loc[record_ids]
    radius = median_neighbour_distance(features, seed=seed)
    overlaps, lengths = overlap(selections), length_quantiles(selections, pool)
    shares = composition_shares(selections, pool)
    rows = []
    for method, picks in _with_pool(selections, pool).items():
        row: dict[str, object] = {"method": method, "selected": len(picks), "radius": radius}
        if method == POOL:
            row |= {"covered_rate": 1.0, "mean_distance": 0.0, "largest_distance": 0.0}
        else:
            near = coverage(features, picks, radius=radius)
            row |= {
                "mean_overlap": overlaps.loc[method].drop(method).mean(),
                "covered_rate": near.covered_rate,
            }
            row |= {"mean_distance": near.mean_distance, "largest_distance": near.largest_distance}
        rows.append(row | {"vendi_score": vendi_score(features.loc[sorted(picks)].to_numpy())})
    table = pd.DataFrame(rows, columns=MEASURES)
    if tags is not None:
        table["tag_covered_rate"] = _tag_covered_rates(selections, pool, tags)
    parts = [
        table,
        _wide_lengths(lengths),
        _wide_shares(shares),
    ]
    if costs is not None:
        per_thousand = costs.set_index("method")[[name for name in COSTS if name in costs]] * 1000 / len(pool)
        parts.append(per_thousand.reindex(table["method"]).add_prefix("cost/").reset_index(drop=True))
    return SelectionComparison(pd.concat(parts, axis=1), overlaps, lengths, shares)


def length_quantiles(selections: Selections, pool: pd.DataFrame) -> pd.DataFrame:
    """`method`, `part` (prompt or answer) and the summary of `length_summary` with `p90`; the pool first."""
    record_ids = pd.Index(pool["record_id"])
    rows = []
    for part in TEXT_PARTS:
        known = pool[part].notna().to_numpy()
        lengths = np.full(len(pool), np.nan)
        lengths[known] = [len(tokens(text)) for text in pool.loc[known, part]]
        for method, picks in _with_pool(selections, pool).items():
            own = lengths[record_ids.get_indexer(pd.Index(picks, dtype=record_ids.dtype))]
            own = own[~np.isnan(own)]
            p90 = float(np.quantile(own, 0.9)) if len(own) else np.nan
            rows.append({"method": method, "part": part, **length_summary(own), "p90": p90})
    return pd.DataFrame(rows, columns=["method", "part", *_LENGTHS])


def composition_shares(selections: Selections, pool: pd.DataFrame) -> pd.DataFrame:
    """`method`, `part`, `value`, `share`: of language, category and licence; every part adds up to 1.

    The values that are most frequent in the pool come first, at most `MOST_VALUES`, then `OTHER`.
    """
    records = pool.set_index("record_id")
    frames = []
    for part in (name for name in SHARED_PARTS if name in records):
        values = records[part].fillna(UNKNOWN).astype("str")
        counts = values.value_counts()
        frequent = sorted(counts.index, key=lambda name: (-counts[name], name))[:MOST_VALUES]
        shown = values.where(values.isin(frequent), OTHER)
        order = [*frequent, OTHER] if len(counts) > len(frequent) else frequent
        for method, picks in _with_pool(selections, pool).items():
            shares = shown.loc[list(picks)].value_counts(normalize=True).reindex(order, fill_value=0.0)
            frames.append(
                pd.DataFrame({"method": method, "part": part, "value": order, "share": shares.to_numpy()})
            )
    return pd.concat(frames, ignore_index=True)


def _wide_lengths(lengths: pd.DataFrame) -> pd.DataFrame:
    """(methods, 4) in the order of the methods."""
    order = list(dict.fromkeys(lengths["method"]))
    frames = {}
    for part in TEXT_PARTS:
        own = lengths[lengths["part"] == part].set_index("method").loc[order]
        for column, name in (("p50", "median"), ("p90", "p90")):
            frames[f"{part}_tokens_{name}"] = own[column].to_numpy()
    return pd.DataFrame(frames)


def _wide_shares(shares: pd.DataFrame) -> pd.DataFrame:
    """(methods, values) in the order of the methods and values."""
    order = list(dict.fromkeys(shares["method"]))
    columns = {}
    for (part, value), own in shares.groupby(["part", "value"], sort=False):
        columns[f"{part}/{value}"] = own.set_index("method")["share"].loc[order].to_numpy()
    return pd.DataFrame(columns, index=range(len(order)))


def _tag_covered_rates(selections: Selections, pool: pd.DataFrame, tags: pd.DataFrame) -> list[float]:
    missing = pd.Index(pool["record_id"]).difference(tags.index)
    if len(missing):
        raise InputError(
            f"{len(missing)} records of the pool have no tags, not even none",
            record=missing[0],
            fix="tag the pool that was selected from; a record without a tag has an empty list",
        )
    of_record = tags["tags"].map(set).to_dict()
    known = set().union(*(of_record[record] for record in pool["record_id"]))
    return [
        len(set().union(*(of_record[record] for record in picks))) / len(known) if known else np.nan
        for picks in _with_pool(selections, pool).values()
    ]


def _with_pool(selections: Selections, pool: pd.DataFrame) -> dict[str, list[str]]:
    return {POOL: pool["record_id"].tolist(), **{name: list(picks) for name, picks in selections.items()}}


def _check(selections: Selections, pool: pd.DataFrame) -> None:
    if POOL in selections or not selections:
        raise ConfigurationError(
            f"the methods are {sorted(selections)}",
            field="selections",
            fix=f"compare one at least, none of them called {POOL}",
        )
    known = set(pool["record_id"])
    for method, picks in selections.items():
        unknown = sorted(set(picks) - known)
        if unknown or not len(picks) or len(set(picks)) < len(picks):
            problem = f"{len(unknown)} records that are not in the pool" if unknown else "records twice"
            raise InputError(
                f"{method} selects {problem if len(picks) else 'nothing'}",
                record=unknown[0] if unknown else None,
                fix="compare selections from this pool, each record once",
            )

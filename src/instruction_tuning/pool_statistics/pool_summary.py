"""The numbers of a pool in one flat mapping, and the lengths of its texts.

Rows are counted in full. Tokens and words are counted in at most `measured_rows` records, those whose ids
have the smallest hashes: the same for any order of rows, and a sample that nothing in the texts decides.
A quantile of 200,000 lengths is off by some 0.1 percentage points (its standard error is sqrt(q(1 - q) / n)).
O(rows + characters of the measured).
"""

import numpy as np
import pandas as pd

from instruction_tuning.pool_statistics.composition import UNKNOWN
from instruction_tuning.pool_statistics.lengths import TokenCounter, length_histogram, length_summary
from instruction_tuning.pool_statistics.vocabulary import vocabulary
from instruction_tuning.schemas.list_columns import list_lengths

PARTS = ("instruction", "answer")


def texts_of(pool: pd.DataFrame, part: str) -> pd.DataFrame:
    """`text`, `language`, `source` of one part; records without an answer have none."""
    column = "prompt" if part == "instruction" else "answer"
    frame = pool[[column, "language", "source"]].rename(columns={column: "text"})
    return frame[frame["text"].notna()].reset_index(drop=True)


def pool_summary(
    pool: pd.DataFrame, count_tokens: TokenCounter, *, measured_rows: int | None = None
) -> tuple[dict[str, float], pd.DataFrame, pd.DataFrame]:
    """Flat metrics; histograms of token lengths by part; quantiles of token lengths by part and source.

    Metrics are named `<part>/tokens/...`, `<part>/vocabulary/...` and `rows/<column>/<value>`; of the first
    two, `rows_measured` says from how many records. `measured_rows` null: all.
    """
    metrics: dict[str, float] = {
        "rows": float(len(pool)),
        "rows_with_answer": float(pool["answer"].notna().sum()),
    }
    for column in ("language", "licence"):
        # What a tracking server takes as part of a name.
        names = pool[column].fillna(UNKNOWN).astype("str").str.replace(r"[^\w.: -]", "", regex=True)
        counted = names.value_counts()
        metrics |= {f"rows/{column}/{name}": float(counted[name]) for name in sorted(counted.index)}
    metrics["rows/flagged"] = float((list_lengths(pool["flags"]) > 0).sum())
    flags = pool["flags"].explode().dropna().value_counts()
    metrics |= {f"rows/flag/{name}": float(flags[name]) for name in sorted(flags.index)}
    histograms, quantiles = [], []
    pool = measured_part(pool, measured_rows)
    metrics["rows_measured"] = float(len(pool))
    for part in PARTS:
        texts = texts_of(pool, part)
        lengths = count_tokens(texts["text"].array)
        metrics |= {f"{part}/tokens/{name}": value for name, value in length_summary(lengths).items()}
        words = vocabulary(texts["text"])
        metrics |= {f"{part}/vocabulary/{name}": value for name, value in words.summary().items()}
        histograms.append(length_histogram(lengths).assign(part=part))
        for source, rows in texts.groupby("source").indices.items():
            quantiles.append({"part": part, "source": str(source), **length_summary(lengths[rows])})
    frame = pd.DataFrame(quantiles, columns=["part", "source", *_SUMMARY]).astype(
        {"part": "str", "source": "str"}
    )
    return metrics, pd.concat(histograms, ignore_index=True).astype({"part": "str"}), frame


def measured_part(pool: pd.DataFrame, most: int | None) -> pd.DataFrame:
    """At most so many rows, in their order: those with the smallest hashes of `record_id`."""
    if most is None or len(pool) <= most:
        return pool
    hashes = pd.util.hash_array(pool["record_id"].to_numpy(dtype=object), categorize=False)
    return pool.iloc[np.sort(np.argsort(hashes, kind="stable")[:most])]


_SUMMARY = ("texts", "tokens", "mean", "max", "p5", "p25", "p50", "p75", "p95", "p99")

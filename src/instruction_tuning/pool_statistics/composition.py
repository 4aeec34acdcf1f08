"""What a pool is made of: rows by source, language, licence and category. O(rows)."""

import pandas as pd

PARTS = ("source", "language", "licence", "category", "format")
UNKNOWN = "(not stated)"


def composition(pool: pd.DataFrame) -> pd.DataFrame:
    """Rows of every value of every part: `part`, `value`, `source`, `rows`; a missing value is `UNKNOWN`.

    Each part adds up to the pool; within a part the most frequent value comes first.
    """
    frames = []
    for part in (name for name in PARTS if name in pool.columns):
        values = pool[part].fillna(UNKNOWN).astype("str")
        counted = pd.DataFrame({"value": values, "source": pool["source"].astype("str")}).value_counts()
        frame = counted.rename("rows").reset_index().assign(part=part)
        frame["total"] = frame.groupby("value")["rows"].transform("sum")
        frames.append(
            frame.sort_values(["total", "value", "rows", "source"], ascending=[False, True, False, True])
        )
    columns = ["part", "value", "source", "rows"]
    if not frames:
        return pd.DataFrame(columns=columns)
    return pd.concat(frames, ignore_index=True)[columns].astype(
        {"part": "str", "value": "str", "source": "str"}
    )


def licences_by_language(pool: pd.DataFrame) -> pd.DataFrame:
    """Rows by licence (down) and language (across), the most frequent licence first."""
    table = pd.crosstab(pool["licence"].fillna(UNKNOWN), pool["language"])
    totals = table.sum(axis=1)
    return table.loc[sorted(table.index, key=lambda name: (-totals[name], name))]

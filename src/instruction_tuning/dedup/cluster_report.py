"""Clusters of duplicates for a person to read: who is in them, who stays, and what decided that."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from instruction_tuning.dedup.clusters import components
from instruction_tuning.dedup.keeping_order import deciding_rules
from instruction_tuning.dedup.shingles import Array

STAYS = "stays"
MAX_CHARACTERS = 400
COLUMNS = {
    "cluster_id": "str",
    "cluster_rows": "int64",
    "source_row_id": "str",
    "record_id": "str",
    "source": "str",
    "licence": "str",
    "fate": "str",
    "duplicate_of": "str",
    "similarity": "float64",
    "decided_by": "str",
    "text": "str",
}


def duplicate_clusters(
    records: pd.DataFrame,
    texts: list[str],
    ranks: Mapping[str, Array],
    *,
    kept_for: Array,
    similarity: Array,
    kind: Array,
    left: Array,
    right: Array,
) -> pd.DataFrame:
    """One row a member of each cluster of two rows or more, the largest clusters first.

    `records` and all else are in keeping order. `cluster_id` is the record id of the best member, which
    stays. More than one member may stay: those that are like a dropped one, but not like a better one that
    stays.
    """
    cluster = components(len(records), left, right)
    sizes = np.bincount(cluster, minlength=len(records))[cluster]
    order = np.lexsort((np.arange(len(records)), cluster, -sizes))
    members = order[sizes[order] > 1]
    dropped = kept_for[members] >= 0
    stands_in = np.where(dropped, kept_for[members], members)
    row_ids = records["source_row_id"].to_numpy(dtype=object)
    decided = np.array(deciding_rules(ranks, stands_in, members), dtype=object)
    found = records.iloc[members]
    return pd.DataFrame(
        {
            "cluster_id": records["record_id"].to_numpy(dtype=object)[cluster[members]],
            "cluster_rows": sizes[members],
            **{name: found[name].to_numpy(dtype=object) for name in ("source_row_id", "record_id", "source")},
            "licence": found["licence"].to_numpy(dtype=object),
            "fate": np.where(dropped, kind[members], STAYS),
            "duplicate_of": pd.Series(row_ids[stands_in]).where(dropped),
            "similarity": similarity[members],
            "decided_by": pd.Series(decided).where(dropped),
            "text": [texts[member][:MAX_CHARACTERS] for member in members],
        }
    ).astype(COLUMNS)

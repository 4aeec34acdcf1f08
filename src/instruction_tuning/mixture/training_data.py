"""What a model was trained on, in a few facts that go with the model. O(rows)."""

import hashlib
from typing import Any

import pandas as pd

from instruction_tuning.mixture.in_distribution import in_distribution
from instruction_tuning.schemas.example_decisions import CUT, DROPPED

UNKNOWN = "unknown"


def training_data(
    mixture: pd.DataFrame,
    validation: pd.DataFrame,
    selected_queries: pd.DataFrame,
    *,
    decisions: pd.DataFrame,
    pool: pd.Series,
) -> dict[str, Any]:
    """Counts of the examples in `mixture`, its digest, how their queries were selected, what was held out.

    `examples` and what they are counted by leave out those that `decisions` (see schemas.example_decisions)
    dropped, since nothing of them was trained on; `cut_examples` are among them.

    `digest` is the first 16 hex digits of the SHA-256 of the mixture's rows, `pool_digest` of the ids of the
    records in `pool`, which are digests of what is said. `source_files`: examples by raw file, named by the
    first 12 digits of its digest; `in_distribution`: by benchmark, those that hold a question of its training
    split. A record that is not among `selected_queries` (an older selection) counts
    as unknown.
    """
    is_chat = mixture["kind"] == "chat"
    of_fate = dict(zip(decisions["example_id"], decisions["decision"], strict=True))
    fates = mixture.loc[is_chat, "example_id"].map(of_fate)
    chats = mixture[is_chat][fates != DROPPED]
    selected = selected_queries.set_index("record_id").reindex(_records(chats))
    rows = mixture.to_json(orient="records", force_ascii=False)
    return {
        "examples": len(chats),
        "cut_examples": int((fates == CUT).sum()),
        "dropped_examples": int((fates == DROPPED).sum()),
        "documents": int((~is_chat).sum()),
        "sources": _counts(chats["source"]),
        "languages": _counts(selected["language"]),
        "licences": _counts(selected["licence"]),
        "categories": _counts(selected["category"]),
        "source_files": _counts(selected["source_row_id"].str.partition(":")[0]),
        "in_distribution": in_distribution(selected["flags"]) if "flags" in selected else {},
        "selected_queries": len(selected_queries),
        "pool_records": len(pool),
        "pool_digest": hashlib.sha256("\n".join(sorted(pool)).encode()).hexdigest()[:16],
        "sampler": ", ".join(sorted(selected_queries["sampler"].unique())) or UNKNOWN,
        "held_out_records": sorted(set(_records(validation[validation["kind"] == "chat"]))),
        "digest": hashlib.sha256(rows.encode("utf-8", "surrogatepass")).hexdigest()[:16],
    }


def _records(chats: pd.DataFrame) -> list[str]:
    """A chat's record is the first of its parents."""
    return [str(parents[0]) for parents in chats["parent_ids"]]


def _counts(values: pd.Series) -> dict[str, int]:
    return {str(name): int(count) for name, count in values.fillna(UNKNOWN).value_counts().items()}

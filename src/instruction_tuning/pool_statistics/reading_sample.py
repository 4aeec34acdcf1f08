"""Which rows of a pool a person should read: kept, flagged and rejected ones, drawn by chance.

A row is drawn by a hash of its `source_row_id` and the seed, so the order of rows does not matter. Of
rejected and flagged rows each reason gets its turn before any gets a second one: chance alone would show
one reason ninety times. O(rows), in compiled code; only the rows that are shown are looked into.
"""

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from instruction_tuning.schemas.list_columns import list_lengths
from instruction_tuning.seeds import substream_seed

KEPT, FLAGGED, REJECTED = "kept", "flagged", "rejected"


@dataclass(frozen=True)
class RowToRead:
    """One row with its fate. `turns`: role and text of each message; a raw text that is no conversation has
    one, `raw`.

    `notes`: what else is known of it, such as the text before a repair.
    """

    fate: str
    source_row_id: str
    source: str
    language: str
    stage: str
    reason: str
    detail: str
    turns: tuple[tuple[str, str], ...]
    notes: tuple[tuple[str, str], ...] = ()


def rows_to_read(
    instruction_pool: pd.DataFrame,
    rejected_records: pd.DataFrame,
    record_repairs: pd.DataFrame,
    *,
    seed: int,
    kept: int,
    flagged: int,
    rejected: int,
) -> list[RowToRead]:
    """At most so many rows of each fate; kept ones have no flag."""
    is_flagged = list_lengths(instruction_pool["flags"]).to_numpy() > 0
    row_ids = instruction_pool["source_row_id"]
    of_plain, of_flagged = np.flatnonzero(~is_flagged), np.flatnonzero(is_flagged)
    flags = instruction_pool["flags"].iloc[of_flagged].map(lambda values: ", ".join(sorted(values)))
    # Only what is shown is taken out of the pool, which may be a good part of the memory.
    drawn_plain = instruction_pool.iloc[of_plain[_drawn(row_ids.iloc[of_plain], None, seed, kept)]]
    drawn_flagged = instruction_pool.iloc[of_flagged[_drawn(row_ids.iloc[of_flagged], flags, seed, flagged)]]
    before: dict[str, list[tuple[str, str]]] = {}
    shown = record_repairs[record_repairs["source_row_id"].isin(drawn_flagged["source_row_id"])]
    for row in shown.itertuples():
        before.setdefault(str(row.source_row_id), []).append((f"{row.field} before", str(row.before)))
    causes = rejected_records["stage"].astype("str") + "/" + rejected_records["reason"].astype("str")
    drawn_rejected = rejected_records.iloc[_drawn(rejected_records["source_row_id"], causes, seed, rejected)]
    return [
        *(_kept_row(row, KEPT, ()) for row in drawn_plain.to_dict("records")),
        *(
            _kept_row(row, FLAGGED, tuple(before.get(str(row["source_row_id"]), ())))
            for row in drawn_flagged.to_dict("records")
        ),
        *(_rejected_row(row) for row in drawn_rejected.to_dict("records")),
    ]


def _drawn(row_ids: pd.Series, causes: pd.Series | None, seed: int, count: int) -> np.ndarray:
    """Positions of at most `count` rows; with `causes`, the first of each cause before the second of any."""
    key = f"{substream_seed(seed, 'rows_to_read'):016x}"[-16:]
    drawn = pd.util.hash_array(row_ids.astype(object).to_numpy(), hash_key=key, categorize=False)
    if causes is None:
        return np.argsort(drawn, kind="stable")[:count]
    order = pd.DataFrame({"cause": causes.to_numpy(), "drawn": drawn})
    turn = order.groupby("cause")["drawn"].rank(method="first").to_numpy()
    chosen = np.lexsort((drawn, turn))[:count]
    # Together what was drawn for one cause.
    return chosen[np.lexsort((drawn[chosen], order["cause"].to_numpy().astype(str)[chosen]))]


def _kept_row(row: Mapping[Hashable, Any], fate: str, notes: tuple[tuple[str, str], ...]) -> RowToRead:
    return RowToRead(
        fate=fate,
        source_row_id=str(row["source_row_id"]),
        source=str(row["source"]),
        language=str(row["language"]),
        stage="pool",
        reason=", ".join(sorted(row["flags"])),
        detail="",
        turns=tuple((str(turn["role"]), str(turn["content"])) for turn in row["messages"]),
        notes=notes,
    )


def _rejected_row(row: Mapping[Hashable, Any]) -> RowToRead:
    notes = [
        (name.replace("_", " "), str(row[name]))
        for name in ("field", "collides_with")
        if name in row and not pd.isna(row[name])
    ]
    return RowToRead(
        fate=REJECTED,
        source_row_id=str(row["source_row_id"]),
        source=str(row["source"]),
        language="",
        stage=str(row["stage"]),
        reason=str(row["reason"]),
        detail="" if pd.isna(row["detail"]) else str(row["detail"]),
        turns=_turns(str(row["raw"])),
        notes=tuple(notes),
    )


def _turns(raw: str) -> tuple[tuple[str, str], ...]:
    """The messages that a rejected record stores as JSON; any other text as it is."""
    try:
        content = json.loads(raw)
    except ValueError:
        content = None
    is_conversation = isinstance(content, list) and all(
        isinstance(turn, dict) and turn.keys() == {"role", "content"} for turn in content
    )
    if is_conversation and content:
        return tuple((str(turn["role"]), str(turn["content"])) for turn in content)
    return (("raw", raw),)

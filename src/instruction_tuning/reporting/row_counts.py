"""How many rows came in, how many stayed, and why the others were dropped: counted and put into words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from instruction_tuning.reporting.wording import count_list, text_table, wrapped
from instruction_tuning.text.counting import counted

MAX_DROPPED_LINES = 10


@dataclass(frozen=True)
class DroppedRows:
    """Rows set aside in one stage for one reason."""

    stage: str
    reason: str
    rows: int


@dataclass(frozen=True)
class RowCounts:
    """Rows that came in and rows in the pool, by source; the difference by stage and reason, most first."""

    read_by_source: Mapping[str, int]
    kept_by_source: Mapping[str, int]
    dropped: Sequence[DroppedRows]

    @property
    def read(self) -> int:
        return sum(self.read_by_source.values())

    @property
    def kept(self) -> int:
        return sum(self.kept_by_source.values())

    def lines(self) -> list[str]:
        """The counts as text, without line ends."""
        read, shown, rest = self.read, self.dropped[:MAX_DROPPED_LINES], self.dropped[MAX_DROPPED_LINES:]
        rows = [(f"{drop.stage}: {drop.reason}", drop.rows) for drop in shown]
        if rest:
            rows.append((counted(len(rest), "more reason"), sum(drop.rows for drop in rest)))
        table = [(reason, f"{number:,}", f"{number / read:.1%}") for reason, number in rows]
        lost = f"{read - self.kept:,} were dropped:" if rows else "none was dropped."
        return [
            *wrapped(f"{counted(read, 'row')} came in ({count_list(self.read_by_source)})."),
            f"  {self.kept:,} are in the pool; {lost}",
            *(text_table(("stage: reason", "rows", "share"), table, indent=4) if rows else []),
        ]


def count_rows(instruction_pool: pd.DataFrame, rejected_records: pd.DataFrame) -> RowCounts:
    """From the column `source` of both frames, and `stage` and `reason` of the latter."""
    kept, lost = (by_name(frame["source"]) for frame in (instruction_pool, rejected_records))
    reasons = Counter(zip(rejected_records["stage"], rejected_records["reason"], strict=True))
    return RowCounts(
        read_by_source={name: kept.get(name, 0) + lost.get(name, 0) for name in sorted({*kept, *lost})},
        kept_by_source=kept,
        dropped=[
            DroppedRows(str(stage), str(reason), rows)
            for (stage, reason), rows in sorted(reasons.items(), key=lambda entry: (-entry[1], entry[0]))
        ],
    )


def by_name(values: pd.Series) -> dict[str, int]:
    """How often each value is there, the values in order."""
    return {str(name): int(count) for name, count in values.value_counts().sort_index().items()}

"""What a model wrote, on its way through the filters, and the frame of it; nothing that was read is lost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import pandas as pd

from instruction_tuning.text.digests import name_of

ROW_DTYPES = {
    "record_id": "str",
    "task_id": "str",
    "parent_ids": "object",
    "method": "str",
    "round": "int64",
    "language": "str",
    "instruction": "str",
    "input": "str",
    "output": "str",
    "is_classification": "boolean",
    "status": "str",
    "drop_reason": "str",
    "detail": "str",
    "nearest_task_id": "str",
    "nearest_rouge_l": "float64",
    "prompt_digest": "str",
    "raw": "str",
}
KEPT, DROPPED = "kept", "dropped"
SEED = "seed"


@dataclass(frozen=True, kw_only=True)
class Written:
    """A row of `schemas.synthesised_instructions`; `drop_reason` null: nothing speaks against it so far.

    `place` says where the instruction was read (method, round, request, item), `example` which of its
    examples this is: together they make ids unique.
    """

    place: str
    parent_ids: tuple[str, ...]
    method: str
    round: int
    language: str
    prompt_digest: str | None
    instruction: str | None = None
    input: str | None = None
    output: str | None = None
    is_classification: bool | None = None
    drop_reason: str | None = None
    detail: str | None = None
    nearest_task_id: str | None = None
    nearest_rouge_l: float | None = None
    raw: str | None = None
    example: int | None = None

    @property
    def task_id(self) -> str:
        """16 hex digits of the instruction and where it was read; its examples share it."""
        return name_of(self.place, self.instruction, self.raw)

    @property
    def record_id(self) -> str:
        """The task's id, or 16 hex digits of that and the example."""
        if self.example is None:
            return self.task_id
        return name_of(self.task_id, str(self.example), self.input, self.output)

    @property
    def is_open(self) -> bool:
        """Whether nothing speaks against it so far."""
        return self.drop_reason is None

    def dropped(self, reason: str, detail: str | None = None) -> Self:
        """The same with why it is out."""
        return replace(self, drop_reason=reason, detail=detail)


def rows_frame(rows: Iterable[Written]) -> pd.DataFrame:
    """Columns as in `schemas.synthesised_instructions`."""
    records = [
        {
            **{name: getattr(row, name, None) for name in ROW_DTYPES},
            "parent_ids": list(row.parent_ids),
            "status": KEPT if row.is_open else DROPPED,
        }
        for row in rows
    ]
    return pd.DataFrame(records, columns=list(ROW_DTYPES)).astype(ROW_DTYPES)


def joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """All rows in order; dtypes stay where a frame is empty."""
    filled = [frame for frame in frames if not frame.empty]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


def seed_rows(seed_tasks: pd.DataFrame) -> pd.DataFrame:
    """Round 0: the seed tasks (schemas.seed_tasks) as rows that are kept, under their own ids."""
    rows = seed_tasks.rename(columns={"id": "record_id"}).assign(
        task_id=seed_tasks["id"],
        method=SEED,
        round=0,
        status=KEPT,
        parent_ids=pd.Series([[] for _ in range(len(seed_tasks))], index=seed_tasks.index, dtype="object"),
    )
    return rows.reindex(columns=list(ROW_DTYPES)).astype(ROW_DTYPES).reset_index(drop=True)


def kept_tasks(rows: pd.DataFrame, language: str) -> pd.DataFrame:
    """The first kept example of each instruction in `language`, in the order written."""
    kept = rows[(rows["status"] == KEPT) & (rows["language"] == language)]
    return kept.drop_duplicates("instruction")


def drop_counts(rows: pd.DataFrame) -> pd.DataFrame:
    """`method`, `round`, `drop_reason` (null: kept) and `rows`, without seeds; the most frequent first."""
    written = rows[rows["method"] != SEED]
    counts = written.groupby(["method", "round", "drop_reason"], dropna=False, sort=True).size()
    return counts.rename("rows").reset_index().sort_values("rows", ascending=False, kind="stable")

"""Tasks from stored data: which answers people get to see.

Of each kind the candidates are put in the order that the seed gives their content, and the first ones are
taken; so the choice depends on neither the order of the rows nor on what else is there, and a larger number
adds tasks to the same ones. The order of work is by kind, then the seed's.
"""

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

import pandas as pd

from instruction_tuning.annotation.tasks import KINDS, Kind, Task, task_id
from instruction_tuning.lm.chat_request import as_messages, without_answer
from instruction_tuning.seeds import substream_seed

COLUMNS = [
    *("task_id", "kind", "record_id", "messages", "before", "other", "before_id", "other_id", "origin"),
    *("annotators", "position"),
]


def sample_tasks(
    candidates: Iterable[Task], *, numbers: Mapping[Kind, int], annotators: Mapping[Kind, int], seed: int
) -> pd.DataFrame:
    """At most `numbers[kind]` tasks of each kind (see schemas.annotation_tasks); equal contents are one."""
    by_kind: dict[Kind, dict[str, Task]] = {kind: {} for kind in KINDS}
    for task in sorted(
        candidates, key=lambda task: (task.record_id, task.before_id or "", task.other_id or "")
    ):
        by_kind[task.kind].setdefault(task.task_id, task)
    rows: list[dict[str, Any]] = []
    for kind in KINDS:
        ids = sorted(by_kind[kind], key=lambda name: (substream_seed(seed, "annotation", kind, name), name))
        for name in ids[: numbers[kind]]:
            place = {"annotators": annotators[kind], "position": len(rows)}
            rows.append({**vars(by_kind[kind][name]), **place})
    frame = pd.DataFrame(rows, columns=COLUMNS)
    texts = [name for name in COLUMNS if name not in ("messages", "annotators", "position")]
    return frame.astype({name: "str" for name in texts} | {"annotators": "int64", "position": "int64"})


def rewrite_candidates(base_continuations: pd.DataFrame) -> list[Task]:
    """What the base model went on with, to be made a good answer."""
    return [
        _task("rewrite", row, row["continuation"], origin="base model")
        for row in base_continuations.to_dict(orient="records")
    ]


def correct_candidates(rated_responses: pd.DataFrame, *, max_rating: float | None) -> list[Task]:
    """Model answers; with `max_rating` those that failed a check or were rated that low."""
    came = rated_responses[rated_responses["response"].notna()]
    if max_rating is not None:
        came = came[(came["check"] == "failed") | (came["rating"] <= max_rating)]
    return [
        _task("correct", row, row["response"], before_id=row["response_id"], origin=row["model"])
        for row in came.to_dict(orient="records")
    ]


def review_candidates(verified_examples: pd.DataFrame) -> list[Task]:
    """Answers that would be trained on."""
    return [
        _task("review", row, row["answer"], before_id=_text(row["response_id"]), origin=row["origin"])
        for row in verified_examples.assign(
            messages=verified_examples["messages"].map(without_answer)
        ).to_dict(orient="records")
    ]


def compare_candidates(rated_responses: pd.DataFrame) -> list[Task]:
    """Pairs of different answers to one prompt."""
    tasks = []
    came = rated_responses[rated_responses["response"].notna()].sort_values("response_id")
    for _, answers in came.groupby("record_id", sort=True):
        for first, second in combinations(answers.to_dict(orient="records"), 2):
            if first["response"] == second["response"]:
                continue
            models = f"{first['model']}, {second['model']}"
            tasks.append(
                _task(
                    *("compare", first, first["response"]),
                    other=second["response"],
                    before_id=first["response_id"],
                    other_id=second["response_id"],
                    origin=models,
                )
            )
    return tasks


def _task(
    kind: Kind,
    row: Mapping[Any, Any],
    before: str,
    *,
    other: str | None = None,
    before_id: str | None = None,
    other_id: str | None = None,
    origin: str,
) -> Task:
    messages = as_messages(row["messages"])
    name = task_id(kind, messages, before, other)
    return Task(name, kind, row["record_id"], messages, before, other, before_id, other_id, origin, 1, 0)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def tasks_of(frame: pd.DataFrame) -> list[Task]:
    """The rows of `annotation_tasks` in the order of work."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict(orient="records")
    tasks = [_of_row({str(name): value for name, value in row.items()}) for row in rows]
    return sorted(tasks, key=lambda task: task.position)


def _of_row(row: dict[str, Any]) -> Task:
    numbers = {"annotators": int(row["annotators"]), "position": int(row["position"])}
    return Task(**{**row, "messages": as_messages(row["messages"]), **numbers})

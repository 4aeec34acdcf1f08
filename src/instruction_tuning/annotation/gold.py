"""What people's annotations become: gold answers, verdicts, and pairs of a better and a worse answer.

Where several people wrote an answer to one task, the one that is most alike to all others is taken (two are
equally alike: then the earlier one), or all are.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Literal

import pandas as pd

from instruction_tuning.annotation.annotations import Annotation
from instruction_tuning.annotation.similarity import most_typical
from instruction_tuning.annotation.tasks import WRITTEN, Task
from instruction_tuning.reward.preference_pairs import COLUMNS as PAIR_COLUMNS

GoldPerTask = Literal["one", "all"]
GOLD_COLUMNS = [
    *("gold_id", "task_id", "record_id", "kind", "messages", "before", "after", "is_changed", "who", "at"),
    *("seconds", "status", "parent_ids"),
]
VERDICT_COLUMNS = [
    *("task_id", "record_id", "kind", "response_id", "other_response_id", "verdict", "mark", "reason", "who"),
    *("at", "seconds", "shown_first", "majority"),
]


def gold_answers(annotations: Iterable[Annotation], *, per_task: GoldPerTask) -> pd.DataFrame:
    """One row for each written or skipped annotation (see schemas.gold_answers)."""
    rows: list[dict[str, Any]] = []
    for task, people in _by_task(annotations, WRITTEN):
        written = sorted((one for one in people if not one.skipped), key=lambda one: (one.at, one.who))
        texts = [str(one.value["answer"]) for one in written]
        typical = written[most_typical(texts)].who if written else None
        for one in people:
            after = None if one.skipped else str(one.value["answer"])
            is_taken = after is not None and (per_task == "all" or one.who == typical)
            turns = [] if after is None else [{"role": "assistant", "content": after}]
            rows.append(
                {
                    "gold_id": _digest(task.task_id, one.who),
                    "task_id": task.task_id,
                    "record_id": task.record_id,
                    "kind": task.kind,
                    "messages": [*task.messages, *turns],
                    "before": task.before,
                    "after": after,
                    "is_changed": after is not None and after != task.before,
                    "who": one.who,
                    "at": one.at,
                    "seconds": one.seconds,
                    "status": "gold" if is_taken else "skipped" if after is None else "not_chosen",
                    "parent_ids": [name for name in (task.record_id, task.before_id) if name is not None],
                }
            )
    others = {"messages": "object", "parent_ids": "object", "is_changed": "bool", "seconds": "float64"}
    return _typed(rows, GOLD_COLUMNS, others)


def gold_records(answers: pd.DataFrame) -> pd.DataFrame:
    """The gold ones as raw records (docs/dataset_formats.md, `chat_messages`); without names."""
    taken = answers[answers["status"] == "gold"]
    return taken[["gold_id", "messages"]].rename(columns={"gold_id": "id"})


def verdicts(annotations: Iterable[Annotation]) -> pd.DataFrame:
    """One row for each review and comparison (see schemas.gold_answers.AnnotationVerdicts)."""
    rows: list[dict[str, Any]] = []
    for task, people in _by_task(annotations, ("review", "compare")):
        said = [_said(one) for one in people]
        agreed = majority([word for word in said if word != "skipped"])
        for one, word in zip(people, said, strict=True):
            rows.append(
                {
                    "task_id": task.task_id,
                    "record_id": task.record_id,
                    "kind": task.kind,
                    "response_id": task.before_id,
                    "other_response_id": task.other_id,
                    "verdict": word,
                    "mark": one.value.get("mark"),
                    "reason": str(one.value.get("reason") or ""),
                    "who": one.who,
                    "at": one.at,
                    "seconds": one.seconds,
                    "shown_first": one.shown_first,
                    "majority": agreed,
                }
            )
    return _typed(rows, VERDICT_COLUMNS, {"mark": "float64", "seconds": "float64"})


def preferred_pairs(annotations: Iterable[Annotation]) -> pd.DataFrame:
    """The comparisons in which more people preferred one answer than said anything else, in the form that
    reward training reads (see schemas.preference_pairs): all for training, without ratings. Ties are in the
    verdicts only.
    """
    rows: list[dict[str, Any]] = []
    for task, people in _by_task(annotations, ("compare",)):
        agreed = majority([_said(one) for one in people if not one.skipped])
        if agreed not in ("first", "second"):
            continue
        answers = (task.before, task.other) if agreed == "first" else (task.other, task.before)
        unknown = {"chosen_rating": None, "rejected_rating": None, "margin": None}
        known = {"decided_by_check": False, "split": "train"}
        names = {"pair_id": task.task_id, "record_id": task.record_id, "messages": task.messages}
        rows.append({**names, "chosen": answers[0], "rejected": answers[1], **unknown, **known})
    numbers = dict.fromkeys(("chosen_rating", "rejected_rating", "margin"), "float64")
    return _typed(rows, PAIR_COLUMNS, {"messages": "object", "decided_by_check": "bool"} | numbers)


def majority(words: Sequence[str]) -> str | None:
    """What is said more often than anything else, null where nothing is."""
    counts = Counter(words).most_common(2)
    if not counts or (len(counts) == 2 and counts[0][1] == counts[1][1]):
        return None
    return counts[0][0]


def _said(one: Annotation) -> str:
    return "skipped" if one.skipped else str(one.value.get("verdict") or one.value["preferred"])


def _by_task(annotations: Iterable[Annotation], kinds: Sequence[str]) -> list[tuple[Task, list[Annotation]]]:
    wanted = sorted(
        (one for one in annotations if one.task.kind in kinds),
        key=lambda one: (one.task.position, one.task.task_id, one.who),
    )
    groups = groupby(wanted, key=lambda one: one.task.task_id)
    return [(people[0].task, people) for people in (list(group) for _, group in groups)]


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _typed(rows: list[dict[str, Any]], columns: list[str], others: dict[str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({name: others.get(name, "str") for name in columns})

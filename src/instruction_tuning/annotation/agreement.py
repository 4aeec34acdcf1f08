"""How far people agree on the tasks that several of them did.

| question | values | measures |
|---|---|---|
| review_verdict | accept, reject | raw agreement, Krippendorff's alpha (nominal), Cohen's kappa of two |
| review_mark | 1 to 10, may be missing | raw agreement, alpha (interval) |
| comparison | first, second, tie | the same; share of choices that were on the left |
| rewrite, correct | texts | text similarity (similarity.py) |

Raw agreement is the share of pairs of people, over all tasks, that said the same. Intervals are 95%, from
draws of tasks (statistics/). A skipped task is a missing value.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from instruction_tuning.annotation.annotations import Annotation
from instruction_tuning.annotation.similarity import text_similarity
from instruction_tuning.seeds import substream_seed
from instruction_tuning.statistics.bootstrap import bootstrap_interval
from instruction_tuning.statistics.intervals import Interval
from instruction_tuning.statistics.rater_agreement import cohen_kappa, krippendorff_alpha

COLUMNS = ["question", "people", "measure", "tasks", "estimate", "low", "high"]
EVERYONE = "all"
_By = Mapping[str, Mapping[str, Any]]  # task -> person -> value
_Alike = Callable[[Any, Any], float]


def agreement(annotations: Iterable[Annotation], *, seed: int) -> pd.DataFrame:
    """All measures, for everyone and for each two people (see schemas.annotator_agreement); a measure that
    nothing can be said of is null, with the number of tasks that it stands on."""
    done = [one for one in annotations if not one.skipped]
    reviews = _by_task(done, "review", "verdict")
    marks = _by_task(done, "review", "mark")
    choices = _by_task(done, "compare", "preferred")
    rows = [
        *_of_values("review_verdict", reviews, _same, "nominal", seed),
        *_of_values("review_mark", marks, _same, "interval", seed),
        *_of_values("comparison", choices, _same, "nominal", seed),
        *_left_rate(done, seed),
        *_of_texts("rewrite", _by_task(done, "rewrite", "answer"), seed),
        *_of_texts("correct", _by_task(done, "correct", "answer"), seed),
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    numbers = dict.fromkeys(("estimate", "low", "high"), "float64")
    return frame.astype({"question": "str", "people": "str", "measure": "str", "tasks": "int64"} | numbers)


def people_table(annotations: Iterable[Annotation]) -> pd.DataFrame:
    """Of each person: tasks done and skipped, median seconds, share of written texts left unchanged."""
    rows = []
    everything = list(annotations)
    for who in sorted({one.who for one in everything}):
        mine = [one for one in everything if one.who == who]
        done = [one for one in mine if not one.skipped]
        written = [one for one in done if "answer" in one.value]
        seconds = [one.seconds for one in done if one.seconds is not None]
        same = [one.value["answer"] == one.task.before for one in written]
        rows.append(
            {
                "who": who,
                "done": len(done),
                "skipped": len(mine) - len(done),
                "median_seconds": float(np.median(seconds)) if seconds else None,
                "unchanged_rate": float(np.mean(same)) if same else None,
            }
        )
    return pd.DataFrame(rows, columns=["who", "done", "skipped", "median_seconds", "unchanged_rate"])


def _by_task(done: Iterable[Annotation], kind: str, field: str) -> _By:
    by: dict[str, dict[str, Any]] = {}
    for one in done:
        if one.task.kind == kind and one.value.get(field) is not None:
            by.setdefault(one.task.task_id, {})[one.who] = one.value[field]
    return by


def _same(one: Hashable, other: Hashable) -> float:
    return float(one == other)


def _of_values(question: str, by: _By, alike: _Alike, level: Any, seed: int) -> list[dict[str, Any]]:
    rows = []
    for people, part in _groups(by):
        stream = substream_seed(seed, question, people)
        items = [list(values.values()) for _, values in sorted(part.items())]
        shared = sum(len(item) > 1 for item in items)
        measures = {
            "raw_agreement": _mean_over_pairs(items, alike, stream),
            "krippendorff_alpha": krippendorff_alpha(items, level=level, seed=stream),
        }
        if level == "nominal" and (people != EVERYONE or _two(by)):
            first, second = sorted({who for values in part.values() for who in values})
            both = [(values[first], values[second]) for values in part.values() if len(values) == 2]
            measures["cohen_kappa"] = cohen_kappa(both, seed=stream)
        rows += [_row(question, people, name, shared, value) for name, value in measures.items()]
    return rows


def _of_texts(question: str, by: _By, seed: int) -> list[dict[str, Any]]:
    rows = []
    for people, part in _groups(by):
        items = [list(values.values()) for _, values in sorted(part.items())]
        stream = substream_seed(seed, question, people)
        shared = sum(len(item) > 1 for item in items)
        similarity = _mean_over_pairs(items, text_similarity, stream)
        rows.append(_row(question, people, "text_similarity", shared, similarity))
    return rows


def _left_rate(done: Iterable[Annotation], seed: int) -> list[dict[str, Any]]:
    """Half, if where an answer stands plays no part: each stands on the left as often as on the right."""
    on_left: dict[str, list[float]] = {}
    for one in done:
        if one.task.kind == "compare" and one.shown_first and one.value["preferred"] != "tie":
            on_left.setdefault(one.task.task_id, []).append(float(one.value["preferred"] == one.shown_first))
    if not on_left:
        return []
    tasks = [on_left[name] for name in sorted(on_left)]
    interval = bootstrap_interval(
        np.array([sum(task) for task in tasks]),
        np.array([len(task) for task in tasks]),
        seed=substream_seed(seed, "left"),
    )
    return [_row("comparison", EVERYONE, "left_choice_rate", len(tasks), interval)]


def _groups(by: _By) -> list[tuple[str, _By]]:
    """Everyone, then each two people who share a task."""
    if not by:
        return []
    people = sorted({who for values in by.values() for who in values})
    groups: list[tuple[str, _By]] = [(EVERYONE, by)]
    for pair in combinations(people, 2):
        part = {
            task: {who: values[who] for who in pair}
            for task, values in by.items()
            if set(pair) <= values.keys()
        }
        if part:
            groups.append((" & ".join(pair), part))
    return groups


def _two(by: _By) -> bool:
    people = {who for values in by.values() for who in values}
    return len(people) == 2


def _mean_over_pairs(items: Sequence[Sequence[Any]], alike: _Alike, seed: int) -> Interval | None:
    shared = [item for item in items if len(item) > 1]
    if not shared:
        return None
    pairs = [[alike(one, other) for one, other in combinations(item, 2)] for item in shared]
    totals, sizes = np.array([sum(pair) for pair in pairs]), np.array([len(pair) for pair in pairs])
    return bootstrap_interval(totals, sizes, seed=seed)


def _row(question: str, people: str, measure: str, tasks: int, value: Interval | None) -> dict[str, Any]:
    limits = (None, None, None) if value is None else (value.estimate, value.low, value.high)
    return dict(zip(COLUMNS, (question, people, measure, tasks, *limits), strict=True))

"""What a person may say about a task, read strictly: a wrong field is named, nothing is guessed.

| kind | value |
|---|---|
| rewrite, correct | `{"answer": text}` |
| review | `{"verdict": "accept" or "reject", "mark": 1 to 10 or null, "reason": text}` |
| compare | `{"preferred": "first", "second" or "tie", "reason": text}` |
| any | `{"skipped": true, "reason": text}` |
"""

from collections.abc import Mapping
from typing import Any

from instruction_tuning.annotation.tasks import WRITTEN, Task
from instruction_tuning.errors import InputError

Value = dict[str, Any]
VERDICTS = ("accept", "reject")
PREFERENCES = ("first", "second", "tie")
LOWEST_MARK, HIGHEST_MARK = 1, 10
MAX_CHARACTERS = 200_000


def starting_value(task: Task) -> Value:
    """What stands there before anybody has worked on `task`."""
    return {"answer": task.before} if task.kind in WRITTEN else {}


def read_value(task: Task, given: object) -> Value:
    """`given` as a value of the task's kind. Raises `InputError` naming the field."""
    if not isinstance(given, Mapping):
        raise _wrong(task, "value", "is no object", "send an object such as {'answer': '...'}")
    if given.get("skipped") is True:
        return {"skipped": True, "reason": _text(task, given, "reason")}
    if task.kind in WRITTEN:
        answer = _text(task, given, "answer")
        if not answer.strip():
            raise _wrong(task, "answer", "is empty", "write an answer, or skip the task")
        return {"answer": answer}
    if task.kind == "compare":
        preferred = _one_of(task, given, "preferred", PREFERENCES)
        return {"preferred": preferred, "reason": _text(task, given, "reason")}
    verdict, reason = _one_of(task, given, "verdict", VERDICTS), _text(task, given, "reason")
    if verdict == "reject" and not reason.strip():
        raise _wrong(task, "reason", "is empty", "say why the answer is rejected")
    return {"verdict": verdict, "mark": _mark(task, given), "reason": reason}


def is_skipped(value: Mapping[str, Any] | None) -> bool:
    """Whether the person passed the task over."""
    return value is not None and value.get("skipped") is True


def _text(task: Task, given: Mapping[Any, Any], field: str) -> str:
    value = given.get(field)
    if value is None and field == "reason":
        return ""
    if not isinstance(value, str):
        raise _wrong(task, field, f"is {type(value).__name__}, not text", "send a text")
    if len(value) > MAX_CHARACTERS:
        raise _wrong(task, field, f"has {len(value):,} characters", f"at most {MAX_CHARACTERS:,}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _wrong(task, field, "holds half a character", "send whole UTF-8 characters") from None
    return value.replace("\r\n", "\n")


def _one_of(task: Task, given: Mapping[Any, Any], field: str, allowed: tuple[str, ...]) -> str:
    value = given.get(field)
    if not isinstance(value, str) or value not in allowed:
        raise _wrong(task, field, f"is {value!r:.40}", f"one of {', '.join(allowed)}")
    return value


def _mark(task: Task, given: Mapping[Any, Any]) -> int | None:
    mark = given.get("mark")
    if mark is None:
        return None
    is_number = isinstance(mark, int | float) and not isinstance(mark, bool)
    # In this order: what JSON calls NaN or Infinity is no integer, and is on no scale.
    if not is_number or not LOWEST_MARK <= mark <= HIGHEST_MARK or mark != int(mark):
        raise _wrong(task, "mark", f"is {mark!r:.40}", "a whole number from 1 to 10, or null")
    return int(mark)


def _wrong(task: Task, field: str, problem: str, fix: str) -> InputError:
    return InputError(f"`{field}` {problem}", record=f"task {task.task_id}", field=field, fix=fix)

"""What a person is asked to do with an answer; the id of a task is a digest of what is shown."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal, get_args

Kind = Literal["rewrite", "correct", "review", "compare"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# Kinds whose outcome is a text.
WRITTEN: tuple[Kind, ...] = ("rewrite", "correct")


@dataclass(frozen=True)
class Task:
    """One item of work for `annotators` people.

    `messages` is the conversation up to the question. `before` is what the base model went on with
    (rewrite), the model's answer (correct, review) or the first of two answers (compare, `other` is the
    second). `before_id` and `other_id` are their response ids, null where no teacher gave them. `origin` says
    who wrote them and is never shown. `position` is the place in the order of work.
    """

    task_id: str
    kind: Kind
    record_id: str
    messages: list[dict[str, str]]
    before: str
    other: str | None
    before_id: str | None
    other_id: str | None
    origin: str
    annotators: int
    position: int

    def to_json(self) -> str:
        """The task as a line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Task":
        """What `to_json` wrote."""
        return cls(**json.loads(text))


def task_id(kind: str, messages: Iterable[Mapping[str, str]], before: str, other: str | None) -> str:
    """The same content has the same id (16 hex digits), whoever wrote it and wherever it stands."""
    turns = [[turn["role"], turn["content"]] for turn in messages]
    content = json.dumps([kind, turns, before, other], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:16]

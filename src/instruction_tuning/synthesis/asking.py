"""Requests of a stage of synthesis, and their replies by key; too many that cannot be read stop the run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest, text_request
from instruction_tuning.verification.marks import FAILED, READ, UNPARSEABLE, refuse_unreadable_replies

LANGUAGE_NAMES = {"en": "English", "zh": "Chinese"}
NO_REPLY = "no_reply"


class Reply(NamedTuple):
    """What a model said; null where nothing came. Cut off where it ran into max_tokens."""

    text: str | None
    is_cut_off: bool
    error: str | None


@dataclass(frozen=True)
class Writer:
    """Whom to ask and how: `send` sends requests and gives completions (schemas.teacher_completions)."""

    send: Callable[[Sequence[ChatRequest]], pd.DataFrame]
    temperature: float
    max_unreadable_rate: float
    seed: int

    def ask(
        self, kind: str, contents: dict[str, str], *, max_tokens: int, temperature: float | None = None
    ) -> dict[str, Reply]:
        """The replies to `contents`, a user message each, by key; `temperature` in place of its own."""
        requests = [
            text_request(
                key,
                kind,
                content,
                temperature=self.temperature if temperature is None else temperature,
                max_tokens=max_tokens,
                seed=self.seed,
            )
            for key, content in contents.items()
        ]
        completions = self.send(requests)
        return {
            str(row["record_id"]): Reply(
                str(row["response"]) if row["status"] == "ok" else None,
                row["finish_reason"] == "length",
                None if row["status"] == "ok" else str(row["error"]),
            )
            for row in completions.to_dict("records")
        }

    def refuse_unreadable(self, replies: dict[str, Reply], unread: Sequence[str], asked_for: str) -> None:
        """Raise `FailureRateError` where too many of the replies that came are among the `unread` keys."""
        without = set(unread)
        statuses = [
            FAILED if reply.text is None else UNPARSEABLE if key in without else READ
            for key, reply in replies.items()
        ]
        refuse_unreadable_replies(
            pd.Series(statuses, dtype="str"),
            pd.Series([reply.text for reply in replies.values()], dtype="str"),
            asked_for=asked_for,
            field="instruction_synthesis.max_unreadable_rate",
            max_unreadable_rate=self.max_unreadable_rate,
        )

"""What one attempt at a request gives: a reply that makes sense, or the reason why not."""

import json
from dataclasses import dataclass
from typing import Any

from instruction_tuning.lm.completion import Choice
from instruction_tuning.lm.rate_limits import RateNews
from instruction_tuning.lm.top_tokens import parse_logprobs


class AttemptError(Exception):
    """An attempt that gave nothing.

    `contact` tells a server that does its work badly from one that is not there; `rate_limited` one
    that works but wants fewer requests; `refused` one that takes the key, or this prompt, for forbidden.
    `charged` is true where the server may have done its work, and takes money for it; `tokens` are what it
    then counted, of the prompt and of what it wrote, null where nobody knows.
    """

    def __init__(
        self,
        reason: str,
        *,
        retryable: bool = True,
        rate_limited: bool = False,
        refused: bool = False,
        retry_after_seconds: float | None = None,
        contact: bool = True,
        charged: bool = False,
        tokens: tuple[int, int] | None = None,
        news: RateNews | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable
        self.rate_limited = rate_limited
        self.refused = refused
        self.retry_after_seconds = retry_after_seconds
        self.contact = contact
        self.charged = charged
        self.tokens = tokens
        self.news = news


def not_sent() -> AttemptError:
    """For a request that the end of the run came before."""
    return AttemptError("the run was stopped before this request was sent")


@dataclass(frozen=True, kw_only=True)
class Usage:
    """The token counts of an answer, where the server gave them, and what it says of its limits."""

    prompt_tokens: int
    completion_tokens: int
    usage_reported: bool
    news: RateNews | None = None


@dataclass(frozen=True, kw_only=True)
class Reply(Usage):
    """The answer to a chat-completions request: at least one choice."""

    choices: tuple[Choice, ...]


def parse_reply(content: bytes, news: RateNews | None = None) -> Reply:
    """Read a chat-completions body; raise a retryable `AttemptError`, with its cost, where it is none."""
    try:
        body = json.loads(content)
    except ValueError:
        raise AttemptError(f"the reply is not JSON: {content[:80]!r}", charged=True) from None
    tokens = _tokens(body)
    try:
        choices = _choices(body)
    except ValueError as error:
        raise AttemptError(str(error), charged=True, tokens=tokens) from None
    prompt_tokens, completion_tokens = tokens or (0, 0)
    return Reply(
        choices=choices,
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        usage_reported=tokens is not None,
        news=news,
    )


def _choices(body: Any) -> tuple[Choice, ...]:
    """By their index, whatever their order; one of its own where two have the same."""
    choices = body.get("choices") if isinstance(body, dict) else None
    if not isinstance(choices, list):
        raise ValueError(f"the reply has no choices: {str(body)[:80]!r}")
    if not choices:
        raise ValueError("the reply's list of choices is empty")
    numbered = sorted(enumerate(choices), key=lambda pair: _position(pair[1], pair[0]))
    return tuple(_choice(choice) for _, choice in numbered)


def _position(choice: Any, fallback: int) -> int:
    index = choice.get("index") if isinstance(choice, dict) else None
    return index if isinstance(index, int) else fallback


def _choice(choice: Any) -> Choice:
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        raise ValueError(f"a choice has no message: {str(choice)[:80]!r}")
    content = message.get("content")
    if isinstance(content, list):  # some servers answer in parts, as they may be asked in
        content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    text = content if isinstance(content, str) and content.strip() else None
    finish_reason = choice.get("finish_reason")
    # A lone surrogate, legal in JSON, is no text that a file can hold.
    text = None if text is None else text.encode("utf-8", "replace").decode()
    return Choice(
        text=text,
        finish_reason=finish_reason if isinstance(finish_reason, str) else None,
        top_tokens=None if text is None else parse_logprobs(choice.get("logprobs"), text),
    )


def _tokens(body: Any) -> tuple[int, int] | None:
    """Of the prompt and of what was written; null where one of them was not told."""
    usage = body.get("usage") if isinstance(body, dict) else None
    prompt, completion = (token_count(usage, name) for name in ("prompt_tokens", "completion_tokens"))
    return None if prompt is None or completion is None else (prompt, completion)


def token_count(usage: Any, name: str) -> int | None:
    """The number of tokens called `name`, null where a server does not say it."""
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None

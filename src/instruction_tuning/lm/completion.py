"""What came of one HTTP request: its samples, tokens and price, or why it failed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from instruction_tuning.lm.top_tokens import TokenPlace, places_of


@dataclass(frozen=True)
class Choice:
    """One sampled text; `text` is null where the server sent a choice with no text or a blank one.

    It is null, too, where the text was not of the form that was asked for; `reason` then says why.
    `top_tokens` are the likeliest tokens in the places of numbers, null where they were not asked for.
    """

    text: str | None
    finish_reason: str | None
    reason: str | None = None
    top_tokens: tuple[TokenPlace, ...] | None = None

    def no_text(self) -> str:
        """Why a sample that the server sent, and charged for, is none."""
        if self.reason is not None:
            return self.reason
        if self.finish_reason == "length":
            return "the choice has no text: cut at max_tokens before the answer began"
        return f"the choice has no text (finish_reason {self.finish_reason})"

    def entry(self) -> list[Any]:
        """As it is stored: no longer than it has to be."""
        entry = [self.text, self.finish_reason]
        if self.top_tokens is not None:
            return [*entry, self.reason, [place.entry() for place in self.top_tokens]]
        return entry if self.reason is None else [*entry, self.reason]

    @classmethod
    def of_entry(cls, entry: Sequence[Any]) -> "Choice":
        """From what `entry` gave."""
        text, finish_reason, reason, places = (*entry, None, None)[:4]
        return cls(text, finish_reason, reason, None if places is None else places_of(places))


@dataclass(frozen=True)
class Completion:
    """The outcome of one HTTP request.

    `usage_reported` is false where the server gave no token counts: the counts are then 0 and the
    price, unless the endpoint is free, is null.
    """

    request_id: str
    kind: str
    model: str
    status: str  # ok | failed
    choices: tuple[Choice, ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usage_reported: bool = False
    price_usd: float | None = 0.0
    error: str | None = None
    # How long it took, with its retries; null where that is not known.
    seconds: float | None = field(default=None, compare=False)
    # What an earlier, failed attempt had cost; it is part of `price_usd`, and its run has paid it.
    carried_usd: float = field(default=0.0, compare=False)

    @property
    def paid_usd(self) -> float | None:
        """The price of this attempt alone."""
        return None if self.price_usd is None else self.price_usd - self.carried_usd

    def with_cost_of(self, earlier: "Completion | None") -> "Completion":
        """This outcome in the place of a failed one, which may have been paid for: with the cost of both."""
        if earlier is None:
            return self
        unknown = earlier.price_usd is None or self.price_usd is None
        return replace(
            self,
            prompt_tokens=earlier.prompt_tokens + self.prompt_tokens,
            completion_tokens=earlier.completion_tokens + self.completion_tokens,
            usage_reported=earlier.usage_reported or self.usage_reported,
            price_usd=None if unknown else (earlier.price_usd or 0.0) + (self.price_usd or 0.0),
            carried_usd=earlier.price_usd or 0.0,
        )

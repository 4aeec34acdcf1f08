"""A hard limit on what requests may cost.

A request is let through only if the money spent, what requests in flight may still cost and what this
one may cost at worst stay within the limit together. Worst case: each byte of the prompt and of a schema
is a token (no byte-level tokenizer does worse) and every sample runs to `max_tokens`.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from instruction_tuning.errors import BudgetExceededError
from instruction_tuning.lm.protocol import Endpoint

_TEMPLATE_TOKENS_PER_MESSAGE = 16


def price(endpoint: Endpoint, prompt_tokens: float, completion_tokens: float) -> float:
    """US dollars for these tokens."""
    return (
        prompt_tokens * endpoint.price_per_million_input_tokens
        + completion_tokens * endpoint.price_per_million_output_tokens
    ) / 1e6


def is_free(endpoint: Endpoint) -> bool:
    """Whether tokens cost nothing there."""
    return price(endpoint, 1, 1) == 0.0


def worst_price(endpoint: Endpoint, body: Mapping[str, Any]) -> float:
    """The most that the request `body` can cost, in US dollars."""
    return price(endpoint, most_prompt_tokens(body), body["n"] * body["max_tokens"])


def most_prompt_tokens(body: Mapping[str, Any]) -> int:
    """The most tokens that the prompt of the request `body` can have."""
    form = body.get("response_format")
    return (0 if form is None else len(json.dumps(form))) + sum(
        len(message["content"].encode("utf-8", "surrogatepass")) + _TEMPLATE_TOKENS_PER_MESSAGE
        for message in body["messages"]
    )


class Budget:
    """Money within one event loop; `limit_usd` null is no limit."""

    def __init__(self, limit_usd: float | None, *, spent_usd: float = 0.0) -> None:
        self.limit_usd = limit_usd
        self.spent_usd = spent_usd
        self._reserved_usd = 0.0
        self._in_flight = 0
        self._changed = asyncio.Condition()

    async def reserve(self, amount_usd: float) -> None:
        """Wait until `amount_usd` fits; raise `BudgetExceededError` when it no longer can."""
        async with self._changed:
            while not self._fits(amount_usd):
                if self._in_flight == 0:
                    raise self._exceeded(amount_usd)
                await self._changed.wait()
            self._reserved_usd += amount_usd
            self._in_flight += 1

    async def settle(self, reserved_usd: float, paid_usd: float) -> None:
        """Turn a reservation into what was paid (0 for a request that failed)."""
        async with self._changed:
            self._in_flight -= 1
            # Exactly zero when nothing is in flight: sums of floats would drift.
            self._reserved_usd = self._reserved_usd - reserved_usd if self._in_flight else 0.0
            self.spent_usd += paid_usd
            self._changed.notify_all()

    def _fits(self, amount_usd: float) -> bool:
        if self.limit_usd is None or amount_usd == 0.0:
            return True
        return self.spent_usd + self._reserved_usd + amount_usd <= self.limit_usd

    def _exceeded(self, amount_usd: float) -> BudgetExceededError:
        return BudgetExceededError(
            f"${self.spent_usd:.4f} of the ${self.limit_usd:.4f} budget is spent and the next request may "
            f"cost ${amount_usd:.4f}; what was paid for is stored",
            field="budget_usd",
            fix="raise budget_usd, or lower num_samples, max_tokens or the selection's budget; "
            "the next run pays only for what is missing",
        )

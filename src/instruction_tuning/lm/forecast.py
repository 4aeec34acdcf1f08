"""What a run of requests will take, told before the money is spent: requests, tokens, price and time.

Means come from what the store has of the same kind and model, else from the first requests of the run, which
are waited for before the rest is sent; those are scaled by the bytes of their prompts. What nothing is known
of is not guessed: then only the most that it can cost is told. A forecast never stops a run; the budget does.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from instruction_tuning.lm.budget import Budget, is_free, most_prompt_tokens, price, worst_price
from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.lm.completion import Completion
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.store_contents import TokenSample
from instruction_tuning.text.counting import counted, duration_text

logger = logging.getLogger(__name__)

_LEAST_SAMPLE = 10  # requests
_FIRST_REQUESTS = 16


@dataclass(frozen=True, slots=True)
class Forecast:
    """Sums over `requests`; `seconds` is null where it is not known how long one takes."""

    requests: int
    prompt_tokens: float
    completion_tokens: float
    price_usd: float
    seconds: float | None

    def __str__(self) -> str:
        time = "" if self.seconds is None else f", {duration_text(self.seconds)}"
        return (
            f"about {self.prompt_tokens:,.0f} tokens in and {self.completion_tokens:,.0f} out, "
            f"${self.price_usd:,.4f}{time}"
        )


def forecast(
    endpoint: Endpoint, requests: Sequence[ChatRequest], sample: TokenSample, *, max_concurrency: int
) -> Forecast:
    """The sums for `requests` if they take what `sample` took."""
    prompt_tokens = sample.prompt_tokens * len(requests)
    completion_tokens = sample.completion_tokens * sum(request.num_samples for request in requests)
    rounds = max(len(requests) / max_concurrency, 1.0)
    return Forecast(
        requests=len(requests),
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        price_usd=price(endpoint, prompt_tokens, completion_tokens),
        seconds=None if sample.seconds is None else sample.seconds * rounds,
    )


class Forecaster:
    """Tells, once, what `requests` (those that have to be sent) will take."""

    def __init__(
        self,
        what: str,
        endpoint: Endpoint,
        requests: Sequence[ChatRequest],
        *,
        stored: int,
        budget: Budget,
        max_concurrency: int,
    ) -> None:
        self._what, self._endpoint, self._requests = what, endpoint, requests
        self._stored, self._budget, self._max_concurrency = stored, budget, max_concurrency
        self.sample_requests = _FIRST_REQUESTS

    def tell_from(self, sample: TokenSample | None) -> bool:
        """Before the first request; false where the first `sample_requests` should be waited for."""
        total = len(self._requests)
        start = (
            f"{self._what}: {counted(total, 'request')} to send to {self._endpoint.model} "
            f"({self._stored:,} of {total + self._stored:,} are stored)"
        )
        if sample is not None and sample.requests >= _LEAST_SAMPLE:
            expected = self._expected(self._requests, sample)
            logger.info("%s; %s, as %d stored ones took", start, expected, sample.requests)
            self._warn(expected)
            return True
        if is_free(self._endpoint):
            logger.info("%s, at no price", start)
            return True
        bodies = (request.body("", missing=request.num_samples, part=0) for request in self._requests)
        worst_usd = sum(worst_price(self._endpoint, body) for body in bodies)
        is_short = total <= 2 * _FIRST_REQUESTS
        logger.info(
            "%s, for $%.4f at the very most%s",
            start,
            worst_usd,
            "" if is_short else f"; what to expect is told after the first {_FIRST_REQUESTS}",
        )
        return is_short

    def tell_rest(self, sample: Sequence[Completion]) -> None:
        """After the first requests, which came to `sample`."""
        counted_ones = [part for part in sample if part.usage_reported and part.choices]
        first, rest = self._requests[: self.sample_requests], self._requests[self.sample_requests :]
        if not counted_ones:
            logger.warning("%s: the price of the rest cannot be told, no token counts came", self._what)
            return
        timed = [part.seconds for part in counted_ones if part.seconds is not None]
        scale = _mean_bytes(rest) / _mean_bytes(first)
        took = TokenSample(
            requests=len(counted_ones),
            prompt_tokens=scale * sum(part.prompt_tokens for part in counted_ones) / len(counted_ones),
            completion_tokens=sum(part.completion_tokens for part in counted_ones)
            / sum(len(part.choices) for part in counted_ones),
            seconds=sum(timed) / len(timed) if timed else None,
        )
        expected = self._expected(rest, took)
        logger.info(
            "%s: %s left; %s, as the first %d took",
            self._what,
            counted(len(rest), "request"),
            expected,
            took.requests,
        )
        self._warn(expected)

    def _expected(self, requests: Sequence[ChatRequest], sample: TokenSample) -> Forecast:
        return forecast(self._endpoint, requests, sample, max_concurrency=self._max_concurrency)

    def _warn(self, expected: Forecast) -> None:
        limit_usd, spent_usd = self._budget.limit_usd, self._budget.spent_usd
        if limit_usd is None or not expected.price_usd or spent_usd + expected.price_usd <= limit_usd:
            return
        affordable = int(expected.requests * max(limit_usd - spent_usd, 0.0) / expected.price_usd)
        logger.warning(
            "%s: $%.4f is spent and the rest will cost about $%.4f, more than budget_usd %.4f allows: the "
            "run will stop after about %s of %s; what is paid for stays stored, and a later run with a "
            "higher budget_usd goes on from there",
            self._what,
            spent_usd,
            expected.price_usd,
            limit_usd,
            f"{affordable:,}",
            counted(expected.requests, "request"),
        )


def _mean_bytes(requests: Iterable[ChatRequest]) -> float:
    bodies = [request.body("", missing=1, part=0) for request in requests]
    return sum(most_prompt_tokens(body) for body in bodies) / max(len(bodies), 1)

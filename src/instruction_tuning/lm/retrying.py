"""Retries with exponential backoff and full jitter; one pause for all senders when the server asks.

The wait before attempt k is uniform in (0, min(cap, base · 2^k)] and never shorter than the server's
Retry-After. A 429 says that the server works, so it does not use up `max_retries`; it is waited out
until no request was answered for `rate_limit_patience_seconds`, with fewer requests in flight
(in_flight.py). Where one round of requests after another is refused, no answer between them and no
Retry-After, all senders wait, each time up to twice as long. A stop of the run ends every wait.
"""

import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from instruction_tuning.lm.attempt import AttemptError, Usage, not_sent
from instruction_tuning.lm.in_flight import InFlight
from instruction_tuning.lm.stopping import Stop

_LONGEST_RETRY_AFTER_SECONDS = 300.0
Answer = TypeVar("Answer", bound=Usage)


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long to try."""

    max_retries: int = 6
    backoff_base_seconds: float = 0.5
    backoff_cap_seconds: float = 30.0
    rate_limit_patience_seconds: float = 600.0


class Retrier:
    """Sends with retries; shared by all senders of a run."""

    def __init__(
        self,
        policy: RetryPolicy,
        stop: Stop,
        in_flight: InFlight,
    ) -> None:
        self._in_flight = in_flight
        self._policy = policy
        self._stop = stop
        self._jitter = random.Random()  # timing only: no result depends on it
        self._resume_at = 0.0
        self._limited_since: float | None = None  # first 429 since the last answer
        self._refused_rounds = self._pauses = 0  # since then
        self._asked_until = 0.0
        self._waiting = 0
        self._last_reason = ""
        self.last_contact_at = 0.0
        self.retries = 0

    async def send(self, attempt: Callable[[], Awaitable[Answer]]) -> Answer:
        """The reply of `attempt`, one try at a request, or its last `AttemptError` when the policy or the
        run's end forbids another."""
        failures = 0
        while True:
            try:
                reply = await self._attempt(attempt)
            except AttemptError as error:
                if error.contact:
                    self.last_contact_at = time.monotonic()
                if not error.retryable or self._stop.is_asked:
                    raise
                if error.rate_limited:
                    self._require_patience(error)
                else:
                    failures += 1
                    if failures > self._policy.max_retries:
                        raise
                await self._back_off(error, failures)
                if self._stop.is_asked:
                    raise
                self.retries += 1
            else:
                self.last_contact_at = time.monotonic()
                self._limited_since = None
                self._refused_rounds = self._pauses = 0
                self._resume_at = min(self._resume_at, self._asked_until)
                return reply

    async def _attempt(self, attempt: Callable[[], Awaitable[Answer]]) -> Answer:
        in_flight = self._in_flight
        await self._wait_for_server()
        while True:
            sent_in_round = await in_flight.enter()
            if time.monotonic() >= self._resume_at:
                break
            in_flight.give_up_turn()
            await self._wait_for_server()
        news = None
        try:
            reply = await attempt()
            news = reply.news
            in_flight.answered(reply.prompt_tokens + reply.completion_tokens)
            return reply
        except AttemptError as error:
            news = error.news
            if error.rate_limited:
                self._refused(_asked_seconds(error), is_news=in_flight.refused(sent_in_round))
            raise
        finally:
            in_flight.leave(news)

    def waits(self) -> str | None:
        """What requests are waiting for, in words; null while none waits."""
        queued = self._in_flight.waiting
        if not self._waiting and queued:
            return f"{queued} requests waiting for their turn; {self._in_flight.limit} at a time"
        if not self._waiting:
            return None
        if self._limited_since is None:
            return f"{self._waiting} requests waiting to be sent again ({self._last_reason})"
        now = time.monotonic()
        asked, own = self._asked_until - now, max(self._resume_at - now, 0.0)
        until = f"{asked:.0f} s" if asked > 0 else "without saying how long"
        until += f", next try in {own:.0f} s" if own > asked else ""
        return (
            f"the server asks to wait {until}; "
            f"{self._waiting + queued} requests waiting (HTTP 429 for {now - self._limited_since:.0f} s, "
            f"given up after {self._policy.rate_limit_patience_seconds:g} s)"
        )

    def _require_patience(self, error: AttemptError) -> None:
        now = time.monotonic()
        if self._limited_since is None:
            self._limited_since = now
        patience_seconds = self._policy.rate_limit_patience_seconds
        if now + _asked_seconds(error) - self._limited_since > patience_seconds:
            raise AttemptError(
                f"{error.reason}; given up by rate_limit_patience_seconds {patience_seconds:g}",
                rate_limited=True,
            ) from None

    def _refused(self, asked: float, *, is_news: bool) -> None:
        """A 429 came that asks to wait so many seconds; of a round of them only one is news."""
        now = time.monotonic()
        self._asked_until = max(self._asked_until, now + asked)
        self._resume_at = max(self._resume_at, now + asked)
        if not is_news:
            return
        self._refused_rounds += 1
        # The first rounds halve what is in flight, and that may do.
        if self._refused_rounds > 1 and now >= self._resume_at:
            self._pauses += 1
            patience_left = (self._limited_since or now) + self._policy.rate_limit_patience_seconds - now
            pause = self._jitter.uniform(0.5, 1.0) * self._longest(self._pauses)
            self._resume_at = now + min(pause, max(patience_left, 0.0))

    async def _back_off(self, error: AttemptError, failures: int) -> None:
        asked = _asked_seconds(error)
        self._last_reason = error.reason
        await self._sleep(max(self._jitter.uniform(0.0, self._longest(max(failures, 1))), asked))

    def _longest(self, attempts: int) -> float:
        policy = self._policy
        # 2^60 is beyond any cap; more would be no number at last.
        return min(policy.backoff_cap_seconds, policy.backoff_base_seconds * 2 ** min(attempts, 60))

    async def _wait_for_server(self) -> None:
        while self._resume_at > time.monotonic():
            waited_seconds = 0.0
            while (left_seconds := self._resume_at - time.monotonic()) > 0:
                # An answer ends a pause that the server has not asked for.
                await self._sleep(min(left_seconds, 1.0))
                waited_seconds += min(left_seconds, 1.0)
                if self._stop.is_asked:
                    raise not_sent()
            # Spread, so that the pause does not end in a burst that earns the next 429.
            await self._sleep(self._jitter.uniform(0.0, 0.1 + 0.25 * waited_seconds))
            if self._stop.is_asked:
                raise not_sent()

    async def _sleep(self, seconds: float) -> None:
        self._waiting += 1
        try:
            await self._stop.sleep(seconds)
        finally:
            self._waiting -= 1


def _asked_seconds(error: AttemptError) -> float:
    return min(error.retry_after_seconds or 0.0, _LONGEST_RETRY_AFTER_SECONDS)

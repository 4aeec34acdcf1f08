"""How many requests may be in flight, learnt from what the server says.

Additive increase, multiplicative decrease (Chiu and Jain 1989; TCP's congestion avoidance, RFC 5681): a 429
halves the number of requests in flight, and as many answers as are in flight raise it by one, up to the
number that the user allows, with which a run begins. Refusals of requests that were sent before the last
decrease are about the time before it, and change nothing. Where headers tell what is left of requests or
tokens, no more are sent than that leaves room for; what is in flight may not have been counted yet, so it is
taken off. O(1) a request; nothing is waited for where there are no limits.
"""

import asyncio
import logging
import math
import time
from collections import deque

from instruction_tuning.lm.attempt import not_sent
from instruction_tuning.lm.rate_limits import RateNews, Remaining
from instruction_tuning.lm.stopping import Stop

logger = logging.getLogger(__name__)

_LONGEST_RESET_SECONDS = 300.0
_SMOOTHING = 0.05  # of the mean tokens a request


class _Room:
    """What is left of requests or of tokens until they are renewed."""

    def __init__(self) -> None:
        self._left, self._renewed_at = math.inf, 0.0

    def hear(self, remaining: Remaining, taken: float) -> None:
        self._left = remaining.amount - taken
        self._renewed_at = time.monotonic() + min(remaining.reset_seconds, _LONGEST_RESET_SECONDS)

    def closed_seconds(self, amount: float) -> float:
        """How long until there is room for `amount`; 0 where there is."""
        if self._left >= amount:
            return 0.0
        wait_seconds = self._renewed_at - time.monotonic()
        if wait_seconds <= 0:
            self._left = math.inf  # until the next answer tells
        return max(wait_seconds, 0.0)

    def take(self, amount: float) -> None:
        self._left -= amount


class InFlight:
    """Shared by all senders to one endpoint, at most `highest` at a time."""

    def __init__(self, highest: int, stop: Stop, *, address: str = "the server") -> None:
        self._highest, self._address = highest, address
        self._limit = float(highest)
        self._round = 0  # number of decreases so far
        self._requests, self._tokens = _Room(), _Room()
        self._tokens_per_request = 0.0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._stop = stop
        self.count = 0
        self.lowest_limit = highest
        stop.when_asked(self._wake_all)

    @property
    def limit(self) -> int:
        """How many may be in flight now."""
        return int(self._limit)

    @property
    def waiting(self) -> int:
        """How many senders wait for their turn."""
        return len(self._waiters)

    async def enter(self) -> int:
        """Wait for a turn; returns what `refused` wants to know. Raises `AttemptError` at a stop."""
        while (closed_seconds := self._closed_seconds()) > 0:
            if self._stop.is_asked:
                raise not_sent()
            await self._wait(closed_seconds)
        self.count += 1
        self._requests.take(1.0)
        self._tokens.take(self._tokens_per_request)
        if self._waiters and self._closed_seconds() == 0:
            self._wake_one()
        return self._round

    def give_up_turn(self) -> None:
        """As `leave`, of one that was not sent after all."""
        self._requests.take(-1.0)
        self._tokens.take(-self._tokens_per_request)
        self.leave()

    def leave(self, news: RateNews | None = None) -> None:
        """One is in flight no more; `news` came with its answer."""
        self.count -= 1
        if news is not None:
            if news.requests is not None:
                self._requests.hear(news.requests, self.count)
            if news.tokens is not None:
                self._tokens.hear(news.tokens, self.count * self._tokens_per_request)
        self._wake_one()

    def answered(self, tokens: int) -> None:
        """One came back with an answer of so many tokens, its prompt's included."""
        if self._limit < self._highest:
            self._limit = min(self._limit + 1.0 / self._limit, self._highest)
        weight = _SMOOTHING if self._tokens_per_request else 1.0
        self._tokens_per_request += weight * (tokens - self._tokens_per_request)

    def refused(self, sent_in_round: int) -> bool:
        """One came back with a 429, called while it still counts as in flight; whether that is news."""
        if sent_in_round != self._round:
            return False
        self._round += 1
        before = min(self.limit, self.count)
        self._limit = max(1.0, before / 2)
        self.lowest_limit = min(self.lowest_limit, self.limit)
        if self._round == 1:
            logger.warning(
                "%s wants fewer requests (HTTP 429): %d at a time instead of %d, and more again as it "
                "answers",
                self._address,
                self.limit,
                before,
            )
        return True

    def _closed_seconds(self) -> float:
        """0 where one more may be sent; infinite where only an answer can change that."""
        if self.count >= self.limit:
            return math.inf
        return max(self._requests.closed_seconds(1.0), self._tokens.closed_seconds(self._tokens_per_request))

    async def _wait(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self._waiters.append(waiter)
        timer = None if math.isinf(seconds) else loop.call_later(seconds, _release, waiter)
        try:
            await waiter
        finally:
            if timer is not None:
                timer.cancel()
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def _wake_one(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def _wake_all(self) -> None:
        while self._waiters:
            self._wake_one()


def _release(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)

"""Retries with exponential backoff and full jitter; one pause for all senders when the server asks.

The wait before attempt k is uniform in (0, min(cap, base · 2^k)] and never shorter than the server's
Retry-After. A 429 says that the server works, so it does not use up `max_retries`; it is waited out
for as long as `rate_limit_patience_seconds`.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from instruction_tuning.lm.attempt import AttemptError, Reply

_LONGEST_RETRY_AFTER_SECONDS = 300.0


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
        send: Callable[[dict[str, Any]], Awaitable[Reply]],
        policy: RetryPolicy,
        *,
        is_stopping: Callable[[], bool],
    ) -> None:
        self._send = send
        self._policy = policy
        self._is_stopping = is_stopping
        self._jitter = random.Random()  # timing only: no result depends on it
        self._resume_at = 0.0
        self.last_contact_at = 0.0
        self.retries = 0

    async def send(self, body: dict[str, Any]) -> Reply:
        """The reply, or the last `AttemptError` when the policy or the run's end forbids another try."""
        failures, rate_limited_since = 0, None
        while True:
            await self._wait_for_server()
            try:
                reply = await self._send(body)
            except AttemptError as error:
                if error.contact:
                    self.last_contact_at = time.monotonic()
                if not error.retryable or self._is_stopping():
                    raise
                if error.rate_limited:
                    rate_limited_since = rate_limited_since or time.monotonic()
                    waited_seconds = time.monotonic() - rate_limited_since
                    if waited_seconds > self._policy.rate_limit_patience_seconds:
                        raise
                else:
                    failures += 1
                    if failures > self._policy.max_retries:
                        raise
                self.retries += 1
                await self._back_off(error, failures)
            else:
                self.last_contact_at = time.monotonic()
                return reply

    async def _back_off(self, error: AttemptError, failures: int) -> None:
        policy = self._policy
        longest = min(policy.backoff_cap_seconds, policy.backoff_base_seconds * 2 ** max(failures, 1))
        wait_seconds = self._jitter.uniform(0.0, longest)
        if error.retry_after_seconds is not None:
            asked = min(error.retry_after_seconds, _LONGEST_RETRY_AFTER_SECONDS)
            if error.rate_limited:
                self._resume_at = max(self._resume_at, time.monotonic() + asked)
            wait_seconds = max(wait_seconds, asked)
        await asyncio.sleep(wait_seconds)

    async def _wait_for_server(self) -> None:
        while (wait_seconds := self._resume_at - time.monotonic()) > 0:
            # Spread, so that the pause does not end in a burst that earns the next 429.
            await asyncio.sleep(wait_seconds + self._jitter.uniform(0.0, 0.1 + 0.25 * wait_seconds))

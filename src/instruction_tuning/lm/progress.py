"""How far a run of requests has come: a bar on a terminal, plain log lines when piped."""

import asyncio
import logging
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

logger = logging.getLogger(__name__)


class Progress:
    """Counts finished requests and tells of them; a context manager."""

    def __init__(
        self, what: str, total: int, *, stored: int, every_seconds: float, paid_before_usd: float = 0.0
    ) -> None:
        self._what = what
        self._total = total
        self._stored = stored
        self._every_seconds = every_seconds
        self._started_at = self._told_at = time.monotonic()
        self._bar: Any = None
        self.done = stored
        self.failed = 0
        self.tokens = 0
        self.charged_usd = 0.0
        self._paid_before_usd = paid_before_usd

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=self._total, initial=self._stored, desc=self._what, unit="request")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        logger.info("%s", self.line())

    def advance(self, *, failed: bool, tokens: int, charged_usd: float) -> None:
        """One more request is finished; `charged_usd` is what all of this run have cost by now."""
        self.done += 1
        self.failed += failed
        self.tokens += tokens
        self.charged_usd = charged_usd
        if self._bar is not None:
            self._bar.update()
            self._bar.set_postfix(
                failed=self.failed, tokens=self.tokens, usd=f"{charged_usd:.4f}", refresh=False
            )
        elif time.monotonic() - self._told_at >= self._every_seconds:
            self._told_at = time.monotonic()
            logger.info("%s", self.line())

    async def tell_waits(self, waits: Callable[[], str | None]) -> None:
        """Until cancelled: a line every `every_seconds` on what is waited for, where anything is."""
        while True:
            await asyncio.sleep(self._every_seconds)
            text = waits()
            if text is not None:
                if self._bar is not None:
                    self._bar.clear()
                logger.info("%s: %s", self._what, text)

    def line(self) -> str:
        """Done of total, failures, tokens and cost of what was sent now, cost of all, speed and time left."""
        seconds = max(time.monotonic() - self._started_at, 1e-9)
        per_second = (self.done - self._stored) / seconds
        left = self._total - self.done
        eta = f", {left / per_second:.0f} s left" if left and per_second else ""
        before = f" (${self._paid_before_usd:.4f} before)" if self._paid_before_usd else ""
        return (
            f"{self._what}: {self.done}/{self._total} requests done ({self._stored} stored before, "
            f"{self.failed} failed), {self.tokens} tokens, "
            f"${self.charged_usd:.4f}{before}, {per_second:.1f}/s{eta}"
        )

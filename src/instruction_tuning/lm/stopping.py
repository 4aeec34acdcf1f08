"""How a run of requests ends before its end: nothing new is sent, and what is paid for is waited for."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any

logger = logging.getLogger(__name__)


class Stop:
    """Asked for by the first error, or by ctrl-C; those who wait are woken."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self._asked = asyncio.Event()
        self._callbacks: list[Callable[[], None]] = []

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    def ask(self, error: Exception | None = None) -> None:
        """Stop because of `error`, which the run raises in the end; the first one is kept."""
        if not self.is_asked:
            self.error = error
            self._asked.set()
            for callback in self._callbacks:
                callback()

    def when_asked(self, callback: Callable[[], None]) -> None:
        """Call `callback` at the moment of the stop, for those who wait for something else."""
        self._callbacks.append(callback)

    async def sleep(self, seconds: float) -> None:
        """Sleep, but not beyond the moment when a stop is asked for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._asked.wait()


async def finish_all(senders: Iterable[Coroutine[Any, Any, None]], stop: Stop) -> None:
    """Run `senders` to their end, also when the run is interrupted meanwhile; the interrupt goes on then.

    A second ctrl-C is asyncio's own: it ends the loop at once.
    """
    tasks = [asyncio.create_task(sender) for sender in senders]
    try:
        await asyncio.wait(tasks)  # unlike `gather`, leaves the tasks alone when it is cancelled itself
    except asyncio.CancelledError:
        stop.ask()
        logger.warning("stopping: answers that are on their way are waited for; ctrl-C again drops them")
        await asyncio.wait(tasks)
        raise

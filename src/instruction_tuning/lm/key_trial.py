"""Whether a 403 is about the key, which ends a run, or about one prompt, which is one failed row.

Servers with moderation refuse single prompts with the status that also refuses a key, and do so sooner
than they answer others. A key that got one answer is good; until then a 403 waits for the other requests.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class KeyTrial:
    """Shared by all senders of a run; `is_proven` where an earlier run got answers."""

    def __init__(self, *, is_proven: bool) -> None:
        self._is_proven = is_proven
        self._in_flight = 0
        self._changed = asyncio.Event()

    @contextmanager
    def request(self) -> Iterator[None]:
        """Around each request; an end without an exception proves the key."""
        self._in_flight += 1
        try:
            yield
            self._is_proven = True
        finally:
            self._in_flight -= 1
            self._changed.set()

    async def passes(self) -> bool:
        """Whether the key is good, as soon as that is known."""
        while not self._is_proven and self._in_flight:
            self._changed.clear()
            await self._changed.wait()
        return self._is_proven

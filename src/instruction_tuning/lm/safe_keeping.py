"""Completions on their way to the store: those that come together, and also when the store fails in mid-run.

A transaction costs more than the rows in it, so what arrives in one turn of the event loop is one (group
commit; Helland et al. 1987), but no more than a few at a time: senders that all waited for one transaction
would send in bursts, between which the server has nothing to do. Whoever put something down goes on when it
is on disk: a sender takes up nothing else before, and a kill loses no more than what was in flight.
"""

import asyncio
import logging
from collections.abc import Sequence

from instruction_tuning.errors import WorkspaceError
from instruction_tuning.lm.completion import Completion
from instruction_tuning.lm.completion_store import CompletionStore

logger = logging.getLogger(__name__)

_MOST_WAITING = 4


class SafeKeeping:
    """Puts completions on disk as they come; after a failure, all that are left together at the end.

    A locked store makes every try wait for long: one for each request in flight would be too many.
    """

    def __init__(self, store: CompletionStore) -> None:
        self._store = store
        self._unstored: list[Completion] = []
        self._came_back: list[int] = []
        self._unnoted: list[tuple[str, float]] = []
        self._next: asyncio.Future[list[int]] | None = None
        self._error: Exception | None = None

    async def put(self, completion: Completion, notes: Sequence[int] = ()) -> None:
        """Wait until `completion` is on disk, and these notes of its sending are gone.

        Raises `WorkspaceError` where the store fails; what comes after that waits for `put_rest`.
        """
        self._unstored.append(completion)
        self._came_back += notes
        if self._error is None:
            await self._next_commit()

    async def note_sent(self, request_id: str, worst_usd: float) -> int:
        """Wait until it is on disk that a request is on its way, and what it may cost; the note's number."""
        if self._error is not None:
            raise self._error
        place = len(self._unnoted)
        self._unnoted.append((request_id, worst_usd))
        return (await self._next_commit())[place]

    def forget(self, note: int) -> None:
        """What `note` stands for was not charged: it goes with the next commit."""
        self._came_back.append(note)

    def put_rest(self) -> None:
        """One last try for what could not be stored."""
        try:
            self._put()
        except WorkspaceError:
            logger.error("%d completions that were paid for could not be stored", len(self._unstored))

    async def _next_commit(self) -> list[int]:
        """The numbers of the notes in it."""
        if self._next is None:
            loop = asyncio.get_running_loop()
            self._next = loop.create_future()
            loop.call_soon(self._commit, self._next)
        committed = self._next
        if len(self._unstored) + len(self._unnoted) >= _MOST_WAITING:
            self._commit(committed)
        return await asyncio.shield(committed)

    def _commit(self, committed: "asyncio.Future[list[int]]") -> None:
        if committed.done():
            return
        self._next = None
        notes, self._unnoted = self._unnoted, []
        try:
            self._put()
            committed.set_result(self._store.note_sent(notes) if notes else [])
        except Exception as error:
            self._error = error
            committed.set_exception(error)

    def _put(self) -> None:
        if self._unstored or self._came_back:
            self._store.put(self._unstored, came_back=self._came_back)
            self._unstored.clear()
            self._came_back.clear()

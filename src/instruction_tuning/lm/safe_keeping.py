"""Completions on their way to the store, also when the store fails in the middle of a run."""

import logging

from instruction_tuning.errors import WorkspaceError
from instruction_tuning.lm.completion import Completion
from instruction_tuning.lm.completion_store import CompletionStore

logger = logging.getLogger(__name__)


class SafeKeeping:
    """Puts each completion on disk at once; after a failure, all that are left together at the end.

    A locked store makes every try wait for long: one for each request in flight would be too many.
    """

    def __init__(self, store: CompletionStore) -> None:
        self._store = store
        self._unstored: list[Completion] = []
        self._notes: list[int] = []
        self._has_failed = False

    def put(self, completion: Completion, note: int | None = None) -> None:
        """Commit `completion`, whose sending was noted; raises the first `WorkspaceError` only."""
        self._unstored.append(completion)
        self._notes += [] if note is None else [note]
        if self._has_failed:
            return
        try:
            self._put()
        except WorkspaceError:
            self._has_failed = True
            raise

    def put_rest(self) -> None:
        """One last try for what could not be stored."""
        if not self._unstored:
            return
        try:
            self._put()
        except WorkspaceError:
            logger.error("%d completions that were paid for could not be stored", len(self._unstored))

    def _put(self) -> None:
        self._store.put(self._unstored, came_back=self._notes)
        self._unstored.clear()
        self._notes.clear()

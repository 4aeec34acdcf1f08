"""Requests that were sent and have not come back: a table of the completion store.

Kept only where a budget has to hold. What a killed process had in flight was answered, perhaps, and charged
for, and no store will ever have it: the next run counts it as spent, at its worst price, so that the sum of
all runs stays within the budget. A row goes when its request is stored, or known not to have been sent.
"""

import sqlite3
from collections.abc import Iterable, Sequence

from instruction_tuning.lm.payments import batches, marks

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sent (
    id INTEGER PRIMARY KEY,
    request_id TEXT NOT NULL,
    worst_usd REAL NOT NULL,
    sent_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
)
"""


class SentRequests:
    """The table in a store that is open, whose transactions it takes part in."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute(_SCHEMA)

    def add(self, request_id: str, worst_usd: float) -> int:
        """The number of the note that this request is on its way."""
        query = "INSERT INTO sent (request_id, worst_usd) VALUES (?, ?)"
        number = self._connection.execute(query, (request_id, worst_usd)).lastrowid
        assert number is not None
        return number

    def remove(self, numbers: Sequence[int]) -> None:
        """These are on their way no more."""
        self._connection.executemany("DELETE FROM sent WHERE id = ?", [(number,) for number in numbers])

    def worst_usd(self, request_ids: Iterable[str]) -> float:
        """What those of `request_ids` that never came back may have cost, in dollars."""
        if not self.total()[0]:
            return 0.0
        return sum(
            self._connection.execute(
                f"SELECT COALESCE(SUM(worst_usd), 0.0) FROM sent WHERE request_id IN ({marks(keys)})", keys
            ).fetchone()[0]
            for keys in batches(request_ids)
        )

    def total(self) -> tuple[int, float]:
        """How many there are, and what they may have cost."""
        query = "SELECT COUNT(*), COALESCE(SUM(worst_usd), 0.0) FROM sent"
        number, worst_usd = self._connection.execute(query).fetchone()
        return int(number), float(worst_usd)

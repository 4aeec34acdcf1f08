"""Requests that were sent and have not come back: a table of the completion store.

What a killed process had in flight was answered, perhaps, and charged for, and no store will ever have it;
nor does anybody know what a reply cost that broke, or that came without token counts. The next run counts
such requests as spent, at their worst price, so that the sum of all runs stays within the budget. Before it
is sent a request is noted only where a budget has to hold. A row goes when its request is stored with its
price, or is known to have cost nothing.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass

from instruction_tuning.lm.payments import batches, marks

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sent (
    id INTEGER PRIMARY KEY,
    request_id TEXT NOT NULL,
    worst_usd REAL NOT NULL,
    sent_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
)
"""


@dataclass(frozen=True)
class Note:
    """A request that was sent, what it may have cost, and when, in UTC, to the second."""

    request_id: str
    worst_usd: float
    sent_at: str


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

    def notes(self) -> Iterator[Note]:
        """All of them."""
        query = "SELECT request_id, worst_usd, sent_at FROM sent ORDER BY request_id, id"
        yield from (Note(*row) for row in self._connection.execute(query))

    def copy(self, notes: Iterable[Note]) -> None:
        """Put down notes of another store as they are."""
        query = "INSERT INTO sent (request_id, worst_usd, sent_at) VALUES (?, ?, ?)"
        self._connection.executemany(query, [astuple(note) for note in notes])

    def clear(self) -> None:
        """None of them was charged for."""
        self._connection.execute("DELETE FROM sent")

    def total(self) -> tuple[int, float]:
        """How many there are, and what they may have cost."""
        query = "SELECT COUNT(*), COALESCE(SUM(worst_usd), 0.0) FROM sent"
        number, worst_usd = self._connection.execute(query).fetchone()
        return int(number), float(worst_usd)

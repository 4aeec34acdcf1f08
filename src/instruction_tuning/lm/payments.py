"""Which run paid for which request: a table of the completion store, one row a request that was sent.

Nodes know of no run, since what they make has to be the same whoever pays. So the session, Kedro's name of a
run, comes from an environment variable, which reaches every thread and process of the run.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from itertools import islice

from instruction_tuning.transactions import transaction

SESSION_VARIABLE = "INSTRUCTION_TUNING_SESSION"
_KEYS_PER_QUERY = 500  # SQLite's oldest limit on bound variables is 999
_SCHEMA = """
CREATE TABLE payments (
    request_id TEXT NOT NULL,
    session TEXT,
    price_usd REAL,
    paid_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
)
"""
# A store from before there was this table knows the day and the price, not the run.
_FROM_BEFORE = """
INSERT INTO payments (request_id, price_usd, paid_at)
SELECT request_id, price_usd, finished_at FROM completions
"""


@dataclass(frozen=True)
class Payment:
    """One HTTP request that was sent: `session` is null where the run is not known, `price_usd` where the
    price is not; `paid_at` is UTC, to the second.
    """

    request_id: str
    session: str | None
    price_usd: float | None
    paid_at: str


class PaymentLedger:
    """The table in a store that is open, whose transactions it takes part in."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._create()

    def add(self, prices: Iterable[tuple[str, float | None]]) -> None:
        """Note (request id, price in dollars) as paid by the run of this process."""
        session = os.environ.get(SESSION_VARIABLE)
        self._connection.executemany(
            "INSERT INTO payments (request_id, session, price_usd) VALUES (?, ?, ?)",
            [(request_id, session, price_usd) for request_id, price_usd in prices],
        )

    def copy(self, payments: Iterable[Payment]) -> None:
        """Note payments of another store as they are."""
        self._connection.executemany(
            "INSERT INTO payments (request_id, session, price_usd, paid_at) VALUES (?, ?, ?, ?)",
            [astuple(payment) for payment in payments],
        )

    def of_requests(self, request_ids: Iterable[str]) -> Iterator[Payment]:
        """Every time that one of these was sent."""
        for keys in batches(request_ids):
            yield from self._where(f"request_id IN ({marks(keys)})", keys)

    def of_session(self, session: str) -> Iterator[Payment]:
        """Every request that this run sent."""
        yield from self._where("session = ?", (session,))

    def _where(self, condition: str, values: Sequence[str]) -> Iterator[Payment]:
        query = (
            f"SELECT request_id, session, price_usd, paid_at FROM payments WHERE {condition} ORDER BY rowid"
        )
        yield from (Payment(*row) for row in self._connection.execute(query, values))

    def _create(self) -> None:
        if self._exists():
            return
        with transaction(self._connection):
            if not self._exists():  # another process may have made it meanwhile
                self._connection.execute(_SCHEMA)
                for column in ("request_id", "session"):
                    self._connection.execute(f"CREATE INDEX payments_by_{column} ON payments ({column})")
                self._connection.execute(_FROM_BEFORE)

    def _exists(self) -> bool:
        found = self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'payments'")
        return found.fetchone() is not None


def batches(values: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """`values` in tuples that one query can take."""
    rest = iter(values)
    while batch := tuple(islice(rest, _KEYS_PER_QUERY)):
        yield batch


def marks(values: Sequence[str]) -> str:
    """A question mark for each of `values`, for SQL."""
    return ", ".join("?" * len(values))

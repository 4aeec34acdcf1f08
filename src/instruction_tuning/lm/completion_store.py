"""Every completion that was paid for, on disk before anyone uses it.

One SQLite file in WAL mode. A row is one HTTP request by the digest of its content, `ok` with its
choices or `failed` with its error. Each row is committed before its sender takes up the next request,
so a killed process loses no more than the requests that were in flight. Keys are never stored.
Which run paid for a row is in the same file (`payments`), and what was sent and never came back (`sent`).
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from instruction_tuning.errors import WorkspaceError
from instruction_tuning.lm.completion import Choice, Completion
from instruction_tuning.lm.payments import Payment, PaymentLedger, batches, marks
from instruction_tuning.lm.sent_requests import Note, SentRequests
from instruction_tuning.transactions import transaction

_SCHEMA = """
CREATE TABLE IF NOT EXISTS completions (
    request_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    model TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('ok', 'failed')),
    choices TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    usage_reported INTEGER NOT NULL,
    price_usd REAL,
    error TEXT,
    seconds REAL,
    finished_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) WITHOUT ROWID
"""
_COLUMNS = (
    "request_id, kind, model, status, choices, prompt_tokens, completion_tokens, usage_reported, "
    "price_usd, error, seconds"
)
_BUSY_SECONDS = 30.0


class CompletionStore:
    """The file of paid-for completions; a context manager that closes it."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        with self._explained():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # The event loop may live in another thread than the one that opened the store.
            self._connection = sqlite3.connect(
                self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA journal_mode=WAL")
            # Safe against a killed process; only a power cut may lose the last commits.
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.execute(_SCHEMA)
            self._add_seconds()
            self._ledger = PaymentLedger(self._connection)
            self._sent = SentRequests(self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the write-ahead log is folded into it."""
        self._connection.close()

    def put(self, completions: Sequence[Completion], *, came_back: Sequence[int] = ()) -> None:
        """Commit `completions` in one transaction; a failed row gives way to a later outcome.

        `came_back` are the notes of `note_sent` that have done their service.
        """
        rows = [_row(completion) for completion in completions]
        with self.transaction():
            self._ledger.add((row.request_id, row.paid_usd) for row in completions)
            self._sent.remove(came_back)
            # What is paid for stays, also when another process finished the same request first.
            self._connection.executemany(
                f"INSERT INTO completions ({_COLUMNS}) VALUES ({', '.join('?' * 11)}) "
                "ON CONFLICT (request_id) DO UPDATE SET (status, choices, prompt_tokens, "
                "completion_tokens, usage_reported, price_usd, error, seconds, finished_at) = "
                "(excluded.status, excluded.choices, excluded.prompt_tokens, "
                "excluded.completion_tokens, excluded.usage_reported, excluded.price_usd, "
                "excluded.error, excluded.seconds, CURRENT_TIMESTAMP) WHERE completions.status = 'failed'",
                rows,
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of what is done in it, or nothing."""
        with self._explained(), transaction(self._connection):
            yield

    def query(self, sql: str, values: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows that a SELECT finds, one by one."""
        with self._explained():
            yield from self._connection.execute(sql, values)

    def note_sent(self, requests: Iterable[tuple[str, float]]) -> list[int]:
        """Put down the ids of requests on their way, and what each may cost; returns the notes' numbers."""
        with self.transaction():
            return [self._sent.add(request_id, worst_usd) for request_id, worst_usd in requests]

    def sent_usd(self, request_ids: Iterable[str]) -> float:
        """What those of `request_ids` may have cost whose price nobody told."""
        with self._explained():
            return self._sent.worst_usd(request_ids)

    def sent_notes(self) -> list[Note]:
        """Every note of `note_sent` that is left."""
        with self._explained():
            return list(self._sent.notes())

    def add_sent_notes(self, notes: Iterable[Note]) -> None:
        """Notes that another store has."""
        with self._explained():
            self._sent.copy(notes)

    def clear_sent_notes(self) -> None:
        """Nothing that is noted was charged for: it counts towards no budget any more."""
        with self._explained():
            self._sent.clear()

    def sent_total(self) -> tuple[int, float]:
        """How many requests were sent whose price nobody told, and what they may have cost."""
        with self._explained():
            return self._sent.total()

    def find(self, request_ids: Iterable[str]) -> dict[str, Completion]:
        """The stored rows among `request_ids`, failed ones included."""
        found: dict[str, Completion] = {}
        with self._explained():
            for keys in batches(request_ids):
                query = f"SELECT {_COLUMNS} FROM completions WHERE request_id IN ({marks(keys)})"
                for row in self._connection.execute(query, keys):
                    found[row[0]] = _completion(row)
        return found

    def finished_at(self, request_ids: Iterable[str]) -> dict[str, str]:
        """When each of these requests ended, in UTC."""
        found: dict[str, str] = {}
        for keys in batches(request_ids):
            query = f"SELECT request_id, finished_at FROM completions WHERE request_id IN ({marks(keys)})"
            found.update(self.query(query, keys))
        return found

    def replace(self, completion: Completion, finished_at: str) -> None:
        """Put down an outcome of another store, whatever is here; payments are added by `add_payments`."""
        with self._explained():
            self._connection.execute(
                f"INSERT OR REPLACE INTO completions ({_COLUMNS}, finished_at) "
                f"VALUES ({', '.join('?' * 12)})",
                (*_row(completion), finished_at),
            )

    def add_payments(self, payments: Iterable[Payment]) -> None:
        """Payments that another store has noted."""
        with self._explained():
            self._ledger.copy(payments)

    def payments(self, request_ids: Iterable[str]) -> list[Payment]:
        """Every time that one of `request_ids` was sent, by whichever run."""
        with self._explained():
            return list(self._ledger.of_requests(request_ids))

    def payments_of(self, session: str) -> list[Payment]:
        """Every request that the run `session` sent."""
        with self._explained():
            return list(self._ledger.of_session(session))

    def count(self, status: str) -> int:
        """How many rows are `ok`, or `failed`."""
        with self._explained():
            query = "SELECT COUNT(*) FROM completions WHERE status = ?"
            return int(self._connection.execute(query, (status,)).fetchone()[0])

    def _add_seconds(self) -> None:
        """To a table from before they were kept; two processes may try at once."""
        columns = {row[1] for row in self._connection.execute("PRAGMA table_info(completions)")}
        if "seconds" not in columns:
            with suppress(sqlite3.OperationalError):
                self._connection.execute("ALTER TABLE completions ADD COLUMN seconds REAL")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                fix = "check that the folder is writable, the disk has room and no other run holds the file"
            else:
                fix = "it is not a readable store: move it away (its completions will be paid for again)"
            raise WorkspaceError(f"the completion store fails: {error}", file=self.path, fix=fix) from error
        except OSError as error:
            raise WorkspaceError(
                f"the completion store cannot be opened: {error.strerror}",
                file=self.path,
                fix="make the folder writable, or set answer_generation.completion_store to another path",
            ) from error


def _row(completion: Completion) -> tuple[Any, ...]:
    return (
        completion.request_id,
        completion.kind,
        completion.model,
        completion.status,
        json.dumps([choice.entry() for choice in completion.choices]),
        completion.prompt_tokens,
        completion.completion_tokens,
        int(completion.usage_reported),
        completion.price_usd,
        completion.error,
        completion.seconds,
    )


def _completion(row: tuple[Any, ...]) -> Completion:
    return Completion(
        request_id=row[0],
        kind=row[1],
        model=row[2],
        status=row[3],
        choices=tuple(Choice.of_entry(entry) for entry in json.loads(row[4])),
        prompt_tokens=row[5],
        completion_tokens=row[6],
        usage_reported=bool(row[7]),
        price_usd=row[8],
        error=row[9],
        seconds=row[10],
    )

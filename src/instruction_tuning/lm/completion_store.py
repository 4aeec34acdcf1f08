"""Every completion that was paid for, on disk before anyone uses it.

One SQLite file in WAL mode. A row is one HTTP request by the digest of its content, `ok` with its
choices or `failed` with its error. Each row is committed before its sender takes up the next request,
so a killed process loses no more than the requests that were in flight. Keys are never stored.
Which run paid for a row is in the same file (`payments`).
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from instruction_tuning.errors import WorkspaceError
from instruction_tuning.lm.payments import Payment, PaymentLedger, batches, marks

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
    finished_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) WITHOUT ROWID
"""
_COLUMNS = (
    "request_id, kind, model, status, choices, prompt_tokens, completion_tokens, usage_reported, "
    "price_usd, error"
)
_BUSY_SECONDS = 30.0


@dataclass(frozen=True)
class Choice:
    """One sampled text; `text` is null where the server sent a choice with no text or a blank one."""

    text: str | None
    finish_reason: str | None


@dataclass(frozen=True)
class Completion:
    """The outcome of one HTTP request.

    `usage_reported` is false where the server gave no token counts: the counts are then 0 and the
    price, unless the endpoint is free, is null.
    """

    request_id: str
    kind: str
    model: str
    status: str  # ok | failed
    choices: tuple[Choice, ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usage_reported: bool = False
    price_usd: float | None = 0.0
    error: str | None = None
    # What an earlier, failed attempt had cost; it is part of `price_usd`, and its run has paid it.
    carried_usd: float = field(default=0.0, compare=False)

    @property
    def paid_usd(self) -> float | None:
        """The price of this attempt alone."""
        return None if self.price_usd is None else self.price_usd - self.carried_usd

    def with_cost_of(self, earlier: "Completion | None") -> "Completion":
        """This outcome in the place of a failed one, which may have been paid for: with the cost of both."""
        if earlier is None:
            return self
        unknown = earlier.price_usd is None or self.price_usd is None
        return replace(
            self,
            prompt_tokens=earlier.prompt_tokens + self.prompt_tokens,
            completion_tokens=earlier.completion_tokens + self.completion_tokens,
            usage_reported=earlier.usage_reported or self.usage_reported,
            price_usd=None if unknown else (earlier.price_usd or 0.0) + (self.price_usd or 0.0),
            carried_usd=earlier.price_usd or 0.0,
        )


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
            self._ledger = PaymentLedger(self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the write-ahead log is folded into it."""
        self._connection.close()

    def put(self, completions: Sequence[Completion]) -> None:
        """Commit `completions` in one transaction; a failed row gives way to a later outcome."""
        rows = [
            (
                row.request_id,
                row.kind,
                row.model,
                row.status,
                json.dumps([[choice.text, choice.finish_reason] for choice in row.choices]),
                row.prompt_tokens,
                row.completion_tokens,
                int(row.usage_reported),
                row.price_usd,
                row.error,
            )
            for row in completions
        ]
        with self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._ledger.add((row.request_id, row.paid_usd) for row in completions)
                # What is paid for stays, also when another process finished the same request first.
                self._connection.executemany(
                    f"INSERT INTO completions ({_COLUMNS}) VALUES ({', '.join('?' * 10)}) "
                    "ON CONFLICT (request_id) DO UPDATE SET (status, choices, prompt_tokens, "
                    "completion_tokens, usage_reported, price_usd, error, finished_at) = "
                    "(excluded.status, excluded.choices, excluded.prompt_tokens, "
                    "excluded.completion_tokens, excluded.usage_reported, excluded.price_usd, "
                    "excluded.error, CURRENT_TIMESTAMP) WHERE completions.status = 'failed'",
                    rows,
                )
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise

    def find(self, request_ids: Iterable[str]) -> dict[str, Completion]:
        """The stored rows among `request_ids`, failed ones included."""
        found: dict[str, Completion] = {}
        with self._explained():
            for keys in batches(request_ids):
                query = f"SELECT {_COLUMNS} FROM completions WHERE request_id IN ({marks(keys)})"
                for row in self._connection.execute(query, keys):
                    found[row[0]] = _completion(row)
        return found

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


def _completion(row: tuple[str, str, str, str, str, int, int, int, float | None, str | None]) -> Completion:
    return Completion(
        request_id=row[0],
        kind=row[1],
        model=row[2],
        status=row[3],
        choices=tuple(Choice(text, finish_reason) for text, finish_reason in json.loads(row[4])),
        prompt_tokens=row[5],
        completion_tokens=row[6],
        usage_reported=bool(row[7]),
        price_usd=row[8],
        error=row[9],
    )

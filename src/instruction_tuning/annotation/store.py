"""The file that keeps people's work: one SQLite database, tasks and an append-only list of events.

Every event is on disk (write-ahead log, fsync) before it is acknowledged: a killed process or a power cut
loses nothing that the page called saved. Triggers refuse to change or delete an event.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from instruction_tuning.annotation.events import Event
from instruction_tuning.annotation.tasks import Task
from instruction_tuning.errors import WorkspaceError
from instruction_tuning.transactions import transaction

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tasks (
    task_id TEXT PRIMARY KEY, task TEXT NOT NULL, position INTEGER NOT NULL, is_listed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS people (number INTEGER PRIMARY KEY, who TEXT UNIQUE NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    event_id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_key TEXT UNIQUE NOT NULL,
    task_id TEXT NOT NULL REFERENCES tasks,
    who TEXT NOT NULL,
    at TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('save', 'skip', 'undo')),
    before TEXT NOT NULL,
    after TEXT,
    seconds REAL,
    shown_first TEXT,
    undoes TEXT,
    source TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS events_stay BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events are only ever added'); END;
CREATE TRIGGER IF NOT EXISTS events_are_kept BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events are only ever added'); END;
"""
_COLUMNS = (
    "event_key, task_id, who, at, action, before, after, seconds, shown_first, undoes, source"  # as in Event
)
_BUSY_SECONDS = 30.0


class AnnotationStore:
    """Open it for one process at a time to write; any number may read. A context manager that closes it."""

    def __init__(self, path: Path | str, *, read_only: bool = False) -> None:
        self.path = Path(path)
        self._lock = threading.RLock()
        with self._explained():
            if not read_only:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            mode = "ro" if read_only else "rwc"
            self._connection = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode={mode}",
                uri=True,
                timeout=_BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            if not read_only:
                self._connection.execute("PRAGMA journal_mode=WAL")
                self._connection.execute("PRAGMA synchronous=FULL")
                self._connection.executescript(_SCHEMA)
                # A folder that cannot be written is found out now, not at the first save.
                with transaction(self._connection):
                    pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the write-ahead log is folded into it."""
        with self._lock:
            self._connection.close()

    def list_tasks(self, tasks: Sequence[Task]) -> None:
        """Make `tasks` the list of work; those of before stay with their events, but are not offered."""
        rows = [(task.task_id, task.to_json(), task.position) for task in tasks]
        with self._transaction():
            self._connection.execute("UPDATE tasks SET is_listed = 0")
            self._connection.executemany(
                "INSERT INTO tasks VALUES (?, ?, ?, 1) ON CONFLICT (task_id) DO UPDATE "
                "SET (task, position, is_listed) = (excluded.task, excluded.position, 1)",
                rows,
            )

    def keep_tasks(self, tasks: Iterable[Task]) -> None:
        """Keep tasks that came with imported events; they are not offered unless they were listed."""
        with self._transaction():
            self._connection.executemany(
                "INSERT OR IGNORE INTO tasks VALUES (?, ?, ?, 0)",
                [(task.task_id, task.to_json(), task.position) for task in tasks],
            )

    def tasks(self, *, listed: bool) -> list[Task]:
        """The tasks in the order of work; with `listed` only those that are offered now."""
        where = "WHERE is_listed" if listed else ""
        query = f"SELECT task FROM tasks {where} ORDER BY position, task_id"
        return [Task.from_json(text) for (text,) in self._read(query)]

    def number_of(self, who: str) -> int:
        """The number of a person, from 1; a new name gets the next one."""
        with self._transaction():
            # Without gaps, which an ignored insert leaves: neighbouring numbers see opposite orders.
            self._connection.execute(
                "INSERT INTO people SELECT COALESCE(MAX(number), 0) + 1, :who FROM people "
                "HAVING NOT EXISTS (SELECT 1 FROM people WHERE who = :who)",
                {"who": who},
            )
            row = self._connection.execute("SELECT number FROM people WHERE who = ?", (who,)).fetchone()
        return int(row[0])

    def add(self, events: Iterable[Event]) -> int:
        """Append `events` in one transaction; how many are new: a key that is there already adds nothing."""
        rows = [
            (
                *(event.event_key, event.task_id, event.who, event.at, event.action),
                json.dumps(event.before, ensure_ascii=False),
                None if event.after is None else json.dumps(event.after, ensure_ascii=False),
                *(event.seconds, event.shown_first, event.undoes, event.source),
            )
            for event in events
        ]
        insert = f"INSERT OR IGNORE INTO events ({_COLUMNS}) VALUES ({', '.join('?' * 11)})"
        with self._transaction():
            before = self._connection.total_changes
            self._connection.executemany(insert, rows)
            return self._connection.total_changes - before

    def events(self, *, after: int = 0) -> list[tuple[int, Event]]:
        """The events with their numbers, in the order in which they were added; from number `after` on."""
        query = f"SELECT event_id, {_COLUMNS} FROM events WHERE event_id > ? ORDER BY event_id"
        return [(row[0], _event(row[1:])) for row in self._read(query, (after,))]

    def _read(self, query: str, arguments: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        with self._lock, self._explained():
            return self._connection.execute(query, arguments).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, self._explained(), transaction(self._connection):
            yield

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            operational = isinstance(error, sqlite3.OperationalError)
            fix = "check that the folder is writable, the disk has room and no other process holds the file"
            if not operational:
                fix = "it is no store of annotations, or a damaged one: move it away, or take a copy of it"
            raise WorkspaceError(f"annotations cannot be kept: {error}", file=self.path, fix=fix) from error
        except OSError as error:
            raise WorkspaceError(
                f"annotations cannot be kept: {error.strerror}",
                file=error.filename or self.path,
                fix="make the folder writable for you",
            ) from error


def _event(row: tuple[Any, ...]) -> Event:
    fields = dict(zip(_COLUMNS.split(", "), row, strict=True))
    after = fields["after"]
    values = {"before": json.loads(fields["before"]), "after": None if after is None else json.loads(after)}
    return Event(**{**fields, **values})

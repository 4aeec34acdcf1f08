"""SQLite: how a file of it begins, and transactions for connections that commit by themselves otherwise."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

SQLITE_HEADER = b"SQLite format 3\x00"


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of what is done in it, or nothing; no other process writes meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise

"""Connections to the database, and the pragmas that the promises rest on."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

READERS = 4


def create_store_engine(path: Path) -> Engine:
    """An engine for the SQLite file: WAL, every commit synced, foreign keys checked.

    Transactions are begun by us (`BEGIN IMMEDIATE` where something is written), because the sqlite3
    module's implicit ones start too late to see a consistent state.
    """
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=QueuePool,
        pool_size=READERS + 1,
        max_overflow=READERS,
        connect_args={"check_same_thread": False, "timeout": 5, "cached_statements": 512},
        isolation_level="AUTOCOMMIT",
    )
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "temp_store = MEMORY",
        "wal_autocheckpoint = 4000",
        "cache_size = -4000",
    ):
        connection.execute(f"PRAGMA {pragma}")

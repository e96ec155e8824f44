"""Brings the database to the schema of this version."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from model.errors import Misconfigured
from store.locks import turn

log = structlog.get_logger()

HEAD = "0006"
"""The newest revision in `store/migrations/versions`."""
LOCK = "-migration"
"""No connector can have this name."""


def migrate(engine: Engine, path: Path) -> None:
    """Migrate the SQLite file at `path` to HEAD, after a copy of it where there is something to copy.

    Raises Misconfigured if the file cannot be opened or migrated, or was written by a newer version.
    """
    # One after the other even to look: a command beside the daemon's first start must not create tables, too, and
    # SQLite turns a file to WAL for its first connection without waiting for those that open it meanwhile.
    with turn(path.parent / "locks", LOCK):
        found = _found(engine, path)
        if found == HEAD:
            return
        try:
            if found is not None:
                _copy(path, found)
            _upgrade(engine, path)
        except (DBAPIError, sqlite3.Error) as error:
            raise Misconfigured(
                f"cannot migrate the database {path}, which is as it was: {getattr(error, 'orig', error)}; "
                "is there room for a copy of it, and does no other version run on this data_dir?"
            ) from None
    log.info("store.migrated", before=found, now=HEAD)


def _found(engine: Engine, path: Path) -> str | None:
    """The revision that the file is at, or None if it is empty."""
    try:
        with engine.connect() as connection:
            return _revision(connection)
    except OperationalError as error:
        raise Misconfigured(f"cannot open the database {path}: {error.orig}; can data_dir be written?") from None
    except DatabaseError as error:
        raise Misconfigured(
            f"the database {path} is damaged: {error.orig}; "
            "keep a copy of data_dir, and restore a backup (docs/operations.md)"
        ) from None


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _copy(path: Path, revision: str) -> None:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    target = path.with_suffix(f".{revision}.{stamp}.bak")
    unfinished = target.with_suffix(".part")
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(unfinished)) as copy:
            source.backup(copy)
        unfinished.rename(target)  # so that nobody restores half of it
    finally:
        unfinished.unlink(missing_ok=True)


def _upgrade(engine: Engine, path: Path) -> None:
    # Alembic costs a tenth of a second to import, which a start without a migration need not spend.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "store:migrations")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        # All of it or nothing: the sqlite3 module would begin only at the first INSERT, and leave the tables before it.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            command.upgrade(config, "head")
        except CommandError:
            raise Misconfigured(
                f"the database {path} was written by a newer fanin: run that version, or restore the copy "
                "(fanin.*.bak beside it) that was made before it migrated"
            ) from None
        connection.exec_driver_sql("COMMIT")

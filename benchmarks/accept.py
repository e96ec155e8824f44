"""`Store.accept` with 200 concurrent callers, against raw sqlite3 writing the same rows in one thread.

`python -m benchmarks.accept [COUNT]` prints messages a second and the ratio.  Both sides commit with
synchronous=FULL on the same disk, groups of the same size, by turns; what the raw side does not do is
deciding, encoding and encrypting.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from model.draft import Draft
from model.ticket import Address, Identity, Message, Requester
from store.arrival import Arrival, Batch, Content, Target
from store.database import create_store_engine
from store.migrate import migrate
from store.store import Store

CALLERS, GROUP, ROUNDS = 200, 200, 5
_NOW = datetime(2026, 1, 2, tzinfo=UTC)
Statement = tuple[str, Any]


def main(count: int = 4000) -> None:
    """Measure both sides by turns."""
    arrivals = [_arrival(number) for number in range(count)]
    gc.freeze()  # what is only here to be accepted is nothing for the collector to look at
    ours, raw = [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            seconds, statements = asyncio.run(_accept(Path(folder), arrivals))
            ours.append(count / seconds)
        with tempfile.TemporaryDirectory() as folder:
            raw.append(count / _write_raw(Path(folder) / "raw.db", statements, count))
    ratio = statistics.median(mine / other for mine, other in zip(ours, raw, strict=True))
    print(f"  accept, {CALLERS} callers   {statistics.median(ours):8.0f} messages/s")
    print(f"  raw sqlite3, 1 thread {statistics.median(raw):8.0f} messages/s")
    print(f"  ratio                 {ratio:8.2f}   (at least 0.50)")


async def _accept(folder: Path, arrivals: list[Arrival]) -> tuple[float, list[Statement]]:
    """The seconds that it takes, and the rows that it wrote."""
    waiting = iter(arrivals)
    with _recorded() as written:
        store = await Store.open(folder)

        async def call() -> None:
            for arrival in waiting:
                await store.accept(Batch(connector="bench", arrivals=(arrival,)))

        begun = time.perf_counter()
        await asyncio.gather(*(call() for _ in range(CALLERS)))
        seconds = time.perf_counter() - begun
        await store.close()
    return seconds, written


@contextmanager
def _recorded() -> Iterator[list[Statement]]:
    """Every row that is inserted meanwhile, with its statement, as the driver is given them."""
    written: list[Statement] = []

    class Cursor(sqlite3.Cursor):
        def executemany(self, statement: str, rows: Any) -> Cursor:  # type: ignore[override]
            if statement.startswith("INSERT"):
                written.extend((statement, row) for row in rows)
            return super().executemany(statement, rows)

    class Connection(sqlite3.Connection):
        def cursor(self) -> Cursor:  # type: ignore[override]
            return super().cursor(Cursor)

    def connect(_dialect: Any, _record: Any, arguments: Any, named: Any) -> sqlite3.Connection:
        return sqlite3.connect(*arguments, **named, factory=Connection)

    event.listen(Engine, "do_connect", connect)
    try:
        yield written
    finally:
        event.remove(Engine, "do_connect", connect)


def _write_raw(path: Path, statements: list[Statement], count: int) -> float:
    """The seconds that sqlite3 takes for the same rows, in commits of GROUP messages, a statement a table."""
    engine = create_store_engine(path)
    migrate(engine, path)
    engine.dispose()
    tables: dict[str, list[Any]] = {}
    for statement, row in statements:
        tables.setdefault(statement, []).append(row)
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "wal_autocheckpoint = 4000"):
        connection.execute(f"PRAGMA {pragma}")
    begun = time.perf_counter()
    groups = max(1, count // GROUP)
    for group in range(groups):
        connection.execute("BEGIN IMMEDIATE")
        for statement, rows in tables.items():
            connection.executemany(statement, rows[group * len(rows) // groups : (group + 1) * len(rows) // groups])
        connection.execute("COMMIT")
    seconds = time.perf_counter() - begun
    connection.close()
    return seconds


def _arrival(number: int) -> Arrival:
    """A short mail, understood, with its original: about 4 KB of rows."""
    text = f"message {number} " + "x" * 1500
    sender = f"customer{number}@example.com"
    draft = Draft(
        requester=Requester(id="", name="A Customer", identities=(Identity(kind="email", value=sender),)),
        message=Message(
            id="",
            source_id=str(number),
            received_at=_NOW,
            from_=(Address(name="A Customer", address=sender),),
            subject="help",
            text=text,
            new_text=text,
        ),
        fingerprint=hashlib.sha256(text.encode()).digest(),
        thread_keys=(f"<{number - 1000}@example.com>",) if number % 3 == 0 else (),
        own_keys=(f"<{number}@example.com>",),
        participants=(f"email:{sender}",),
    )
    raw = text.encode()
    return Arrival(
        connector="bench",
        channel="email",
        account="bench",
        source_id=str(number),
        received_at=_NOW,
        draft=draft,
        original=Content(sha256=hashlib.sha256(raw).hexdigest(), size=len(raw), clear=raw),
        targets=(Target(helpdesk="archive"),),
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

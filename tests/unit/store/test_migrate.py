"""A database comes to its version, whoever opens it first."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config

from model.errors import Misconfigured
from store.crypto import Vault, load_master_key
from store.database import create_store_engine
from store.locks import turn
from store.migrate import HEAD, LOCK
from store.retention import Retention
from store.store import Store
from tests.support.daemon import until

_OPEN = """
import asyncio, pathlib, sys
from store.store import Store

async def main():
    await (await Store.open(pathlib.Path(sys.argv[1]))).close()

asyncio.run(main())
"""

_KILL = """
import os, pathlib, shutil, signal, sys
import alembic.command
from sqlalchemy import event
from store.database import create_store_engine
from store.migrate import migrate

older, killed = pathlib.Path(sys.argv[1]), 0

def count(_connection, _cursor, statement, *_):
    global killed
    killed -= not statement.lstrip().startswith(("SELECT", "PRAGMA"))
    if killed == 0:
        os.kill(os.getpid(), signal.SIGKILL)

status = -1
while status != 0:
    killed += 1
    path = shutil.copytree(older, older.with_name(f"killed{killed:02}")) / "fanin.db"
    if (child := os.fork()) == 0:
        engine = create_store_engine(path)
        event.listen(engine, "after_cursor_execute", count)
        migrate(engine, path)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
"""


_FULL = """
import asyncio, pathlib, resource, sys
from model.errors import Misconfigured
from store.store import Store

resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))  # as on a disk that is full
try:
    asyncio.run(Store.open(pathlib.Path(sys.argv[1])))
except Misconfigured as error:
    sys.exit(str(error))
"""


async def test_several_that_open_a_new_store_migrate_it_once(tmp_path: Path) -> None:
    """Of the processes that open a data_dir for the first time at once, one makes the tables and the others wait."""
    commands = [
        asyncio.create_subprocess_exec(sys.executable, "-c", _OPEN, tmp_path, stdout=asyncio.subprocess.PIPE)
        for _ in range(3)
    ]
    processes = await asyncio.gather(*commands)
    said = await asyncio.gather(*(process.communicate() for process in processes))

    assert [process.returncode for process in processes] == [0, 0, 0]
    assert b"".join(output for output, _ in said).count(b"store.migrated") == 1


async def test_no_process_looks_at_a_store_that_another_one_makes(tmp_path: Path) -> None:
    """SQLite turns a new file to WAL without waiting for those that open it meanwhile, so that nobody does."""
    with turn(tmp_path / "locks", LOCK):
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", _OPEN, tmp_path)
        await asyncio.to_thread(until, lambda: _waits(process.pid), within=60, what="the turn of another process")
        assert not (tmp_path / "fanin.db").exists()

    assert await process.wait() == 0


async def test_an_older_store_keeps_what_is_in_it(tmp_path: Path) -> None:
    """Originals, attachments, dead letters and what is due are there after the originals moved to their messages."""
    _fill(tmp_path, "0005")

    await _check(tmp_path)


async def test_a_migration_that_is_killed_begins_anew(tmp_path: Path) -> None:
    """After whichever statement the process dies, the store opens at the newest version with everything in it."""
    older = tmp_path / "older"
    older.mkdir()
    _fill(older, "0005")

    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _KILL, older)
    assert await process.wait() == 0

    killed = sorted(tmp_path.glob("killed*"))
    assert len(killed) > 10
    for data_dir in killed:
        await _check(data_dir)


async def test_without_room_for_a_copy_nothing_is_migrated(tmp_path: Path) -> None:
    """The operator reads why, no half of a copy is left, and with room all is there."""
    _fill(tmp_path, "0005")

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _FULL, tmp_path, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()

    assert said.startswith(f"cannot migrate the database {tmp_path / 'fanin.db'}, which is as it was: ".encode())
    assert [file.name for file in tmp_path.glob("fanin.0005.*")] == []
    await _check(tmp_path)


@pytest.mark.parametrize("content", [b"no database" * 1000, None], ids=["something else", "its beginning"])
async def test_a_damaged_database_is_named(tmp_path: Path, content: bytes | None) -> None:
    """The operator reads what to do, and nothing is changed."""
    await (await Store.open(tmp_path)).close()
    path = tmp_path / "fanin.db"
    path.write_bytes(damaged := content or path.read_bytes()[:5000])

    with pytest.raises(Misconfigured, match=rf"^the database {path} is damaged: .*; keep a copy of data_dir"):
        await Store.open(tmp_path)
    assert path.read_bytes() == damaged


def _waits(pid: int) -> bool:
    """Whether the process waits for a lock (proc(5), `/proc/locks`)."""
    lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return any(line[1] == "->" and line[5] == str(pid) for line in lines)


async def _check(data_dir: Path) -> None:
    """Open the store that `_fill` made: everything is in it, and expires."""
    store = await Store.open(data_dir)
    try:
        assert [await _read(await store.original(one)) for one in ("e1", "e2", "d3")] == [b"as e1", None, b"as d3"]
        assert await _read(await store.open_original("e2", "root")) == b"as e2"
        file = await store.find_attachment("a1")
        assert file is not None
        assert await _read(store.read_blob(file.sha256)) == b"as a1"
        assert [job.event for job in await store.unsettled("desk", None, 10)] == ["e2"]
        assert [(one.id, one.source_id) for one in await store.list_dead_letters()] == [("d3", "s3")]

        gone = timedelta(0)
        keep = Retention(messages=gone, attachments=gone, originals=gone, dead_letters=timedelta(days=1), secrets=gone)
        await store.expire(keep, datetime.fromtimestamp(1, UTC))
        assert [await store.original(one) for one in ("e1", "e2", "d3")] == [None, None, None]
        assert await store.find_attachment("a1") is None
    finally:
        await store.close()
    assert _rows(data_dir, "SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert _rows(data_dir, "SELECT count(*) FROM blob") == [(0,)]
    assert _rows(data_dir, "PRAGMA foreign_key_check") == []


async def _read(pieces: Any) -> bytes | None:
    return None if pieces is None else b"".join([piece async for piece in pieces])


def _rows(data_dir: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(data_dir / "fanin.db", isolation_level=None)) as connection:
        return connection.execute(query).fetchall()


def _fill(data_dir: Path, revision: str) -> None:
    """A store of an older version: a delivered message, one with a secret that is due, and one that is dead."""
    engine = create_store_engine(data_dir / "fanin.db")
    config = Config()
    config.set_main_option("script_location", "store:migrations")
    with engine.connect().execution_options(isolation_level="SERIALIZABLE") as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()
    engine.dispose()
    vault = Vault(load_master_key(data_dir / "keys" / "store.key", None, create=True))
    with closing(sqlite3.connect(data_dir / "fanin.db", isolation_level=None)) as connection:
        connection.execute("INSERT INTO conversation VALUES ('c', 'FN', 'mail', 'private', x'00', 2, NULL, '[]', 0)")
        connection.executemany(
            "INSERT INTO message"
            " (connector, source_id, status, event, conversation, sequence, received_at, accepted_at)"
            " VALUES ('mail', ?, ?, ?, ?, ?, 0, 0)",
            [
                ("s0", "ignored", None, None, None),
                ("s1", "accepted", "e1", "c", 1),
                ("s2", "accepted", "e2", "c", 2),
                ("s3", "dead", None, None, None),
            ],
        )
        connection.executemany(
            "INSERT INTO delivery (event, helpdesk, conversation, sequence, lane, options, status, tries)"
            " VALUES (?, 'desk', 'c', ?, 'normal', '{}', ?, 0)",
            [("e1", 1, "delivered"), ("e2", 2, "due")],
        )
        connection.execute(
            "INSERT INTO dead_letter VALUES ('d3', 'normalize', 'for the test', 'mail', 's3', NULL, NULL, 0)"
        )
        for id_, owner, role in (
            ("o1", "e1", "original"),
            ("o2", "e2", "secret"),
            ("o3", "d3", "original"),
            ("a1", "e1", "attachment"),
            ("o4", "of a letter that is gone", "original"),
        ):
            said = f"as {id_ if role == 'attachment' else owner}".encode()
            connection.execute(
                "INSERT INTO blob VALUES (?, ?, ?, 0)",
                (f"sha {id_}", len(said), vault.seal(said, f"sha {id_}".encode())),
            )
            connection.execute(
                "INSERT INTO attachment VALUES (?, ?, ?, ?, ?, NULL, 'text/plain', 0)",
                (id_, owner, role, f"sha {id_}", len(said)),
            )

"""Values that connectors keep, keys, locks and migrations."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from fanin.state import ConnectorState
from model.errors import Misconfigured
from store.database import create_store_engine
from store.locks import process_lock
from store.migrate import HEAD, migrate
from store.schema import metadata
from store.store import Store


async def test_a_value_is_set_only_over_the_version_that_was_read(store: Store) -> None:
    """Of two writers that read the same version, the second loses and changes nothing."""
    state = ConnectorState(store, "mail")
    assert await state.put("token", "one")
    _, version = await state.get("token") or ("", 0)

    assert await state.put("token", "two", version=version)
    assert not await state.put("token", "three", version=version)
    assert await state.get("token") == ("two", version + 1)


async def test_a_secret_value_is_encrypted(store: Store, tmp_path: Path) -> None:
    """A refreshed token is not in the database in the clear."""
    state = ConnectorState(store, "mail")

    await state.put("token", "ya29.very-secret", secret=True)

    assert (await state.get("token") or ("", 0))[0] == "ya29.very-secret"
    assert b"very-secret" not in b"".join(path.read_bytes() for path in tmp_path.glob("fanin.db*"))


async def test_a_value_expires(store: Store) -> None:
    """A value past its time is as good as none, and may be set anew."""
    state = ConnectorState(store, "mail")
    await state.put("session", 1, expires=datetime.now(UTC) - timedelta(seconds=1))

    assert await state.get("session") is None
    assert await state.put("session", 2)


async def test_one_connectors_values_are_not_anothers(store: Store) -> None:
    """Values are kept under the connector's name, and forgotten alone."""
    await ConnectorState(store, "one").put("key", 1)
    await ConnectorState(store, "two").put("key", 2)

    await ConnectorState(store, "one").delete("key")

    assert await ConnectorState(store, "one").get("key") is None
    assert (await ConnectorState(store, "two").get("key") or (0, 0))[0] == 2


async def test_a_store_does_not_open_with_another_key(tmp_path: Path) -> None:
    """A new key on an old database is refused, and what is stored stays as it is."""
    store = await Store.open(tmp_path, key="k" * 32)
    await ConnectorState(store, "mail").put("token", "secret", secret=True)
    await store.close()

    with pytest.raises(Misconfigured, match="written with another key"):
        await Store.open(tmp_path, key="other" * 10)

    store = await Store.open(tmp_path, key="k" * 32)
    assert (await ConnectorState(store, "mail").get("token") or ("", 0))[0] == "secret"
    await store.close()


async def test_a_lost_key_is_not_made_anew(tmp_path: Path) -> None:
    """Beside a database no key is created: everything would seem to be new, and nothing would open."""
    await (await Store.open(tmp_path)).close()
    (tmp_path / "keys" / "store.key").unlink()

    with pytest.raises(Misconfigured, match="restore it from a backup"):
        await Store.open(tmp_path)

    assert not (tmp_path / "keys" / "store.key").exists()


async def test_a_short_key_is_refused(tmp_path: Path) -> None:
    """A supplied key that can be guessed is an operator's mistake with a remedy."""
    with pytest.raises(Misconfigured, match="32 characters"):
        await Store.open(tmp_path, key="short")


def test_a_connector_is_locked_for_one_process(tmp_path: Path) -> None:
    """A second holder is told who the first is; after that one ends the lock is free."""
    with process_lock(tmp_path, "mail"):
        with pytest.raises(Misconfigured, match="being done by another fanin"), process_lock(tmp_path, "mail"):
            pass
        with process_lock(tmp_path, "other"):
            pass
    with process_lock(tmp_path, "mail"):
        pass


def test_the_migrations_make_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    """A migrated database differs in nothing from the declared tables."""
    engine = create_store_engine(tmp_path / "fanin.db")
    migrate(engine, tmp_path / "fanin.db")

    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()

    assert differences == []


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    """A downgrade is refused with the remedy, after a copy, and changes nothing."""
    path = tmp_path / "fanin.db"
    engine = create_store_engine(path)
    migrate(engine, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(Misconfigured, match="newer fanin"):
        migrate(engine, path)
    engine.dispose()


def test_an_older_database_is_copied_before_it_is_migrated(tmp_path: Path) -> None:
    """The copy beside the database is the way back."""
    path = tmp_path / "fanin.db"
    engine = create_store_engine(path)
    migrate(engine, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(Misconfigured):
        migrate(engine, path)
    engine.dispose()

    assert len(list(tmp_path.glob("fanin.9999.*.bak"))) == 1
    assert HEAD != "9999"

"""What connectors keep: cursors, and values under a name with compare-and-set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from msgspec import Struct
from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert as insert_unless_known

from model.json import Json
from store.arrival import milliseconds
from store.crypto import Vault
from store.schema import cursor, state


class Put(Struct, frozen=True, kw_only=True):
    """A value to be stored if the stored version is still `version` (None: there is none)."""

    connector: str
    name: str
    value: bytes
    secret: bool
    version: int | None
    expires_at: int | None
    now: int


def read_cursor(connection: Connection, connector: str, stream: str) -> Json | None:
    """Where the stream stands, or None."""
    query = select(cursor.c.value).where(cursor.c.connector == connector, cursor.c.stream == stream)
    stored = connection.execute(query).scalar()
    return None if stored is None else orjson.loads(stored)


def read_value(
    connection: Connection, vault: Vault, connector: str, name: str, now: datetime
) -> tuple[Json, int] | None:
    """The value and its version, or None if there is none that is still valid."""
    row = connection.execute(_READ, {"connector": connector, "name": name}).one_or_none()
    if row is None or (row.expires_at is not None and row.expires_at <= milliseconds(now)):
        return None
    value = vault.open(row.value, _context(connector, name)) if row.secret else row.value
    return orjson.loads(value), row.version


def sealed_put(
    vault: Vault,
    connector: str,
    name: str,
    value: Json,
    *,
    version: int | None,
    expires: datetime | None,
    secret: bool,
    now: datetime,
) -> Put:
    """Prepare a value for storing, encrypted if it is a secret."""
    content = orjson.dumps(value)
    if secret:
        content = vault.seal(content, _context(connector, name))
    return Put(
        connector=connector,
        name=name,
        value=content,
        secret=secret,
        version=version,
        expires_at=None if expires is None else milliseconds(expires),
        now=milliseconds(now),
    )


def put_values(connection: Connection, puts: Sequence[Put]) -> list[bool]:
    """Compare and set, one after the other; False where another writer came first."""
    return [_put(connection, one) for one in puts]


def delete_values(connection: Connection, names: Sequence[tuple[str, str]]) -> list[None]:
    """Forget values by (connector, name)."""
    connection.execute(_DELETE, [{"_connector": connector, "_name": name} for connector, name in names])
    return [None] * len(names)


def _put(connection: Connection, one: Put) -> bool:
    names = {"connector": one.connector, "name": one.name}
    row = connection.execute(_READ, names).one_or_none()
    expired = row is not None and row.expires_at is not None and row.expires_at <= one.now
    if (None if row is None or expired else row.version) != one.version:
        return False
    values: dict[str, Any] = {
        **names,
        "value": one.value,
        "version": (row.version if row else 0) + 1,
        "secret": int(one.secret),
        "expires_at": one.expires_at,
    }
    connection.execute(_PUT, values)
    return True


def _context(connector: str, name: str) -> bytes:
    return f"{connector}/{name}".encode()


_READ = select(state).where(state.c.connector == bindparam("connector"), state.c.name == bindparam("name"))
_DELETE = delete(state).where(state.c.connector == bindparam("_connector"), state.c.name == bindparam("_name"))
_PUT = insert_unless_known(state)
_PUT = _PUT.on_conflict_do_update(
    index_elements=["connector", "name"],
    set_={name: _PUT.excluded[name] for name in ("value", "version", "secret", "expires_at")},
)

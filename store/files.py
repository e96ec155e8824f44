"""Attachments as they are kept."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection, select

from store.crypto import Vault
from store.schema import attachment


class StoredFile(Struct, frozen=True):
    """An attachment as it is kept."""

    sha256: str
    size: int
    media_type: str
    filename: str


def find_file(connection: Connection, vault: Vault, id_: str) -> StoredFile | None:
    """An attachment by its id, or None if there is none (any more)."""
    wanted = select(attachment).where(attachment.c.id == id_)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        return None
    name = vault.open(row.filename, id_.encode()).decode() if row.filename else ""
    return StoredFile(row.sha256, row.size, row.media_type, name)

"""Mail as it lies on a server becomes an Envelope; what is in it is the normalizer's to read."""

from __future__ import annotations

from datetime import datetime

from model.envelope import BlobRef, Envelope

BEFORE_START = "before-start"
"""The rule by which mail that arrived before the connector's start becomes no ticket."""


def imap_source_id(scope: str, folder: str, uidvalidity: int, generation: int, uid: int) -> str:
    """What a message on an IMAP server is called for ever (RFC 3501 section 2.3.1.1).

    `generation` counts how often the folder's UIDs began again under the same UIDVALIDITY, as a restored
    backup does; `scope` is empty for the account that the connector read first.
    """
    validity = f"{uidvalidity}.{generation}" if generation else str(uidvalidity)
    return f"{scope}{folder}:{validity}:{uid}"


def envelope(
    *,
    connector: str,
    account: str,
    source_id: str,
    received_at: datetime,
    raw: bytes | BlobRef,
    size: int,
    ignored: str | None = None,
) -> Envelope:
    """An envelope of a mail; `size` exceeds the length of `raw` where the mail was not read whole."""
    return Envelope(
        connector=connector,
        channel="email",
        account=account,
        source_id=source_id,
        received_at=received_at,
        raw=raw,
        size=size,
        ignored=ignored,
    )

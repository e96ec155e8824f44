"""The tree of a mail, as it was sent and before anything was decided about it."""

from __future__ import annotations

from msgspec import Struct

from normalizer.mime.headers import Fields, unfold

MESSAGES = frozenset({"message/rfc822", "message/global", "message/news"})
"""Media types of mails inside a mail (RFC 2046, RFC 6532, RFC 5537)."""


class Part(Struct, frozen=True, kw_only=True):
    """An entity of RFC 2045: header fields and a body, or the entities inside it.

    `fields` are the values of each name (in lower case) as they stand; `field` unfolds them.  `content` is free of its
    transfer encoding; it is empty where the entity is a multipart.  The entity inside a message/rfc822 is
    its only child, and `content` then holds it as it was sent.
    """

    fields: Fields = {}
    media_type: str = "text/plain"
    parameters: dict[str, str] = {}
    disposition: str | None = None
    filename: str | None = None
    content_id: str | None = None
    content: bytes = b""
    children: tuple[Part, ...] = ()
    defects: tuple[str, ...] = ()

    def field(self, name: str) -> bytes | None:
        """The first field of that name (lower case), in one line but not decoded, or None."""
        values = self.fields.get(name)
        return unfold(values[0]) if values else None

    def all_fields(self, name: str) -> list[bytes]:
        """Every field of that name (lower case), in order."""
        values = self.fields.get(name)
        return [unfold(value) for value in values] if values else []

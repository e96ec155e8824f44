"""The tree of a mail, as it was sent and before anything was decided about it."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import force_setattr


class Part(Struct, frozen=True, kw_only=True):
    """An entity of RFC 2045: header fields and a body, or the entities inside it.

    `fields` are in order, names in lower case, values unfolded but not decoded.  `content` is free of its
    transfer encoding; it is empty where the entity is a multipart.  The entity inside a message/rfc822 is
    its only child, and `content` then holds it as it was sent.
    """

    fields: tuple[tuple[str, bytes], ...] = ()
    media_type: str = "text/plain"
    parameters: dict[str, str] = {}
    disposition: str | None = None
    filename: str | None = None
    content_id: str | None = None
    content: bytes = b""
    children: tuple[Part, ...] = ()
    defects: tuple[str, ...] = ()
    first: dict[str, bytes] = {}
    """The first field of each name, made from `fields`."""

    def __post_init__(self) -> None:
        if not self.first:
            force_setattr(self, "first", dict(reversed(self.fields)))

    def field(self, name: str) -> bytes | None:
        """The first field of that name (lower case), or None."""
        return self.first.get(name)

    def all_fields(self, name: str) -> list[bytes]:
        """Every field of that name (lower case), in order."""
        return [value for key, value in self.fields if key == name]

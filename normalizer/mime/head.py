"""What the header of an entity says of its body: RFC 2045, RFC 2183."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from normalizer.mime.headers import Fields, decode, read_fields, unfold
from normalizer.mime.parameter import parse_value
from normalizer.mime.transfer import encoding

_MEDIA_TYPE = re.compile(r"[\w!#$&^.+*-]{1,80}/[\w!#$&^.+*-]{1,80}", re.ASCII)
_MAX_ENCODING = 60
_MAX_ID = 250
_SHORT = 250


class Head(NamedTuple):
    """A header, and what it says of the body below it; never changed once it is read."""

    fields: Fields
    media_type: str | None
    """None where none is named that can be one."""
    parameters: dict[str, str]
    disposition: str | None
    filename: str | None
    content_id: str | None
    transfer: str | None
    """The name of the transfer encoding, as `encoding` gives it."""


def read_head(head: bytes, hint: str | None) -> Head:
    """Read the header of an entity; `hint` is the charset that raw bytes in it are most probably in."""
    return _remembered(head, hint) if len(head) < _SHORT else _read_head(head, hint)


def _read_head(head: bytes, hint: str | None) -> Head:
    fields = read_fields(head)
    declared, parameters = parse_value(_first(fields, "content-type"), hint)
    disposition, more = parse_value(_first(fields, "content-disposition"), hint or parameters.get("charset"))
    return Head(
        fields=fields,
        media_type=declared if _MEDIA_TYPE.fullmatch(declared) else None,
        parameters=parameters,
        disposition=disposition or None,
        filename=more.get("filename") or parameters.get("name") or None,
        content_id=decode(own).strip("<> ")[:_MAX_ID] or None if (own := _first(fields, "content-id")) else None,
        transfer=encoding(_first(fields, "content-transfer-encoding")[:_MAX_ENCODING]),
    )


_remembered = lru_cache(maxsize=256)(_read_head)
"""The same few lines stand above the texts of nearly every mail."""


def _first(fields: Fields, name: str) -> bytes:
    return unfold(fields[name][0]) if name in fields else b""

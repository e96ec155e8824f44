"""People as the header blocks of quoted and forwarded mail name them: for eyes, not for parsers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from model.ticket import Address

MAX_PEOPLE = 200
MAX_LENGTH = 20_000


def people(value: str) -> tuple[Address, ...]:
    """The people of a From, To or Cc line that a mail program wrote into a text.

    Unlike in RFC 5322, names may hold commas, `;` separates as well, addresses stand in `<>`, `[]` or `()`
    and may be followed by themselves as a `mailto:` link.  A line without any address names people by `;`.
    """
    found = tuple(_addressed(_LINK.sub(r"\1", value[:MAX_LENGTH])))
    if found:
        return found
    names = [_name(part) for part in value[:MAX_LENGTH].split(";")]
    return tuple(Address(name=name) for name in names[:MAX_PEOPLE] if name)


def _addressed(value: str) -> Iterator[Address]:
    """Each address with the words between it and the one before; an address may be its own name."""
    position, pending = 0, ""
    for match in list(_ADDRESS.finditer(value))[:MAX_PEOPLE]:
        address, enclosed = match[2].lower(), match[1] != ""
        name = _name(value[position : match.start()])
        position = match.end()
        if pending and (not enclosed or name or pending != address):
            yield Address(address=pending)
        pending = ""
        if enclosed or name:
            yield Address(name=name, address=address)
        else:
            pending = address
    if pending:
        yield Address(address=pending)


def _name(words: str) -> str:
    """A display name without what separates and encloses it."""
    return " ".join(words.strip(_AROUND).split())


_AROUND = " \t\r\n,;<>[]()\"'`“”„«»‘’*_|:"
_LINK = re.compile(r"(@[\w.-]{1,255})\s?[<\[(]mailto:[^<>\[\]()\s]{1,320}[>\])]")
_ADDRESS = re.compile(
    r"([<\[(]?)\s?(?:mailto:)?([^\s<>\[\]()\"',;:@“”«»]{1,64}@[^\s<>\[\]()\"',;:@“”«»]{1,255})[>\])]?\"?", re.IGNORECASE
)

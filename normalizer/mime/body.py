"""Which parts of a mail are its body and which are files: RFC 8621 section 4.1.4, with fanin's rule for files.

Unnamed inline text is body; every other part is a file, so that nobody misses a picture because a rule
thought it inline.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from normalizer.mime.parse import NO_PARTS
from normalizer.mime.part import Part

_TEXTS = ("text/plain", "text/html")
_BINARY = re.compile(rb"[\x01-\x08\x0e-\x1a]")
"""What stands in no text, of whatever charset but UTF-16 and UTF-32."""
_SAMPLE = 1000


class Body(NamedTuple):
    """The leaves of a mail by what they are for, each list in reading order."""

    plain: list[Part]
    """What a reader of text sees: text/plain, and text/html where it has no plain twin."""
    rich: list[Part]
    """What a reader of HTML sees: text/html, and text/plain where it has no rich twin."""
    files: list[Part]


def body(root: Part) -> Body:
    """Sort the leaves of a mail.

    The only part of a mail is its text even if it has a name, unless that cannot be.  The body of a multipart
    without parts is shown as text and kept as a file, since it may be anything.
    """
    found = Body([], [], [])
    if root.media_type in _TEXTS and root.disposition != "attachment" and not is_binary(root):
        return Body([root], [root], [root] if NO_PARTS in root.defects else [])
    _sort(root, found, alternative=False)
    return found


def _sort(part: Part, found: Body, *, alternative: bool) -> None:
    """Add what is in a part; within an alternative each text goes to the reader of its own kind."""
    if part.media_type == "multipart/alternative":
        _choose(part, found)
    elif part.media_type.startswith("multipart/"):
        for child in part.children:
            _sort(child, found, alternative=alternative)
    elif _signs_nothing(part):
        return
    elif not is_text(part):
        found.files.append(part)
    else:
        if not alternative or part.media_type == "text/plain":
            found.plain.append(part)
        if not alternative or part.media_type == "text/html":
            found.rich.append(part)


def _choose(part: Part, found: Body) -> None:
    """The alternatives of each kind; where one kind is missing the other stands in for it."""
    inner = Body([], [], found.files)
    for child in part.children:
        _sort(child, inner, alternative=True)
    found.plain.extend(inner.plain or inner.rich)
    found.rich.extend(inner.rich or inner.plain)


def is_text(part: Part) -> bool:
    """Whether a leaf is text of the message and no file."""
    return part.media_type in _TEXTS and part.disposition != "attachment" and part.filename is None


def is_binary(part: Part) -> bool:
    """Whether a part with a name is no text although it says so."""
    if part.filename is None or part.parameters.get("charset", "").lower().startswith("utf"):
        return False
    return _BINARY.search(part.content, 0, _SAMPLE) is not None


def _signs_nothing(part: Part) -> bool:
    """Whether a nameless detached signature (RFC 3156 section 5) holds none: neither armour nor a packet."""
    return (
        part.media_type == "application/pgp-signature"
        and part.filename is None
        and b"-----BEGIN PGP" not in part.content
        and part.content[:1].isascii()
    )

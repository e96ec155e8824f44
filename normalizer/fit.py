"""A ticket that fits: an event stays under 512 KiB, and what does not fit is attached whole."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from model.draft import File
from normalizer.mime.attachment import file
from normalizer.mime.content import Content

MAX_EVENT = 480 * 1024
"""Bytes of JSON that a mail may fill; the rest of 512 KiB is for what is found out about it later."""
MAX_FILES = 500
MAX_FILE_NAMES = 224 * 1024
MAX_NEW = 64 * 1024
MAX_FORWARDED = 32 * 1024
"""What is new and what was forwarded are excerpts of the text, which is whole or attached."""

CUT = "\n[…]"
_FILE_OVERHEAD = 320
_encode = msgspec.json.encode


class Fitted(NamedTuple):
    """Text and page within their limits, the files that now hold the rest, and what must be said of it."""

    text: str
    html: str | None
    files: tuple[File, ...]
    notes: tuple[str, ...]


def fit(content: Content, raw: bytes | None, header: int) -> Fitted:
    """Cut `content` to what an event may hold.

    `raw` is the mail that it was read from, None where it must not be attached; `header` is what its addresses
    and ids take in JSON.  The text goes before the page, since it is what everything else reads.
    """
    notes = list(content.notes)
    files = _few(content.files)
    if len(files) < len(content.files):
        where = "in the attached original" if raw is not None else "kept with the original, which held a secret"
        notes.append(
            f"[This message has {len(content.files)} attachments; those after the first {len(files)} are {where}.]"
        )
        if raw is not None:
            files.append(file("message.eml", raw, "message/rfc822"))
    room = MAX_EVENT - MAX_NEW - MAX_FORWARDED - header - sum(map(_size, files)) - sum(map(size, notes))
    text, html = cut(content.text, room), content.html
    if len(text) < len(content.text):
        files.append(file("message.txt", content.text.encode(), "text/plain"))
        notes.append("[The text is too long for a ticket; it is attached whole as “message.txt”.]")
    if html is not None and not _fits(html, text, room):
        files.append(file("message.html", html.encode(), "text/html"))
        notes.append("[The formatted page is too large for a ticket; it is attached as “message.html”.]")
        html = None
    return Fitted(text, html, tuple(files), tuple(notes))


def size(value: object) -> int:
    """The bytes that a value takes in JSON."""
    return len(_encode(value))


def _fits(html: str, text: str, room: int) -> bool:
    """Whether page and text together take at most `room` bytes; those of most mails do by their lengths alone."""
    return (len(html) + len(text)) * _MOST_BYTES < room or size(html) <= room - size(text)


def cut(text: str, limit: int) -> str:
    """`text` if it takes at most `limit` bytes in JSON; else its beginning, marked where it ends."""
    if len(text) * _MOST_BYTES <= limit or (len(text) <= limit and size(text) <= limit):
        return text
    low, high = 0, min(len(text), max(limit, 0))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(text[:middle]) + len(CUT) * 2 <= limit else (low, middle - 1)
    line = text.rfind("\n", low - 500, low)
    return text[: line if line > 0 else low] + CUT


_MOST_BYTES = 6
"""A control character is six bytes in JSON; no other takes more."""


def _few(files: list[File]) -> list[File]:
    """The first files, as many as a ticket can list."""
    few: list[File] = []
    taken = 0
    for one in files[:MAX_FILES]:
        taken += _size(one)
        if taken > MAX_FILE_NAMES:
            break
        few.append(one)
    return few


def _size(one: File) -> int:
    """The bytes that a file takes in the ticket's list."""
    return _FILE_OVERHEAD + size((one.filename, one.media_type, one.declared_media_type, one.content_id))

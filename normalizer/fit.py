"""A ticket that fits: an event stays under 512 KiB, and what does not fit is attached whole."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from model.draft import File
from normalizer.mime.attachment import file
from normalizer.mime.content import Content

MAX_FILES = 500
MAX_HTML = 96 * 1024
MAX_TEXT = 64 * 1024
MAX_EXCERPT = 32 * 1024
"""In bytes of JSON.  What is new and what was forwarded are excerpts of the text, which is whole or attached."""

CUT = "\n[… the text goes on in the attachment “{name}”]"
_encode = msgspec.json.encode


class Fitted(NamedTuple):
    """Text and page within their limits, and the files that now hold the rest."""

    text: str
    html: str | None
    files: tuple[File, ...]
    notes: tuple[str, ...]


def fit(content: Content, raw: bytes) -> Fitted:
    """Cut `content` to what an event may hold; `raw` is the mail that it was read from."""
    files, notes = list(content.files), list(content.notes)
    text, html = content.text, content.html
    if len(files) > MAX_FILES:
        notes.append(
            f"[This message has {len(files)} attachments; those beyond {MAX_FILES} are in the attached original.]"
        )
        files[MAX_FILES:] = [file("message.eml", raw, "message/rfc822")]
    if size(text) > MAX_TEXT:
        files.append(file("message.txt", text.encode(), "text/plain"))
        text = cut(text, MAX_TEXT) + CUT.format(name="message.txt")
    if html is not None and size(html) > MAX_HTML:
        files.append(file("message.html", html.encode(), "text/html"))
        notes.append("[The formatted page is too large for a ticket and attached as “message.html”.]")
        html = None
    return Fitted(text, html, tuple(files), tuple(notes))


def size(text: str) -> int:
    """The bytes that a text takes in JSON."""
    return len(_encode(text))


def cut(text: str, limit: int) -> str:
    """The beginning of `text` that takes at most `limit` bytes in JSON, cut at a line end where one is near."""
    if size(text) <= limit:
        return text
    low, high = 0, min(len(text), limit)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(text[:middle]) <= limit else (low, middle - 1)
    line = text.rfind("\n", low - 500, low)
    return text[: line if line > 0 else low]

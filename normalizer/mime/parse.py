"""The tree of a mail: RFC 2045 and 2046, read with tolerance and within bounds.

A header ends at the first blank line.  A multipart is cut at its own boundary before its parts are looked
into, so that an unclosed part ends where its parent says.  Searching is left to `bytes.find`, which makes
reading cheap; depth and count are bounded, which makes it safe: what lies beyond a bound stays as it is in
the content of the last part that was read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from normalizer.mime.head import Head, read_head
from normalizer.mime.part import MESSAGES, Part
from normalizer.mime.pkcs7 import may_be_pkcs7, may_hold_words, signed_content
from normalizer.mime.transfer import decode_transfer, is_prose

MAX_DEPTH = 32
MAX_PARTS = 2000
MAX_NESTED_MESSAGES = 2
"""How deep messages are opened inside messages; further ones are content alone."""

_BEFORE_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?[\s\x00]*(?:>?From [^\r\n]*\r?\n)?")
_DASHED_LINE = re.compile(rb"^--([^\s-][^\r\n]{0,250}+|-[^\r\n]{1,250}+(?=\r?\n(?i:content-)))\r?$", re.MULTILINE)
"""What can be a delimiter; one of many dashes, which people draw as well, only above a field of a part."""
_BARE_RETURN = re.compile(rb"\r(?!\n)")
_BLANK_LINE = re.compile(rb"\n[ \t]*+\r?\n")
_HEADER_END = re.compile(rb"\n(?:\r?\n|[ \t]++\r?\n(?![ \t\r\n]|[!-9;-~]{1,200}+[ \t]*+:))")
"""An empty line, or one of blanks alone before what can be neither a field nor the rest of one."""
_ASTRAY = re.compile(rb"^(?![ \t\r\n]|[!-9;-~]{1,200}+[ \t]*+:)", re.MULTILINE)
"""Where a line begins that has no place in a header."""
_IN_BOUNDARY = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'()+_,./:=?"
"""What can go on a boundary (RFC 2046 section 5.1.1); anything else behind a closing delimiter is passed over."""
NO_PARTS = "a multipart without parts"
_MAX_CLOSED = 7
_MAX_ASTRAY = 32 * 1024
_MAX_TAIL = 1024 * 1024
_OF_A_HEADER = re.compile(
    r"content-|x-|resent-|list-|dkim-|arc-|(?:received|from|sender|to|cc|bcc|subject|date|message-id|mime-version|reply-to"
    r"|return-path|in-reply-to|references|importance|priority)\Z"
)
"""Names of fields; any other above a part may be a word of its text that a colon follows."""
_NEAR = 1000
"""Bytes in which the header of a part ends, mostly."""


def parse(raw: bytes) -> Part:
    """The tree of a message as it lies in a mailbox; never raises, whatever the bytes are."""
    first = raw.find(b"\r")
    if first >= 0 and raw[first + 1 : first + 2] != b"\n" and raw.find(b"\n", 0, first) < 0:
        raw = _BARE_RETURN.sub(b"\n", raw)
    before = _BEFORE_HEADER.match(raw)
    assert before is not None
    return _Reader(raw).entity(before.end(), len(raw), "text/plain")


def split(raw: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the header of the entity between two offsets ends, and where its body begins.

    Where no line parts them, the first line that has no place in a header is the body's.
    """
    if raw.startswith((b"\n", b"\r\n"), start, end):
        return start, raw.find(b"\n", start, end) + 1
    blank = _BLANK_LINE.search(raw, start, end)
    if blank and raw[blank.start() + 1] in b" \t":
        blank = _HEADER_END.search(raw, blank.start(), end)
    if blank:
        return blank.start() + 1, blank.end()
    astray = _ASTRAY.search(raw, start, end)
    return (astray.start(), astray.start()) if astray else (end, end)


def charset_hint(root: Part) -> str | None:
    """The first charset that the parts of a mail name: raw bytes in its header are most probably in it."""
    named = root.parameters.get("charset")
    return named or next((hint for child in root.children if (hint := charset_hint(child))), None)


def leaves(root: Part) -> list[Part]:
    """The parts of a mail that hold content, in reading order; a message inside it is one of them."""
    if root.media_type.startswith("multipart/"):
        return [leaf for child in root.children for leaf in leaves(child)]
    return [root]


_Inside = tuple[str, bytes, tuple[Part, ...], tuple[str, ...]]
"""What an entity turns out to be: its media type, content, children and defects."""


class _Reader:
    """Reads entities out of one buffer, and knows how many it may still read."""

    __slots__ = ("closed", "depth", "hint", "left", "messages", "raw")

    def __init__(self, raw: bytes, *, depth: int = 0, messages: int = 0, left: int = MAX_PARTS) -> None:
        self.raw = raw
        self.depth = depth
        self.messages = messages
        self.left = left
        self.closed: list[bytes] = []
        """The boundaries of the multiparts that are over, latest last."""
        self.hint: str | None = None
        """The first charset that was named: raw bytes in names are most probably in it."""

    def entity(self, start: int, end: int, default: str, *, is_part: bool = False) -> Part:
        """The entity between two offsets; `default` is its media type where it names none.

        A part of a multipart needs no header, and is often one of a program that forgets the line above its text.
        """
        self.left -= 1
        head_end, body = split(self.raw, start, end)
        head = read_head(self.raw[start:head_end], self.hint)
        if is_part and not any(map(_OF_A_HEADER.match, head.fields)):
            head = read_head(b"", None)
        body = body if head.fields or head_end == start else start
        self.hint = self.hint or head.parameters.get("charset")
        media_type, content, children, defects = self.inside(head, head.media_type or default, body, end)
        return Part(
            fields=head.fields,
            media_type=media_type,
            parameters=head.parameters,
            disposition=head.disposition,
            filename=head.filename,
            content_id=head.content_id,
            content=content,
            children=children,
            defects=defects,
        )

    def inside(self, head: Head, media_type: str, start: int, end: int) -> _Inside:
        """What an entity holds: parts, a message, or content alone."""
        if media_type.startswith("multipart/"):
            return self.parts(head, media_type, start, end)
        encoded = self.raw[start:end]
        if media_type.startswith("text/"):
            transfer = None if head.transfer == "base64" and is_prose(encoded) else head.transfer
            return media_type, decode_transfer(encoded, transfer), (), ()
        if self.messages and not media_type.startswith("message/"):
            return media_type, b"", (), ("not read: the file of a message inside this one",)
        content = decode_transfer(encoded, head.transfer)
        if media_type in MESSAGES and self.messages < MAX_NESTED_MESSAGES and self.left > 0:
            return media_type, content, (self.message(content),), ()
        alone = self.depth == 0  # beside a signature of a multipart/signed stand the same words in clear
        if (may_hold_words if alone else may_be_pkcs7)(media_type, head.filename):
            return self.signed(head, media_type, content)
        return media_type, content, (), ()

    def signed(self, head: Head, media_type: str, content: bytes) -> _Inside:
        """The entity that an opaque signature holds, beside the signature as it came; a signed document is none."""
        entity = signed_content(content) if self.depth < MAX_DEPTH and self.left > 0 else None
        if not entity or "content-type" not in read_head(entity[: split(entity, 0, len(entity))[0]], None).fields:
            return media_type, content, (), ()
        inner = _Reader(entity, depth=self.depth + 1, messages=self.messages, left=self.left)
        read = inner.entity(0, len(entity), "text/plain")
        self.left = inner.left
        signature = Part(
            media_type=media_type,
            parameters=head.parameters,
            disposition="attachment",
            filename=head.filename,
            content_id=head.content_id,
            content=content,
        )
        return "multipart/signed", b"", (read, signature), ()

    def parts(self, head: Head, media_type: str, start: int, end: int) -> _Inside:
        """The parts of a multipart; where there are none, what stands in their place."""
        boundary = head.parameters.get("boundary", "").encode("utf-8", "surrogateescape")
        default = "message/rfc822" if media_type == "multipart/digest" else "text/plain"
        if self.depth >= MAX_DEPTH:
            return "application/octet-stream", self.raw[start:end], (), ("parts nested too deep",)
        if children := self.multipart(boundary, head.transfer, default, start, end):
            return media_type, b"", children, ()
        delimiter = self.delimiter(b"--" + boundary, start, end) if boundary else None
        content = decode_transfer(self.raw[start : delimiter[0] if delimiter else end], head.transfer)
        return "text/plain", content, (), (NO_PARTS,) if content.strip() else ()

    def message(self, content: bytes) -> Part:
        """The entity of a message inside this one."""
        inner = _Reader(content, depth=self.depth, messages=self.messages + 1, left=self.left)
        before = _BEFORE_HEADER.match(content)
        assert before is not None
        part = inner.entity(before.end(), len(content), "text/plain")
        self.left = inner.left
        return part

    def multipart(self, boundary: bytes, transfer: str | None, default: str, start: int, end: int) -> tuple[Part, ...]:
        """The parts of a multipart; none where no boundary is found."""
        spans = list(self.spans(boundary, start, end)) if boundary else []
        if not spans and transfer:
            content = decode_transfer(self.raw[start:end], transfer)
            inner = _Reader(content, depth=self.depth + 1, messages=self.messages, left=self.left)
            return inner.multipart(boundary, None, default, 0, len(content))
        if not spans and (dashed := _DASHED_LINE.search(self.raw, start, end)):
            boundary = dashed[1].rstrip(b" \t").removesuffix(b"--")
            spans = list(self.spans(boundary, start, end))
        self.depth += 1
        children = [child for opened, closed in spans for child in self.entities(opened, closed, default)]
        self.depth -= 1
        if children:
            self.closed = [*self.closed[-_MAX_CLOSED:], boundary]
        return tuple(children)

    def entities(self, start: int, end: int, default: str) -> Iterator[Part]:
        """The entity between two offsets, or several where delimiters of a part that should be over stand in it.

        That happens where a program nests parts but writes their boundaries in the wrong order.
        """
        for boundary in self.closed if self.left > 0 and end - start < _MAX_ASTRAY else ():
            stray = self.delimiter(b"--" + boundary, start, end)
            if stray and b"boundary" not in self.raw[start : stray[0]].lower():
                yield from self.entities(start, max(start, stray[0]), default)
                for opened, closed in self.spans(boundary, start, end):
                    yield from self.entities(opened, closed, default)
                return
        yield self.entity(start, end, default, is_part=True)

    def spans(self, boundary: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The offsets of the parts between delimiter lines; of too many, the last holds all the rest."""
        mark, position, opened, count = b"--" + boundary, start, -1, 0
        while found := self.delimiter(mark, position, end):
            line, position, closing = found
            if opened >= 0:
                yield opened, max(opened, line)
                count += 1
            opened = -1 if closing else position
            if count + 1 >= self.left:
                break
        if 0 <= opened < end:
            last = self.raw[opened:end].rstrip() if end - opened < _MAX_TAIL else b""
            unbroken = last.endswith(b"--" + boundary + b"--")
            yield opened, opened + len(last) - len(boundary) - 4 if unbroken else end

    def delimiter(self, mark: bytes, start: int, end: int) -> tuple[int, int, bool] | None:
        """The first delimiter line: where the line end before it begins, where the next line begins, whether it closes.

        `start` is the beginning of a line.
        """
        raw, position = self.raw, start
        while (found := _find(raw, mark, position, end)) >= 0:
            position = found + len(mark)
            if found > start and raw[found - 1] not in b"\r\n":
                continue
            position = raw.find(b"\n", position, end) + 1 or end
            tail = raw[found + len(mark) : position].strip()
            if tail in (b"", b"--") or (tail.startswith(b"--") and tail[2:3] not in _IN_BOUNDARY):
                line = found - 1 - (raw[found - 2 : found] == b"\r\n") if found > start else found
                return line, position, tail != b""
        return None


def _find(raw: bytes, mark: bytes, start: int, end: int) -> int:
    """Where `mark`, which begins with a dash, is first; -1 where it is not.

    A body in base64 has no dashes: beyond the header above it, the search for a single one passes it ten
    times as fast.
    """
    near = start + _NEAR
    if (found := raw.find(mark, start, min(end, near))) >= 0 or near >= end:
        return found
    dash = raw.find(b"-", max(start, near - len(mark)), end)
    return raw.find(mark, dash, end) if dash >= 0 else -1

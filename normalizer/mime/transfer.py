"""Content-Transfer-Encoding undone: RFC 2045 section 6, uuencode, and what damages them on the way."""

from __future__ import annotations

import re
from binascii import Error, a2b_qp, a2b_uu
from functools import lru_cache

import pybase64

_ENCODING = re.compile(rb"base-?64|quoted[-_ ]?printable|\b(?:x-)?uue?(?:ncode)?\b", re.IGNORECASE)
_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))
_MORE_BASE64 = re.compile(rb"=+\s*\n(?=[A-Za-z0-9+/]{24}|[A-Za-z0-9+/]+=)|=+(?=[A-Za-z0-9+/]{24})")
_UU_BEGIN = re.compile(rb"^begin(?:-base64)? [0-7]{3,4} ([^\r\n]{0,255})\r?\n", re.MULTILINE)
_PROSE = re.compile(rb"\s{0,99}+(?:[^\s=]{1,60}+[ \t]{1,99}+\S|[^\r\n=\x80-\xff]{0,200}+[\x80-\xff])")
"""A first line of words, or of bytes that no encoding leaves."""
_PROSE_WITHIN = 2000
_LINE = 70
_BLANKS = re.compile(rb"\s|\xef\xbb\xbf|\xc2?\xa0")
_MIXED = re.compile(rb"[a-z][A-Z]|[A-Za-z][0-9]|[0-9][A-Za-z]")
"""What stands in nearly all groups of base64, and in few words."""
_SURE = 16
"""Characters of a line from which on it can be told from words."""
_PADDED_SOFT_BREAK = re.compile(rb"=[ \t]+(?=\r?\n)")


@lru_cache(maxsize=64)
def encoding(value: bytes) -> str | None:
    """The name of a transfer encoding, `base64`, `quoted-printable` or `uuencode`; None where there is none.

    >>> encoding(b"Quoted-Printable (sort of)"), encoding(b"8bit")
    ('quoted-printable', None)
    """
    found = _ENCODING.search(value)
    if not found:
        return None
    return {b"b": "base64", b"q": "quoted-printable"}.get(found[0][:1].lower(), "uuencode")


def decode_transfer(content: bytes, name: str | None) -> bytes:
    """`content` free of the transfer encoding `name`, as `encoding` names it; never raises."""
    if name == "base64":
        return base64(content)
    if name == "quoted-printable":
        return quoted_printable(content)
    return uuencode(content) if name == "uuencode" else content


def base64(content: bytes) -> bytes:
    """Base64 decoded, without regard to what does not belong in it, missing padding or several ends."""
    end = content.find(b"=")
    if end < 0 or len(content) - end < 4 or not content[end:].strip(b"=\r\n\t "):
        try:
            return pybase64.b64decode(content)
        except Error:
            pass  # the slow way below reads what there is
    return b"".join(map(_base64_run, _base64_runs(content)))


def is_prose(content: bytes) -> bool:
    """Whether a body that should be base64 is words that nobody encoded: its first line, and most of the others."""
    beginning = content[:_LINE]
    if (b" " not in beginning and beginning.isascii()) or not _PROSE.match(content):
        return False
    lines = [line for line in map(bytes.strip, content[:_PROSE_WITHIN].splitlines()) if line]
    return 2 * sum(map(_is_words, lines)) > len(lines)


def _is_words(line: bytes) -> bool:
    """Whether a line is no base64, not even in groups with blanks between, or behind a byte order mark.

    A word among others may look like base64: an address of a wallet does.
    """
    if b" " not in line and line.isascii():
        return False
    groups = _BLANKS.sub(b" ", line).split()
    joined = b"".join(groups)
    if len(joined) < _SURE or joined != joined.translate(None, _NOT_BASE64):
        return True
    return 2 * sum(_MIXED.search(group) is not None for group in groups) <= len(groups)


def _base64_runs(content: bytes) -> list[bytes]:
    """The padded runs of an encoded body.

    What stands behind an end is another run where it looks like one; else it is a list's footer or an
    advertisement, and belongs to none.
    """
    end = content.find(b"=")
    while end >= 0 and (more := _MORE_BASE64.match(content, end)):
        end = content.find(b"=", more.end())
    return content[: len(content) if end < 0 else end].translate(None, _NOT_BASE64).split(b"=")


def _base64_run(run: bytes) -> bytes:
    whole = run[:-1] if len(run) % 4 == 1 else run
    return pybase64.b64decode(whole + b"=" * (-len(whole) % 4))


def quoted_printable(content: bytes) -> bytes:
    """Quoted-printable decoded (RFC 2045 section 6.7); what is no escape stays as it is."""
    decoded = a2b_qp(content)
    return a2b_qp(_PADDED_SOFT_BREAK.sub(b"=", content)) if _PADDED_SOFT_BREAK.search(decoded) else decoded


def uuencode(content: bytes) -> bytes:
    """The file of a uuencoded body; a body without its begin line stays as it is."""
    begin = _UU_BEGIN.search(content)
    return uu_lines(content[begin.end() :])[0] if begin else content


def uu_lines(content: bytes) -> tuple[bytes, int]:
    """The bytes of uuencoded lines up to their `end`, and how much of `content` they take.

    A line that is cut or has lost trailing blanks gives what it has.
    """
    pieces: list[bytes] = []
    position = 0
    while position < len(content):
        stop = content.find(b"\n", position) + 1 or len(content)
        line = content[position:stop].strip(b"\r\n")
        position = stop
        if line.strip() == b"end":
            break
        pieces.append(_uu_line(line))
    return b"".join(pieces), position


def _uu_line(line: bytes) -> bytes:
    if not line or line[0] in b" `":
        return b""
    count = (line[0] - 32) & 63
    body = line[1 : 1 + (count * 4 + 2) // 3 + 3]
    try:
        return a2b_uu(line[:1] + body)
    except Error:
        return _uu_clean(line[0], body, count)


def _uu_clean(first: int, body: bytes, count: int) -> bytes:
    kept = bytes(byte for byte in body if 32 <= byte <= 96)[: (count * 4 + 2) // 3]
    try:
        return a2b_uu(bytes([first]) + kept)
    except Error:
        return b""

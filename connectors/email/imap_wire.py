"""Words of IMAP's wire: mailbox names, sets of UIDs, response codes, FETCH answers.  Pure functions."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from connectors.email.imap import Literal, Part, literal_size, plain

_RUN = re.compile(r"[^\x20-\x7e]+|&")
_ENCODED = re.compile(r"&([A-Za-z0-9+,]*)-")
_CODE = re.compile(rb"\[([A-Za-z0-9-]+)(?: ([^\]]*))?\]")
_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*)"|([()])|(\{\d+\}$)|([^\s()"\[]+(?:\[[^\]]*\][^\s()]*)?)|(\S)')
_INTERNALDATE = re.compile(rb" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
_MONTHS = b"jan feb mar apr may jun jul aug sep oct nov dec".split()
_TEXT_LIMIT = 64 * 1024
"""Longest protocol text of a FETCH response that is looked into, in bytes: we ask for nothing that needs more."""


def encode_mailbox(name: str) -> str:
    """A mailbox name as a quoted string in modified UTF-7 (RFC 3501 section 5.1.3).

    >>> encode_mailbox("客户 & co")
    '"&W6JiNw- &- co"'
    """
    encoded = _RUN.sub(lambda run: _utf7(run[0]), name)
    return '"' + encoded.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _utf7(run: str) -> str:
    if run == "&":
        return "&-"
    words = base64.b64encode(run.encode("utf-16-be")).decode("ascii")
    return "&" + words.rstrip("=").replace("/", ",") + "-"


def decode_mailbox(wire: str) -> str:
    """The name that a mailbox has for people; what is no valid modified UTF-7 stays as it is.

    >>> decode_mailbox("&W6JiNw- &- co")
    '客户 & co'
    """

    def word(found: re.Match[str]) -> str:
        if not found[1]:
            return "&"
        padded = found[1].replace(",", "/") + "=" * (-len(found[1]) % 4)
        try:
            return base64.b64decode(padded).decode("utf-16-be")
        except (binascii.Error, UnicodeDecodeError):
            return found[0]

    return _ENCODED.sub(word, wire)


def uid_set(uids: Sequence[int]) -> str:
    """Ascending UIDs as a sequence set (RFC 3501 section 9).

    >>> uid_set([1, 2, 3, 7])
    '1:3,7'
    """
    spans: list[list[int]] = []
    for uid in uids:
        if spans and spans[-1][1] == uid - 1:
            spans[-1][1] = uid
        else:
            spans.append([uid, uid])
    return ",".join(f"{first}:{last}" if first != last else str(first) for first, last in spans)


def code(lines: Iterable[Part]) -> tuple[str, str]:
    """The response code of a tagged answer and its argument (RFC 5530), or two empty strings.

    >>> code([b"[UNAVAILABLE] try later"])
    ('UNAVAILABLE', '')
    """
    last = b""
    for line in lines:
        last = plain(line)
    found = _CODE.match(last)
    return (found[1].decode().upper(), (found[2] or b"").decode("utf-8", "replace")) if found else ("", "")


def status_code(lines: Iterable[Part], name: bytes) -> int | None:
    """The number of an untagged `OK [NAME number]` among the lines, or None."""
    for line in lines:
        found = _CODE.search(line) if isinstance(line, bytes) else None
        if found and found[1].upper() == name and (found[2] or b"").isdigit():
            return int(found[2])
    return None


def numbers(lines: Sequence[Part]) -> list[int]:
    """The numbers of a SEARCH answer, ascending; its tagged text is the last line and is left out."""
    words = b" ".join(plain(line) for line in lines[:-1]).split()
    return sorted({int(word) for word in words if word.isdigit()})


def attributes(line: Part) -> dict[bytes, int]:
    """The numbers in the parentheses of a STATUS answer, by their names.

    >>> attributes(b'"INBOX" (UIDNEXT 4 UIDVALIDITY 9)')
    {b'UIDNEXT': 4, b'UIDVALIDITY': 9}
    """
    words = plain(line).rpartition(b"(")[2].rstrip(b") ").split()
    pairs = zip(words[::2], words[1::2], strict=False)
    return {name.upper(): int(value) for name, value in pairs if value.isdigit()}


def arrived(internaldate: bytes) -> datetime | None:
    """The time of an INTERNALDATE (RFC 3501 section 9), UTC, or None where it is none.

    >>> arrived(b" 1-Nov-2026 12:00:00 +0200")
    datetime.datetime(2026, 11, 1, 10, 0, tzinfo=datetime.timezone.utc)
    """
    found = _INTERNALDATE.fullmatch(internaldate)
    if found is None or found[2].lower() not in _MONTHS:
        return None
    day, year, hour, minute, second, zone_hours, zone_minutes = map(int, found.group(1, 3, 4, 5, 6, 8, 9))
    zone = timedelta(hours=zone_hours, minutes=zone_minutes) * (-1 if found[7] == b"-" else 1)
    try:
        local = datetime(year, _MONTHS.index(found[2].lower()) + 1, day, hour, minute, second, tzinfo=UTC)
        return local - zone
    except (ValueError, OverflowError):
        return None


def fetched(lines: Iterable[Part]) -> Iterator[dict[bytes, Part]]:
    """The items of each complete FETCH response among the lines, by upper-case name.

    What is incomplete, or no FETCH response, is left out.
    """
    response: list[Part] = []
    for part in lines:
        response.append(part)
        if isinstance(part, bytes) and literal_size(part) is None:
            if (items := _items(response)) is not None:
                yield items
            response = []


def _items(response: list[Part]) -> dict[bytes, Part] | None:
    number, _, rest = plain(response[0]).partition(b" ")
    if not number.isdigit() or rest[:7].upper() != b"FETCH (" or _text_size(response) > _TEXT_LIMIT:
        return None
    items: dict[bytes, Part] = {}
    name, depth = b"", 0
    for token, opening in _tokens([rest[7:], *response[1:]]):
        if token is None:
            return None
        if opening:
            depth += opening
            name = b"" if depth == 0 else name
        elif depth > 0:
            continue
        elif name:
            items[name], name = token, b""
        else:
            name = plain(token).upper()
    return items


def _text_size(response: list[Part]) -> int:
    return sum(len(part) for part in response if isinstance(part, bytes))


def _tokens(parts: list[Part]) -> Iterator[tuple[Part | None, int]]:
    """Each value with 0, and each parenthesis with +1 or -1; the literal stands in place of its marker.

    None stands for what is no token.
    """
    literals = iter([part for part in parts if isinstance(part, Literal)])
    for part in parts:
        if isinstance(part, Literal):
            continue
        for found in _TOKEN.finditer(part):
            quoted, parenthesis, literal, atom, junk = found.groups()
            if literal is not None or junk:
                yield next(literals, None) if literal else None, 0
            elif parenthesis:
                yield b"", 1 if parenthesis == b"(" else -1
            else:
                yield (re.sub(rb"\\(.)", rb"\1", quoted) if quoted is not None else atom), 0

"""Address lists (RFC 5322 section 3.4) as they are really written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice

from model.ticket import Address
from normalizer.mime.headers import decode

MAX_ADDRESSES = 500
MAX_CHARACTERS = 20_000
"""Of names and addresses together: what is beyond is in the original alone."""
_MAX_NAME = 200
_SHORT = 250
_SIMPLE = re.compile(  # one mailbox as nearly every From is written, read at once
    rb"""[ \t]*(?: "([^"\\<>]*)" | ([^"\\<>(),;:@]*?) )[ \t]*<[ \t]*([^\s<>()",;:@]+@[^\s<>()",;:@]+)[ \t]*>[ \t]*""",
    re.VERBOSE,
)
_TOKEN = re.compile(
    rb"""(=\?[^?\s]{0,60}\?[bBqQ]\?[^?]*\?=)       # 1: an encoded word, commas and all
    | "((?:[^"\\]++|\\.)*)"                         # 2: a quoted string
    | <([^<>]*)>                                    # 3: an address in angle brackets
    | ([,;])                                        # 4: the end of a mailbox
    | ([()])                                        # 5: the edges of a comment
    | ([^\s"<>,;()=\\]+|\\.|[\s\S])                 # 6: anything else
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTED, _ANGLE, _SEPARATOR, _EDGE, _WORD = 2, 3, 4, 5, 6
_PARTING = b" \t\r\n<>"
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_AT_HOST = re.compile(rb"[^\s<>,;:\"()]+@[^\s@<>,;:\"()]+")
_COMMENT = re.compile(rb"\((?:[^()\\]|\\.)*\)", re.DOTALL)
_GAP = re.compile(rb"\s*([.@])\s*")
_SCHEME = re.compile(rb"mailto:", re.IGNORECASE)


class _Mailbox:
    """What was read of one mailbox so far."""

    __slots__ = ("angle", "comments", "named", "spaced", "words")

    def __init__(self) -> None:
        self.words: list[bytes] = []
        self.comments: list[bytes] = []
        self.angle: bytes | None = None
        self.named = 0
        """How many of the words stood before the address."""
        self.spaced = False

    def add(self, word: bytes) -> None:
        """Add a word of the name; blanks, and brackets without their counterpart, only part it from the next."""
        parts = not word.strip(_PARTING)
        if not parts:
            self.words.append(b" " + word if self.spaced and self.words else word)
        self.spaced = parts

    def address(self, angle: bytes) -> None:
        """Take what stood in angle brackets, unless something better did before."""
        if self.angle is None or b"@" not in self.angle:
            self.angle, self.named = angle, len(self.words)

    def next(self, angle: bytes) -> _Mailbox | None:
        """The mailbox that another address begins where the comma before it is missing, with the words between."""
        if self.angle is None or b"@" not in self.angle or b"@" not in angle or _address(angle) == _address(self.angle):
            return None
        following = _Mailbox()
        following.words, self.words = self.words[self.named :], self.words[: self.named]
        following.address(angle)
        return following


def addresses(value: bytes, hint: str | None = None) -> tuple[Address, ...]:
    """The mailboxes of a From, To, Cc or Reply-To value, at most MAX_ADDRESSES; groups give their members.

    Names have their encoded words decoded (`hint` is the charset of raw bytes), addresses are in lower case
    and may be empty where a name stands alone.
    """
    return _remembered(value, hint) if len(value) < _SHORT else _addresses(value, hint)


def _addresses(value: bytes, hint: str | None) -> tuple[Address, ...]:
    if found := _SIMPLE.fullmatch(value):
        name = found[2] if found[1] is None else found[1]
        return (Address(name=decode(name, hint)[:_MAX_NAME], address=_address(found[3])),)
    return few(one for mailbox in _mailboxes(value) for one in _read(mailbox, hint))


_remembered = lru_cache(maxsize=256)(_addresses)
"""The team's own address stands in every mail, and a customer's in all of his."""


def few(people: Iterable[Address]) -> tuple[Address, ...]:
    """The first of many mailboxes, as many as a ticket names."""
    kept: list[Address] = []
    taken = 0
    for one in islice(people, MAX_ADDRESSES):
        taken += len(one.name) + len(one.address)
        if taken > MAX_CHARACTERS:
            break
        kept.append(one)
    return tuple(kept)


def _mailboxes(value: bytes) -> Iterator[_Mailbox]:
    """Split a list at its separators; a colon ends the name of a group, and a comment stays whole."""
    mailbox, depth, opened = _Mailbox(), 0, 0
    for token in _TOKEN.finditer(value := _balanced(value)):
        kind, text = token.lastindex, token[0]
        if kind == _EDGE and (depth or text == b"("):
            opened = opened if depth else token.end()
            depth += 1 if text == b"(" else -1
            if not depth:
                mailbox.comments.append(value[opened : token.start()])
        elif depth:
            continue
        elif kind == _SEPARATOR or text.endswith(b":"):
            if kind == _SEPARATOR or any(b"@" in word for word in mailbox.words):
                yield mailbox
            mailbox = _Mailbox()
        elif kind == _ANGLE:
            if following := mailbox.next(token[_ANGLE]):
                yield mailbox
                mailbox = following
            mailbox.address(token[_ANGLE])
        elif kind == _WORD and b":" in text and b";" in value:
            mailbox = _Mailbox()
            mailbox.add(text.partition(b":")[2])
        else:
            mailbox.add(_QUOTED_PAIR.sub(rb"\1", token[_QUOTED]) if kind == _QUOTED else text)
    yield mailbox


def _balanced(value: bytes) -> bytes:
    """A value without quotation marks where one of them has no counterpart."""
    return value.replace(b'"', b"") if value.count(b'"') % 2 and b'\\"' not in value else value


def _read(mailbox: _Mailbox, hint: str | None) -> Iterator[Address]:
    """The people of a mailbox: one, or several whose bare addresses only blanks part."""
    phrase = _SCHEME.sub(b"", b"".join(mailbox.words))
    comment = mailbox.comments[-1] if mailbox.comments else b""
    if mailbox.angle is not None and b"@" not in mailbox.angle and b" " in mailbox.angle.strip():
        yield Address(name=decode(phrase or mailbox.angle, hint)[:_MAX_NAME])
    elif mailbox.angle is not None:
        yield Address(name=decode(phrase or comment, hint)[:_MAX_NAME], address=_address(mailbox.angle))
    elif bare := list(_AT_HOST.finditer(phrase := _without_gaps(phrase))):
        yield from _bare(phrase, bare, comment, hint)
    elif phrase:
        yield Address(name=decode(phrase, hint)[:_MAX_NAME])


def _without_gaps(phrase: bytes) -> bytes:
    """A phrase without blanks around the dots of an address (RFC 5322 section 4.4), where it has no other."""
    if b"@" not in phrase or _AT_HOST.search(phrase):
        return phrase
    return _GAP.sub(rb"\1", phrase)


def _bare(phrase: bytes, found: list[re.Match[bytes]], comment: bytes, hint: str | None) -> Iterator[Address]:
    """Addresses without brackets: the words around a single one name it, else those before each."""
    first, *others = found
    if not others:
        before = phrase[: first.start()]
        rest = (b" ".join((b"" if before.endswith(b":") else before, phrase[first.end() :]))).strip()
        yield Address(name=decode(rest or comment, hint)[:_MAX_NAME], address=_address(first[0]))
        return
    position = 0
    for one in found:
        name, position = phrase[position : one.start()].strip(), one.end()
        yield Address(name=decode(name, hint)[:_MAX_NAME], address=_address(one[0]))


def _address(raw: bytes) -> str:
    """An address without a route (RFC 5322 section 4.4), a scheme, comments or blanks."""
    if b"(" in raw:
        raw = _COMMENT.sub(b"", raw)
    if b":" in raw and (raw.startswith(b"@") or _SCHEME.match(raw)):
        raw = raw.partition(b":")[2]
    text = decode(raw) if b"=?" in raw else raw.decode("utf-8", "replace")
    return "".join(text.split()).strip("'").lower()[:320]

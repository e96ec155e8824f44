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
_ENCODED, _QUOTED, _ANGLE, _SEPARATOR, _EDGE, _WORD = 1, 2, 3, 4, 5, 6
_GROUP = re.compile(rb"(?!mailto:|.*//)([^:\[]*[a-z\x80-\xff]|):([a-z\x80-\xff][^\[]*)", re.IGNORECASE | re.DOTALL)
_NAMED = re.compile(rb"\s*<[^<>]*+>\s*;\s*[^\s;]")
"""What follows the last word of a name in a list that semicolons part."""
_PARTING = b" \t\r\n<>"
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_AT_HOST = re.compile(  # begun only where a word begins, for linear time
    rb"""(?<![^\s<>,;:"()]) [^\s<>,;:"()]+ @ (?: \[[^\s\[\]@<>"()]*\](?![^\s<>,;:"()]) | [^\s@<>,;:"()]+ )""",
    re.VERBOSE,
)
_COMMENT = re.compile(rb"\((?:[^()\\]|\\.)*\)", re.DOTALL)
_MAX_COMMENTED = 1000
"""Where comments are looked for: those that never end would take quadratic time."""
_GAP = re.compile(rb"(?<=[.@])\s+|(?<!\s)\s++(?=[.@])")
_SCHEME = re.compile(rb"(?:mailto|(?<=\[)smtp):", re.IGNORECASE)


class _Mailbox:
    """What was read of one mailbox so far."""

    __slots__ = ("addressed", "angle", "at", "comments", "named", "spaced", "words")

    def __init__(self) -> None:
        self.words: list[tuple[int, bytes]] = []
        self.comments: list[bytes] = []
        self.angle: bytes | None = None
        self.at: str | None = None
        """The address in angle brackets, once it was compared: brackets may follow by the thousand."""
        self.named = 0
        """How many of the words stood before the address."""
        self.spaced = False
        self.addressed = False
        """Whether an address was seen, other than in a quoted string or an encoded word."""

    def add(self, word: bytes, kind: int = _WORD) -> None:
        """Add a word of the name; blanks, and brackets without their counterpart, only part it from the next."""
        parts = not word.strip(_PARTING)
        if not parts:
            self.words.append((kind, b" " + word if self.spaced and self.words else word))
            self.addressed |= kind == _WORD and b"@" in word
        self.spaced = parts

    def address(self, angle: bytes) -> None:
        """Take what stood in angle brackets, unless something better did before."""
        if self.angle is None or b"@" not in self.angle:
            self.angle, self.at, self.named = angle, None, len(self.words)
            self.addressed |= b"@" in angle

    def closed(self, name: bytes) -> bool:
        """Whether it is one of its own before a group of that name, rather than the beginning of the name."""
        if b"@" in name:
            self.add(name)
        return self.addressed

    def next(self, angle: bytes) -> _Mailbox | None:
        """The mailbox that another address begins where the comma before it is missing, with the words between."""
        if self.angle is None or b"@" not in self.angle or b"@" not in angle:
            return None
        if self.at is None:
            self.at = _address(self.angle)
        if _address(angle) == self.at:
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
    if (found := _SIMPLE.fullmatch(value)) and b"=?" not in found[3]:
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
    listed = b";" in value
    for token in _TOKEN.finditer(value := _balanced(value)):
        kind, text = token.lastindex, token[0]
        if kind == _EDGE and (depth or text == b"("):
            opened = opened if depth else token.end()
            depth += 1 if text == b"(" else -1
            if not depth:
                mailbox.comments.append(value[opened : token.start()])
        elif depth:
            continue
        elif kind == _SEPARATOR:
            yield mailbox
            mailbox = _Mailbox()
        elif kind == _ANGLE:
            if following := mailbox.next(token[_ANGLE]):
                yield mailbox
                mailbox = following
            mailbox.address(token[_ANGLE])
        elif parted := _parted(token, listed=listed and not mailbox.addressed):
            if mailbox.closed(parted[0]):
                yield mailbox
            mailbox = _Mailbox()
            mailbox.add(parted[1])
        else:
            mailbox.add(
                *((_QUOTED_PAIR.sub(rb"\1", token[_QUOTED]), _QUOTED) if kind == _QUOTED else (text, kind or _WORD))
            )
    yield mailbox


def _parted(token: re.Match[bytes], *, listed: bool) -> tuple[bytes, bytes] | None:
    """What stands before and behind the colon of a group: at the end of a word, or inside one of a list."""
    text = token[0]
    if token.lastindex != _WORD or b":" not in text:
        return None
    if text.endswith(b":"):
        return text[:-1], b""
    if not listed or not (found := _GROUP.fullmatch(text)) or _NAMED.match(token.string, token.end()):
        return None
    return found[1], found[2]


def _balanced(value: bytes) -> bytes:
    """A value without quotation marks where one of them has no counterpart."""
    return value.replace(b'"', b"") if value.count(b'"') % 2 and b'\\"' not in value else value


def _read(mailbox: _Mailbox, hint: str | None) -> Iterator[Address]:
    """The people of a mailbox: one, or several whose bare addresses only blanks part."""
    words = [(kind, _SCHEME.sub(b"", word)) for kind, word in mailbox.words]
    phrase, angle = b"".join(word for _, word in words), mailbox.angle
    comment = mailbox.comments[-1] if mailbox.comments else b""
    if angle is not None and (b"=?" in angle or (b"@" not in angle and b" " in angle.strip())):
        yield Address(name=decode(phrase or angle, hint)[:_MAX_NAME])
    elif angle is not None:
        yield Address(name=decode(phrase or comment, hint)[:_MAX_NAME], address=_address(angle))
    else:
        phrase, shown = _without_gaps(phrase, _shown(words, quoted=not mailbox.addressed))
        found = [one.span() for one in _AT_HOST.finditer(shown) if b"=?" not in phrase[one.start() : one.end()]]
        if found:
            yield from _bare(phrase, found, comment, hint)
        elif phrase:
            yield Address(name=decode(phrase, hint)[:_MAX_NAME])


def _shown(words: list[tuple[int, bytes]], *, quoted: bool) -> bytes:
    """A phrase, as long as before, that shows no address in an encoded word nor, unless `quoted`, a quoted string."""
    shown: list[bytes] = []
    for (kind, word), (_, following) in zip(words, [*words, (_WORD, b"")][1:], strict=True):
        if kind == _ENCODED or (kind == _QUOTED and not quoted):
            text = word.lstrip()
            inside = shown and word[:1] != b" " and following[:1] not in (b"", b" ")
            part = kind == _ENCODED or inside or following.lstrip().startswith((b"@", b"."))
            shown.append(word[: len(word) - len(text)] + (b"x" if part else b'"') * len(text))
        else:
            shown.append(word)
    return b"".join(shown)


def _without_gaps(phrase: bytes, shown: bytes) -> tuple[bytes, bytes]:
    """Both without blanks around the dots of an address (RFC 5322 section 4.4), where there is no other."""
    if b"@" not in shown or _AT_HOST.search(shown):
        return phrase, shown
    gaps = [gap.span() for gap in _GAP.finditer(shown)]
    kept = list(zip([0, *(end for _, end in gaps)], [*(start for start, _ in gaps), len(shown)], strict=True))
    return b"".join(phrase[start:end] for start, end in kept), b"".join(shown[start:end] for start, end in kept)


def _bare(phrase: bytes, found: list[tuple[int, int]], comment: bytes, hint: str | None) -> Iterator[Address]:
    """Addresses without angle brackets: the words around a single one name it, else those before each."""
    (start, end), *others = found
    if not others:
        before = phrase[:start]
        rest = (b" ".join((b"" if before.endswith(b":") else before, phrase[end:]))).strip()
        yield Address(name=decode(rest or comment, hint)[:_MAX_NAME], address=_unbracketed(phrase[start:end]))
        return
    seen, position = set(), 0
    for start, end in found:
        name, position = phrase[position:start].strip(), end
        if (address := _unbracketed(phrase[start:end])) not in seen:
            yield Address(name=decode(name, hint)[:_MAX_NAME], address=address)
        seen.add(address)


def _unbracketed(raw: bytes) -> str:
    """An address without the square brackets around it, but with those of its domain literal."""
    return _address((raw if b"@[" in raw else raw.rstrip(b"]")).lstrip(b"["))


def _address(raw: bytes) -> str:
    """An address without a route (RFC 5322 section 4.4), a scheme, comments or blanks."""
    if b"(" in raw and len(raw) < _MAX_COMMENTED:
        raw = _COMMENT.sub(b"", raw)
    if b":" in raw and (raw.startswith(b"@") or _SCHEME.match(raw)):
        raw = raw.partition(b":")[2]
    return "".join(raw.decode("utf-8", "replace").split()).strip("'").lower()[:320]

"""Reads lists of domains as they are published, into the form that takes little memory.

Three formats, told apart by themselves: the JSON of eth-phishing-detect (one object or a list of them, with
blacklist or blocklist, whitelist or allowlist, fuzzylist, tolerance), hosts files (`0.0.0.0 domain`), and plain
text with a domain a line.  Comments begin with `#` or `!`.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct, field

from model.draft import PhishingLists
from normalizer.safety.phishing import digest, fuzzy_form

USUAL_TOLERANCE = 2


class _Published(Struct, frozen=True):
    """A list in the JSON of eth-phishing-detect, in its old and its new names."""

    blacklist: list[str] = field(default_factory=list)
    blocklist: list[str] = field(default_factory=list)
    whitelist: list[str] = field(default_factory=list)
    allowlist: list[str] = field(default_factory=list)
    fuzzylist: list[str] = field(default_factory=list)
    tolerance: int | None = None


def compile_lists(contents: Iterable[tuple[str, bytes]], *, own_domains: Sequence[str] = ()) -> PhishingLists:
    """One form of several lists, given as pairs of a name and the content; `own_domains` are never blocked.

    Raises ValueError, which says what is wrong with which list, if a content is in none of the formats.
    """
    blocked, allowed = array("Q"), array("Q", map(_number, own_domains))
    imitated: dict[str, None] = {}
    tolerances: list[int] = []
    for name, content in contents:
        for one in _published(name, content):
            blocked.extend(map(_number, (*one.blacklist, *one.blocklist)))
            allowed.extend(map(_number, (*one.whitelist, *one.allowlist)))
            imitated |= dict.fromkeys(fuzzy_form(_plain(each)) for each in one.fuzzylist)
            if one.tolerance is not None and one.fuzzylist:
                tolerances.append(one.tolerance)
    return PhishingLists(
        blocked=_packed(blocked),
        allowed=_packed(allowed),
        imitated=tuple(name for name in imitated if name),
        tolerance=max(tolerances, default=USUAL_TOLERANCE),
    )


def _published(name: str, content: bytes) -> list[_Published]:
    if content.lstrip()[:1] in (b"{", b"["):
        try:
            read = msgspec.json.decode(content, type=_Published | list[_Published])
        except msgspec.MsgspecError as error:
            raise ValueError(f"{name}: not a list of eth-phishing-detect: {error}") from None
        return read if isinstance(read, list) else [read]
    try:
        return [_Published(blocklist=list(_lines(name, content.decode("utf-8-sig"))))]
    except UnicodeDecodeError:
        raise ValueError(f"{name}: neither JSON nor text in UTF-8") from None


def _lines(source: str, text: str) -> Iterator[str]:
    """The domains of a hosts file or a plain list."""
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words or words[0].startswith("!"):
            continue
        names = words[1:] if len(words) > 1 and (words[0][0].isdecimal() or ":" in words[0]) else words
        for name in names:
            if "." in name and "/" not in name:
                yield name
            elif names is words:
                raise ValueError(f"{source}, line {number}: expected a domain, without a scheme or a path")


def _plain(name: str) -> str:
    return name.strip().strip(".").lower().removeprefix("*.")


def _number(name: str) -> int:
    return int.from_bytes(digest(_plain(name)), sys.byteorder)


def _packed(numbers: array[int]) -> bytes:
    return array("Q", sorted(set(numbers))).tobytes()

"""Addresses of the web: with a scheme, or as a bare domain of a top level that people know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from normalizer.facts.found import Found

MAX_URL = 1000
"""Characters of an address that a fact holds; longer ones are no facts, their domain is looked at all the same."""
MAX_HOSTS = 200
"""Domains of a message that are looked at."""
_SCHEMES = {"https": "https", "http": "http", "hxxp": "http", "hxxps": "https", "ftp": "ftp", "wss": "wss"}
_LETTER = r"a-z0-9\u00df-\u024f\u0370-\u052f"
_LABEL = rf"[{_LETTER}_](?:[{_LETTER}_-]{{0,62}}[{_LETTER}_])?"
_HOST = re.compile(rf"{_LABEL}(?:(?:\.|\[\.\]){_LABEL}){{1,8}}")
_REST = re.compile(r"(?::\d{2,5}(?!\d))?(?:[/?#][!-;=?-~]*+)?")
_HEAD = re.compile(rf"[{_LETTER}_.\-]{{1,80}}")
_DOT = re.compile(rb"\.[a-z\xdf-\xff?]")
_BRACKETED = re.compile(rb"\.[a-z\xdf-\xff?]|\[\.\]")
"""Domains that somebody made harmless, `evil[.]com`, are read as well."""
_SCHEME = re.compile(r"([a-z]{3,5})\Z")
_COMMON = frozenset(
    "com org net io co app xyz info biz online site top club shop store live pro vip cc tv me dev finance exchange "
    "tech cloud space website fun world network digital link click win bid cash money wallet support help services "
    "center agency group global token crypto eth ai gg so to ly us uk eu cn tw hk jp kr vn id ru es mx ar tr de fr it "
    "in au ca ch nl pl se sg my th ph su ua kz by icu cfd sbs buzz rest life today page web gift market capital "
    "ink one run zone news blog wiki games art trade br".split()
)
"""Top levels under which a domain without a scheme is taken for one."""
_FILES = frozenset(
    "py sh md rs pl so zip mov js ts json txt pdf png jpg jpeg gif csv html htm php exe apk dmg doc".split()
)
_CLOSERS = {")": "(", "]": "[", "}": "{"}


class Host(NamedTuple):
    """A domain that the message names, in lower case as it is written, and where."""

    name: str
    start: int
    end: int


def urls(text: str, folded: str, latin: bytes) -> tuple[list[Found], list[Host]]:
    """The addresses of a text, and every domain in it, those of mail addresses included.

    `folded` is the text in lower case, `latin` that in Latin-1 with `?` for all else, character by character.
    """
    found: list[Found] = []
    hosts: list[Host] = []
    last = 0
    for start, scheme in _starts(folded, latin):
        matched = _HOST.match(folded, start) if start >= last else None
        if not matched or folded[matched.end() : matched.end() + 1] == "@":
            continue
        hosts.append(Host(matched[0].replace("[.]", "."), start, matched.end()))
        last = matched.end()
        if folded[start - 1 : start] != "@" and (one := _address(text, folded, hosts[-1], scheme)):
            found.append(one)
            last = one.end
        if len(hosts) >= MAX_HOSTS:
            break
    return found, hosts


def _starts(folded: str, latin: bytes) -> Iterator[tuple[int, str | None]]:
    """Where a host may begin, and the scheme before it, in order."""
    last = 0
    for dot in (_BRACKETED if b"[.]" in latin else _DOT).finditer(latin):
        at = dot.start()
        head = _HEAD.match(folded[max(last, at - 80) : at][::-1])
        if not head:
            continue
        start = at - head.end()
        while start < at and folded[start] in "-._":
            start += 1
        scheme = None
        if folded.startswith("://", start - 3) and start >= 3:
            scheme = _SCHEME.search(folded, max(0, start - 8), start - 3)
        yield start, scheme and _SCHEMES.get(scheme[1])
        last = at + 1


def _address(text: str, folded: str, host: Host, scheme: str | None) -> Found | None:
    """The whole address that begins with a host, or None where it is rather a file's name or two sentences."""
    rest = _REST.match(folded, host.end)
    end = _trimmed(folded, host.end, rest.end() if rest else host.end)
    top = host.name.rpartition(".")[2]
    if scheme is None and not _bare(text[host.start : host.end], top, whole=end == host.end):
        return None
    if not (top.isalpha() or top.startswith("xn--")) or end - host.start > MAX_URL:
        return None
    written = text[host.start : end].replace("[.]", ".")
    start = host.start - 3 - _scheme_length(folded, host.start) if scheme else host.start
    return Found("urls", f"{scheme}://{written}" if scheme else written, scheme, start, end)


def _scheme_length(folded: str, start: int) -> int:
    matched = _SCHEME.search(folded, max(0, start - 8), start - 3)
    return len(matched[1]) if matched else 0


def _bare(written: str, top: str, *, whole: bool) -> bool:
    """Whether a domain without a scheme is one."""
    if written[:4].lower() == "www." or top.startswith("xn--"):
        return True
    if top not in _COMMON or (whole and top in _FILES):
        return False
    return written.rpartition(".")[2].islower() or written.isupper()


def _trimmed(folded: str, start: int, end: int) -> int:
    """The end of an address without the punctuation of the sentence that it stands in."""
    while end > start:
        last = folded[end - 1]
        opener = _CLOSERS.get(last)
        if last not in ".,;:!?'*_~|" and (
            opener is None or folded.count(last, start, end) <= folded.count(opener, start, end)
        ):
            break
        end -= 1
    return end

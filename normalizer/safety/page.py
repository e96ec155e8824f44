"""Secrets in a page of HTML: in what is shown, also where tags part a word, and in attributes.

A page is read as it is, with a line end for each tag, and with nothing for it; the last two are mostly one, since
few tags stand within a word.  The tags stay where they are, so that what is left is as well formed as it was.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import lru_cache

from normalizer.safety.find import find, find_shown, mapped
from normalizer.safety.found import MARKERS, Found, merged

_ELEMENT = re.compile(r"<[^\"'<>]*+(?>(?:(?:\"[^\"]*\"|'[^']*')[^\"'<>]*+){0,999})>")
"""A tag; it begins and ends at the same places whatever character references are in the page."""
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_MARKUP = re.compile(f"{_ELEMENT.pattern}|({_REFERENCE.pattern})")
"""A tag, or a character reference, which is the group."""
_TAG = re.compile(r"<[^>]*>")


def redacted_page(page: str) -> tuple[str, list[Found]]:
    """The page without its secrets, and what they were."""
    found = find(page)
    if "<" in page or "&" in page:
        texts = _texts(page)
        shown = find_shown("\n".join(texts), "".join(texts))
        for between, secrets in zip(("\n", ""), shown, strict=True):
            if secrets:
                found += _pieces(mapped(secrets, _places(page, between)), len(page))
    whole = merged(found)
    return (_without(page, whole), whole) if whole else (page, [])


def _texts(page: str) -> list[str]:
    """What the pieces of a page between its tags say."""
    texts = _ELEMENT.split(page)
    return [_REFERENCE.sub(_said, text) if "&" in text else text for text in texts] if "&" in page else texts


def _said(reference: re.Match[str]) -> str:
    return _character(reference[0])


@lru_cache(maxsize=256)
def _character(reference: str) -> str:
    """What a character reference says; pages have the same few again and again."""
    return html.unescape(reference)


def _places(page: str, between: str) -> list[int]:
    """Where each character of what `_texts` gives, with `between` in the place of tags, stands in the page."""
    places: list[int] = []
    position = 0
    for markup in _MARKUP.finditer(page):
        said = _character(markup[1]) if markup[1] else between
        places += range(position, markup.start())
        places += [markup.start()] * len(said)
        position = markup.end()
    places += range(position, len(page) + 1)
    return places


def _pieces(found: Iterator[Found], end: int) -> Iterator[Found]:
    for one in found:
        yield one._replace(end=min(one.end, end))


def _without(page: str, found: list[Found]) -> str:
    """The page with a marker for each secret, and all its tags."""
    pieces: list[str] = []
    position = 0
    for one in found:
        pieces += (page[position : one.start], MARKERS[one.kind])
        inside = page.rfind("<", 0, one.start) > page.rfind(">", 0, one.start)
        if not inside:
            pieces += _TAG.findall(page[one.start : one.end])
        position = one.end
    return "".join((*pieces, page[position:]))

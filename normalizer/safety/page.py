"""Secrets in a page of HTML: in what is shown, also where tags part a word, and in attributes.

A page is read three times: with a line end for each tag, with nothing for it, and as it is.  The tags stay where
they are, so that what is left is as well formed as it was.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

from normalizer.safety.find import find, mapped
from normalizer.safety.found import MARKERS, Found, merged

_MARKUP = re.compile(
    r"<(?:[^\"'<>]|\"[^\"]*\"|'[^']*')*>|&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});"
)
_TAG = re.compile(r"<[^>]*>")


class _View(NamedTuple):
    """What a page says, and where each character of it stands in the page."""

    text: str
    places: list[int]


def redacted_page(page: str) -> tuple[str, list[Found]]:
    """The page without its secrets, and what they were."""
    found = find(page)
    if "<" in page or "&" in page:
        for between in ("\n", ""):
            if find(_shown(page, between)):
                view = _view(page, between)
                found += _pieces(mapped(find(view.text), view.places), len(page))
    whole = merged(found)
    return (_without(page, whole), whole) if whole else (page, [])


def _said(markup: str, between: str) -> str:
    """What a tag or a character reference says."""
    return between if markup[0] == "<" else html.unescape(markup)


def _shown(page: str, between: str) -> str:
    """The text of the page with `between` in the place of each tag."""
    return _MARKUP.sub(lambda markup: _said(markup[0], between), page)


def _view(page: str, between: str) -> _View:
    """The page with `between` in the place of each tag."""
    pieces: list[str] = []
    places: list[int] = []
    position = 0
    for markup in _MARKUP.finditer(page):
        said = _said(markup[0], between)
        pieces += (page[position : markup.start()], said)
        places += range(position, markup.start())
        places += [markup.start()] * len(said)
        position = markup.end()
    places += range(position, len(page) + 1)
    return _View("".join((*pieces, page[position:])), places)


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

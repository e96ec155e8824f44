"""All secrets of a text.

Each kind is looked for only where a few passes over the bytes, which cost next to nothing, leave a doubt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from normalizer.safety import ideographs, phrases
from normalizer.safety.anchors import KEYSTORE, NAMED, OTPAUTH, PEM, TOKEN, anchors
from normalizer.safety.cards import cards
from normalizer.safety.found import Found, merged, replaced
from normalizer.safety.keys import keys, parted, pem
from normalizer.safety.keystore import keystores
from normalizer.safety.prospect import may_hold
from normalizer.safety.tokens import bots, named, one_time_passwords, tokens
from normalizer.safety.view import UNSEEN, View, has_digits, has_pieces, seen, view

_TINY = 12
"""A text of fewer characters holds no secret."""


def find(text: str) -> list[Found]:
    """The secrets in a text, in order and free of overlaps."""
    if len(text) < _TINY:
        return []
    found = [*_search(view(text))]
    if _has_unseen(text):
        found += _unseen(text)
    return merged(found)


def redact(text: str) -> str:
    """`text` with markers in the place of secrets."""
    return replaced(text, find(text))


def find_in_header(text: str) -> list[Found]:
    """The secrets in a field of a header, in which folding may have lost blanks."""
    found = find(text)
    return found if text.isascii() else merged([*found, *phrases.phrases(text, glued=True)])


def find_shown(apart: str, joined: str) -> tuple[list[Found], list[Found]]:
    """The secrets in a text, and in the same text with nothing in the place of some line ends.

    Where both have the same words, and none of them is in doubt, only ideographs have to be looked for: of all other
    secrets, line ends part at most what the words show.
    """
    looks = view(joined)
    if apart.split() != joined.split() or _has_unseen(joined) or not _is_clear(looks):
        return find(apart), find(joined)
    if not looks.raw:
        return [], []
    return merged(_ideographs(view(apart))), merged(_ideographs(looks))


def _is_clear(looks: View) -> bool:
    """Whether a text holds no secret but phrases of ideographs, whatever blanks stand between its words."""
    return not (looks.has_long or anchors(looks.flat) or has_digits(looks) or may_hold(looks))


def _has_unseen(text: str) -> bool:
    return not text.isascii() and any(mark in text for mark in UNSEEN)


def find_across(texts: Sequence[str]) -> list[list[Found]]:
    """The secrets in texts that belong together, read as one: one list for each."""
    if len(texts) == 1:
        return [find(texts[0])]
    whole = find("\n".join(texts))
    each: list[list[Found]] = []
    start = 0
    for text in texts:
        end = start + len(text)
        each.append([
            Found(max(one.start, start) - start, min(one.end, end) - start, one.kind)
            for one in whole
            if one.start < end and one.end > start
        ])  # fmt: skip
        start = end + 1
    return each


def mapped(found: Sequence[Found], places: Sequence[int]) -> Iterator[Found]:
    """Secrets of a text that was made of another; `places` has where each of its characters stood."""
    for one in found:
        yield Found(places[one.start], places[one.end - 1] + 1, one.kind)


def _unseen(text: str) -> Iterator[Found]:
    """Secrets with characters in them that nobody sees."""
    found = merged(_search(view(seen(text))))
    if found:
        places = [place for place, character in enumerate(text) if character not in UNSEEN]
        yield from mapped(found, places)


def _ideographs(looks: View) -> Iterator[Found]:
    if looks.raw and len(looks.text) >= _TINY:
        yield from ideographs.phrases(looks.text, looks.raw)


def _search(looks: View) -> Iterator[Found]:
    """Every kind of secret, each where it may be."""
    text = looks.text
    if may_hold(looks):
        yield from phrases.phrases(text)
    yield from _ideographs(looks)
    if has_digits(looks):
        yield from cards(looks)
        yield from parted(looks)
    elif has_pieces(looks):
        yield from parted(looks)
    if looks.runs:
        yield from keys(looks)
    yield from bots(looks)
    if at := anchors(looks.flat):
        yield from tokens(text, at.get(TOKEN, ()))
        yield from named(text, at.get(NAMED, ()))
        yield from pem(text, at.get(PEM, ()))
        yield from one_time_passwords(text, at.get(OTPAUTH, ()))
        if KEYSTORE in at:
            yield from keystores(text)

"""All secrets of a text.

Each kind is looked for only where a few passes over the bytes, which cost next to nothing, leave a doubt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from normalizer.safety import ideographs, phrases
from normalizer.safety.anchors import KEYSTORE, NAMED, OTPAUTH, PEM, TOKEN, anchors
from normalizer.safety.cards import cards
from normalizer.safety.found import Found, merged, replaced
from normalizer.safety.keys import keys, parted, pem
from normalizer.safety.keystore import keystores
from normalizer.safety.prospect import prospects, spans
from normalizer.safety.tokens import bots, named, one_time_passwords, tokens
from normalizer.safety.view import UNSEEN, View, has_digits, has_pieces, seen, view

_TINY = 12
"""A text of fewer characters holds no secret."""
_LEAST_LETTERS = 24
"""Of twelve words each has two letters at the least."""
_BLANKS = b" \t\r\xa0"
"""What may stand in a line that is empty."""
_IN_LINES = bytes(10 if code == 10 else 120 for code in range(256))


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
    if text.isascii() or len("".join(text.split())) < _LEAST_LETTERS:
        return found
    return merged([*found, *phrases.phrases(text, glued=True)])


def find_shown(apart: str, joined: str) -> tuple[list[Found], list[Found]]:
    """The secrets in a text, and in the same text with nothing in the place of some line ends."""
    looks = _only_parted(apart, joined)
    return (find(apart), find(joined)) if looks is None else _shown(apart, looks, prospects(looks))


def _only_parted(apart: str, joined: str) -> View | None:
    """The second text, if both have the same words and hold no secrets but phrases, whatever blanks stand between."""
    looks = view(joined)
    return looks if apart.split() == joined.split() and not _has_unseen(joined) and _is_clear(looks) else None


def _shown(apart: str, looks: View, doubts: Sequence[tuple[int, int]]) -> tuple[list[Found], list[Found]]:
    """The phrases in a text with more line ends, and in the one looked at; `doubts` are the prospects of both."""
    found = merged(_phrases(looks, doubts))
    if not (doubts or found) and _has_same_lines(apart, looks):
        return [], []
    return merged(_phrases(view(apart), doubts)), found


def _has_same_lines(apart: str, looks: View) -> bool:
    """Whether line ends of which a text has more do not matter to ideographs: the lines are the same, or nothing is."""
    if not looks.raw:
        return True
    return ideographs.are_in_lines(looks.text, looks.raw) and _count(apart) == _count(looks.text)


def _count(text: str) -> int:
    """How many lines are not empty."""
    return len(text.encode("latin-1", "replace").translate(_IN_LINES, _BLANKS).split())


def _is_clear(looks: View) -> bool:
    """Whether a text holds no secret but phrases, whatever blanks stand between its words."""
    return not (looks.has_long or anchors(looks.flat) or has_digits(looks))


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


def mapped(found: Iterable[Found], places: Sequence[int]) -> Iterator[Found]:
    """Secrets of a text that was made of another; `places` has where each of its characters stood."""
    for one in found:
        yield Found(places[one.start], places[one.end - 1] + 1, one.kind)


def _unseen(text: str) -> Iterator[Found]:
    """Secrets with characters in them that nobody sees."""
    found = merged(_search(view(seen(text))))
    if found:
        places = [place for place, character in enumerate(text) if character not in UNSEEN]
        yield from mapped(found, places)


def _phrases(looks: View, doubts: Sequence[tuple[int, int]]) -> Iterator[Found]:
    """The seed phrases; `doubts` are the words that may be of those of letters."""
    for start, end in spans(looks, doubts):
        yield from mapped(phrases.phrases(looks.text[start:end]), range(start, end))
    if looks.raw and len(looks.text) >= _TINY:
        yield from ideographs.phrases(looks.text, looks.raw)


def _search(looks: View) -> Iterator[Found]:
    """Every kind of secret, each where it may be."""
    text = looks.text
    yield from _phrases(looks, prospects(looks))
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

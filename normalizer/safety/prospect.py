"""Whether a seed phrase of the alphabetic lists may be in a text: told without making an object of any word.

Prose is full of list words, so it is told in steps, each of which leaves little to the next: six of them in a row,
ten of one list within twelve, twelve in a row that are of one list or may be misspelt words of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, reduce
from itertools import accumulate, compress, repeat
from operator import or_, sub

from normalizer.safety.view import View
from normalizer.safety.vocabulary import (
    ALPHABETIC,
    LATIN,
    LEAST_LIKE,
    LOWER,
    MAX_WORD,
    ORDINALS,
    is_like,
    vocabulary,
)

LEAST = 12
"""Words of the shortest phrase."""
_STRIDE = 6
"""Each run of twelve words with one slip in it has six good ones in a row, so each sixth word is looked at."""
_UNBROKEN = re.compile(rb"\x00?[\x01\x03](?:\x00{0,2}[\x01\x03]){8,}\x00?")
"""Words of a list (1 and 3), and those that may be misspelt (0), of which two at the most stand side by side."""
_BY_LENGTH = {1: 1} | dict.fromkeys(range(LEAST_LIKE, MAX_WORD + 1), 0)
"""What a word is by its length alone: one that numbers others, or may be misspelt; all else is 2."""
_LEAST_SLIPPED = 19
"""Words of the shortest run that may have three slips; in each, twelve in a row have no more."""
_MOST_SLIPS = 2
_MOST_TWICE = 0.2
_FULL, _TO_NEAR, _TO_GOOD = (sum(byte << 8 * bit for bit in range(len(ALPHABETIC))) for byte in (0x80, 0x76, 0x77))
"""The highest bit of each byte, and what takes a count of ten, or of nine, there."""
_ANY = (1 << len(ALPHABETIC)) - 1
_INEXACT = "\u00ad\u0152\u0153" + ORDINALS
"""Characters of words, in texts of Latin-1, that a `View` has not as letters."""
_SEPARATORS = (
    "、。，；：！？（）「」『』【】《》“”‘’„«»…—–‑•·→●○■□▪◦➜✓\u3000\u00a0\u2009\u202f\u2028\u3001\u2022\u30fb"
    "．／｜～＿－＂＇［］｛｝" + ORDINALS
)
_NO_LEAD = bytes(code for code in range(256) if not (0xC4 <= code <= 0xD3 or code == 0xE1 or 0xEA <= code <= 0xED))
"""Bytes that begin none of the letters of a list in UTF-8: what is left of a text without them are letters beyond
Latin-1, their accents, and Hangul."""
_NO_ASCII = bytes(code if code >= 128 else 32 for code in range(256))
_KANA = re.compile(rb"\xe3[\x81-\x83]")
_PIECE = 64 * 1024
_LONGEST = 8 * 1024
"""Bytes that no phrase has more of."""


def may_hold(looks: View) -> bool:
    """Whether a phrase may be in a text; most texts are told by this alone."""
    known = vocabulary()
    if _has_run(looks.rest.translate(LATIN), known.plain) and _may_be_run(looks):
        return True
    if not has_other_letters(looks):
        return False
    text = looks.text
    for separator in _SEPARATORS:
        if separator in text:
            text = text.replace(separator, " ")
    letters = text.encode("utf-8", "replace").translate(LOWER)
    return _may_have_words(letters, known.forms) and _has_run(letters, known.forms)


def _may_have_words(letters: bytes, forms: Mapping[bytes, int]) -> bool:
    """Whether list words of other letters may be in a text: words of kana have no others in them, and are looked up."""
    return bool(letters.translate(None, _NO_LEAD)) or any(map(forms.__contains__, letters.translate(_NO_ASCII).split()))


def has_other_letters(looks: View) -> bool:
    """Whether letters are in a text that are in a list and not in Latin-1."""
    return bool(looks.raw) and (bool(looks.raw.translate(None, _NO_LEAD)) or _KANA.search(looks.raw) is not None)


def _has_run(letters: bytes, forms: Mapping[bytes, int]) -> bool:
    """Whether six list words stand in a row, and ten or more of one list within twelve.

    Each piece begins so far before the end of the one before that no phrase is cut.
    """
    return any(_is_near(letters[at : at + _PIECE + _LONGEST].split(), forms) for at in range(0, len(letters), _PIECE))


def _is_near(tokens: Sequence[bytes], forms: Mapping[bytes, int]) -> bool:
    """Whether a run as `_has_run` means it is among words."""
    end, passed = len(tokens), 0
    for place in compress(range(0, end, _STRIDE), map(forms.__contains__, tokens[::_STRIDE])):
        if place < passed:
            continue
        first, last = place, place + 1
        while last < end and tokens[last] in forms:
            last += 1
        while first and last - first < LEAST and tokens[first - 1] in forms:
            first -= 1
        passed = last
        if last - first >= _STRIDE:
            near = tokens[max(first - _STRIDE, 0) : last + _STRIDE]
            if any(count + _TO_NEAR & _FULL for count in _counts([forms.get(word, 0) for word in near])):
                return True
    return False


def _counts(lists: Sequence[int]) -> Iterable[int]:
    """How many words are of each list, of every twelve in a row, or of all where they are fewer: a byte for a list."""
    known = [0, *accumulate(map(_bytes, lists))]
    return map(sub, known[LEAST:], known) if len(lists) > LEAST else known[-1:]


@cache
def _bytes(lists: int) -> int:
    """A byte for each bit: sums of these count the words of all lists at once."""
    return sum(1 << 8 * bit for bit in range(len(ALPHABETIC)) if lists >> bit & 1)


def _may_be_run(looks: View) -> bool:
    """Whether twelve words in a row may be of one list, all but a few slips of the pen.

    Labels and single letters, which may number words, count as words of any list.  It can be told of texts alone
    of which the view has each word as it is.
    """
    if looks.raw or any(character in looks.text for character in _INEXACT):
        return True
    known = vocabulary().plain
    words = looks.flat.translate(LATIN).split()
    shape = bytes(map(or_, map(known.__contains__, words), map(_BY_LENGTH.get, map(len, words), repeat(2))))
    return any(
        _is_run(words[found.start() : found.end()])
        for found in _UNBROKEN.finditer(shape)
        if found.end() - found.start() >= LEAST
    )


def _is_run(words: Sequence[bytes]) -> bool:
    """Whether twelve of the words may be of one list, all but a few slips of the pen."""
    known = vocabulary().plain
    lists = [_ANY if len(word) == 1 else known.get(word, 0) for word in words]
    most = reduce(or_, (count + _TO_GOOD & _FULL for count in _counts(lists)))
    return any(
        most >> 8 * bit & 0x80 and any(_is_phrase(*run) for run in _alike(words, lists, name, 1 << bit))
        for bit, name in enumerate(ALPHABETIC)
    )


def _alike(
    words: Sequence[bytes], lists: Sequence[int], name: str, bit: int
) -> Iterator[tuple[Sequence[bytes], Sequence[int]]]:
    """The words, parted where one is neither of a list nor like a word of it, and whether each is of it."""
    start = 0
    for place, word in enumerate((*words, b"")):
        if place == len(words) or not (lists[place] & bit or is_like(word.decode("latin-1"), name)):
            if place - start >= LEAST:
                yield words[start:place], [of if of == _ANY else of & bit for of in lists[start:place]]
            start = place + 1


def _is_phrase(words: Sequence[bytes], known: Sequence[int]) -> bool:
    """Whether twelve in a row of the words are all known, or nearly all, with hardly one twice; labels may be."""
    most = _MOST_SLIPS if len(words) < _LEAST_SLIPPED else _MOST_SLIPS + 1
    for place in range(len(words) - LEAST + 1):
        slips = known[place : place + LEAST].count(0)
        own = [
            word
            for word, of in zip(words[place : place + LEAST], known[place : place + LEAST], strict=True)
            if of != _ANY
        ]
        if not slips or (slips <= most and len(own) - len(set(own)) <= _MOST_TWICE * len(words)):
            return True
    return False

"""Whether a seed phrase of the alphabetic lists may be in a text: told without making an object of any word.

Prose is full of list words, so it is told in steps, each of which leaves little to the next: six of them in a row,
ten of one list within twelve, twelve in a row that are of one list or may be misspelt words of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import accumulate, compress, repeat, takewhile
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
_WINDOWS = {LEAST: 2, 19: 3}
"""Of any run, however long, so many words in a row have no more slips than these, or so many."""
_NEAR = 10
_TO_ONE_TWICE = 5
"""So many words must a run have for each that was there before."""
_ONES = sum(1 << 8 * bit for bit in range(len(ALPHABETIC)))
_FULL = 0x80 * _ONES
"""The highest bit of each byte."""
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
            if any(_full([forms.get(word, 0) for word in near], LEAST, LEAST - _NEAR)):
                return True
    return False


def _full(lists: Sequence[int], size: int, most: int) -> Iterator[int]:
    """The lists that have all but so many, of every so many words in a row, as the highest bits of their bytes."""
    known = [0, *accumulate(map(_bytes, lists))]
    rest = (0x80 - size + most) * _ONES
    for count in map(sub, known[size:], known) if len(lists) > size else known[-1:]:
        yield count + rest & _FULL


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
    return any(
        full >> 8 * bit & 0x80 and _is_phrase(words, lists, slice(place, place + size), bit)
        for size, most in _WINDOWS.items()
        for place, full in enumerate(_full(lists, size, most))
        if full
        for bit in range(len(ALPHABETIC))
    )


def _is_phrase(words: Sequence[bytes], lists: Sequence[int], some: slice, bit: int) -> bool:
    """Whether some words in a row are all of a list, or the others are like words of it and hardly one is there twice.

    Labels may be there again and again; the longer a run is, the more words of it may be.
    """
    if all(of >> bit & 1 for of in lists[some]):
        return True
    if not all(_is_alike(words[place], lists[place], bit) for place in range(len(words))[some]):
        return False
    own = [word for word, of in zip(words[some], lists[some], strict=True) if of != _ANY]
    needed = (len(own) - len(set(own))) * _TO_ONE_TWICE
    first = max(some.start - needed, 0)
    before = zip(words[first : some.start][::-1], lists[first : some.start][::-1], strict=True)
    behind = zip(words[some.stop : some.stop + needed], lists[some.stop : some.stop + needed], strict=True)
    return len(words[some]) + sum(_alike(before, bit)) + sum(_alike(behind, bit)) >= needed


def _alike(words: Iterable[tuple[bytes, int]], bit: int) -> Iterator[bool]:
    """True for each word before the first that is neither of a list nor like a word of it."""
    return takewhile(bool, (_is_alike(word, of, bit) for word, of in words))


def _is_alike(word: bytes, lists: int, bit: int) -> bool:
    return bool(lists >> bit & 1) or is_like(word.decode("latin-1"), ALPHABETIC[bit])

"""Whether a seed phrase of the alphabetic lists may be in a text: told without making an object of any word.

Prose is full of list words, so it is told in steps, each of which leaves little to the next: six of them in a row,
ten of one list within twelve, twelve in a row that are of one list or may be misspelt words of it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import accumulate, repeat, takewhile
from operator import or_, sub

from normalizer.safety.checksum import SIZES, has_checksum, numbers
from normalizer.safety.view import View
from normalizer.safety.vocabulary import (
    ALPHABETIC,
    LABELS,
    LATIN,
    LEAST_LIKE,
    LOWER,
    MAX_WORD,
    ORDINALS,
    fold,
    is_like,
    vocabulary,
)

LEAST = 12
"""Words of the shortest phrase."""
_STRIDE = 6
"""Each run of twelve words with one slip in it has six good ones in a row."""
_THIRD = 3
"""So two good ones are neighbours of each third word, which alone are looked at."""
_UNBROKEN = re.compile(rb"\x00?[\x01\x03](?:\x00{0,2}[\x01\x03]){8,}\x00?")
"""Words of a list (1 and 3), and those that may be misspelt (0), of which two at the most stand side by side."""
_APART = b"\x00\x00\x00"
"""Words of no list that part what is before them from what is behind."""
_CROWDED = re.compile(b"\x80+")
_KNOWN = bytes(code > 0 for code in range(256))
_LETTER = 0x80
"""What a single letter is, beside a bit for each list of words in Latin-1."""
_OF_LIST = tuple(
    (bytes(code >> bit & 1 for code in range(256)), bytes(code >> bit & 1 or code == _LETTER for code in range(256)))
    for bit in range(7)
)
"""For each of those lists which words are of it, and which are when single letters are."""
_WORD = re.compile(rb"\S+")
_SECOND = (b"b)", b"B)", b"b.", b"B.", b"b:", b"B:")
"""What numbers the second of several words, of which most texts have none."""
_LETTERED = re.compile(
    rb"(?<![a-z])b[).:]\s{0,9}[^\s).:,;]{3,40}[\s,;(]{1,9}c[).:]\s{0,9}[^\s).:,;]{3,40}[\s,;(]{1,9}d[).:]",
    re.IGNORECASE,
)
_LETTER_BEFORE = re.compile(rb"(?<![A-Za-z])[A-Za-z][).:]")
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
_ALL = ((0, sys.maxsize),)
"""All words of a text."""
_BESIDE = 3
"""Words before and behind a run that are looked at with it."""
_LABELS = frozenset(key.encode() for key in map(fold, LABELS) if key.isascii())
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


def prospects(looks: View) -> Sequence[tuple[int, int]]:
    """Where phrases may be in a text, as numbers of its words: the first ones and the ends; most texts have none.

    They depend on the words alone, and not on what stands between them.
    """
    if _has_latin_run(looks.rest) and (found := _in_latin(looks)):
        return found
    return _ALL if _may_have_others(looks) else ()


def spans(looks: View, prospects: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Where such words stand in a text, with those beside them."""
    if not prospects or prospects is _ALL:
        return [(0, len(looks.text)) for _ in prospects]
    letters = looks.flat.translate(LATIN)
    starts = [*map(re.Match.start, _WORD.finditer(letters)), len(letters)]
    end = len(starts) - 1
    return [(starts[max(first - _BESIDE, 0)], starts[min(last + _BESIDE, end)]) for first, last in prospects]


def _has_latin_run(rest: bytes) -> bool:
    """Whether a run is among the words of Latin-1; letters that number them, as in `b) abandon`, are none of them."""
    known = vocabulary().plain
    if _has_run(rest.translate(LATIN), known):
        return True
    return _is_lettered(rest) and _has_run(_LETTER_BEFORE.sub(b" ", rest).translate(LATIN), known)


def _is_lettered(text: bytes) -> bool:
    """Whether letters number words in a text of Latin-1 or UTF-8."""
    return any(mark in text for mark in _SECOND) and _LETTERED.search(text) is not None


def _may_have_others(looks: View) -> bool:
    """Whether a phrase with letters beyond Latin-1 may be in a text."""
    if not has_other_letters(looks):
        return False
    text = looks.text
    for separator in _SEPARATORS:
        if separator in text:
            text = text.replace(separator, " ")
    raw = text.encode("utf-8", "replace")
    letters = (_LETTER_BEFORE.sub(b" ", raw) if _is_lettered(raw) else raw).translate(LOWER)
    known = vocabulary().forms
    return _may_have_words(letters, known) and _has_run(letters, known)


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
    thirds = bytes(map(forms.__contains__, tokens[::_THIRD]))
    place = thirds.find(b"\x01\x01")
    while place >= 0:
        first = last = place * _THIRD + 1
        if tokens[first] in forms and tokens[first + 1] in forms:
            first, last = _extent(tokens, first, forms)
        if last - first >= _STRIDE:
            near = tokens[max(first - _THIRD - _STRIDE, 0) : last + _STRIDE]
            if any(_full(list(map(forms.get, near, repeat(0))), LEAST, LEAST - _NEAR)):
                return True
        place = thirds.find(b"\x01\x01", max(place + 1, last // _THIRD))
    return False


def _extent(tokens: Sequence[bytes], place: int, forms: Mapping[bytes, int]) -> tuple[int, int]:
    """Where list words in a row begin and end of which one is at a place; of many not the very beginning."""
    first, last, end = place, place + 1, len(tokens)
    while last < end and tokens[last] in forms:
        last += 1
    while first and last - first < LEAST and tokens[first - 1] in forms:
        first -= 1
    return first, last


def _full(lists: Sequence[int], size: int, most: int) -> list[int]:
    """The lists that have all but so many, of every so many words in a row, as the highest bits of their bytes."""
    known = [0, *accumulate(map(_bytes, lists))]
    rest = (0x80 - size + most) * _ONES
    counts = map(sub, known[size:], known) if len(lists) > size else known[-1:]
    return [count + rest & _FULL for count in counts]


@cache
def _bytes(lists: int) -> int:
    """A byte for each bit: sums of these count the words of all lists at once."""
    return sum(1 << 8 * bit for bit in range(len(ALPHABETIC)) if lists >> bit & 1)


def _in_latin(looks: View) -> Sequence[tuple[int, int]]:
    """Where twelve words in a row may be of one list, all but a few slips of the pen.

    Labels and single letters, which may number words, count as words of any list.  It can be told of texts alone
    of which the view has each word as it is.
    """
    if looks.raw or any(character in looks.text for character in _INEXACT):
        return _ALL
    words = looks.flat.translate(LATIN).split()
    found = list(_runs(words))
    return _ALL if found and sum(map(_LABELS.__contains__, words)) >= _NEAR else found


def _runs(words: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Where twelve words in a row may be of one list, as the first of all that stand there unbroken and the end."""
    codes = bytes(map(_codes().get, words, repeat(0)))
    known = codes.translate(_KNOWN)
    passed: set[tuple[int, int]] = set()
    start = stop = 0
    for first, last in _crowds(codes):
        if start <= first and last + _NEAR <= stop:
            continue
        apart = known.rfind(_APART, 0, first + 2)
        start = 0 if apart < 0 else apart + 2
        stop = known.find(_APART, last + _NEAR - 1) + 1 or len(words)
        if (start, stop) in passed:
            continue
        passed.add((start, stop))
        some = words[start:stop]
        shape = bytes(map(or_, known[start:stop], map(_BY_LENGTH.get, map(len, some), repeat(2))))
        for found in _UNBROKEN.finditer(shape):
            if found.end() - found.start() >= LEAST and _is_run(words[start + found.start() : start + found.end()]):
                yield start + found.start(), start + found.end()


def _crowds(codes: bytes) -> Iterator[tuple[int, int]]:
    """From where on all but a few of the next words are of one list: the first such places and the ends of them."""
    for words, letters in _OF_LIST:
        if codes.translate(words).count(1) >= _NEAR:
            yield from map(re.Match.span, _CROWDED.finditer(_crowded(codes.translate(letters))))


def _crowded(known: bytes) -> bytes:
    """Which words begin so many as `_WINDOWS` has, of which so many are known as there (0x80).

    All are counted at once: the bytes are added as one number, each to those behind it.
    """
    size = len(known)
    one = int.from_bytes(known, "little")
    two = one + (one >> 8)
    four = two + (two >> 16)
    eight = four + (four >> 32)
    twelve = eight + (four >> 64)
    nineteen = eight + (eight >> 64) + (two >> 128) + (one >> 144)
    full = twelve + _each(0x80 - 12 + _WINDOWS[12], size) | nineteen + _each(0x80 - 19 + _WINDOWS[19], size)
    return (full & _each(0x80, size)).to_bytes(size, "little")


def _each(value: int, size: int) -> int:
    """A number of so many equal bytes."""
    return int.from_bytes(bytes((value,)) * size, "little")


@cache
def _lists() -> dict[bytes, int]:
    """The lists that have a word in Latin-1; a single letter counts as one of any."""
    return dict.fromkeys((bytes([code]) for code in range(256)), _ANY) | vocabulary().plain


@cache
def _codes() -> dict[bytes, int]:
    """The same as a byte: the lists of letters beyond Latin-1 have no such words."""
    return {word: lists & 0x7F if len(word) > 1 else _LETTER for word, lists in _lists().items()}


def _is_run(words: Sequence[bytes]) -> bool:
    """Whether twelve of the words may be of one list, all but a few slips of the pen."""
    lists = list(map(_lists().get, words, repeat(0)))
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
    if _may_be_valid(words, lists, some.start, bit):
        return True
    if not all(_is_alike(words[place], lists[place], bit) for place in range(len(words))[some]):
        return False
    own = [word for word, of in zip(words[some], lists[some], strict=True) if of != _ANY]
    needed = (len(own) - len(set(own))) * _TO_ONE_TWICE
    first = max(some.start - needed, 0)
    before = zip(words[first : some.start][::-1], lists[first : some.start][::-1], strict=True)
    behind = zip(words[some.stop : some.stop + needed], lists[some.stop : some.stop + needed], strict=True)
    return len(words[some]) + sum(_alike(before, bit)) + sum(_alike(behind, bit)) >= needed


def _may_be_valid(words: Sequence[bytes], lists: Sequence[int], first: int, bit: int) -> bool:
    """Whether a phrase with a valid checksum may begin at a word, which is told where no label stands in it."""
    known = numbers(ALPHABETIC[bit])
    for size in SIZES:
        some = lists[first : first + size]
        if len(some) < size or not all(of >> bit & 1 for of in some):
            return False
        indexes = [known.get(word.decode("latin-1"), -1) for word in words[first : first + size]]
        if -1 in indexes or has_checksum(indexes):
            return True
    return False


def _alike(words: Iterable[tuple[bytes, int]], bit: int) -> Iterator[bool]:
    """True for each word before the first that is neither of a list nor like a word of it."""
    return takewhile(bool, (_is_alike(word, of, bit) for word, of in words))


def _is_alike(word: bytes, lists: int, bit: int) -> bool:
    return bool(lists >> bit & 1) or is_like(word.decode("latin-1"), ALPHABETIC[bit])

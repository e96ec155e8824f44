"""Seed phrases of the alphabetic word lists: twelve or more list words in a row, valid or not.

A phrase with a wrong checksum is a phrase with a slip of the pen, and as good as the right one to whoever
can try 2,048 words.  Between the words may stand whatever is no letter, numbers, and words that number.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, reduce
from itertools import compress, pairwise
from operator import and_
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from normalizer.safety.found import Found
from normalizer.safety.view import View, seen, view
from normalizer.safety.vocabulary import ALPHABETIC, LABELS, LATIN, LOWER, ORDINALS, fold, vocabulary, words

SIZES = (12, 15, 18, 21, 24)
LEAST = 12
"""Words of the shortest phrase."""
_STRIDE = 6
"""Each run of twelve words with one slip in it has six good ones in a row, so each sixth word is looked at."""
_NEAR = 10
_MOST_SLIPS = 6
"""So many good words must there be for each misspelt one."""
_MAX_BETWEEN = 80
"""Characters between two words of a phrase at the most."""
_MAX_WORD = 24
_LEAST_GLUED = 5
_LEAST_HALF = 2
_GAP = re.compile(r"[\s\d]+")
_STRETCH = re.compile(rb"\x01(?:\x00{0,2}\x01)*")
_MAX_PART = 600
_LEAST_SHARE = 0.6
_LEAST_DISTINCT = 0.8
_LEAST_ALIKE = 0.75
_MAX_EXAMPLE_GAP = 4
_SEPARATORS = (
    "、。，；：！？（）「」『』【】《》“”‘’„«»…—–‑•·→●○■□▪◦➜✓\u3000\u00a0\u2009\u202f\u2028\u3001\u2022\u30fb"
    "．／｜～＿－＂＇［］｛｝" + ORDINALS
)
_NO_LEAD = bytes(code for code in range(256) if not (0xC4 <= code <= 0xD3 or code == 0xE1 or 0xEA <= code <= 0xED))
"""Bytes that begin none of the letters of a list in UTF-8: what is left of a text without them are letters beyond
Latin-1, their accents, and Hangul."""
_KANA = re.compile(rb"\xe3[\x81-\x83]")
_PIECE = 64 * 1024
_LONGEST = 8 * 1024
"""Bytes that no phrase has more of."""
_TOKEN = re.compile(
    "(?P<wide>[\u3400-\u9fff\uf900-\ufaff]+)"
    f"|[^\\W\\d_{ORDINALS}\u3400-\u9fff\uf900-\ufaff]"
    "(?:[^\\W\\d_\u3400-\u9fff\uf900-\ufaff]|[\u0300-\u036f\u3099\u309a\u00ad\u200b-\u200d\u2060\ufeff\ufffd])*"
)
_MAX_WIDE = 10
"""Ideographs between two words that may number them: 第十二个单词."""
_ENUMERATOR = frozenset(").:、）")
_LABELS = frozenset(map(fold, LABELS))


class Token(NamedTuple):
    """A word of a text: where it is, its `fold`, and the lists that have it."""

    start: int
    end: int
    key: str
    lists: int


def may_hold(looks: View) -> bool:
    """Whether a phrase may be in a text; most texts are told by this alone."""
    known = vocabulary()
    if _has_run(looks.rest.translate(LATIN), known.plain):
        return True
    if not _has_other_letters(looks):
        return False
    text = looks.text
    for separator in _SEPARATORS:
        if separator in text:
            text = text.replace(separator, " ")
    return _has_run(text.encode("utf-8", "replace").translate(LOWER), known.forms)


def _has_other_letters(looks: View) -> bool:
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
            lists = [forms.get(token, 0) for token in tokens[max(first - _STRIDE, 0) : last + _STRIDE]]
            if any(_agree(lists[at : at + LEAST]) for at in range(max(len(lists) - LEAST, 0) + 1)):
                return True
    return False


def _agree(lists: Sequence[int]) -> bool:
    """Whether so many words as a phrase has, slips aside, are of one list."""
    return len(lists) - lists.count(0) >= _NEAR and any(
        sum(one >> bit & 1 for one in lists) >= _NEAR for bit in range(len(ALPHABETIC))
    )


def phrases(text: str, *, glued: bool = False) -> Iterator[Found]:
    """The phrases in a text; `glued` says that blanks between words may be lost."""
    tokens = _unlabelled(list(_tokens(text)))
    if glued:
        tokens = [half for token in tokens for half in _unglued(token)]
    counts = Counter(token.lists for token in tokens)
    for bit, name in enumerate(ALPHABETIC):
        if sum(count for lists, count in counts.items() if lists >> bit & 1) >= _NEAR:
            for stretch in _stretches(tokens, 1 << bit):
                yield from _runs(text, stretch, name, 1 << bit)


def _stretches(tokens: Sequence[Token], bit: int) -> Iterator[Sequence[Token]]:
    """Where enough words of one list stand in a row, across one or two others, with what stands beside them."""
    known = bytes([1 if token.lists & bit else 0 for token in tokens])
    for found in _STRETCH.finditer(known):
        if found[0].count(1) >= _NEAR:
            yield tokens[max(found.start() - 1, 0) : found.end() + 3]


class Part(NamedTuple):
    """A short message that may be a part of a phrase: the lists that have its words, the words, and where they are."""

    lists: int
    words: tuple[Token, ...]
    found: Found


def part(text: str) -> Part | None:
    """What a short message would be as a part of a phrase; None where it is prose."""
    tokens = list(_tokens(text)) if len(text) <= _MAX_PART and _is_wordy(view(seen(text))) else []
    for bit in range(len(ALPHABETIC)):
        known = [token for token in tokens if token.lists >> bit & 1]
        if known and len(known) >= _LEAST_SHARE * len(tokens):
            common = reduce(and_, (token.lists for token in known))
            return Part(common, tuple(known), Found(known[0].start, known[-1].end, "mnemonic"))
    return None


def are_phrase(parts: Sequence[Part], removed: int) -> bool:
    """Whether messages are a phrase together with so many words that were removed before.

    Who says one word again and again ("help") spells none; that the checksum is right happens there by chance.
    """
    run = [word.key for part in parts for word in part.words]
    return len(run) + removed >= LEAST and len(set(run)) + removed >= _LEAST_DISTINCT * LEAST


def _is_wordy(looks: View) -> bool:
    """Whether enough of a text's words may be list words; most of what people say is told by this alone."""
    words = [word for word in looks.flat.translate(LATIN).split() if len(word) > 1]
    known = sum(map(vocabulary().plain.__contains__, words))
    return known >= max(_LEAST_SHARE * len(words), 1) or _has_other_letters(looks)


def _tokens(text: str) -> Iterator[Token]:
    """The words of a text without those that only number others."""
    lists = vocabulary().lists
    for found in _TOKEN.finditer(text):
        start, end = found.span()
        if found.lastgroup:  # ideographs
            if end - start > _MAX_WIDE:
                yield Token(start, end, "", 0)
            continue
        key = found[0][: _MAX_WORD * 3].lower()
        if not key.isascii():
            key = fold(key)
        of = lists.get(key, 0)
        if not of and (key in _LABELS or (len(key) == 1 and text[end : end + 1] in _ENUMERATOR)):
            continue
        yield Token(start, end, key, of)


def _unlabelled(tokens: list[Token]) -> list[Token]:
    """The words of a text without labels that are list words themselves, as in `Word 1: abandon`.

    One is a label where it stands before every other word, so often as a phrase has words.
    """
    numbering = [
        place
        for place, token in enumerate(tokens)
        if token.key in _LABELS and token.key in (_key(tokens, place - 2), _key(tokens, place + 2))
    ]
    if len(numbering) < _NEAR:
        return tokens
    left_out = set(numbering)
    return [token for place, token in enumerate(tokens) if place not in left_out]


def _key(tokens: Sequence[Token], place: int) -> str:
    """The word at a place, if one is there."""
    return tokens[place].key if 0 <= place < len(tokens) else ""


def _unglued(token: Token) -> Iterator[Token]:
    """A word, or the two list words that it is made of: folding a header can lose the blank between them."""
    lists, (start, end, key, known) = vocabulary().lists, token
    if known or len(key) < _LEAST_GLUED:
        yield token
        return
    for at in range(_LEAST_HALF, min(len(key), _MAX_WORD * 2) - _LEAST_HALF + 1):
        of = lists.get(key[:at], 0) & lists.get(key[at:], 0)
        if of:
            yield Token(start, end, key[:at], of)
            yield Token(end, end, key[at:], of)
            return
    yield Token(start, end, key, 0)


def _runs(text: str, tokens: Sequence[Token], name: str, bit: int) -> Iterator[Found]:
    """The runs of words of one list, across single slips of the pen."""
    first, good, slips = -1, 0, 0
    last = -1
    for place, token in enumerate(tokens):
        near = last < 0 or token.start - tokens[last].end <= _MAX_BETWEEN
        if token.lists & bit and near:
            first = place if first < 0 else first
            good, last = good + 1, place
            continue
        if last >= 0 and near and last == place - 1 and _is_slip(tokens, place, name, bit):
            slips += 1
            last = place
            continue
        if last >= 0:
            yield from _run(text, tokens, first, last, good, slips, name)
        first, good, slips, last = (place, 1, 0, place) if token.lists & bit else (-1, 0, 0, -1)
    if last >= 0:
        yield from _run(text, tokens, first, last, good, slips, name)


def _is_slip(tokens: Sequence[Token], place: int, name: str, bit: int) -> bool:
    """Whether an unknown word between two of the list may be a misspelt one."""
    beside = tokens[place + 1 : place + 3]
    return any(one.lists & bit for one in beside) and _is_like(tokens[place].key, name)


def _run(  # noqa: PLR0917  the state of the walk through the tokens
    text: str, tokens: Sequence[Token], first: int, last: int, good: int, slips: int, name: str
) -> Iterator[Found]:
    """The run as a phrase, where it is one; its first and its last word, too, may be misspelt."""
    before = first - 1 if first > 0 and good + slips == LEAST - 1 else -1
    if before >= 0 and tokens[first].start - tokens[before].end <= _MAX_BETWEEN and _is_like(tokens[before].key, name):
        first, slips = before, slips + 1
    after = last + 1 if good + slips == LEAST - 1 else len(tokens)
    if after < len(tokens) and _is_like(tokens[after].key, name):
        last, slips = after, slips + 1
    run = tokens[first : last + 1]
    if (
        len(run) >= LEAST
        and good >= slips * _MOST_SLIPS - 2
        and (_is_list(text, run) or _has_checksum(text, run, name))
    ):
        yield Found(run[0].start, run[-1].end, "mnemonic")


def _is_list(text: str, run: Sequence[Token]) -> bool:
    """Whether words stand as in a list: hardly one twice, and the same between most of them; program code does not."""
    return _is_varied(run) and _is_even(text, run)


def _is_varied(run: Sequence[Token]) -> bool:
    return len({token.key for token in run}) >= _LEAST_DISTINCT * len(run)


def _is_even(text: str, run: Sequence[Token]) -> bool:
    counts = Counter(_gaps(text, run))
    return max(counts.values()) >= _LEAST_ALIKE * (len(run) - 1)


def _gaps(text: str, run: Sequence[Token]) -> list[str]:
    """What stands between words, without numbers."""
    return [_GAP.sub(" ", text[one.end : other.start]) for one, other in pairwise(run)]


def _has_checksum(text: str, run: Sequence[Token], name: str) -> bool:
    """Whether any part of a run is a valid phrase (BIP-39) that is not code by its look."""
    known = [_places(name).get(token.key, -1) for token in run]
    return any(
        -1 not in known[first : first + size]
        and has_checksum(known[first : first + size])
        and _may_be_drawn(text, run[first : first + size])
        for size in SIZES
        for first in range(len(known) - size + 1)
    )


def _may_be_drawn(text: str, run: Sequence[Token]) -> bool:
    """Whether words are as different as those of a phrase, or one is repeated as in examples, with little between."""
    counts = Counter(token.key for token in run)
    if 2 * len(counts) >= len(run):
        return _is_varied(run) or _is_even(text, run)
    return counts.most_common(1)[0][1] >= len(run) - 1 and max(map(len, _gaps(text, run))) <= _MAX_EXAMPLE_GAP


def has_checksum(indexes: Sequence[int]) -> bool:
    """Whether the last bits of a phrase, of which `indexes` are the words, are the first of the SHA-256 of the rest."""
    bits, check = 0, len(indexes) // 3
    for index in indexes:
        bits = bits << 11 | index
    entropy = (bits >> check).to_bytes(check * 4, "big")
    return hashlib.sha256(entropy).digest()[0] >> 8 - check == bits & (1 << check) - 1


@lru_cache(maxsize=len(ALPHABETIC))
def _places(name: str) -> dict[str, int]:
    """The place of each word in a list, by its `fold` and by the first four letters of that."""
    short = {fold(word)[:4]: place for place, word in enumerate(words(name))}
    return short | {fold(word): place for place, word in enumerate(words(name))}


@lru_cache(maxsize=1024)
def _is_like(key: str, name: str) -> bool:
    """Whether a word is a list word with one letter wrong, missing, too many or out of place; two in a long one."""
    if not 4 <= len(key) <= _MAX_WORD:
        return False
    most = 1 if len(key) < 6 else 2
    return process.extractOne(key, _folded(name), scorer=OSA.distance, score_cutoff=most) is not None


@lru_cache(maxsize=len(ALPHABETIC))
def _folded(name: str) -> tuple[str, ...]:
    """Every word of a list as `fold` writes it, and its first four letters."""
    whole = [fold(word) for word in words(name)]
    return (*whole, *(word[:4] for word in whole if len(word) > 4))

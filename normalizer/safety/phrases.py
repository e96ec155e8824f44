"""Seed phrases of the alphabetic word lists: twelve or more list words in a row, valid or not.

A phrase with a wrong checksum is a phrase with a slip of the pen, and as good as the right one to whoever
can try 2,048 words.  Between the words may stand whatever is no letter, numbers, and words that number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import compress, pairwise, repeat
from operator import and_
from typing import NamedTuple

from normalizer.safety.checksum import SIZES, has_checksum, numbers
from normalizer.safety.found import Found
from normalizer.safety.prospect import LEAST, has_other_letters
from normalizer.safety.view import View, seen, view
from normalizer.safety.vocabulary import (
    ALPHABETIC,
    LABELS,
    LATIN,
    MAX_WORD,
    ORDINALS,
    fold,
    is_like,
    vocabulary,
)

_NEAR = 10
_MOST_SLIPS = 6
"""So many good words must there be for each misspelt one."""
_MAX_BETWEEN = 80
"""Characters between two words of a phrase at the most."""
_LEAST_GLUED = 5
_LEAST_HALF = 2
_GAP = re.compile(r"(?:[\s\d]|(?<![^\W\d_])[^\W\d_](?=[).:]))+")
"""Blanks, and what numbers words: digits, or a letter as in `b) abandon`."""
_STRETCH = re.compile(rb"\x01(?:\x00{0,2}\x01)*")
_MAX_PART = 600
_LEAST_SHARE = 0.6
_LEAST_DISTINCT = 0.8
_LEAST_ALIKE = 0.75
_MAX_EXAMPLE_GAP = 4
_TOKEN = re.compile(
    "[\u3400-\u9fff\uf900-\ufaff]+"
    f"|[^\\W\\d_{ORDINALS}\u3400-\u9fff\uf900-\ufaff]"
    "(?>(?:[^\\W\\d_\u3400-\u9fff\uf900-\ufaff]++|[\u0300-\u036f\u3099\u309a\u00ad\u200b-\u200d\u2060\ufeff\ufffd]++){0,999})"
)
_ASCII_TOKEN = re.compile(r"[a-z]{2,}|[a-z](?![).:])")
"""The same in a text of ASCII in lower case, without letters that number words."""
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


class Words(NamedTuple):
    """The words of a text in columns, which cost less than a `Token` for each: where they are, folds and lists."""

    spans: Sequence[tuple[int, int]]
    keys: Sequence[str]
    lists: Sequence[int]

    def tokens(self, start: int = 0, end: int | None = None) -> list[Token]:
        """Some of the words."""
        columns = zip(self.spans[start:end], self.keys[start:end], self.lists[start:end], strict=True)
        return [Token(*span, key, of) for span, key, of in columns]

    def only(self, kept: Sequence[bool]) -> Words:
        """Those that are kept."""
        if all(kept):
            return self
        spans, keys, lists = compress(self.spans, kept), compress(self.keys, kept), compress(self.lists, kept)
        return Words(list(spans), list(keys), list(lists))


def phrases(text: str, *, glued: bool = False) -> Iterator[Found]:
    """The phrases in a text; `glued` says that blanks between words may be lost."""
    words = _unlabelled(_words(text))
    if len(words.keys) < (LEAST // 2 if glued else _NEAR):
        return
    if glued:
        words = _unglued(words)
    kinds = list(set(words.lists))
    shape = bytes(map({of: kind for kind, of in enumerate(kinds)}.__getitem__, words.lists))
    for bit, name in enumerate(ALPHABETIC):
        known = shape.translate(bytes(of >> bit & 1 for of in kinds).ljust(256))
        if known.count(1) >= _NEAR:
            for stretch in _stretches(words, known):
                yield from _runs(text, stretch, name, 1 << bit)


def _stretches(words: Words, known: bytes) -> Iterator[Sequence[Token]]:
    """Where enough words of one list stand in a row, across one or two others, with what stands beside them."""
    for found in _STRETCH.finditer(known):
        if found[0].count(1) >= _NEAR:
            yield words.tokens(max(found.start() - 1, 0), found.end() + 3)


class Part(NamedTuple):
    """A short message that may be a part of a phrase: the lists that have its words, the words, and where they are."""

    lists: int
    words: tuple[Token, ...]
    found: Found


def part(text: str) -> Part | None:
    """What a short message would be as a part of a phrase; None where it is prose."""
    tokens = _words(text).tokens() if len(text) <= _MAX_PART and _is_wordy(view(seen(text))) else []
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
    return known >= max(_LEAST_SHARE * len(words), 1) or has_other_letters(looks)


def _words(text: str) -> Words:
    """The words of a text without those that only number others."""
    lists = vocabulary().lists
    if text.isascii():
        lower = text.lower()
        spans, keys = list(map(re.Match.span, _ASCII_TOKEN.finditer(lower))), _ASCII_TOKEN.findall(lower)
        if _LABELS.isdisjoint(keys):
            return Words(spans, keys, list(map(lists.get, keys, repeat(0))))
    else:
        spans = list(map(re.Match.span, _TOKEN.finditer(text)))
        keys = [_key(text[start:end]) for start, end in spans]
    words = Words(spans, keys, list(map(lists.get, keys, repeat(0))))
    kept = [bool(of) or not _is_number(text, span, key) for span, key, of in zip(*words, strict=True)]
    return words.only(kept)


def _key(word: str) -> str:
    """A word's `fold`; nothing of ideographs."""
    if _is_wide(word):
        return ""
    key = word[: MAX_WORD * 3].lower()
    return key if key.isascii() else fold(key)


def _is_number(text: str, span: tuple[int, int], key: str) -> bool:
    """Whether what is no list word may number others: a label, a letter, or few ideographs."""
    if key:
        return key in _LABELS or (len(key) == 1 and text[span[1] : span[1] + 1] in _ENUMERATOR)
    return span[1] - span[0] <= _MAX_WIDE and _is_wide(text[span[0]])


def _is_wide(word: str) -> bool:
    """Whether a word is of ideographs."""
    return "\u3400" <= word[0] <= "\u9fff" or "\uf900" <= word[0] <= "\ufaff"


def _unlabelled(words: Words) -> Words:
    """The words of a text without labels that are list words themselves, as in `Word 1: abandon`.

    One is a label where it stands before every other word, so often as a phrase has words.
    """
    keys = words.keys
    numbering = {
        place
        for place in compress(range(len(keys)), map(_LABELS.__contains__, keys))
        if keys[place] in (_at(keys, place - 2), _at(keys, place + 2))
    }
    if len(numbering) < _NEAR:
        return words
    return words.only([place not in numbering for place in range(len(keys))])


def _at(keys: Sequence[str], place: int) -> str:
    """The word at a place, if one is there."""
    return keys[place] if 0 <= place < len(keys) else ""


def _unglued(words: Words) -> Words:
    """The words, and those in two of which a blank was lost, as it is where a header is folded."""
    halves = [half for token in words.tokens() for half in _halves(token)]
    return Words(
        [(start, end) for start, end, _, _ in halves], [one.key for one in halves], [one.lists for one in halves]
    )


def _halves(token: Token) -> Iterator[Token]:
    """A word, or the two list words that it is made of."""
    lists, (start, end, key, known) = vocabulary().lists, token
    if known or len(key) < _LEAST_GLUED:
        yield token
        return
    for at in range(_LEAST_HALF, min(len(key), MAX_WORD * 2) - _LEAST_HALF + 1):
        of = lists.get(key[:at], 0) & lists.get(key[at:], 0)
        if of:
            yield Token(start, end, key[:at], of)
            yield Token(end, end, key[at:], of)
            return
    yield token


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
    return any(one.lists & bit for one in beside) and is_like(tokens[place].key, name)


def _run(  # noqa: PLR0917  the state of the walk through the tokens
    text: str, tokens: Sequence[Token], first: int, last: int, good: int, slips: int, name: str
) -> Iterator[Found]:
    """The run as a phrase, where it is one; its first and its last word, too, may be misspelt."""
    before = first - 1 if first > 0 and good + slips == LEAST - 1 else -1
    if before >= 0 and tokens[first].start - tokens[before].end <= _MAX_BETWEEN and is_like(tokens[before].key, name):
        first, slips = before, slips + 1
    after = last + 1 if good + slips == LEAST - 1 else len(tokens)
    if after < len(tokens) and is_like(tokens[after].key, name):
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
    """What stands between words, without what numbers them."""
    return [_GAP.sub(" ", text[one.end : other.start]) for one, other in pairwise(run)]


def _has_checksum(text: str, run: Sequence[Token], name: str) -> bool:
    """Whether any part of a run is a valid phrase (BIP-39) that is not code by its look."""
    known = [numbers(name).get(token.key, -1) for token in run]
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

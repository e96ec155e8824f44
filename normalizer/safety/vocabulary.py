"""The twelve word lists of BIP-39 (https://github.com/bitcoin/bips/blob/master/bip-0039/bip-0039-wordlists.md).

The files in `bip39/` are those of the package `mnemonic` 0.21 (MIT licence, beside them); one word is mended.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

ALPHABETIC = (
    "english", "french", "italian", "portuguese", "spanish", "czech", "turkish", "russian", "japanese", "korean",
)  # fmt: skip
IDEOGRAPHIC = ("chinese_simplified", "chinese_traditional")
_ABBREVIATED = frozenset(ALPHABETIC[:8])
"""Lists in which four letters name a word; people write only those."""
LABELS = frozenset(
    "word words wort wörter mot mots palabra palavra parola slovo kelime слово n no nr num número numero "
    "ord woord słowo 단어 ワード たんご st nd rd th".split()
)
"""Words that number the others; they are in no run, and end none."""
ORDINALS = "ºª"
"""Marks that number words in Romance languages, and are letters to Unicode."""
LEAST_LIKE, MAX_WORD = 4, 24
"""Letters of a word that may be a misspelt one."""
_ACCENTS = re.compile("[\u0300-\u036f\u00ad\u200b-\u200f\u2060\ufeff]")


_DAMAGED = {"снова": "сно\ufffd\ufffdа"}
"""How the list of `mnemonic` 0.21 has the word, and so the phrases that programs made with it."""


class Vocabulary(NamedTuple):
    """The alphabetic lists together."""

    lists: dict[str, int]
    """A bit for each list that has the word, by the word's `fold`."""
    forms: dict[bytes, int]
    """The same for every form in which a word may stand in a text, in UTF-8 with ASCII letters in lower case.

    Labels may stand in a phrase of any list.
    """
    plain: dict[bytes, int]
    """The same for what `LATIN` makes of words in Latin-1."""


@cache
def words(name: str) -> tuple[str, ...]:
    """The 2,048 words of a list in their order, composed (NFC)."""
    text = (files(__package__) / "bip39" / f"{name}.txt").read_text("utf-8")
    return tuple(unicodedata.normalize("NFC", text).split())


def fold(word: str) -> str:
    """A word without what people leave out or their keyboards change: case, accents, what cannot be seen."""
    lower = word.lower()
    if lower.isascii():
        return lower
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", lower)).replace("ı", "i")


@cache
def vocabulary() -> Vocabulary:
    """The alphabetic lists, read once, when the first message comes."""
    lists: dict[str, int] = {}
    forms: dict[bytes, int] = {}
    for bit, name in enumerate(ALPHABETIC):
        for word in words(name):
            for spelling in _spellings(word, abbreviated=name in _ABBREVIATED):
                key = fold(spelling)
                lists[key] = lists.get(key, 0) | 1 << bit
                for form in _forms(spelling):
                    forms[form] = forms.get(form, 0) | 1 << bit
    labels = dict.fromkeys(LABELS, (1 << len(ALPHABETIC)) - 1)
    forms |= {form: bits for label, bits in labels.items() for form in _forms(label)}
    known = lists | {fold(label): bits for label, bits in labels.items()}
    return Vocabulary(lists, forms, {key.encode(): bits for key, bits in known.items() if key.isascii()})


@cache
def places(name: str) -> dict[str, int]:
    """The place of each word in a list."""
    return {word: place for place, word in enumerate(words(name))}


@lru_cache(maxsize=1024)
def is_like(key: str, name: str) -> bool:
    """Whether a word is a list word with one letter wrong, missing, too many or out of place; two in a long one."""
    if not LEAST_LIKE <= len(key) <= MAX_WORD:
        return False
    most = 1 if len(key) < 6 else 2
    return process.extractOne(key, _folded(name), scorer=OSA.distance, score_cutoff=most) is not None


@lru_cache(maxsize=len(ALPHABETIC))
def _folded(name: str) -> tuple[str, ...]:
    """Every word of a list as `fold` writes it, and its first four letters."""
    whole = [fold(word) for word in words(name)]
    return (*whole, *(word[:4] for word in whole if len(word) > 4))


def _spellings(word: str, *, abbreviated: bool) -> Iterator[str]:
    """A word whole and short, with and without its accents."""
    bare = unicodedata.normalize("NFC", fold(word))
    yield word
    yield bare
    if word in _DAMAGED:
        yield _DAMAGED[word]
    if abbreviated and len(word) > 4:
        yield word[:4]
        yield bare[:4]


def _forms(word: str) -> Iterator[bytes]:
    """The bytes of a word; those of ASCII letters have no case, all others have to be listed."""
    if word.isascii():
        yield word.encode()
        return
    for cased in (word, word.capitalize(), word.upper()):
        for form in ("NFC", "NFD"):
            yield unicodedata.normalize(form, cased).encode().translate(LOWER)


LOWER = bytes(
    code + 32 if 65 <= code <= 90 else code if code >= 128 or 97 <= code <= 122 else 32 for code in range(256)
)
"""ASCII letters in lower case, blanks for all that is neither a letter nor beyond ASCII."""


def _latin(code: int) -> int:
    """The letter that a byte of Latin-1 is without its case and accent; a blank for what is none, or numbers others."""
    character = chr(code)
    letter = fold(character) if character.isalpha() and character not in ORDINALS else " "
    return ord(letter) if len(letter) == 1 and letter.isascii() else code


LATIN = bytes(map(_latin, range(256)))
"""Latin-1 as `fold` writes it, blanks for all that is no letter."""

"""The checksum of seed phrases, and the numbers of words that it is made of (BIP-39)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

from normalizer.safety.vocabulary import ALPHABETIC, fold, words

SIZES = (12, 15, 18, 21, 24)
"""Words of a phrase."""


def has_checksum(indexes: Sequence[int]) -> bool:
    """Whether the last bits of a phrase, of which `indexes` are the words, are the first of the SHA-256 of the rest."""
    bits, check = 0, len(indexes) // 3
    for index in indexes:
        bits = bits << 11 | index
    entropy = (bits >> check).to_bytes(check * 4, "big")
    return hashlib.sha256(entropy).digest()[0] >> 8 - check == bits & (1 << check) - 1


@lru_cache(maxsize=len(ALPHABETIC))
def numbers(name: str) -> dict[str, int]:
    """The place of each word in a list, by its `fold` and by the first four letters of that."""
    short = {fold(word)[:4]: place for place, word in enumerate(words(name))}
    return short | {fold(word): place for place, word in enumerate(words(name))}

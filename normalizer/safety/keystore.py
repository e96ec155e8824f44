"""Keystore files: the JSON of an encrypted key (Web3 Secret Storage, version 3).

https://ethereum.org/developers/docs/data-structures-and-encoding/web3-secret-storage
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from normalizer.safety.found import Found

_FIELD = re.compile(r"ciphertext", re.IGNORECASE)
_OTHERS = re.compile(r"kdfparams|cipherparams|\bmac\b", re.IGNORECASE)
_BRACE = re.compile("[{}]")
_REACH = 8 * 1024
"""Characters before and behind the encrypted key within which its file begins and ends."""
_MAX_DEPTH = 3


def keystores(text: str) -> Iterator[Found]:
    """The keystores in a text; one that is cut off goes as far as it is there."""
    passed = 0
    for found in _FIELD.finditer(text):
        if found.start() < passed:
            continue
        start = _opening(text, found.start(), passed)
        end = _closing(text, start, found.end())
        if start < found.start() and _OTHERS.search(text, start, end):
            passed = end
            yield Found(start, end, "keystore")


def _opening(text: str, place: int, least: int) -> int:
    """Where the outermost object around a place begins."""
    depth, opened = 0, place
    least = max(place - _REACH, least)
    levels = 0
    for brace in reversed(list(_BRACE.finditer(text, least, place))):
        if brace[0] == "}":
            depth += 1
        elif depth:
            depth -= 1
        else:
            opened, levels = brace.start(), levels + 1
            if levels == _MAX_DEPTH:
                break
    return opened


def _closing(text: str, start: int, place: int) -> int:
    """Where the object that begins at `start` ends, which is behind `place`."""
    depth = 0
    for brace in _BRACE.finditer(text, start, place + _REACH):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0 and brace.end() >= place:
            return brace.end()
    return min(place + _REACH, len(text))

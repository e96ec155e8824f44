"""Keystore files: the JSON of an encrypted key (Web3 Secret Storage, version 3).

https://ethereum.org/developers/docs/data-structures-and-encoding/web3-secret-storage
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from normalizer.safety.found import Found

_SIGN = re.compile(r"[{}]|ciphertext|kdfparams|cipherparams|\bmac\b", re.IGNORECASE)
_REACH = 8 * 1024
"""Characters before and behind the encrypted key within which its file begins and ends."""
_MAX_DEPTH = 3


class _Field(NamedTuple):
    """Where an encrypted key is named, and where the objects around it begin."""

    place: int
    around: list[int]


class _Read(NamedTuple):
    """What one pass over a text finds, each in order."""

    fields: list[_Field]
    others: list[int]
    """Where the other fields of a keystore are named."""
    ends: dict[int, int]
    """Where each object ends, by where it begins."""


def keystores(text: str) -> Iterator[Found]:
    """The keystores in a text; one that is cut off goes as far as it is there."""
    fields, others, ends = _read(text)
    passed = 0
    for place, around in fields:
        start = min((one for one in around if one >= max(place - _REACH, passed)), default=place)
        if place < passed or start == place:
            continue
        end = min(ends.get(start, len(text)), place + _REACH, len(text))
        at = bisect_left(others, start)
        if at < len(others) and others[at] < end:
            passed = end
            yield Found(start, end, "keystore")


def _read(text: str) -> _Read:
    read, opened = _Read([], [], {}), []
    for found in _SIGN.finditer(text):
        if found[0] == "{":
            opened.append(found.start())
        elif found[0] == "}":
            if opened:
                read.ends[opened.pop()] = found.end()
        elif found[0].lower() == "ciphertext":
            read.fields.append(_Field(found.start(), opened[-_MAX_DEPTH:]))
        else:
            read.others.append(found.start())
    return read

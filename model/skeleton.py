"""What a name looks like: letters of other scripts, digits and accents as the Latin letters that they resemble.

Two names with the same skeleton can be taken for each other (Unicode Technical Standard 39 section 4, with the
letters that occur in domains and names).
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

_LINES = (Path(__file__).parent / "lookalikes.txt").read_text(encoding="utf-8").splitlines()
_TABLE: dict[int, str | None] = {ord(other): line[0] for line in _LINES for other in line[2:]}
"""What resembles each Latin letter: the confusables of Unicode that are no mere forms of it, and what scammers use."""
_TABLE |= dict.fromkeys(map(ord, " .-_/'’·,:()[]{}#&+*~™®"), None)
_RUNS = (("rn", "m"), ("vv", "w"), ("ci", "d"))
MAX_NAME = 200
"""Characters of a name that are looked at."""


@lru_cache(256)
def skeleton(name: str) -> str:
    """The Latin letters that a name looks like, in lower case and without marks and separators."""
    plain = name[:MAX_NAME]
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", plain)
    looks = plain.lower().translate(_TABLE)
    if not looks.isascii():
        looks = "".join(one for one in looks if not unicodedata.combining(one))
    for run, letter in _RUNS:
        looks = looks.replace(run, letter)
    return looks if looks.isalnum() else "".join(one for one in looks if one.isalnum())

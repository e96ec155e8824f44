"""What a name looks like: letters of other scripts, digits and accents as the Latin letters that they resemble.

Two names with the same skeleton can be taken for each other (Unicode Technical Standard 39 section 4, with the
letters that occur in domains and names).
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_LOOKALIKES = {
    "a": "аαɑａ@４4", "b": "ьЬвʙｂƅ", "c": "сϲⅽᴄｃ", "d": "ԁⅾɗｄ", "e": "еєεҽｅ３3ё", "f": "ғƒｆ", "g": "ɡցǥｇ９9",
    "h": "һհнｈ", "i": "іιɩıⅰｉ1！|!lⅼӏḷ１ΙІ", "j": "јϳｊ", "k": "кκｋ", "m": "мⅿｍ", "n": "пηոｎ", "o": "оοσօｏ0０ο",
    "p": "рρｐ", "q": "ԛգｑ", "r": "гᴦｒ", "s": "ѕꜱｓ5５$", "t": "тτｔ7", "u": "υսцｕʋ", "v": "ѵνⅴｖ", "w": "ѡԝωшｗ",
    "x": "хχⅹｘ", "y": "уγүｙ", "z": "ᴢｚ2",
}  # fmt: skip
_TABLE: dict[int, str | None] = {ord(other): letter for letter, others in _LOOKALIKES.items() for other in others}
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

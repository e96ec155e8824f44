"""Accounts that pose as ours: scammers who answer customers in the name of the support team."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct
from rapidfuzz.distance import OSA

from model.ticket import Matched

WORDS = (
    "support helpdesk helpcenter customerservice customercare official recovery 客服 官方 サポート 公式 고객센터 공식"
).split()
"""What somebody calls themselves who wants to be taken for a support team."""
_SHORT = 4
"""Names shorter than this are not compared: too many people are called something like them."""


class Ours(Struct, frozen=True):
    """Who we are on a channel."""

    ids: frozenset[str]
    """Accounts that are ours, which imitate nobody."""
    handles: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """Display names: the account's, the brand's, and those under which agents answer."""


def imitation(account: str, handle: str, name: str, ours: Ours) -> Matched | None:
    """Why an account seems to pose as us: the rule, and the name by which it does; None where it does not.

    Rules, the strongest first: `copied-name` (a display name of ours), `confusable-name` (a handle or name that looks
    like one of ours: other scripts' letters, digits for letters, one letter off, or ours with something added), and
    `support-in-handle`.
    """
    if account in ours.ids:
        return None
    names = {_plain(one) for one in ours.names} - {""}
    if _plain(name) in names:
        return Matched(rule="copied-name", text=name)
    looks = {_look(one) for one in (*ours.handles, *ours.names)}
    for one in (handle, name):
        if any(_alike(_look(one), look) for look in looks if len(look) >= _SHORT):
            return Matched(rule="confusable-name", text=one)
    if any(_look(word) in _look(handle) for word in WORDS):
        return Matched(rule="support-in-handle", text=handle)
    return None


def _alike(theirs: str, ours: str) -> bool:
    if ours in theirs:
        return True
    return len(ours) > _SHORT and OSA.distance(theirs, ours, score_cutoff=1) <= 1


def _plain(name: str) -> str:
    """A name without case, width, spaces and signs."""
    text = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in text if letter.isalnum())


def _look(name: str) -> str:
    """What a name looks like: letters of other scripts and digits as the Latin letters that they resemble."""
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name)).casefold()
    return "".join(map(_latin, text)).replace("rn", "m").replace("vv", "w")


_DIGITS = {"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g", "i": "l", "|": "l"}
"""`i` too: in a handle it cannot be told from l when it is a capital."""


@cache
def _latin(letter: str) -> str:
    if letter.isascii():
        return _DIGITS.get(letter, letter if letter.isalnum() else "")
    found = _twins().get(letter)
    if found is not None:
        return _DIGITS.get(found, found)
    return letter if letter.isalnum() else ""


class _Twin(Struct):
    """A character that looks like another."""

    c: str


@cache
def _twins() -> dict[str, str]:
    """The Latin letter that each character resembles: of the 7 MB that the library would load, some 100 KB."""
    content = (files("confusable_homoglyphs") / "confusables.json").read_bytes()
    found = {}
    for letter, twins in msgspec.json.decode(content, type=dict[str, list[_Twin]]).items():
        latin = next((one.c for one in twins if len(one.c) == 1 and one.c.isascii() and one.c.isalpha()), None)
        if latin is not None and not letter.isascii():
            found[letter] = latin.lower()
    return found

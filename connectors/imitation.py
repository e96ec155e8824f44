"""Accounts that pose as ours: scammers who answer customers in the name of the support team."""

from __future__ import annotations

import unicodedata

from msgspec import Struct
from rapidfuzz.distance import OSA

from model.skeleton import skeleton
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
    looks = {skeleton(one) for one in (*ours.handles, *ours.names)}
    for one in (handle, name):
        if any(_alike(skeleton(one), look) for look in looks if len(look) >= _SHORT):
            return Matched(rule="confusable-name", text=one)
    if any(skeleton(word) in skeleton(handle) for word in WORDS):
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

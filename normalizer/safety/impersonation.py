"""Senders whose name says that they are the support, whatever letters it is written with."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from ahocorasick_rs import AhoCorasick

from model.draft import Context, Draft
from model.skeleton import skeleton
from model.ticket import Matched
from normalizer.safety.bait import NAMES

MAX_NAME = 200
"""Characters of a name that are looked at."""


def impersonation(draft: Draft, context: Context) -> Matched | None:
    """Why the sender seems to pose as us, or None.  Our own addresses and automated mail do not pose."""
    senders = draft.message.from_
    if any(one.address in context.own_addresses for one in senders):
        return None
    names = dict.fromkeys(name[:MAX_NAME] for name in (draft.requester.name, *(one.name for one in senders)) if name)
    for name in names:
        if rule := _rule(name, context.brands):
            return Matched(rule=rule, text=name)
    return None


def _rule(name: str, brands: Sequence[str]) -> str | None:
    looks = skeleton(name)
    plain = (name if name.isascii() else unicodedata.normalize("NFKC", name)).lower()
    supports = bool(_SUPPORTS.find_matches_as_indexes(f"{plain}\n{looks}"))
    for brand in brands:
        mark = skeleton(brand)
        if mark and mark in looks and (supports or _OFFICIAL.search(plain) or looks in (mark, f"the{mark}")):
            return "brand_name"
    return "support_name" if supports and not _rest(plain) else None


def _rest(plain: str) -> list[str]:
    """What a name consists of besides words of support and of office: the name of somebody else's support."""
    words = _SPLIT.split(_EAST.sub(" ", plain))
    return [word for word in words if word and not word.isdecimal() and skeleton(word) not in _KNOWN]


_SUPPORT = NAMES["support"]
_ALL = (*_SUPPORT, *NAMES["office"])
_SPLIT = re.compile(r"[\W_]+")
_EAST = re.compile("|".join(sorted((word for word in _ALL if word[0] >= "\u2e80"), key=len, reverse=True)))
_KNOWN = frozenset(skeleton(word) for phrase in _ALL for word in _SPLIT.split(phrase))
_SUPPORTS = AhoCorasick(sorted({*_SUPPORT, *(skeleton(word) for word in _SUPPORT if word.isascii())}))
_OFFICIAL = re.compile("|".join(map(re.escape, NAMES["official"])))

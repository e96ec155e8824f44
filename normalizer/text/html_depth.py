"""Whether the sanitiser can read a page in time.

Tree builders need quadratic time for elements that are nested by the thousand, formatting that is carried
from paragraph to paragraph, and tags with thousands of attributes.  Whoever writes such a page means to
stall its reader; counting tags in one pass tells.
"""

from __future__ import annotations

import re
from collections import Counter

MAX_LENGTH = 1024 * 1024
MAX_DEPTH = 512
MAX_CARRIED = 500_000
MAX_BARE_ATTRIBUTES = 4096

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_LONG_TAG = re.compile(rf"<[^<>]{{{MAX_BARE_ATTRIBUTES},}}")
_QUOTED = re.compile(r"\"[^\"]*+\"|'[^']*+'")
_NEVER_DEEP = frozenset(
    "area base br col dd dt embed hr img input li link meta option p param source td th tr track wbr".split()
)
_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())


def readable(markup: str) -> bool:
    """Whether a tree can be built of `markup` in time that is linear for practical purposes."""
    if len(markup) > MAX_LENGTH:
        return False
    if markup.count("<") <= MAX_DEPTH:
        return not _overloaded(markup)
    opened: Counter[str] = Counter()
    depth = formatting = carried = 0
    for slash, name in _TAG.findall(markup.lower()):
        if name in _NEVER_DEEP:
            carried += formatting
            continue
        change = -1 if slash else 1
        if change < 0 and not opened[name]:
            carried += depth
            continue
        opened[name] += change
        depth += change
        if name in _FORMATTING:
            formatting += change
        if depth > MAX_DEPTH:
            return False
    return carried <= MAX_CARRIED and not _overloaded(markup)


def _overloaded(markup: str) -> bool:
    """Whether a tag has more attributes than a page needs."""
    return any(len(_QUOTED.sub("", tag[0])) > MAX_BARE_ATTRIBUTES for tag in _LONG_TAG.finditer(markup))

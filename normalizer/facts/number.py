"""Numbers that are called something: orders, users, versions of an app or a system."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from normalizer.facts.found import Found
from normalizer.facts.page import Page
from normalizer.facts.words import Label

MAX_NUMBER = 40
"""Characters of a number that an operator's pattern is compared with."""
_CALLED = re.compile(r"(?=[a-z_-]*\d)[a-z0-9](?:[a-z0-9_-]{2,38}[a-z0-9])(?![a-z0-9])")
_VERSION = re.compile(r"\d{1,4}(?:\.\d{1,6}){0,4}(?![\d])")
_LEAST = 5
"""Digits from which on a bare number after `order` is one, and no count."""


def called(page: Page, start: int, label: Label | None) -> Found | None:
    """The number of an order, a user or a case whose name stands before it."""
    if label is None or label.role != "number":
        return None
    matched = _CALLED.match(page.folded, start)
    if not matched or (matched[0].isdecimal() and len(matched[0]) < _LEAST):
        return None
    return Found("orders", page.text[start : matched.end()], label.value, start, matched.end())


def patterned(page: Page, start: int, end: int, patterns: Sequence[tuple[str, str]]) -> Found | None:
    """The number that one of the operator's patterns, pairs of a name and a regular expression, describes."""
    if end - start > MAX_NUMBER:
        return None
    for kind, pattern in patterns:
        if _compiled(pattern).fullmatch(page.text, start, end):
            return Found("orders", page.text[start:end], kind, start, end)
    return None


def version(page: Page, at: int, label: Label | None) -> Found | None:
    """The version of the app or of the system that is named before it."""
    if label is None or label.role not in ("version", "system"):
        return None
    matched = _VERSION.match(page.folded, at)
    if not matched or (label.role == "version" and "." not in matched[0]):
        return None
    if page.folded[matched.end() : matched.end() + 1].isalpha() and page.folded[matched.end()] < "\u2e80":
        return None
    return Found("versions", matched[0], label.value, at, matched.end())


@lru_cache(64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)

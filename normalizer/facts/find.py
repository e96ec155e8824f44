"""What a message states that a machine can look up: one walk over its digits and its links."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from model.draft import Context, Draft
from model.ticket import Fact, Facts
from normalizer.facts.amount import NUMBER, amount, numerals, upper
from normalizer.facts.chain import SHORTEST, chained
from normalizer.facts.found import Found
from normalizer.facts.moment import moment
from normalizer.facts.number import called, patterned, version
from normalizer.facts.page import Page
from normalizer.facts.phone import phone

MAX_FACTS = 200
"""Facts that a ticket holds."""
MAX_BYTES = 20 * 1024
"""Bytes that their values may take: an event has 32 KiB for what is found out about a message."""
_LONG = b"a" * SHORTEST
_SYSTEMS = frozenset("iOS iPadOS Android HarmonyOS HyperOS MIUI Windows macOS Ubuntu".split())


def page_of(draft: Draft) -> Page:
    """The text of a message and then its subject, as the readers of facts see them."""
    message = draft.message
    text = f"{message.text}\n\n{message.subject}" if message.subject else message.text
    return Page(text, message.language.code if message.language else None)


def with_facts(draft: Draft, page: Page, context: Context) -> Draft:
    """The draft with the facts of its text and subject; what a channel says of the app goes before the text."""
    seen: dict[tuple[str, str], Fact] = {}
    roles: dict[str, list[Fact]] = {}
    length, room = len(draft.message.text), MAX_BYTES
    for found in search(page, context.number_patterns):
        key = (found.role, found.value.lower())
        if key in seen:
            continue
        room -= len(found.value.encode()) + 64
        if room < 0 or len(seen) >= MAX_FACTS:
            break
        span = (found.start, found.end) if found.end <= length else None
        seen[key] = fact = Fact(value=found.value, kind=found.kind, span=span)
        roles.setdefault(found.role, []).append(fact)
    if not roles:
        return draft
    app = _app(roles.get("versions", ())) | (draft.facts.app or {})
    facts = Facts(app=app or None, **{role: tuple(some) for role, some in roles.items()})
    return msgspec.structs.replace(draft, facts=facts)


def search(page: Page, patterns: Sequence[tuple[str, str]] = ()) -> Iterator[Found]:
    """Every fact of a text; those of one role come in the order in which they stand."""
    yield from page.urls
    for at, unit_at in page.numerals:
        if one := numerals(page, at, unit_at):
            yield one
    yield from _letters(page)
    inside = _inside(page)
    find = page.shape.find
    at = find(b"0")
    taken = chains = 0
    while at >= 0:
        start, end = page.run(at)
        start = max(start, taken)  # a word goes on behind what was found in it: `0x…-1`
        some = chained(page, start, end) if end > chains and end - start >= SHORTEST else []
        chains = end  # of one word, everything that is one is found at once
        if some:
            yield from some
            taken = some[-1].end
        elif inside(at):
            taken = end
        elif one := _one(page, at, start, end, patterns):
            yield one
            taken = max(one.end, at + 1)
        else:
            number = NUMBER.match(page.folded, at)
            taken = max(end, number.end()) if number else end
        at = find(b"0", taken)


def _letters(page: Page) -> Iterator[Found]:
    """Addresses that happen to have no digit: one in three hundred of those in base 58."""
    end = 0
    while (at := page.shape.find(_LONG, end)) >= 0:
        start, end = page.run(at)
        if b"0" not in page.shape[start:end]:
            yield from chained(page, start, end)


def _inside(page: Page) -> Callable[[int], bool]:
    """Whether a place stands in a link; asked in the order of the text."""
    spans = iter(page.urls)
    current = next(spans, None)

    def inside(at: int) -> bool:
        nonlocal current
        while current and current.end <= at:
            current = next(spans, None)
        return current is not None and current.start <= at

    return inside


def _one(page: Page, at: int, start: int, end: int, patterns: Sequence[tuple[str, str]]) -> Found | None:
    if patterns and (one := patterned(page, start, end, patterns)):
        return one
    label, label_at = page.before(at)
    if start < at and (label is None or label_at < start) and page.text[start:at].strip("-_"):
        label, _ = page.before(start)
        return called(page, start, label)
    day = moment(page, at, label, label_at)
    if day and day.kind != "time":
        return day
    return (
        called(page, start if label_at < start else at, label)
        or version(page, at, label)
        or (label and label.role == "phone" and phone(page, at, label))
        or amount(page, at, label, label_at)
        or day
        or phone(page, at, label)
        or upper(page, at)
    )


def _app(versions: Sequence[Fact]) -> dict[str, str]:
    """What the versions say of the app and of the system that it runs on."""
    found: dict[str, str] = {}
    for one in versions:
        if one.kind == "app":
            found.setdefault("version", one.value)
        elif one.kind in _SYSTEMS:
            found.setdefault("system", f"{one.kind} {one.value}")
        elif one.kind:
            found.setdefault("browser", f"{one.kind} {one.value}")
    return found

"""The guard over a whole message: everything in it that is text, before anything is cut, read or stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from model.draft import Correction, File, Heard
from model.spoken import Spoken
from model.ticket import Address, Redaction, SecretKind
from normalizer.mime.content import Content
from normalizer.mime.origin import MAX_SUBJECT, Origin
from normalizer.safety import phrases
from normalizer.safety.attached import redacted_file
from normalizer.safety.find import find_across, find_in_header, redact
from normalizer.safety.found import MARKERS, Found, merged, replaced, without_markers
from normalizer.safety.page import redacted_page

_LEAST_WORDS = 3
_MAX_ASIDE = 3
"""Messages between the parts of a phrase that are something else."""
_REMOVED = 2
"""Words that a marker counts for: how many it stands for is no longer known."""
_SHORTEST = 12
PAGE_LEFT_OUT = "[The formatted page is left out, since it held a secret.]"


class Tally:
    """How many secrets of each kind were removed, and from where."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[SecretKind, str]] = Counter()

    def add(self, where: str, kinds: Counter[SecretKind]) -> None:
        """Count what was found in a part of the message."""
        for kind, count in kinds.items():
            self._counts[kind, where] += count

    def text(self, where: str, text: str) -> str:
        """The text without its secrets, which are counted."""
        found = find_in_header(text)
        if found:
            self.add(where, kinds(found))
        return replaced(text, found)

    def redactions(self) -> tuple[Redaction, ...]:
        """What a ticket says of it."""
        return tuple(Redaction(kind=kind, count=count, where=where) for (kind, where), count in self._counts.items())


class Heed(NamedTuple):
    """What one message of a session says of all of them."""

    texts: tuple[list[Found], list[Found]]
    """The secrets in its subject and in its text."""
    corrections: tuple[Correction, ...]


def guard_mail(said: Origin, content: Content, tally: Tally) -> tuple[Origin, Content]:
    """The header and the content of a mail without secrets."""
    subject, text = find_across((said.subject, content.text))
    subject = merged([*subject, *find_in_header(said.subject)])
    for where, found in (("subject", subject), ("text", text)):
        if found:
            tally.add(where, kinds(found))
    html, note = guard_page(content.html, text, tally)
    said = said._replace(
        subject=replaced(said.subject, subject)[:MAX_SUBJECT],
        senders=_people(said.senders, tally),
        to=_people(said.to, tally),
        cc=_people(said.cc, tally),
        reply_to=_people(said.reply_to, tally),
    )
    notes = [tally.text("text", one) for one in content.notes]
    return said, Content(
        text=replaced(content.text, text),
        html=html,
        files=[guard_file(one, tally) for one in content.files],
        notes=[*notes, *note],
    )


def guard_page(page: str | None, text: Sequence[Found], tally: Tally) -> tuple[str | None, list[str]]:
    """The page without secrets, and a note where it had to go: where more was found in its text than in itself."""
    if not page:
        return None, []
    clean, found = redacted_page(page)
    if found:
        tally.add("html", kinds(found))
    if {one.kind for one in text} - {one.kind for one in found}:
        return None, [PAGE_LEFT_OUT]
    return clean, []


def guard_file(one: File, tally: Tally) -> File:
    """A file without secrets in its name or its text."""
    for kind, marker in MARKERS.items():
        if marker in one.filename:
            tally.add("filename", Counter([kind]))
    clean, counts = redacted_file(one)
    tally.add("attachment", counts)
    return clean


def heed(said: Spoken, history: Sequence[Heard]) -> Heed:
    """The secrets in a message of a session, read together with what was said before."""
    before = [without_markers(one.text) for one in history]
    each = find_across((*before, said.subject, said.text))
    for place, text in enumerate(before):
        each[place] = [one for one in each[place] if not _is_chance(text, one)]
    for place, found in _parts([*(one.text for one in history), said.text]):
        at = place if place < len(before) else len(before) + 1
        each[at] = merged([*each[at], found])
    corrections = tuple(
        Correction(one.message, replaced(one.text, found), _redactions(found))
        for one, found in zip(history, each, strict=False)
        if found
    )
    return Heed((each[-2], each[-1]), corrections)


def guard_app(app: dict[str, str] | None) -> dict[str, str] | None:
    """What an app says of itself, without secrets."""
    return app and {name: redact(value) for name, value in app.items()}


def kinds(found: Sequence[Found]) -> Counter[SecretKind]:
    """How many secrets of each kind."""
    return Counter(one.kind for one in found)


def _people(people: tuple[Address, ...], tally: Tally) -> tuple[Address, ...]:
    return tuple(
        one if len(one.name) < _SHORTEST else msgspec.structs.replace(one, name=tally.text("name", one.name))
        for one in people
    )


def _is_chance(text: str, found: Found) -> bool:
    """Whether a word or two at the end of prose are only list words by chance, with a phrase in the next message."""
    words = text[found.start : found.end].split()
    return found.kind == "mnemonic" and 0 < len(words) < _LEAST_WORDS and phrases.part(text) is None


def _parts(texts: Sequence[str]) -> list[tuple[int, Found]]:
    """The parts of a phrase that the last message completes, which came in several messages with others between."""
    last = phrases.part(texts[-1]) if len(texts) > 1 else None
    if last is None:
        return []
    lists, aside, removed = last.lists, 0, 0
    parts = {len(texts) - 1: last}
    for place in reversed(range(len(texts) - 1)):
        if MARKERS["mnemonic"] in texts[place]:
            removed, aside = removed + _REMOVED, 0
        part = phrases.part(without_markers(texts[place]))
        if part and part.lists & lists:
            lists, aside = lists & part.lists, 0
            parts[place] = part
        elif MARKERS["mnemonic"] not in texts[place]:
            aside += 1
            if aside > _MAX_ASIDE:
                break
    if (len(parts) == 1 and not removed) or not phrases.are_phrase(list(parts.values()), removed):
        return []
    return [(place, part.found) for place, part in parts.items()]


def _redactions(found: Sequence[Found]) -> tuple[Redaction, ...]:
    return tuple(Redaction(kind=kind, count=count, where="text") for kind, count in kinds(found).items())

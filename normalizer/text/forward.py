"""The message inside a forwarded one, so that a mail which somebody passes on opens the writer's case."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import dropwhile, takewhile

from model.ticket import Address, Forwarded
from normalizer.text.history import Opener, header_block, is_rule, marker, openers, visible
from normalizer.text.people import people
from normalizer.text.phrases import BEFORE_NAMES, FORWARD_PREFIXES, REPLY_PREFIXES, Label

MAX_LENGTH = 200_000
"""Characters that are searched for the beginning of a forward."""


def unwrap(text: str, subject: str) -> tuple[Forwarded, str] | None:
    """The forwarded message and the text above it, or None where the mail forwards nothing.

    A mail program that marks its forwards is believed.  A bare header block is a forward when the subject
    says so, or when nothing was written above it and the subject is not that of an answer; an attribution
    (`On … wrote:`) only when the subject says so.  What people wrote below a quoted forward belongs to the
    text above.
    """
    lines = visible(text[:MAX_LENGTH]).splitlines()
    opener = _quoted_marker(lines) or next(openers(lines), None)
    if opener is None or not _forwards(opener, lines, subject):
        return None
    above = "\n".join(lines[: _without_rules(lines, opener.start)]).strip("\n")
    fields, body, below = _inside(opener, lines)
    tail = text[MAX_LENGTH:]
    forwarded = Forwarded(
        from_=_sender(fields, lines[opener.start : opener.end]),
        to=people(fields.get("to", "")),
        cc=people(fields.get("cc", "")),
        subject=fields.get("subject", "") or without_prefixes(subject) or None,
        text=textwrap.dedent("\n".join(body)).strip("\n") + tail,
        sent_at=_sent_at(fields.get("date", "")),
    )
    return forwarded, "\n\n".join(part for part in (above, below) if part.strip())


def is_forward(subject: str) -> bool:
    """Whether the subject begins as the mail programs of some thirty languages begin a forward's."""
    return _prefix(subject) in _FORWARD


def is_reply(subject: str) -> bool:
    """Whether the subject begins as that of an answer."""
    return _prefix(subject) in _REPLY


def without_prefixes(subject: str) -> str:
    """The subject without the prefixes of answers and forwards, however many."""
    while _prefix(subject) in _FORWARD | _REPLY:
        subject = _after_colon(subject)
    return subject.strip()


def _prefix(subject: str) -> str:
    head, colon, _ = subject.replace("：", ":", 1)[:30].partition(":")
    return head.strip(" [.").casefold() if colon else ""


def _after_colon(subject: str) -> str:
    return subject.replace("：", ":", 1).partition(":")[2].strip()


def _forwards(opener: Opener, lines: Sequence[str], subject: str) -> bool:
    if opener.kind == "forward" or is_forward(subject):
        return True
    if opener.kind == "attribution" or is_reply(subject):
        return False
    return not any(line.strip() and not is_rule(line) for line in lines[: opener.start])


def _quoted_marker(lines: Sequence[str]) -> Opener | None:
    """A marker that is quoted together with its message, as Apple Mail does, where nothing else stands before it."""
    for position, line in enumerate(lines):
        if line.startswith(">"):
            found = marker(line)
            if not found and not line.strip("> "):
                continue
            usual = found and found[0] == "forward" and next(openers(lines[:position]), None) is None
            return Opener("forward", position, position + 1, {}) if usual else None
    return None


def _inside(opener: Opener, lines: Sequence[str]) -> tuple[Mapping[Label, str], list[str], str]:
    """Fields, lines of the message, and what stands below it where it is quoted."""
    rest = lines[opener.end :]
    quoted = list(takewhile(lambda line: not line.strip() or line.lstrip().startswith(">"), rest))
    if not any(line.strip() for line in quoted):
        return opener.fields, list(rest), ""
    below = "\n".join(rest[len(quoted) :]).strip("\n")
    inner = [_unquoted(line) for line in quoted]
    if opener.fields:
        return opener.fields, inner, below
    start = next((i for i, line in enumerate(inner) if line.strip()), 0)
    block = header_block(inner, start, announced=True)
    return (block.fields, inner[block.end :], below) if block else ({}, inner, below)


def _unquoted(line: str) -> str:
    return line.lstrip().removeprefix(">").removeprefix(" ")


def _without_rules(lines: Sequence[str], end: int) -> int:
    """The end without the drawn and empty lines above it."""
    while end and (not lines[end - 1].strip() or is_rule(lines[end - 1])):
        end -= 1
    return end


def _sender(fields: Mapping[Label, str], announcing: Sequence[str]) -> Address | None:
    """The From of the block, else whom the attribution names: its address and what is quoted before it."""
    if "from" in fields:
        value = fields["from"]
        named = people(value)
        if len(named) > 1 and named[0].address == "":
            named = named[1:]
        return named[0] if named else None
    found = people(" ".join(line.strip() for line in announcing))
    if not found or not found[0].address:
        return None
    return Address(name=_quoted_name(found[0].name), address=found[0].address)


def _quoted_name(words: str) -> str:
    """The name in an attribution: what stands in quotation marks last, else the words after the last digit."""
    for opening in '"“„«':
        if opening in words:
            return words.rpartition(opening)[2].strip(' "”»')
    digits = [at for at, char in enumerate(words) if char.isdigit()]
    name = words[digits[-1] + 1 :] if digits else words
    return " ".join(dropwhile(lambda word: word.strip(",.:;").casefold() in _BEFORE_NAMES, name.strip(" ,:;.").split()))


def _sent_at(value: str) -> datetime | None:
    """The time where it is one of RFC 5322 with its zone; the forms of mail programs do not say the zone."""
    try:
        moment = parsedate_to_datetime(value)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


_FORWARD = frozenset(FORWARD_PREFIXES.split("|"))
_REPLY = frozenset(REPLY_PREFIXES.split("|"))
_BEFORE_NAMES = frozenset(BEFORE_NAMES.split("|"))

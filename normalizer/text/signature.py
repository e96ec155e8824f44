"""What stands below a person's words without being them: signatures, device lines, notices."""

from __future__ import annotations

import re
from collections.abc import Sequence

from normalizer.text.history import is_rule
from normalizer.text.phrases import CLOSINGS, DEVICES, DISCLAIMERS, FOOTERS, SENT_FROM

MAX_SIGNATURE_LINES = 15
"""Written lines below a delimiter that can still be a signature."""
MAX_LEAVE_LINES = 8
MAX_DEVICE_LINE = 120
MAX_ENDINGS = 40
"""Device lines, notices and signatures that may follow one another."""

_DELIMITERS = {"--", "—", "––", "- -", "ᐧ"}


def without_signature(lines: Sequence[str]) -> int:
    """How many of the visible lines are left when signature, device lines and notices at their end have gone."""
    end = _trimmed(lines, len(lines))
    for _ in range(MAX_ENDINGS):
        shorter = _trimmed(lines, _below_delimiter(lines, _without_notice(lines, _without_device(lines, end))))
        if shorter == end:
            break
        end = shorter
    return end


def is_delimiter(line: str) -> bool:
    """Whether a signature begins below: `-- ` (RFC 3676 section 4.3) and what is used for it."""
    return line.strip() in _DELIMITERS


def is_device_line(line: str) -> bool:
    """Whether a telephone or mail program says what it is, in any of the languages known."""
    if len(line) > MAX_DEVICE_LINE:
        return False
    bare = " ".join(_MARKUP.sub(" ", line).casefold().split()).strip(" <>()*_-.")
    if not (bare.startswith(_BEGINNINGS) or bare.endswith(_ENDINGS)):
        return False
    return bool(_SENT.match(bare) and _DEVICE.search(bare) and not _AMOUNT.search(bare))


def is_leave(lines: Sequence[str]) -> bool:
    """Whether these few lines only take leave and name who does."""
    return 0 < len(lines) <= MAX_LEAVE_LINES and lines[0].strip(" *_,.!-，。！").casefold() in _CLOSINGS


def is_notice(paragraph: str) -> bool:
    """Whether this is a notice of confidentiality, or what lists and virus scanners append."""
    if paragraph.lstrip(" *_").startswith(FOOTERS):
        return True
    if len(paragraph) < 40:
        return False
    folded = paragraph[:2000].casefold()
    return any(all(part.search(folded) for part in parts) for parts in _DISCLAIMERS)


def _trimmed(lines: Sequence[str], end: int) -> int:
    """Without empty and drawn lines at the end."""
    while end and (not (line := lines[end - 1].strip()) or is_rule(line) or is_delimiter(line)):
        end -= 1
    return end


def _without_device(lines: Sequence[str], end: int) -> int:
    return end - 1 if end and is_device_line(lines[end - 1]) else end


def _without_notice(lines: Sequence[str], end: int) -> int:
    """Without a last paragraph that is a notice, unless it is all there is."""
    start = end
    while start and lines[start - 1].strip():
        start -= 1
    if not any(line.strip() for line in lines[:start]):
        return end
    return start if is_notice(" ".join(line.strip() for line in lines[start:end])) else end


def _below_delimiter(lines: Sequence[str], end: int) -> int:
    """The line of the uppermost delimiter that has a signature's length below it, else the end."""
    found, written = end, 0
    for position in range(end - 1, -1, -1):
        line = lines[position].strip()
        if line in _DELIMITERS or (line.startswith("_____") and is_rule(line)):
            found = position
        written += bool(line)
        if written > MAX_SIGNATURE_LINES:
            break
    return found if any(line.strip() for line in lines[:found]) else end


_MARKUP = re.compile(r"\]?\(?<?https?:\S+|[\[\]<>]")
_SENT_FROM = [phrase.casefold().partition("*") for cell in SENT_FROM.values() for phrase in cell.split("|")]
_BEGINNINGS = tuple(beginning for beginning, _, _ in _SENT_FROM if beginning)
_ENDINGS = tuple(ending for beginning, _, ending in _SENT_FROM if not beginning)
_SENT = re.compile(
    "|".join(
        re.escape(beginning) + (f".*{re.escape(ending)}$" if ending else r"(?: \S+){0,2}$" if star else "")
        for beginning, star, ending in _SENT_FROM
    )
)
_DEVICE_NAMES = "|".join(re.escape(name.casefold()) for name in DEVICES.split("|"))
_DEVICE = re.compile(rf"(?<![a-zà-ÿа-я])(?:{_DEVICE_NAMES})(?![a-zà-ÿа-я])|^sent from my [a-z]+-\d+$")
_AMOUNT = re.compile(r"\b(?:wallet|address|account|exchange|btc|eth|usdt|\d+\.\d+|0x[0-9a-f]+)\b|[?？]")
_DISCLAIMERS = [[re.compile(part) for part in parts] for parts in DISCLAIMERS.values()]
_CLOSINGS = frozenset(phrase.casefold() for cell in CLOSINGS.values() for phrase in cell.split("|"))

"""The machine-readable part of a delivery report (RFC 3464), also where it stands in plain text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from msgspec import Struct

from normalizer.mime.part import MESSAGES, Part

MAX_RECIPIENTS = 500
MAX_LENGTH = 500_000
"""Characters of a report that are read."""

UNDELIVERED = frozenset({"", "failed", "delayed", "expired"})
"""Actions that say that a message did not arrive, or not yet; without any it did not."""


class Finding(Struct, frozen=True, kw_only=True):
    """What is said of one recipient: `diagnostic` by the system that refused, `context` by the one that reports."""

    address: str = ""
    action: str | None = None
    status: str | None = None
    diagnostic: str = ""
    context: str = ""


def walk(part: Part, *, messages: bool = False) -> Iterator[Part]:
    """The part and all inside it; inside attached messages only where `messages` says so."""
    yield part
    if messages or part.media_type not in MESSAGES:
        for child in part.children:
            yield from walk(child, messages=messages)


def reports(root: Part) -> list[str]:
    """The texts of all delivery-status parts; one that is passed on in an attached message counts where no other is."""
    found = [part for part in walk(root) if part.media_type in _REPORTS]
    found = found or [part for part in walk(root, messages=True) if part.media_type in _REPORTS]
    return [text_of(part) for part in found]


def recipients(report: str) -> list[Finding]:
    """The recipients of a delivery-status text, in order; fields before the first of them are of the message."""
    found = [_finding(group) for group in _groups(report[:MAX_LENGTH])]
    return [finding for finding in found if finding is not None][:MAX_RECIPIENTS]


def notified(text: str) -> list[Finding]:
    """The recipients of a bounce that a mail service posts as JSON (Amazon SES through SNS)."""
    if not text.startswith("{") or '"bounce' not in text[:2000]:
        return []
    try:
        rows = json.JSONDecoder().raw_decode(text[:MAX_LENGTH])[0]["bounce"]["bouncedRecipients"]
        return [_from_json(row) for row in rows[:MAX_RECIPIENTS]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []


def _from_json(row: dict[str, object]) -> Finding:
    return Finding(
        address=str(row.get("emailAddress", "")),
        action=str(row.get("action", "failed")),
        status=str(row["status"]) if "status" in row else None,
        diagnostic=str(row.get("diagnosticCode", "")),
    )


def text_of(part: Part) -> str:
    """The text of a report, one that was read as a message of headers included."""
    content = part.content or b"\n\n".join(child.content for child in part.children)
    return content[:MAX_LENGTH].decode("utf-8", "replace")


def _groups(report: str) -> Iterator[dict[str, str]]:
    """The groups of fields, unfolded, names in lower case; a second recipient begins a group of its own."""
    group: dict[str, str] = {}
    name = ""
    for line in report.splitlines():
        match = _FIELD.match(line)
        if match:
            name, value = match[1].lower(), match[2].strip()
            if name in group and name in _OPENING:
                yield group
                group = {}
            group.setdefault(name, value)
        elif line[:1] in " \t" and line.strip() and name:
            group[name] = f"{group[name]} {line.strip()}".strip()
        elif not line.strip():
            if group:
                yield group
            group, name = {}, ""
    if group:
        yield group


def _finding(group: dict[str, str]) -> Finding | None:
    """The finding of a group about a recipient, None for any other group."""
    if not group.keys() & _RECIPIENT:
        return None
    status = _STATUS.search(group.get("status", ""))
    return Finding(
        address=_address(group.get("original-recipient", "")) or _address(group.get("final-recipient", "")),
        action=group["action"].split()[0].lower() if group.get("action") else None,
        status=status[0] if status else None,
        diagnostic=_without_type(group.get("diagnostic-code", "")),
    )


def _address(value: str) -> str:
    """The address after its type (`rfc822;`), or nothing."""
    bare = _without_type(value).strip(" <>\t\"'")
    return bare if "@" in bare else ""


def _without_type(value: str) -> str:
    return _TYPE.sub("", value, count=1).strip()


_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_OPENING = frozenset({"final-recipient", "original-recipient", "action"})
_RECIPIENT = frozenset({"final-recipient", "original-recipient", "action", "status", "diagnostic-code"})
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,40})\s?:(.*)")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_TYPE = re.compile(r"^(?:\s*[A-Za-z][\w-]{0,40}\s*;){1,2}")

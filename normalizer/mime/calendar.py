"""A readable line from a calendar invitation (RFC 5545, RFC 5546)."""

from __future__ import annotations

import re

_FOLD = re.compile(r"\r?\n[ \t]")
_LINE = re.compile(
    r"^(METHOD|SUMMARY|DTSTART|DTEND|LOCATION|ORGANIZER)((?:;[^:\r\n]*)?):([^\r\n]*)", re.MULTILINE | re.IGNORECASE
)
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")
_ZONE = re.compile(r"TZID=\"?([^;:\"]+)", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([\\;,nN])")
_WORDS = {
    "REQUEST": "Invitation",
    "CANCEL": "Cancelled",
    "REPLY": "Answer to an invitation",
    "COUNTER": "Counter-proposal",
}
_MAX_READ = 256 * 1024


def describe(calendar: str) -> str:
    """One line that says what a calendar object is about, or an empty string where it says nothing."""
    unfolded = _FOLD.sub("", calendar[:_MAX_READ])
    found: dict[str, tuple[str, str]] = {}
    begin = unfolded.find("BEGIN:VEVENT")
    for line in [*_LINE.finditer(unfolded, 0, max(begin, 0)), *_LINE.finditer(unfolded, max(begin, 0))]:
        found.setdefault(line[1].upper(), (line[2], line[3].strip()))
    if "SUMMARY" not in found and "DTSTART" not in found:
        return ""
    word = _WORDS.get(found.get("METHOD", ("", ""))[1].upper(), "Event")
    times = " – ".join(_time(*found[name]) for name in ("DTSTART", "DTEND") if name in found)
    place = _plain(found.get("LOCATION", ("", ""))[1])
    parts = [_plain(found.get("SUMMARY", ("", ""))[1]), times, place]
    return f"[{word}: {', '.join(part for part in parts if part)}]"


def _time(parameters: str, value: str) -> str:
    moment = _TIME.match(value)
    if not moment:
        return value
    year, month, day, hour, minute, utc = moment.groups()
    zone = _ZONE.search(parameters)
    clock = f" {hour}:{minute}" if hour else ""
    return f"{year}-{month}-{day}{clock}{' UTC' if utc else f' {zone[1]}' if zone and clock else ''}"


def _plain(value: str) -> str:
    return " ".join(_ESCAPED.sub(lambda c: " " if c[1] in "nN" else c[1], value).split())[:300]

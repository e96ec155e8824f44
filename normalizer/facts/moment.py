"""Dates and times as people write them in ten languages, in the forms of ISO 8601.

Only what is written is told: `03-05` without a year is `--03-05`, a time without a zone has none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from normalizer.facts.found import Found
from normalizer.facts.page import Page
from normalizer.facts.words import AFTERNOON, MONTHS, MORNING, ZONES, Label

MONTH_FIRST = frozenset(["en", None])
"""Languages in which 03/05/2024 is in March."""
_DATE_FIRST = frozenset(["zh-Hans", "zh-Hant", "ja", "ko"])
_PARTS = "|".join(sorted(AFTERNOON | MORNING, key=len, reverse=True))
_YEAR_FIRST = re.compile(r"(\d{4})(\.\s|[-/.])(\d{1,2})\2(\d{1,2})(?!\d)(?:(?<=\d)\.(?=\s\d{1,2}:)|)")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d\d)(?![\d.]*\d)")
_NEAR_SHARE = 16
_SHARE = re.compile(r"(?:confirm\w*|steps?|rated?|scores?|parts?|pages?|确认|確認|확인|步骤|步驟)[:\s]{0,2}$")
"""What is counted so: 3/12 of the confirmations, step 2/3."""
_SHORT_DAY = re.compile(
    rf"(\d{{1,2}})/(\d{{1,2}})(?=[\s,]{{1,2}}(?:(?:{_PARTS})\s?)?\d{{1,2}}(?:[:：]\d\d(?!\d)|\s?[時时点點시](?![\d.])|\s?[ap]m\b))"
)
_EAST = re.compile(r"(?:(\d{4})\s?[年년]\s?)?(\d{1,2})\s?[月월](?:\s?(\d{1,2})\s?([日号號일]?))?")
_NAMED = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|º|\.)?(?:\s(?:of|de)\s|[\s-])([^\W\d_]{3,12})\.?(?:,?[\s-](?:del?\s)?(\d{4}))?(?!\w)"
)
_VIETNAMESE = re.compile(r"(\d{1,2})\s?tháng\s?(\d{1,2})(?:,?\s?năm\s(\d{4}))?")
_DAY_YEAR = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?(?:,?\s(\d{4}))?(?![\d:]|[.,/-]\d)")
_BETWEEN = re.compile(
    r"(?:t(?=\d)|[\s,]|[(（][月火水木金土日월화수목금토][)）]|\b(?:at|around|about|lúc|в|около|a\slas?|las|jam|pukul|saat|г|году|года|on|el|ngày|tanggal|kl)\b\.?|の|에|[-–]\s)*"
)
_CLOCK = re.compile(
    rf"(?:({_PARTS})\s?)?(\d{{1,2}})"
    r"(?:[:：](\d\d)(?:[:：](\d\d)(?:[.,]\d{1,9})?)?(?!\d)|\s?[時时点點시](?:\s?(\d{1,2})\s?[分분](?:\s?(\d{1,2})\s?[秒초])?|(半|반))?|h(\d\d)?\b|\s?giờ(?:\s?(\d\d))?)?"
    r"(?:\s?([ap])\.?\s?m\b\.?)?"
)
_POINT = re.compile(r"(\d{1,2})\.(\d\d)(?!\.?\d)")
_ZONE = re.compile(
    r"\s?(?:по\s)?\(?(?:(?:utc|gmt)\s?([+-])(\d{1,2})(?::?(\d\d))?|([+-])(\d\d):?(\d\d)|([a-zа-я日本時間北京时]{1,5})(?!\w))\)?"
)
_MAY_BE = re.compile(
    r"\d{1,4}(?:([-/.])\s?\d{1,2}\1\s?\d|/\d{1,2}\s|[:：]\d\d|\s?[年년月월日號号일時时点點시]|h(?:\d\d)?\b|\s?giờ|\s?tháng|\s?[ap]\.?\s?m\b"
    r"|(?:st|nd|rd|th|º|r|\.)?(?:\s(?:of|de)\s|[\s-])([^\W\d_]{3,12}))"
)
"""What every moment looks like, and most numbers do not; a name must be that of a month."""
_DIGITS = re.compile(r"\d+")
_PART_BEFORE = re.compile(rf"({_PARTS})\s?\Z")
_PART_ENDS = frozenset(part[-1] for part in AFTERNOON | MORNING)


class Clock(NamedTuple):
    """A time of day and where its writing ends."""

    value: str
    end: int


def moment(page: Page, at: int, label: Label | None, label_at: int) -> Found | None:
    """The date, time or both that is written at a digit, or None."""
    named = label is not None and label.role == "month"
    behind = _behind(page.folded, at)
    if not named:
        if behind not in _BEHIND:
            return None
        may_be = _MAY_BE.match(page.folded, at)
        if not may_be or (may_be[2] and may_be[2] not in MONTHS):
            return None
    day = _day(page, at, label, label_at) if behind in _BEHIND_DAY or named else None
    if day is None:
        return _time_first(page, at) if behind in _BEHIND_HOUR else None
    value, start, end = day
    gap = _BETWEEN.match(page.folded, end)
    clock = _clock(page.folded, gap.end() if gap else end, bare=False) if value.count("-") > 1 else None
    if clock is None:
        return Found("times", value, "date", start, end)
    return Found("times", f"{value}T{clock.value}", "datetime", start, clock.end)


def _behind(folded: str, at: int) -> str:
    """The character behind the digits at a place, by which most numbers are seen to be no moment."""
    digits = _DIGITS.match(folded, at)
    return folded[digits.end() : digits.end() + 1] if digits else ""


def _time_first(page: Page, at: int) -> Found | None:
    """A time, with the date that follows it if one does."""
    folded = page.folded
    near = folded[at - 1 : at].isspace() or folded[at - 1 : at] in _PART_ENDS
    part = _PART_BEFORE.search(folded, max(0, at - 6), at) if near else None
    start = part.start() if part else at
    clock = _clock(folded, start, bare=True)
    if clock is None:
        return None
    gap = _BETWEEN.match(folded, clock.end)
    then = gap.end() if gap else clock.end
    follows = then > clock.end and folded[then : then + 1].isdecimal() and page.language not in _DATE_FIRST
    day = _day(page, then, None, then) if follows else None
    if day and day[0].count("-") > 1:
        return Found("times", f"{day[0]}T{clock.value}", "datetime", start, day[2])
    return Found("times", clock.value, "time", start, clock.end)


def _day(page: Page, at: int, label: Label | None, label_at: int) -> tuple[str, int, int] | None:
    """The date at a place in ISO 8601, its beginning and its end."""
    folded = page.folded
    for read in _READERS.get(_behind(folded, at), ()):
        if found := read(page, at):
            return found[0], at, found[1]
    if label and label.role == "month" and (matched := _DAY_YEAR.match(folded, at)):
        day, year = matched.groups()
        plain = label.value != "5" or year or page.text[label_at].isupper()
        value = _iso(year, int(label.value), int(day)) if plain else None
        return (value, label_at, matched.end()) if value else None
    return None


def _by_digits(page: Page, at: int) -> tuple[str, int] | None:
    folded = page.folded
    if matched := _YEAR_FIRST.match(folded, at):
        value = _iso(matched[1], int(matched[3]), int(matched[4]))
    elif matched := _YEAR_LAST.match(folded, at):
        first, separator, second, year = matched.groups()
        if separator == "." and len(year) == 2 and not (len(first) == 2 and len(second) == 2):
            return None
        day, month = int(first), int(second)
        if (separator == "/" and page.language in MONTH_FIRST and day <= 12) or month > 12:
            day, month = month, day
        value = _iso(year if len(year) == 4 else f"20{year}", month, day)
    else:
        return None
    return (value, matched.end()) if value else None


def _before_clock(page: Page, at: int) -> tuple[str, int] | None:
    """The day of `11/22 15:30`; without a time behind it, it may as well be a share."""
    matched = _SHORT_DAY.match(page.folded, at)
    if not matched:
        return None
    if matched[0] == "24/7" or _SHARE.search(page.folded, max(0, at - _NEAR_SHARE), at):
        return None
    month, day = int(matched[1]), int(matched[2])
    if month > 12 or not (page.language in MONTH_FIRST or page.language in _DATE_FIRST or day > 12):
        month, day = day, month
    value = _iso(None, month, day)
    return (value, matched.end()) if value else None


def _by_east(page: Page, at: int) -> tuple[str, int] | None:
    matched = _EAST.match(page.folded, at)
    if not matched:
        return None
    year, month, day, sign = matched.groups()
    if day is None or not (sign or year):
        return (f"{year}-{int(month):02}", matched.end(2) + 1) if year and int(month) <= 12 else None
    value = _iso(year, int(month), int(day))
    return (value, matched.end()) if value else None


def _by_name(page: Page, at: int) -> tuple[str, int] | None:
    if matched := _NAMED.match(page.folded, at):
        day, name, year = matched.groups()
        month = MONTHS.get(name)
        if month and (year or name not in ("may", "mar", "des") or page.text[matched.start(2)].isupper()):
            value = _iso(year, month, int(day))
            return (value, matched.end()) if value else None
    if matched := _VIETNAMESE.match(page.folded, at):
        day, month_digits, year = matched.groups()
        value = _iso(year, int(month_digits), int(day))
        return (value, matched.end()) if value else None
    return None


def _iso(year: str | None, month: int, day: int) -> str | None:
    """The date, or None where there is no such day."""
    try:
        checked = date(int(year) if year else 2000, month, day)
    except ValueError:
        return None
    if year and not 1990 <= checked.year <= 2100:
        return None
    return checked.isoformat() if year else f"--{month:02}-{day:02}"


def _clock(folded: str, at: int, *, bare: bool) -> Clock | None:
    """The time of day at a place; `bare` where no date stands before it, so that it must be clear by itself."""
    matched = _CLOCK.match(folded, at)
    if not matched:
        return None
    part, hours, minute, second, east, tick, half, h, gio, noon = matched.groups()
    end, minutes = matched.end(), minute or east or h or gio or ("30" if half else None)
    pointed = None if minutes or matched.end() > matched.end(2) else _POINT.match(folded, at)
    if pointed and not bare:
        end, minutes = pointed.end(), pointed[2]
    shown = minutes or noon or (part and matched.end() > matched.end(2)) or (not bare and end > matched.end(2))
    if not shown:
        return None
    hour, late = int(hours), noon == "p" or part in AFTERNOON
    if hour > 24 or int(minutes or 0) > 59 or int(second or tick or 0) > 59 or (noon and not 1 <= hour <= 12):
        return None
    if late and hour < 12:
        hour += 12
    elif (noon == "a" or part in MORNING) and hour == 12:
        hour = 0
    zone, end = _zone(folded, end)
    value = f"{hour % 24:02}:{minutes or '00':0>2}" + (f":{second or tick:0>2}" if second or tick else "") + zone
    return Clock(value, end)


def _zone(folded: str, at: int) -> tuple[str, int]:
    """The offset from UTC that follows a time, as ISO 8601 writes it."""
    matched = _ZONE.match(folded, at)
    if not matched:
        return "", at
    sign, hours, minutes, plain_sign, plain_hours, plain_minutes, name = matched.groups()
    if name is not None:
        known = ZONES.get(name)
        return (known, matched.end()) if known else ("", at)
    hours, minutes = hours or plain_hours, minutes or plain_minutes or "00"
    if int(hours) > 14:
        return "", at
    return f"{sign or plain_sign}{int(hours):02}:{minutes}", matched.end()


_READERS: dict[str, tuple[Callable[[Page, int], tuple[str, int] | None], ...]] = {
    **dict.fromkeys("/", (_by_digits, _before_clock)),
    **dict.fromkeys("-.", (_by_digits, _by_name)),
    **dict.fromkeys("年년月월", (_by_east,)),
    **dict.fromkeys(" \u00a0", (_by_east, _by_name)),
    **dict.fromkeys("stnrº", (_by_name,)),
}
"""Which readers of dates may find one, by the character behind the digits."""
_BEHIND_DAY = frozenset(_READERS)
_BEHIND_HOUR = frozenset(":：时時点點시h. \u00a0ap")
_BEHIND = _BEHIND_DAY | _BEHIND_HOUR

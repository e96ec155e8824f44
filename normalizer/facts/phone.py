"""Phone numbers in E.164, of the country that they name or that the language suggests.

A candidate is cheap to find and dear to check, so that only what looks like one, or is called one, is given
to the phonenumbers library.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from normalizer.facts.found import Found
from normalizer.facts.page import Page
from normalizer.facts.words import Label

REGIONS = {
    "zh-Hans": ("CN",),
    "zh-Hant": ("TW", "HK"),
    "en": ("US", "GB"),
    "ja": ("JP",),
    "ko": ("KR",),
    "vi": ("VN",),
    "id": ("ID",),
    "ru": ("RU",),
    "es": ("ES", "MX"),
    "tr": ("TR",),
    "de": ("DE",),
    "fr": ("FR",),
    "it": ("IT",),
    "pt": ("BR", "PT"),
    "th": ("TH",),
}
"""Where those who write a language call from."""
_CANDIDATE = re.compile(r"\d(?:[ \t\u00a0().\u2010-\u2015-]{0,2}\d){6,16}(?![\da-z])")
_USUAL = re.compile(
    r"(?:1[3-9]\d(?:[\s-]?\d{4}){2}"  # China
    r"|09\d\d[\s-]\d{3}[\s-]\d{3}"  # Taiwan
    r"|0[5789]0[\s-]\d{4}[\s-]\d{4}|0\d{1,4}-\d{1,4}-\d{4}"  # Japan
    r"|01\d[\s-]\d{3,4}[\s-]\d{4}"  # Korea
    r"|0[35789]\d{1,2}[\s.-]?\d{3}[\s.-]?\d{3,4}"  # Vietnam
    r"|08\d{1,2}[\s-]?\d{3,4}[\s-]?\d{3,5}"  # Indonesia
    r"|[78][\s-]?\(?9\d\d\)?[\s-]?\d{3}[\s-]?\d\d[\s-]?\d\d"  # Russia
    r"|05\d\d[\s-]?\d{3}[\s-]?\d\d[\s-]?\d\d"  # Turkey
    r"|[67]\d\d[\s-]\d{3}[\s-]\d{3}|[67]\d\d(?:\s\d\d){3}"  # Spain
    r"|[2-9]\d\d\)?[\s.-]\d{3}[\s.-]\d{4})"  # North America
    r"(?![-.,]?\d|[a-z_])"
)
"""How numbers are written within a country by those who say no more."""
_LETTER = re.compile("[a-z]")
_CODES = {f"{code:0{width}}": code for code in COUNTRY_CODE_TO_REGION_CODE for width in (1, 2, 3)}
"""The codes of countries, also with zeros before them."""
MIN_LENGTH, MAX_DIGITS = 7, 15


def phone(page: Page, at: int, label: Label | None) -> Found | None:
    """The phone number whose first digit stands at a place, or None."""
    matched = _CANDIDATE.match(page.folded, at)
    if not matched:
        return None
    abroad = page.text[at - 1 : at] == "+"
    called = abroad or (label is not None and label.role == "phone")
    usual = None if abroad else _USUAL.match(page.folded, at)
    if not called and (not usual or _LETTER.match(page.folded, at - 1)):
        return None
    start = at - 1 if page.text[at - 1 : at] in ("+", "(") and at else at
    regions = (None,) if abroad else REGIONS.get(page.language or "", ("US",))
    for end in [usual.end()] if usual and not called else _lengths(page.folded, at, matched.end()):
        for region in regions:
            if page.afford() and (number := _valid(page.text[start:end], region)):
                return Found("phones", *number, start, end)
    return None


def _lengths(folded: str, start: int, end: int) -> Iterator[int]:
    """The end of a candidate, and where it ends without the numbers of the next sentence."""
    for _ in range(3):
        yield end
        end = max(folded.rfind(" ", start, end), folded.rfind("\n", start, end))
        if end - start < MIN_LENGTH:
            return


def _valid(written: str, region: str | None) -> tuple[str, str] | None:
    """The number in E.164 and the country where it is, or None where there can be no such number.

    The rules are those of the phonenumbers library, compiled; asking the library itself takes ten times as long.
    """
    digits = "".join(filter(str.isdecimal, written))
    if region is None:
        code = _CODES.get(digits[0]) or _CODES.get(digits[:2]) or _CODES.get(digits[:3], 0)
        national = digits[len(str(code)) :]
    else:
        code, prefix = _dialled(region)
        national = digits.removeprefix(prefix)
    if not code or not MIN_LENGTH - 1 <= len(national) <= MAX_DIGITS:
        return None
    plain = str(int(national))
    regions = COUNTRY_CODE_TO_REGION_CODE[code]
    for country in regions:
        if _belongs(plain, code, country, alone=len(regions) == 1):
            return f"+{code}{plain}", country
    return None


class _Kind(NamedTuple):
    """A kind of numbers of a country: how many digits they may have, any number if empty, and how they look."""

    lengths: tuple[int, ...]
    pattern: re.Pattern[str]


class _Country(NamedTuple):
    """The numbers of a country as the library's metadata describes them."""

    leading: re.Pattern[str] | None
    """What the numbers begin with, where that tells it from others of the same code."""
    general: _Kind | None
    kinds: tuple[_Kind, ...]


def _belongs(national: str, code: int, region: str, *, alone: bool) -> bool:
    """Whether a number is one of a country, whose code is its own or is shared with others."""
    country = _country(code, region)
    if country is None:
        return False
    if country.leading and not alone:
        return country.leading.match(national) is not None
    if country.general is None or not _fits(national, country.general):
        return False
    return any(_fits(national, kind) for kind in country.kinds)


def _fits(national: str, kind: _Kind) -> bool:
    return (not kind.lengths or len(national) in kind.lengths) and kind.pattern.fullmatch(national) is not None


@cache
def _country(code: int, region: str) -> _Country | None:
    metadata = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    if metadata is None:
        return None
    kinds = (
        metadata.mobile, metadata.fixed_line, metadata.voip, metadata.toll_free, metadata.premium_rate,
        metadata.shared_cost, metadata.personal_number, metadata.pager, metadata.uan, metadata.voicemail,
    )  # fmt: skip
    return _Country(
        re.compile(metadata.leading_digits) if metadata.leading_digits else None,
        _kind(metadata.general_desc),
        tuple(kind for one in kinds if (kind := _kind(one))),
    )


def _kind(described: phonenumbers.PhoneNumberDesc | None) -> _Kind | None:
    if described is None or not described.national_number_pattern:
        return None
    return _Kind(tuple(described.possible_length), re.compile(described.national_number_pattern))


@cache
def _dialled(region: str) -> tuple[int, str]:
    """The code of a country, and what is dialled before a number within it."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    return phonenumbers.country_code_for_region(region), (metadata and metadata.national_prefix) or ""

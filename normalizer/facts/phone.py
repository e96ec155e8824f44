"""Phone numbers in E.164, of the country that they name or that the language suggests.

A candidate is cheap to find and dear to check, so that only what looks like one, or is called one, is given
to the phonenumbers library.
"""

from __future__ import annotations

import re

import phonenumbers

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
_CANDIDATE = re.compile(r"\d(?:[\s().\u2010-\u2015-]{0,2}\d){6,16}(?![\d\w])")
_USUAL = re.compile(
    r"1[3-9]\d(?:[\s-]?\d{4}){2}"  # China
    r"|09\d\d[\s-]\d{3}[\s-]\d{3}"  # Taiwan
    r"|0[5789]0[\s-]\d{4}[\s-]\d{4}|0\d{1,4}-\d{1,4}-\d{4}"  # Japan
    r"|01\d[\s-]\d{3,4}[\s-]\d{4}"  # Korea
    r"|0[35789]\d{1,2}[\s.-]?\d{3}[\s.-]?\d{3,4}"  # Vietnam
    r"|08\d{1,2}[\s-]?\d{3,4}[\s-]?\d{3,5}"  # Indonesia
    r"|[78][\s-]?\(?9\d\d\)?[\s-]?\d{3}[\s-]?\d\d[\s-]?\d\d"  # Russia
    r"|05\d\d[\s-]?\d{3}[\s-]?\d\d[\s-]?\d\d"  # Turkey
    r"|[67]\d\d[\s-]\d{3}[\s-]\d{3}|[67]\d\d(?:\s\d\d){3}"  # Spain
    r"|[2-9]\d\d\)?[\s.-]\d{3}[\s.-]\d{4}"  # North America
)
"""How numbers are written within a country by those who say no more."""
MAX_DIGITS = 15


def phone(page: Page, at: int, label: Label | None) -> Found | None:
    """The phone number whose first digit stands at a place, or None."""
    matched = _CANDIDATE.match(page.folded, at)
    if not matched:
        return None
    abroad = page.text[at - 1 : at] == "+"
    if not abroad and not (label and label.role == "phone"):
        usual = _USUAL.match(page.folded, at)
        if not usual or usual.end() != matched.end() or page.folded[at - 1 : at].isalnum():
            return None
    start = at - 1 if abroad or page.text[at - 1 : at] == "(" else at
    written = page.text[start : matched.end()]
    for region in (None,) if abroad else REGIONS.get(page.language or "", ("US",)):
        if number := _valid(written, region):
            return Found("phones", *number, start, matched.end())
    return None


def _valid(written: str, region: str | None) -> tuple[str, str] | None:
    """The number in E.164 and the country where it is, or None where there can be no such number."""
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
    country = phonenumbers.region_code_for_number(number)
    if country is None or not phonenumbers.is_valid_number_for_region(number, country):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), country

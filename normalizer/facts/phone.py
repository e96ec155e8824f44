"""Phone numbers in E.164, of the country that they name or that the language suggests.

A candidate is cheap to find and dear to check, so that only what looks like one, or is called one, is given
to the phonenumbers library.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

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

    The library's own parser, which also reads letters and extensions, takes three times as long.
    """
    digits = "".join(one for one in written if one.isdecimal())
    if region is None:
        code = next((int(digits[:n]) for n in (1, 2, 3) if int(digits[:n]) in COUNTRY_CODE_TO_REGION_CODE), 0)
        national = digits[len(str(code)) :]
    else:
        code = phonenumbers.country_code_for_region(region)
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
        national = digits.removeprefix((metadata and metadata.national_prefix) or "")
    if not code or not MIN_LENGTH - 1 <= len(national) <= MAX_DIGITS:
        return None
    number = phonenumbers.PhoneNumber(country_code=code, national_number=int(national))
    shared = len(COUNTRY_CODE_TO_REGION_CODE[code]) > 1
    country = phonenumbers.region_code_for_number(number) if shared else COUNTRY_CODE_TO_REGION_CODE[code][0]
    if country is None or not (shared or phonenumbers.is_valid_number_for_region(number, country)):
        return None
    return f"+{code}{int(national)}", country

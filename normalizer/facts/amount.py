"""Amounts of money and tokens: the number in plain digits, and its currency or token."""

from __future__ import annotations

import re
from decimal import Decimal

from normalizer.facts.found import Found
from normalizer.facts.page import Page
from normalizer.facts.words import (
    MEASURES,
    NOT_MONEY,
    NOT_UNITS,
    NUMERALS,
    POWERS,
    SCALES,
    TICKERS,
    UNITS,
    Label,
)

DECIMAL_COMMA = frozenset("vi id ru es tr de fr it pt".split())
"""Languages that write 1.234,56."""
MAX_DIGITS = 30
MAX_NUMERALS = 16
NUMBER = re.compile(r"\d{1,3}(?:[ \u00a0\u202f]\d{3}(?!\d))+(?:[.,]\d{1,18})?(?!\d)|\d+(?:[.,'’]\d+)*")
_WORD = re.compile(r"\s?([^\W\d_]+|[$€£¥₩₫₽₺₱฿₹₴₸￥￦])")
_WORD_AGAIN = re.compile(r"[\s-]?([^\W\d_]+|[$€£¥₩₫₽₺₱฿₹₴₸￥￦])")
_LONGEST_UNIT = 6


def amount(page: Page, at: int, label: Label | None, label_at: int) -> Found | None:
    """The amount whose digits begin at `at`; None where it is none."""
    currency = label.value if label and label.role == "currency" else None
    matched = NUMBER.match(page.folded, at)
    if not matched or matched.end() - at > MAX_DIGITS or not (currency or _may_follow(page, matched.end())):
        return None
    scale, rest, end = _scale(page, matched.end())
    unit, unit_end = _unit(page, _measured(page.folded, end))
    before = currency if currency and _joined(page.folded[label_at:at]) else None
    if unit is None:
        if before is None or _counts(page, end):
            return None
        unit, unit_end = before, end
    elif scale == 1 and page.folded.startswith(NOT_MONEY, _blank(page.folded, unit_end)):
        return None
    if scale in (10**6, 10**9) and end - matched.end() == 1 and before is None:
        return None  # 5m and 2b are money only beside a sign
    value = _plain(matched[0], scale, rest, page.language)
    if value is None:
        return None
    start = label_at if before and (unit_end == end or before in (unit, "USD", "¥")) else at
    if _POINT_FIRST.fullmatch(page.folded, max(0, at - 2), at) and matched[0].isdecimal() and scale == 1:
        value, start = f"0.{value}", min(start, at - 1)
    return Found("amounts", value, _local(unit, page.language), start, unit_end)


def upper(page: Page, at: int) -> Found | None:
    """The amount at the end of a range whose first digits stand at `at`: 700 USDT of `500-700 USDT`."""
    matched = _RANGE.match(page.folded, at)
    if matched is None or int(matched[1]) >= int(matched[2]):
        return None
    return amount(page, matched.start(2), None, matched.start(2))


def numerals(page: Page, at: int, unit_at: int) -> Found | None:
    """The amount in Chinese, Japanese or Korean numerals whose last one stands at `at`, its unit at `unit_at`."""
    start = at
    while (
        start > 0 and at - start < MAX_NUMERALS and (page.text[start - 1] in NUMERALS or page.text[start - 1] in POWERS)
    ):
        start -= 1
    written = page.text[start : at + 1]
    unit, end = _unit(page, unit_at)
    if (
        unit is None
        or (start and page.text[start - 1] in "0123456789几幾第一每多余餘")
        or page.folded.startswith(NOT_MONEY, end)
    ):
        return None
    if len(written) == 1 and (written in "一万萬亿億" and unit == "CNY"):
        return None  # 一块 is "together"
    value = "0.5" if written == "半" else _numeral(written)
    return Found("amounts", value, _local(unit, page.language), start, end) if value else None


def _may_follow(page: Page, end: int) -> bool:
    """Whether what follows a number can be a unit, or multiply it: where a word of letters does, which most do, it
    must be one that is known.
    """
    matched = _WORD_AGAIN.match(page.folded, end)
    if matched is None:
        return False
    word = matched[1]
    if max(word[0], word[-1]) >= "\u2e80" or word in SCALES or word in UNITS or word == "u":
        return True
    start = matched.start(1)
    return page.text[start : start + len(word)] in TICKERS


def _scale(page: Page, end: int) -> tuple[int, int, int]:
    """What the words behind the number multiply it by, what is added (5万5千), and where they end."""
    folded, scale, rest = page.folded, 1, 0
    for _ in range(2):
        here = _blank(folded, end)
        here += folded[here : here + 1] in _OVER and folded[here + 1 : here + 2] in SCALES
        if folded[here : here + 1] >= "\u2e80":
            word = next((folded[here : here + n] for n in (2, 1) if folded[here : here + n] in SCALES), None)
        else:
            matched = _WORD.match(folded, end)
            word = matched[1] if matched and matched[1] in SCALES else None
            here = matched.start(1) if matched else here
        if word is None or (here > end and word in _GLUED):
            break
        scale, end = scale * SCALES[word], here + len(word)
        if folded[end : end + 1] == "." and word in ("тыс", "млн", "млрд"):
            end += 1
        if scale >= 10**4 and word >= "\u2e80" and (more := _MORE.match(folded, end)):
            times = SCALES.get(more[2], 100 if more[2] else 1) * (10**4 if more[3] else 1)
            rest, end = int(more[1]) * times, more.end()
            break
    return scale, rest, end


def _measured(folded: str, end: int) -> int:
    """The place behind a measure word, or the same place."""
    here = _blank(folded, end)
    return here + 1 if folded[here : here + 1] in MEASURES else end


def _blank(folded: str, end: int) -> int:
    return end + 1 if folded[end : end + 1] in (" ", "\u00a0") else end


def _unit(page: Page, end: int) -> tuple[str | None, int]:
    """The currency or token that is written at a place, and where its name ends."""
    here = _blank(page.folded, end)
    if page.folded[here : here + 1] >= "\u2e80":
        for length in range(_LONGEST_UNIT, 0, -1):
            word = page.folded[here : here + length]
            if len(word) == length and word in UNITS:
                return UNITS[word], here + length
    matched = _WORD_AGAIN.match(page.folded, end)
    if not matched:
        return None, end
    word, start = matched[1], matched.start(1)
    if page.folded[matched.end() : matched.end() + 1] == "₮":
        word += "₮"
    unit = _named(page, word, start, glued=start == end)
    if unit is None and (west := _WEST.match(word)):  # 100usdt到账
        word = west[0]
        unit = _named(page, word, start, glued=True)
    return (unit, start + len(word)) if unit else (None, end)


def _named(page: Page, word: str, start: int, *, glued: bool) -> str | None:
    """The unit that a word names; `u` is USDT where Chinese is written, or right behind the number."""
    if word == "u" and (glued or page.language in _SAYS_U):
        return "USDT"
    said = page.text[start : start + len(word)]
    return UNITS.get(word) or (said if said in TICKERS else None)


def _counts(page: Page, end: int) -> bool:
    """Whether what follows a number says that it counts something else."""
    folded = page.folded
    if folded[end : end + 1] in ("%", ":", "/") or (
        folded[end : end + 1].isalpha() and folded[end : end + 1] < "\u2e80"
    ):
        return True
    matched = _WORD.match(folded, end)
    if not matched:
        return False
    word = matched[1]
    return word in NOT_UNITS or any(word.startswith(one) for one in _EAST_COUNTS)


def _plain(written: str, scale: int, rest: int, language: str | None) -> str | None:
    """The number in plain digits with a decimal point, None where it is none, such as 1.2.3."""
    if written.isdecimal():
        plain = written
    else:
        digits = _APART.sub("", written)
        comma, dot = digits.rfind(","), digits.rfind(".")
        if comma >= 0 and dot >= 0:
            mark = "," if comma > dot else "."
        else:
            separator = "," if comma >= 0 else "."
            mark = "" if _groups(digits, separator, language) else separator
        plain = digits.replace("." if mark == "," else ",", "").replace(mark or ".", "." if mark else "")
    if plain.count(".") > 1:
        return None
    if scale == 1:
        return plain
    value = Decimal(plain) * scale + rest
    return f"{value.normalize():f}" if value else "0"


def _groups(digits: str, separator: str, language: str | None) -> bool:
    """Whether a lone kind of separator parts thousands."""
    head, *groups = digits.split(separator)
    if any(len(group) != 3 for group in groups) or len(head) > 3 or head == "0":
        return False
    return len(groups) > 1 or (separator == ",") != (language in DECIMAL_COMMA)


def _joined(words: str) -> bool:
    """Whether a currency and the number behind it belong together, as they do not in `in USDT, 5 days ago`."""
    return _TOGETHER.fullmatch(words) is not None


def _local(unit: str, language: str | None) -> str:
    """Signs and names that mean another currency in another country."""
    return _HERE.get((unit, language or "")) or _USUAL.get(unit, unit)


def _numeral(written: str) -> str:
    """The value of Chinese numerals; 三千五 is 3500."""
    total = section = digit = power = 0
    for character in written:
        if character in NUMERALS:
            digit = NUMERALS[character]
            power = 0 if character in "零〇" else power
            continue
        power = POWERS[character]
        if power >= 10**4:
            total, section, digit = total + (section + digit or 1) * power, 0, 0
        else:
            section, digit = section + (digit or 1) * power, 0
    if digit and power >= 100 and len(written) > 2:
        digit *= power // 10
    value = total + section + digit
    return str(value) if value else ""


_APART = re.compile("['’ \u00a0\u202f]")
_TOGETHER = re.compile(r"[^\s,，、(（*]+[\s:：.=≈]{0,3}")
_WEST = re.compile("[a-z]+(?=[\u2e80-\uffff])")
_MORE = re.compile(r"\s?(\d{1,4})([千천百백]?)([万萬만]?)(?!\d)")
_POINT_FIRST = re.compile(r"(?:^|\s)?(?<![\w.])\.")
"""The beginning of `.5`."""
_RANGE = re.compile(r"(\d{1,12})-(\d{1,12})(?![\d-]|[.,' \u00a0\u202f]\d)")
_OVER = ("多", "余", "餘")
"""What rounds a number down: 100多万."""
_GLUED = frozenset("k m b w к mn".split())
"""Letters that multiply only where nothing stands between them and the number."""
_SAYS_U = frozenset(["zh-Hans", "zh-Hant"])
_EAST_COUNTS = tuple(one for one in NOT_UNITS if one[0] >= "\u2e80")
_HERE = {("¥", "ja"): "JPY", ("元", "zh-Hant"): "TWD"}
_USUAL = {"¥": "CNY", "元": "CNY"}

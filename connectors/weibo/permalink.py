"""Where a post can be seen: its number in base 62, in groups of seven decimal digits from the right."""

from __future__ import annotations

import re
import string

_DIGITS = string.digits + string.ascii_lowercase + string.ascii_uppercase
_GROUP, _WIDTH = 7, 4
_LINK = re.compile(r"https://weibo\.com/\d+/([0-9A-Za-z]{1,24})")


def permalink(uid: str, mid: str) -> str | None:
    """The address of a post by its author's number and its own; None where one of them is no number."""
    if not (uid.isdecimal() and mid.isdecimal()):
        return None
    ends = range(len(mid), 0, -_GROUP)
    groups = [_encode(int(mid[max(0, end - _GROUP) : end])).rjust(_WIDTH, "0") for end in ends]
    return f"https://weibo.com/{uid}/{''.join(reversed(groups)).lstrip('0') or '0'}"


def post_of(url: str | None) -> str | None:
    """The number of the post that an address leads to; None where it leads to none."""
    found = _LINK.match(url or "")
    if found is None:
        return None
    text = found[1]
    groups = [text[max(0, end - _WIDTH) : end] for end in range(len(text), 0, -_WIDTH)]
    return "".join(str(_decode(group)).rjust(_GROUP, "0") for group in reversed(groups)).lstrip("0") or "0"


def _encode(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 62)
        text = _DIGITS[digit] + text
    return text


def _decode(text: str) -> int:
    number = 0
    for letter in text:
        number = number * 62 + _DIGITS.index(letter)
    return number

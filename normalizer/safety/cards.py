"""Card numbers: an issuer's prefix, its length, and the check digit (ISO/IEC 7812-1, Luhn)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from normalizer.safety.found import Found
from normalizer.safety.view import View

_NUMBER = re.compile(
    r"[0-9](?<![\w./@#$+-][0-9])(?<![0-9][ ,:-][0-9])(?:[ \u00a0-]?[0-9]){12,18}(?![\w/=@%-])(?!\.[0-9])"
)
_ISSUER = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|"
    r"3(?:0[0-5]|[689]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|62\d{14,17}"
)
_GROUPS = frozenset(
    [(4, 4, 4, 4), (4, 6, 5), (4, 4, 4, 4, 3), (4, 6, 4), (16,), (15,), (13,), (19,), (14,), (6, 13), (8, 8)]
)
_OTHER = re.compile(
    r"(?:\bid|\buid|mid|imei|order|ref\w*|tracking|serial|ticket|case|invoice|account|phone|tel\w*|time\w*|nonce|"
    r"订单|訂單|单号|單號|编号|編號|流水|电话|電話|手机|手機|"
    r"微博|注文|주문|заказ|pedido|commande|bestell\w*)"
    r"[^\d\n]{0,12}$",
    re.IGNORECASE,
)
_DIGITS = bytes(100 if 48 <= code <= 57 else 32 for code in range(256))
_SHORTEST = b"d" * 13
_BETWEEN = b" -\xa0"
_GAP = re.compile(r"[ \u00a0-]")


def cards(looks: View) -> Iterator[Found]:
    """The card numbers in a text, in one piece or in the groups that cards show."""
    text = looks.text
    if _SHORTEST not in looks.rest.translate(_DIGITS, _BETWEEN):
        return
    for found in _NUMBER.finditer(text):
        groups = _GAP.split(found[0])
        digits = "".join(groups)
        if (
            _ISSUER.fullmatch(digits)
            and tuple(map(len, groups)) in _GROUPS
            and luhn(digits)
            and not _is_other(text, found.start())
        ):
            yield Found(found.start(), found.end(), "card_number")


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 * (value > 9)
    return total % 10 == 0


def _is_other(text: str, start: int) -> bool:
    """Whether a number is a part of an address, or the words before it call it something else."""
    before = text[max(start - 40, 0) : start]
    link = before.split()[-1] if before and not before[-1].isspace() else ""
    return "/" in link or "&" in link or _OTHER.search(before) is not None

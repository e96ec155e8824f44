"""Card numbers: an issuer's prefix, its length, and the check digit (ISO/IEC 7812-1, Luhn)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from normalizer.safety.found import Found

_NUMBER = re.compile(r"(?<![\w./@#$+-])(?<!\d[ ,:-])(?:\d[ \u00a0-]?){12,18}\d(?![\w/=@%-])(?!\.\d)")
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


def cards(text: str) -> Iterator[Found]:
    """The card numbers in a text, in one piece or in the groups that cards show."""
    for found in _NUMBER.finditer(text):
        groups = tuple(len(group) for group in re.findall(r"\d+", found[0]))
        digits = re.sub(r"\D", "", found[0])
        if groups in _GROUPS and _ISSUER.fullmatch(digits) and luhn(digits) and not _is_other(text, found.start()):
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

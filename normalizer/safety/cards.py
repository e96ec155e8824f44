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
_NAMED = re.compile(
    r"(?:\b(?:cards?|visa|mastercard|amex|tarjeta|cartão|cartao|carte|carta|kreditkarte|karte|kart|карт[аыуе]|thẻ)\b|"
    r"卡号|卡號|银行卡|銀行卡|信用卡|カード|카드)[^\d\n]{0,24}$",
    re.IGNORECASE,
)
"""Words before a number that call it a card's."""
_DIGITS = bytes(100 if 48 <= code <= 57 else 32 for code in range(256))
_SHORTEST = b"d" * 13
_BETWEEN = b" -\xa0"
_FEW = 3
"""More other numbers than these that are as long as a card's are ids."""
_GAP = re.compile(r"[ \u00a0-]")


def cards(looks: View) -> Iterator[Found]:
    """The card numbers in a text, in one piece or in the groups that cards show.

    One in one piece is none where it stands among several other numbers of that length, which are a table or a log,
    unless words call it a card's.
    """
    text = looks.text
    if _SHORTEST not in looks.rest.translate(_DIGITS, _BETWEEN):
        return
    sure: list[Found] = []
    whole: list[Found] = []
    ids = 0
    for found in _NUMBER.finditer(text):
        groups = _GAP.split(found[0])
        if _is_card(groups) and not _is_other(text, found.start()):
            certain = len(groups) > 1 or _is_named(text, found.start())
            (sure if certain else whole).append(Found(*found.span(), "card_number"))
        else:
            ids += len(groups) == 1
    yield from sure
    if ids <= _FEW:
        yield from whole


def _is_card(groups: list[str]) -> bool:
    """Whether an issuer gives such numbers, in such groups, and the check digit is right."""
    digits = "".join(groups)
    return bool(_ISSUER.fullmatch(digits)) and tuple(map(len, groups)) in _GROUPS and luhn(digits)


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


def _is_named(text: str, start: int) -> bool:
    """Whether the words before a number call it a card's."""
    return _NAMED.search(text, max(start - 40, 0), start) is not None

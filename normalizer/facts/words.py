"""The words by which facts are told, in the customers' languages: `words.txt`, in the forms that the readers use."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from normalizer.tables import read_table


class Label(NamedTuple):
    """What a word says of the number beside it."""

    role: str
    """`currency`, `month`, `number` (an order, a user …), `version`, `system`, `phone`, `standard`, `morning`
    or `afternoon`."""
    value: str


_TABLE = read_table(Path(__file__).parent / "words.txt")


def _by_word(section: str) -> dict[str, str]:
    return {word: name for name, words in _TABLE[section].items() for word in words}


def _labels(role: str, section: str) -> dict[str, Label]:
    return {word: Label(role, name) for word, name in _by_word(section).items()}


UNITS = _by_word("fiat") | _by_word("tokens")
"""Currencies (ISO 4217) and tokens by what people call them."""
TICKERS = frozenset(_TABLE["tickers"]["tickers"])
"""Tokens that are words as well, or little known: only in capitals."""
SCALES = {word: int(scale) for word, scale in _by_word("scales").items()}
"""Words that multiply the number before them."""
MONTHS = {word: int(month) for word, month in _by_word("months").items()}
"""Months by their names."""
ZONES = {word: "" if zone == "unclear" else zone for word, zone in _by_word("zones").items()}
"""Offsets from UTC by the name of the zone; none where the name means several."""
CHAINS = _by_word("chains")
"""Chains by what people and their explorers are called."""
MEASURES = frozenset(_TABLE["between"]["measures"])
"""Words between a number and what is counted."""
WEAK = frozenset(_TABLE["between"]["weak"])
"""Words that may stand between a label and its number."""
NOT_UNITS = frozenset(_TABLE["between"]["not_units"])
"""What is counted where it is no money: `BTC 3 days ago`."""
NOT_MONEY = _TABLE["between"]["not_money"]
"""What a token's name before it makes something else of: `2 BTC wallets`."""
EAST_UNITS = _TABLE["between"]["east_units"]
"""Units that are written behind numerals of Chinese, Japanese and Korean."""

_ROWS = ("零〇", "一壹일", "二两兩이", "三叁삼", "四사", "五伍오", "六육", "七칠", "八팔", "九구")
NUMERALS = {character: value for value, row in enumerate(_ROWS) for character in row}
POWERS = {
    character: 10**power
    for power, row in {1: "十십", 2: "百백", 3: "千천", 4: "万萬만", 8: "亿億억"}.items()
    for character in row
}
"""Numerals of Chinese, Japanese and Korean."""
AFTERNOON = frozenset("下午 午後 午后 오후 晚上 晚間 晚间 傍晚 夜晚 晚 中午 밤 저녁 夜 夜の".split())
MORNING = frozenset("上午 午前 오전 凌晨 早上 清晨 새벽 아침 朝 朝の".split())
"""Parts of the day that stand before a time."""

LABELS: dict[str, Label] = {
    **{word: Label("month", str(month)) for word, month in MONTHS.items()},
    **_labels("number", "numbers"),
    **_labels("system", "systems"),
    **{word: Label("version", "app") for word in _TABLE["labels"]["version"]},
    **{word: Label(role, "") for role in ("phone", "standard") for word in _TABLE["labels"][role]},
    **{word: Label("morning", word) for word in MORNING},
    **{word: Label("afternoon", word) for word in AFTERNOON},
    **{word: Label("currency", unit) for word, unit in UNITS.items()},
    "u": Label("currency", "USDT"),
}
"""What a word before a number says of it."""
LONGEST_LABEL = 36
"""Characters before a number that are looked at."""
CLOSING = " \t\u00a0:：#№.=\"'“”«»（(「『【[,，、-–—*_`>"
"""Characters between a label and its number."""

"""Addresses and transaction hashes of the chains that wallets hold, told by their form and checksum."""

from __future__ import annotations

import re

from ahocorasick_rs import AhoCorasick, MatchKind

from normalizer.facts.checksum import XRP_ALPHABET, base58, base58check, bech32, eip55, on_curve, ton
from normalizer.facts.found import Found
from normalizer.facts.page import Page
from normalizer.facts.words import CHAINS

SHORTEST = 25
"""Characters from which on a word may be an address."""
_PIECE = re.compile(r"[A-Za-z0-9]{25,}")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_HEX40 = re.compile(r"[0-9a-f]{40}")
_CONTINUED = re.compile(r"=?\r?\n[> ]{0,4}([0-9a-f]{1,40})(?![0-9a-z])")
"""The end of a hash that a mail broke into two lines."""
_WHOLE = (32, 40)
"""Hexadecimal digits of what is something by itself: a digest, an address."""
_TON = re.compile(r"[EUk0][QfA-Za-z][A-Za-z0-9_-]{46}")
_VERSIONS = {
    0x00: "bitcoin",
    0x05: "bitcoin",
    0x30: "litecoin",
    0x32: "litecoin",
    0x1E: "dogecoin",
    0x16: "dogecoin",
    0x41: "tron",
}
_PREFIXES = {"bc": "bitcoin", "ltc": "litecoin"}
_WORDS = tuple(CHAINS)
_NAMES = AhoCorasick(_WORDS, matchkind=MatchKind.LeftmostLongest)
_OF_EVM = frozenset(["ethereum", "bsc", "polygon", "arbitrum", "optimism", "base", "avalanche"])
_OF_HEX = frozenset(["bitcoin", "tron", "litecoin", "dogecoin", "xrp", "ton"])
NEAR = 80
"""Characters around a hash in which its chain is looked for."""
_NO_HASH = re.compile("sha-?256|sha-?2|checksum|digest|校验|校驗|チェックサム|체크섬")
_SOLANA = frozenset(["solana"])


def chained(page: Page, start: int, end: int) -> list[Found]:
    """The addresses and hashes in a long word."""
    word = page.text[start:end]
    if len(word) == 48 and _TON.fullmatch(word) and ton(word):
        return [Found("addresses", word, "ton", start, end)]
    return [found for piece in _PIECE.finditer(word) if (found := _piece(page, piece[0], start + piece.start()))]


def _piece(page: Page, word: str, start: int) -> Found | None:
    end = start + len(word)
    lower = word.lower()
    hexadecimal = lower.removeprefix("0x")
    if _HEX64.fullmatch(hexadecimal):
        return _hash(page, lower, start, end)
    if (
        len(hexadecimal) < 64
        and len(hexadecimal) not in _WHOLE
        and (rest := _CONTINUED.match(page.folded, end))
        and _HEX64.fullmatch(hexadecimal + rest[1])
    ):
        return _hash(page, lower + rest[1], start, rest.end())
    if lower.startswith("0x"):
        if _HEX40.fullmatch(hexadecimal) and eip55(word):
            return Found("addresses", f"0x{word[2:]}", _near(page, start, end, _OF_EVM) or "evm", start, end)
        return None
    return _base58(page, word, start, end) if len(word) <= 88 else None


def _hash(page: Page, lower: str, start: int, end: int) -> Found | None:
    """64 hexadecimal digits: a transaction, unless the words say that it is a file's digest.

    Private keys have the same form; they are removed before facts are looked for.
    """
    if lower.startswith("0x"):
        return Found("tx_hashes", lower, _near(page, start, end, _OF_EVM) or "evm", start, end)
    if page.folded[max(0, start - 2) : start] in ("0:", "1:"):
        first = start - 2 - (page.folded[start - 2 : start] == "1:")
        return Found("addresses", page.folded[first:end], "ton", first, end)
    if _NO_HASH.search(page.folded, max(0, start - 40), start):
        return None
    return Found("tx_hashes", lower, _near(page, start, end, _OF_HEX), start, end)


def _base58(page: Page, word: str, start: int, end: int) -> Found | None:
    first = word[0]
    if first in "bBlL" and (said := bech32(word)):
        chain = _PREFIXES.get(said[0])
        return Found("addresses", word.lower(), chain, start, end) if chain else None
    if first in "13TLMDA9" and len(word) <= 36 and len(payload := base58check(word)) == 21:
        chain = _VERSIONS.get(payload[0])
        return Found("addresses", word, chain, start, end) if chain else None
    if first == "r" and len(word) <= 36:
        payload = base58check(word, XRP_ALPHABET)
        return Found("addresses", word, "xrp", start, end) if len(payload) == 21 and payload[0] == 0 else None
    if len(word) >= 86:
        return Found("tx_hashes", word, "solana", start, end) if len(base58(word)) == 64 else None
    if not 32 <= len(word) <= 44 or len(key := base58(word)) != 32:
        return None
    known = _near(page, start, end, _SOLANA) or (page.afford() and on_curve(key))
    return Found("addresses", word, "solana", start, end) if known else None


def _near(page: Page, start: int, end: int, chains: frozenset[str]) -> str | None:
    """The chain of those given that is named nearest, in words or by the explorer in whose link it stands."""
    first = max(0, start - NEAR)
    around = page.folded[first : end + NEAR]
    nearest, chain = NEAR, None
    for number, left, right in _NAMES.find_matches_as_indexes(around):
        name = _WORDS[number]
        apart = start - first - right if first + right <= start else left - (end - first)
        if 0 <= apart < nearest and CHAINS[name] in chains and _whole(around, left, right):
            nearest, chain = apart, CHAINS[name]
    return chain


def _whole(text: str, left: int, right: int) -> bool:
    """Whether a word is one, and no part of a longer one; scripts without spaces have no such thing."""
    if text[left] >= "\u2e80":
        return True
    return not (text[left - 1 : left].isalpha() and text[left - 1] < "\u2e80") and not (
        text[right : right + 1].isalpha() and text[right] < "\u2e80"
    )

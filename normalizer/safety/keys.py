"""Private keys in the forms in which wallets export them.

Formats: WIF (Bitcoin), extended keys (BIP-32, SLIP-132), Solana (base58 of seed and public half, or the same as a
JSON array), PEM (RFC 7468), and 64 hexadecimal digits, which only the words around them tell from a hash.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import base58
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from normalizer.safety.found import Found
from normalizer.safety.view import KEY, View
from normalizer.safety.wording import Wording, may_name_secret

_B58 = "1-9A-HJ-NP-Za-km-z"
_HEX = re.compile(r"(?:0[xX])?[0-9a-fA-F]{64}")
_SPREAD_HEX = re.compile(
    r"(?<![0-9a-zA-Z])(?:0[xX])?[0-9a-fA-F]{2,62}(?:[ \t]{0,2}(?:\r?\n[> \t]{0,6}|[ \t:-])"
    r"[0-9a-fA-F]{2,62}){1,31}(?![0-9a-zA-Z])"
)
_BASE58 = re.compile(rf"[{_B58}]{{51,120}}")
_WIF = re.compile(rf"[5KLc9][{_B58}]{{50,51}}")
_EXTENDED = re.compile(rf"[xyztuvYZUV]prv[{_B58}]{{90,115}}")
_HEX_SIZES = (64, 66)
_BASE58_SIZES = frozenset((51, 52, 86, 87, 88, *range(94, 120)))
_HEX_DIGITS = bytes(104 if chr(code) in "0123456789abcdefABCDEF" else 32 for code in range(128)) + b" " * 128
_BETWEEN_HEX = b" \t\r\n>:-"
_KEY = b"h" * KEY
_NUMBER = bytes(110 if 48 <= code <= 57 or code == 44 else 32 for code in range(256))
_BETWEEN_NUMBERS = b" \t\r\n"
_NUMBERS = b"n" * 63
_LEAST_COMMAS = 31
_PIECE = 256
_LONGEST_WORD = 24
_MAX_SPREAD = 260
"""Characters behind a naming word within which such a key ends."""
_ARRAY = re.compile(r"\[\s{0,9}\d{1,3}(?:\s{0,9},\s{0,9}\d{1,3}){31,63}\s{0,9},?\s{0,9}\]")
_PEM = re.compile(r"-----BEGIN\s[A-Z0-9\s]{0,40}PRIVATE\s{1,4}KEY(?:\s{1,4}BLOCK)?\s?-----")
_PEM_END = re.compile(r"-----END\s[A-Z0-9\s]{0,40}PRIVATE\s{1,4}KEY(?:\s{1,4}BLOCK)?\s?-----")
_PEM_BODY = re.compile(r"(?:[ \t>]*(?:[A-Za-z0-9+/=\\ -]{1,200}|[A-Za-z-]{1,30}: [^\n]{0,200})?\r?(?:\n|\\n|\Z))*")
_MAX_HEAD = 70
_MAX_PEM = 32 * 1024
_SHA256_LINE = re.compile(r"[ \t]{1,2}[ *]\S")
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Of the curve secp256k1: a key is a number below it."""
_URL_SECRET = re.compile(r"(?:key|secret|priv|seed|pk)\w{0,12}(?:=|%3D|:|/)$", re.IGNORECASE)
_LEAST_DIFFERENT = 8
_FEW = 3
"""More different strings than these that nothing names are a table or a log."""
_FIELD = re.compile(r"""["'`]?\s{0,3}[:=]\s{0,3}["'`]?$""")
_WIF_VERSIONS = (0x80, 0xEF)


def keys(looks: View) -> Iterator[Found]:
    """The private keys in a text that are written in one piece: hexadecimal digits, WIF, extended, Solana."""
    text, wording = looks.text, Wording(looks.text)
    if any(end - start in _HEX_SIZES for start, end in looks.runs) and _may_be_named(looks):
        yield from _hex(text, wording, looks.runs)
    for start, end in looks.runs:
        if (
            end - start in _BASE58_SIZES
            and (found := _BASE58.fullmatch(text, start, end))
            and _is_base58_secret(found[0], wording, start, end)
        ):
            yield Found(start, end, "private_key")


def parted(looks: View) -> Iterator[Found]:
    """The private keys in a text with something between their digits or bytes: blanks, line ends, commas."""
    wording = Wording(looks.text)
    if _KEY in looks.flat.translate(_HEX_DIGITS, _BETWEEN_HEX) and may_name_secret(looks.text):
        yield from _spread(looks.text, wording)
    flat = looks.rest
    if flat.count(b",") >= _LEAST_COMMAS and _NUMBERS in flat.translate(_NUMBER, _BETWEEN_NUMBERS):
        for found in _ARRAY.finditer(looks.text):
            if _is_array(found[0], wording, *found.span()):
                yield Found(*found.span(), "private_key")


def _may_be_named(looks: View) -> bool:
    """Whether anything in a text may call one of its hexadecimal strings a key, or nothing calls them what they are.

    A log of hashes is told by this alone.
    """
    text = looks.rest.decode() if looks.text.isascii() else looks.text
    if may_name_secret(text):
        return True
    pieces = (text[at : at + _PIECE + _LONGEST_WORD] for at in range(0, len(text), _PIECE))
    return not any(Wording(piece).names_public for piece in pieces) and _are_few(looks)


def _are_few(looks: View) -> bool:
    """Whether hardly any different strings are as long as a key."""
    different: set[str] = set()
    for start, end in looks.runs:
        if end - start in _HEX_SIZES:
            different.add(looks.text[start:end])
            if len(different) > _FEW:
                return False
    return True


def _spread(text: str, wording: Wording) -> Iterator[Found]:
    """Keys with blanks or line ends in them, behind the words that name them."""
    for place in wording.secret_ends:
        found = _SPREAD_HEX.search(text, place, place + _MAX_SPREAD)
        digits = re.sub(r"[^0-9a-fA-F]", "", found[0].lower().removeprefix("0x")) if found else ""
        if found and len(digits) == 64 and _is_drawn(digits) and wording.is_secret(*found.span()):
            yield Found(*found.span(), "private_key")


def _hex(text: str, wording: Wording, runs: Sequence[tuple[int, int]]) -> Iterator[Found]:
    """Strings of 64 digits that are called keys, or called nothing where hardly any others are."""
    unnamed = []
    for start, end in runs:
        if end - start not in _HEX_SIZES or not (found := _HEX.fullmatch(text, start, end)):
            continue
        named = _is_named(text, wording, start, end)
        if named is False or not _is_number(found[0]):
            continue
        if named:
            yield Found(start, end, "private_key")
        elif _is_drawn(found[0]):
            unnamed.append(found)
    if unnamed and len({found[0] for found in unnamed}) <= _FEW and not _speaks_of_hashes(wording):
        for found in unnamed:
            if not _SHA256_LINE.match(text, found.end()) and not _is_field(text, found.start()):
                yield Found(*found.span(), "private_key")


def _speaks_of_hashes(wording: Wording) -> bool:
    """Whether what a text names is no secret."""
    return wording.names_public and not wording.names_secrets


def _is_field(text: str, start: int) -> bool:
    """Whether a string is the value of a field, which would have been named secret if it were."""
    return _FIELD.search(text, max(start - 8, 0), start) is not None and "\n" not in text[max(start - 2, 0) : start]


def _is_number(digits: str) -> bool:
    """Whether 64 digits can be a key at all."""
    return 0 < int(digits, 16) < _ORDER


def _is_drawn(digits: str) -> bool:
    """Whether digits are as different as those of a key are."""
    return _is_number(digits) and len(set(digits.lower())) >= _LEAST_DIFFERENT


def _is_named(text: str, wording: Wording, start: int, end: int) -> bool | None:
    """What an address or the nearest word says of a string; None where neither says anything."""
    before = text[max(start - 80, 0) : start]
    link = before.split()[-1] if before and not before[-1].isspace() else ""
    if "://" in link or "www." in link or link.endswith("/"):
        return _URL_SECRET.search(link) is not None
    return wording.is_secret(start, end)


def _is_base58_secret(value: str, wording: Wording, start: int, end: int) -> bool:
    if _EXTENDED.fullmatch(value):
        return True
    if _WIF.fullmatch(value):
        return _is_wif(value) or wording.is_secret(start, end) is True
    if 86 <= len(value) <= 88:
        return _is_solana(base58.b58decode(value)) or (wording.is_secret(start, end) is True)
    return False


def _is_wif(value: str) -> bool:
    try:
        payload = base58.b58decode_check(value)
    except ValueError:
        return False
    return payload[0] in _WIF_VERSIONS and len(payload) in (33, 34)


def _is_array(value: str, wording: Wording, start: int, end: int) -> bool:
    numbers = [int(number) for number in re.findall(r"\d+", value)]
    if len(numbers) not in (32, 64) or max(numbers) > 255:
        return False
    return _is_solana(bytes(numbers)) or (wording.is_secret(start, end) is True)


@lru_cache(maxsize=256)
def _is_solana(value: bytes) -> bool:
    """Whether 64 bytes are a seed and the public key that follows from it (Ed25519, RFC 8032): no chance does that."""
    if len(value) != 64:
        return False
    return Ed25519PrivateKey.from_private_bytes(value[:32]).public_key().public_bytes_raw() == value[32:]


def pem(text: str, begins: Iterable[int]) -> Iterator[Found]:
    """Keys between their lines, the first of which begin at `begins`, or up to where they are cut off."""
    position = 0
    for begin in begins:
        likely = begin >= position and text.find("PRIVATE", begin, begin + _MAX_HEAD) > 0
        head = _PEM.match(text, begin) if likely else None
        if head is None:
            continue
        if end := _PEM_END.search(text, head.end(), head.end() + _MAX_PEM):
            position = end.end()
        else:
            body = _PEM_BODY.match(text, head.end(), head.end() + _MAX_PEM)
            position = body.end() if body else head.end()
        yield Found(begin, position, "private_key")

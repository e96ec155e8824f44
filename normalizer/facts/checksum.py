"""The checksums by which an address proves that it was copied whole."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from binascii import crc_hqx
from functools import reduce
from hashlib import sha256

from Crypto.Hash import keccak

BITCOIN_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
XRP_ALPHABET = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
MAX_BASE58 = 100
"""Characters of base 58 that are decoded: a Solana signature has 88."""

_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CURVE_PRIME = 2**255 - 19
_CURVE_D = -121665 * pow(121666, -1, _CURVE_PRIME) % _CURVE_PRIME


def base58(text: str, alphabet: str = BITCOIN_ALPHABET) -> bytes:
    """Decode base 58; b"" where a character is not of the alphabet."""
    number = 0
    digits = _DIGITS[alphabet]
    try:
        for character in text[:MAX_BASE58]:
            number = number * 58 + digits[character]
    except KeyError:
        return b""
    zeros = len(text) - len(text.lstrip(alphabet[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def base58check(text: str, alphabet: str = BITCOIN_ALPHABET) -> bytes:
    """The version and payload of a Base58Check string (Bitcoin wiki); b"" where the checksum is wrong."""
    decoded = base58(text, alphabet)
    payload, check = decoded[:-4], decoded[-4:]
    return payload if sha256(sha256(payload).digest()).digest()[:4] == check else b""


def bech32(text: str) -> tuple[str, int] | None:
    """The human-readable part and the witness version of a segwit address (BIP 173, BIP 350), or None.

    Version 0 needs the constant of bech32, later ones that of bech32m; the case must not be mixed.
    """
    if text not in (text.lower(), text.upper()) or len(text) > 90:
        return None
    prefix, _, data = text.lower().rpartition("1")
    try:
        values = [_BECH32_DIGITS[character] for character in data]
    except KeyError:
        return None
    if not prefix or len(values) < 8:
        return None
    remainder = _polymod([*(ord(one) >> 5 for one in prefix), 0, *(ord(one) & 31 for one in prefix), *values])
    version = values[0]
    if remainder != (1 if version == 0 else 0x2BC830A3) or version > 16:
        return None
    return prefix, version


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        check = (check & 0x1FFFFFF) << 5 ^ value ^ _FOLDS[check >> 25]
    return check


def eip55(address: str) -> bool:
    """Whether the letters of `0x` and 40 hex digits are written as EIP-55 asks, or all in one case."""
    digits = address[2:]
    lower = digits.lower()
    if digits in (lower, digits.upper()):
        return True
    hashed = keccak.new(digest_bits=256, data=lower.encode()).hexdigest()
    high = int(hashed[:40].translate(_HIGH_NIBBLES), 2)
    return int(digits.translate(_CAPITALS), 2) == high & int(lower.translate(_HEX_LETTERS), 2)


def ton(address: str) -> bool:
    """Whether 48 characters of base64url are a TON address: tag, workchain, account and CRC-16 (XMODEM)."""
    try:
        decoded = urlsafe_b64decode(address.replace("+", "-").replace("/", "_"))
    except ValueError:
        return False
    return (
        len(decoded) == 36
        and decoded[0] & 0x7F in (0x11, 0x51)
        and crc_hqx(decoded[:34], 0).to_bytes(2, "big") == decoded[34:]
    )


def on_curve(key: bytes) -> bool:
    """Whether 32 bytes are a point of Ed25519 (RFC 8032 section 5.1.3): whether there is an x for their y.

    x² = u / v has a solution where u · v is a square or nothing.
    """
    y = int.from_bytes(key, "little") & (1 << 255) - 1
    if len(key) != 32 or y >= _CURVE_PRIME:
        return False
    square = y * y
    return _jacobi((square - 1) * (_CURVE_D * square + 1), _CURVE_PRIME) >= 0


def _jacobi(number: int, modulus: int) -> int:
    """The Jacobi symbol: for a prime 1 of a square, -1 of none, 0 of a multiple; a fifth of the cost of a power."""
    number %= modulus
    sign = 1
    while number:
        twos = (number & -number).bit_length() - 1
        number >>= twos
        if (twos & 1 and modulus & 7 in (3, 5)) ^ (number & 3 == modulus & 3 == 3):
            sign = -sign
        number, modulus = modulus % number, number
    return sign if modulus == 1 else 0


_DIGITS = {
    alphabet: {character: value for value, character in enumerate(alphabet)}
    for alphabet in (BITCOIN_ALPHABET, XRP_ALPHABET)
}
_HIGH_NIBBLES = str.maketrans("0123456789abcdef", "0000000011111111")
_HEX_LETTERS = str.maketrans("0123456789abcdef", "0000000000111111")
_CAPITALS = str.maketrans("0123456789abcdefABCDEF", "0000000000000000111111")
"""A bit for each digit in base 16: whether it is 8 and more, a letter, a capital."""
_BECH32_DIGITS = {character: value for value, character in enumerate(_BECH32)}
_FOLDS = [
    reduce(lambda sum_, i: sum_ ^ (_GENERATOR[i] if top >> i & 1 else 0), range(len(_GENERATOR)), 0)
    for top in range(32)
]

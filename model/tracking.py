"""Tracking numbers: short enough to be read out on the phone, and not guessable from one another.

Eight symbols of Crockford's base 32 (https://www.crockford.com/base32.html) carry 40 bits; a ninth is
the check character of the hybrid system MOD 33,32 of ISO/IEC 7064, which needs no character outside the
alphabet, finds every single wrong symbol and nearly every swap of neighbours.
"""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = {symbol: value for value, symbol in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_BITS, _SYMBOLS = 40, 8
_PAIRS = [one + other for one in ALPHABET for other in ALPHABET]


def tracking_number(entropy: bytes) -> str:
    """The tracking number of a conversation from at least five bytes that nobody can guess.

    >>> tracking_number(bytes(5))
    'FN-0000-0000-S'
    """
    number = int.from_bytes(entropy[: _BITS // 8], "big")
    symbols = _PAIRS[number >> 30] + _PAIRS[number >> 20 & 1023] + _PAIRS[number >> 10 & 1023] + _PAIRS[number & 1023]
    return f"FN-{symbols[:4]}-{symbols[4:]}-{_check(symbols)}"


def parse_tracking_number(text: str) -> str | None:
    """The canonical form of a tracking number as a person may type it, or None where it is none.

    >>> parse_tracking_number("fn oooo-0000 s")
    'FN-0000-0000-S'
    """
    symbols = "".join(c for c in text.upper() if c.isalnum() and c.isascii()).removeprefix("FN")
    if len(symbols) != _SYMBOLS + 1 or any(symbol not in _VALUE for symbol in symbols):
        return None
    symbols = "".join(ALPHABET[_VALUE[symbol]] for symbol in symbols)
    if _check(symbols[:-1]) != symbols[-1]:
        return None
    return f"FN-{symbols[:4]}-{symbols[4:8]}-{symbols[8]}"


def _check(symbols: str) -> str:
    """ISO/IEC 7064 hybrid system MOD M+1,M with M = 32."""
    remainder = 32
    for symbol in symbols:
        remainder = (remainder + _VALUE[symbol]) % 32 or 32
        remainder = remainder * 2 % 33
    return ALPHABET[(33 - remainder) % 32]

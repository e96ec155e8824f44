"""Messages with facts in them, written as customers of ten languages write them, and what has to be found.

Addresses are made here by their own rules, not by the code that checks them.
"""

from __future__ import annotations

import hashlib
import random
from base64 import urlsafe_b64encode
from binascii import crc_hqx
from pathlib import Path
from typing import NamedTuple

import base58
from Crypto.Hash import keccak

from normalizer.tables import read_table
from tests.support.fact_forms import MOMENTS, NUMBERS, PHONES, UNITS, Form

SENTENCES = read_table(Path(__file__).parents[1] / "data" / "facts" / "sentences.txt")
LANGUAGES = tuple(SENTENCES)
KINDS = ("amounts", "times", "phones", "addresses", "tx_hashes", "urls", "orders", "uids", "apps", "systems")
ROLES = {"uids": "orders", "apps": "versions", "systems": "versions"}


class Written(NamedTuple):
    """A message and its facts: pairs of a role and a value."""

    text: str
    language: str
    facts: set[tuple[str, str]]


def messages(count: int, seed: int) -> list[Written]:
    """As many messages as asked for, every language and kind in turn; the same ones for the same seed."""
    draw = random.Random(seed)
    return [
        _message(draw, LANGUAGES[i % len(LANGUAGES)], KINDS[i // len(LANGUAGES) % len(KINDS)]) for i in range(count)
    ]


def _message(draw: random.Random, language: str, kind: str) -> Written:
    kinds = [kind, *draw.sample(KINDS, draw.randint(0, 3))]
    facts: set[tuple[str, str]] = set()
    sentences = draw.sample(SENTENCES[language]["plain"], draw.randint(0, 3))
    for each in dict.fromkeys(kinds):
        written, value = FORMS[each](draw, language)
        facts.add((ROLES.get(each, each), value))
        sentences.append(draw.choice(SENTENCES[language][each]).replace("{}", written))
    draw.shuffle(sentences)
    gap = draw.choice(["\n", " ", "\n\n"])
    return Written(gap.join(sentences), language, facts)


def evm(draw: random.Random) -> str:
    """An address with the letters of EIP-55."""
    digits = draw.randbytes(20).hex()
    hashed = keccak.new(digest_bits=256, data=digits.encode()).hexdigest()
    return "0x" + "".join(a.upper() if h > "7" else a for a, h in zip(digits, hashed, strict=False))


def _checked(version: int) -> Form:
    return lambda draw, _: (text := base58.b58encode_check(bytes([version]) + draw.randbytes(20)).decode(), text)


def _xrp(draw: random.Random, _: str) -> tuple[str, str]:
    text = base58.b58encode_check(b"\0" + draw.randbytes(20), alphabet=base58.XRP_ALPHABET).decode()
    return text, text


def _ton(draw: random.Random, _: str) -> tuple[str, str]:
    body = bytes([draw.choice([0x11, 0x51]), 0]) + draw.randbytes(32)
    text = urlsafe_b64encode(body + crc_hqx(body, 0).to_bytes(2, "big")).decode()
    return text, text


def _segwit(draw: random.Random, _: str) -> tuple[str, str]:
    prefix, version = draw.choice(["bc", "ltc"]), draw.choice([0, 1])
    program = draw.randbytes(20 if version == 0 else 32)
    bits = int.from_bytes(program, "big")
    bits, length = (bits << (-len(program) * 8 % 5)), (len(program) * 8 + 4) // 5
    values = [version, *(bits >> 5 * (length - 1 - i) & 31 for i in range(length))]
    high = [*(ord(c) >> 5 for c in prefix), 0, *(ord(c) & 31 for c in prefix)]
    check = _polymod([*high, *values, *[0] * 6]) ^ (1 if version == 0 else 0x2BC830A3)
    values += [check >> 5 * (5 - i) & 31 for i in range(6)]
    text = f"{prefix}1" + "".join("qpzry9x8gf2tvdw0s3jn54khce6mua7l"[v] for v in values)
    return text, text


def _polymod(values: list[int]) -> int:
    """The checksum of BIP 173, as its reference writes it."""
    generator = [0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3]
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i in range(5):
            check ^= generator[i] if (top >> i) & 1 else 0
    return check


def _solana(draw: random.Random, _: str) -> tuple[str, str]:
    text = base58.b58encode(bytes([draw.randint(16, 255)]) + draw.randbytes(31)).decode()
    return f"{draw.choice(['Solana', 'SOL', 'Phantom'])} {text}", text


def _evm(draw: random.Random, _: str) -> tuple[str, str]:
    text = evm(draw)
    if draw.random() < 0.3:
        text = text.lower()
    return text, text


_ADDRESSES: list[Form] = [
    _evm, _evm, _checked(0), _checked(5), _checked(0x41), _checked(0x30), _xrp, _ton, _segwit, _solana,
]  # fmt: skip


def _hash(draw: random.Random, _: str) -> tuple[str, str]:
    text = draw.randbytes(32).hex()
    kind = draw.randrange(4)
    if kind == 0:
        return text, text
    if kind == 1:
        text = base58.b58encode(bytes([draw.randint(16, 255)]) + draw.randbytes(63)).decode()
        return text, text
    return f"0x{text}", f"0x{text}"


def _url(draw: random.Random, _: str) -> tuple[str, str]:
    word = hashlib.sha256(draw.randbytes(4)).hexdigest()[:6]
    name = draw.choice(["wallet", "www.example", "app.token-swap", "xn--bcher-kva", "claim"])
    host = f"{name}.{draw.choice(['com', 'io', 'xyz', 'co.uk', 'finance'])}"
    rest = draw.choice(["", f"/{word}", f"/a/{word}?id={draw.randint(1, 999)}&x=y", f"/{word}#top", "/(x)"])
    scheme = draw.choice(["https://", "http://", ""])
    return f"{scheme}{host}{rest}", f"{scheme}{host}{rest}"


def _order(draw: random.Random, _: str) -> tuple[str, str]:
    text = draw.choice([
        str(draw.randint(10**7, 10**15)),
        f"ORD-{draw.randint(1000, 9999)}-{draw.randint(10**4, 10**6)}",
        f"W{draw.randint(10**8, 10**9)}",
    ])  # fmt: skip
    return text, text


def _uid(draw: random.Random, _: str) -> tuple[str, str]:
    text = str(draw.randint(10**5, 10**9))
    return text, text


def _version(draw: random.Random, _: str) -> tuple[str, str]:
    text = f"{draw.randint(1, 9)}.{draw.randint(0, 40)}.{draw.randint(0, 9)}"
    return draw.choice(["", "", "v"]) + text, text


def _system(draw: random.Random, _: str) -> tuple[str, str]:
    text = draw.choice([f"{draw.randint(12, 18)}.{draw.randint(0, 7)}", str(draw.randint(9, 18))])
    return f"{draw.choice(['iOS', 'Android', 'iOS', 'HarmonyOS'])}{draw.choice([' ', ' ', ''])}{text}", text


def _amount(draw: random.Random, language: str) -> tuple[str, str]:
    number, value = NUMBERS(draw, language)
    return UNITS(draw, language, number), value


FORMS: dict[str, Form] = {
    "amounts": _amount,
    "times": MOMENTS,
    "phones": PHONES,
    "addresses": lambda draw, language: draw.choice(_ADDRESSES)(draw, language),
    "tx_hashes": _hash,
    "urls": _url,
    "orders": _order,
    "uids": _uid,
    "apps": _version,
    "systems": _system,
}
"""How each kind of fact is written in a language, and its value."""

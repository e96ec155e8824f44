"""Secrets of every kind, drawn at random from a seed, in the forms in which people write them."""

from __future__ import annotations

import hashlib
import json
import random
import unicodedata
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import base58
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from model.ticket import SecretKind
from normalizer.safety.cards import luhn
from normalizer.safety.vocabulary import ALPHABETIC, IDEOGRAPHIC, words

SIZES = (12, 15, 18, 21, 24)
WIDE = {code: chr(code + 0xFEE0) for code in range(0x21, 0x7F)}


class Secret(NamedTuple):
    """A secret as somebody writes it, and the parts of it of which none may remain."""

    kind: SecretKind
    text: str
    parts: tuple[str, ...]


def phrase(draw: random.Random, language: str, size: int = 12) -> list[str]:
    """A valid phrase of BIP-39."""
    entropy = draw.randbytes(size * 4 // 3)
    check = size // 3
    bits = int.from_bytes(entropy, "big") << check | hashlib.sha256(entropy).digest()[0] >> 8 - check
    return [words(language)[bits >> 11 * place & 2047] for place in reversed(range(size))]


def mistyped(draw: random.Random, chosen: list[str], language: str) -> list[str]:
    """The phrase with a wrong list word, or with a word in which two letters changed places."""
    changed, place = list(chosen), draw.randrange(len(chosen))
    word = changed[place]
    if draw.random() < 0.5 or len(word) < 5:
        changed[place] = draw.choice(words(language))
    else:
        at = draw.randrange(1, len(word) - 2)
        changed[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return changed


def _numbered(chosen: list[str]) -> str:
    return "\n".join(f"{number}. {word}" for number, word in enumerate(chosen, 1))


def _in_a_row(chosen: list[str]) -> str:
    return " ".join(f"{number}){word}" for number, word in enumerate(chosen, 1))


JOINS: tuple[Callable[[list[str]], str], ...] = (
    " ".join, ", ".join, "\n".join, "\u3000".join, "，".join, "、".join, "  ".join, "\t".join, " - ".join, ",".join,
    "; ".join, "\r\n".join, _numbered, _in_a_row, lambda chosen: json.dumps(chosen, ensure_ascii=False),
    lambda chosen: "\n".join(" ".join(chosen[at : at + 4]) for at in range(0, len(chosen), 4)),
)  # fmt: skip


def mnemonic(draw: random.Random) -> Secret:
    """A seed phrase in any list of letters, as people write it."""
    language = draw.choice(ALPHABETIC)
    chosen = phrase(draw, language, draw.choice(SIZES))
    if draw.random() < 0.2:
        chosen = mistyped(draw, chosen, language)
    form = draw.randrange(8)
    if form == 0:
        chosen = [word.upper() for word in chosen]
    elif form == 1:
        chosen = [word.capitalize() for word in chosen]
    elif form == 2 and language in ALPHABETIC[:8]:
        chosen = [word[:4] for word in chosen]
    text = draw.choice(JOINS)(chosen)
    if form == 3:
        text = text.translate(WIDE)
    elif form in (4, 5):
        text = unicodedata.normalize("NFD", text)
    parts = tuple(" ".join(chosen[at : at + 3]) for at in range(len(chosen) - 2))
    return Secret("mnemonic", text, (*parts, *(text[at : at + 24] for at in range(0, len(text) - 24, 7))))


def chinese(draw: random.Random) -> Secret:
    """A seed phrase of a Chinese list, in a form that shows that it is one."""
    chosen = phrase(draw, draw.choice(IDEOGRAPHIC), draw.choice(SIZES))
    text = draw.choice((*JOINS, lambda it: f"\n{''.join(it)}\n", lambda it: f"助记词：{''.join(it)}"))(chosen)
    return Secret("mnemonic", text, tuple("".join(chosen[at : at + 4]) for at in range(len(chosen) - 3)))


def hexadecimal(draw: random.Random) -> Secret:
    """64 hexadecimal digits that are called a key."""
    digits = draw.randbytes(32).hex()
    shown = draw.choice((digits, digits.upper(), f"0x{digits}"))
    name = draw.choice((
        "private key: ", "my private key is ", "Private Key\n", "私钥：", "我的私鑰是", "秘密鍵: ", "개인키: ",
        "приватный ключ: ",
        "clave privada: ", "clé privée : ", '"privateKey": "', "PRIVATE_KEY=", "secret key ", "privkey ", "导入 ",
    ))  # fmt: skip
    return Secret("private_key", f"{name}{shown}", tuple(digits[at : at + 8] for at in range(0, 57, 4)))


def wif(draw: random.Random) -> Secret:
    """A key of Bitcoin (WIF)."""
    text = base58.b58encode_check(
        bytes([draw.choice((0x80, 0xEF))]) + draw.randbytes(32) + draw.choice((b"", b"\1"))
    ).decode()
    return Secret("private_key", text, (text[5:20], text[30:45]))


def extended(draw: random.Random) -> Secret:
    """An extended key (BIP-32)."""
    version = draw.choice(("0488ADE4", "049D7878", "04B2430C", "04358394"))
    text = base58.b58encode_check(bytes.fromhex(version) + draw.randbytes(41) + b"\0" + draw.randbytes(32)).decode()
    return Secret("private_key", text, (text[5:20], text[60:80]))


def solana(draw: random.Random) -> Secret:
    """A key of Solana: a seed and its public half."""
    seed = draw.randbytes(32)
    both = seed + Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    text = draw.choice((base58.b58encode(both).decode(), json.dumps(list(both)), str(list(both)).replace(" ", "")))
    return Secret("private_key", text, (text[10:30], text[40:60]))


def pem(draw: random.Random) -> Secret:
    """A key in PEM."""
    name = draw.choice(("", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "))
    body = base58.b58encode(draw.randbytes(500)).decode()
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    text = f"-----BEGIN {name}PRIVATE KEY-----\n{lines}\n-----END {name}PRIVATE KEY-----"
    return Secret("private_key", text, (body[:20], body[100:130], body[-20:]))


def keystore(draw: random.Random) -> Secret:
    """A keystore file."""
    content = {
        "version": 3,
        "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
        "address": draw.randbytes(20).hex(),
        draw.choice(("crypto", "Crypto")): {
            "cipher": "aes-128-ctr",
            "ciphertext": draw.randbytes(32).hex(),
            "cipherparams": {"iv": draw.randbytes(16).hex()},
            "kdf": "scrypt",
            "kdfparams": {"dklen": 32, "n": 262144, "p": 8, "r": 1, "salt": draw.randbytes(32).hex()},
            "mac": draw.randbytes(32).hex(),
        },
    }
    text = json.dumps(content, indent=draw.choice((None, 2)))
    inner = next(value for key, value in content.items() if key.lower() == "crypto")
    return Secret("keystore", text, (inner["ciphertext"][:16], inner["mac"][-16:]))  # type: ignore[index]


def card(draw: random.Random) -> Secret:
    """A card number."""
    prefix, size = draw.choice((("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("34", 15), ("37", 15), ("6011", 16)))
    digits = prefix + "".join(str(draw.randrange(10)) for _ in range(size - len(prefix) - 1))
    digits += next(check for check in "0123456789" if luhn(digits + check))
    groups = (4, 4, 4, 4) if size == 16 else (4, 6, 5)
    spots = [sum(groups[:at]) for at in range(len(groups) + 1)]
    parted = [digits[a:b] for a, b in pairwise(spots)]
    return Secret(
        "card_number", draw.choice((digits, " ".join(parted), "-".join(parted))), (" ".join(parted), digits[:12])
    )


def one_time(draw: random.Random) -> Secret:
    """An address that sets up one-time passwords."""
    secret = "".join(draw.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(32))
    return Secret("one_time_password", f"otpauth://totp/Wallet:me?secret={secret}&issuer=Wallet", (secret[:16],))


def token(draw: random.Random) -> Secret:
    """A token of a well-known service."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    some = "".join(draw.choice(letters) for _ in range(64))
    text = draw.choice((
        f"ghp_{some[:36]}", f"github_pat_{some[:22]}_{some[:59]}", f"AKIA{some[:16].upper()}",
        f"xoxb-123456789012-{some[:24]}", f"AIza{some[:35]}", f"glpat-{some[:20]}", f"12345678:{some[:35]}",
        f"SG.{some[:22]}.{some[:43]}", f"npm_{some[:36]}", "sk_" + f"live_{some[:24]}", f"api secret: {some[:40]}1a",
        f"eyJhbGciOiJIUzI1NiJ9.eyJ{some[:30]}.{some[:43]}",
    ))  # fmt: skip
    return Secret("token", text, (some[:16], some[:16].upper()))


MAKERS = (
    mnemonic,
    mnemonic,
    mnemonic,
    chinese,
    hexadecimal,
    wif,
    extended,
    solana,
    pem,
    keystore,
    card,
    one_time,
    token,
)

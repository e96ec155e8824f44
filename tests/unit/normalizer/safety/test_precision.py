"""What is no secret stays: hashes, addresses, numbers, code and prose."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from normalizer.safety.find import find, redact
from normalizer.safety.page import redacted_page
from tests.support.secrets import phrase

ROOT = Path(__file__).parents[4]
FOLDERS = ("model", "connectors", "normalizer", "store", "delivery", "config", "fanin", "docs", "tests", "benchmarks")
ABOUT = ("safety.md", "secrets.py")
HASH = "0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060"
KEPT = (
    f"https://etherscan.io/tx/{HASH}",
    f"My tx hash is {HASH}, please check",
    f"交易哈希：{HASH[2:]}，一直没有到账",
    f"TxID {HASH[2:]}",
    f"ハッシュ {HASH}",
    f"транзакция {HASH[2:]}",
    f"My private key is safe. The transaction: {HASH}",
    f"{HASH[2:]}  fanin-0.1.0.tar.gz",
    f'{{"blockHash": "{HASH}", "value": "{HASH}"}}',
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
    "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQUW",
    "order 4111111111111111",
    "https://weibo.com/1/4976424138313924",
    "我的钱包里的币都不见了，请你们帮我看看是怎么回事",
    "我忘记了我的助记词是不是就没有办法找回我的钱包了",
    "我的助记词是写在纸上的但是现在找不到了",
    "Please do not share your seed phrase or private key with anyone, not even support.",
    "address, enclosed = match[2].lower(), match[1]; name = name(value[position : match.start()])",
)


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_secret_stays(text: str) -> None:
    """Hashes that are named or linked, addresses, ids and talk about secrets are left as they are."""
    assert redact(text) == text


def test_texts_without_secrets_are_left_alone() -> None:
    """Of the project's own texts, and of generated logs and random words, fewer than one in a thousand is touched."""
    pieces = [
        text[at : at + 1500]
        for folder in FOLDERS
        for file in sorted((ROOT / folder).rglob("*"))
        if file.suffix in (".py", ".md", ".yaml", ".eml") and "safety" not in file.parts and file.name not in ABOUT
        for text in [file.read_text("utf-8", "replace")]
        for at in range(0, min(len(text), 15_000), 1500)
    ]  # fmt: skip
    pieces += [_log(number) for number in range(1500)]
    pieces += [_prose(number) for number in range(1500)]
    touched = [piece for piece in pieces if find(piece)]

    assert len(pieces) > 3000
    assert len(touched) * 1000 < len(pieces), touched[:3]


def _log(number: int) -> str:
    """Lines of a program, with hashes, ids and times."""
    draw = random.Random(number)
    return "\n".join(
        f"2026-11-01T12:{draw.randrange(60):02}:00Z block={draw.randrange(10**8)} "
        f"tx={hashlib.sha256(draw.randbytes(8)).hexdigest()} from=0x{draw.randbytes(20).hex()} "
        f"id={draw.randrange(10**15)}"
        for _ in range(8)
    )  # fmt: skip


def _prose(number: int) -> str:
    """Words of no list between those of one, as in prose."""
    draw = random.Random(number)
    language = draw.choice(("english", "french", "spanish", "russian"))
    others = ("the", "is", "of", "les", "qui", "это", "или", "los", "to", "my", "was")
    return " ".join(
        word for _ in range(10) for word in (*phrase(draw, language)[: draw.randrange(4)], draw.choice(others))
    )


def test_a_page_without_secrets_is_the_same_page() -> None:
    """Nothing of the markup changes where there is nothing to hide."""
    page = f'<p title="a">Hi &amp; bye <b>my</b> tx</p><a href="https://etherscan.io/tx/{HASH}">{HASH}</a>'

    assert redacted_page(page) == (page, [])


def test_tags_stay_where_a_secret_was() -> None:
    """A page in which a secret stood among tags keeps them all."""
    words = phrase(random.Random(1), "english")
    page = "<ul>" + "".join(f"<li>{word}</li>" for word in words) + "</ul><p>bye</p>"

    clean, found = redacted_page(page)

    assert [one.kind for one in found] == ["mnemonic"]
    assert clean.count("<li>") == clean.count("</li>") == len(words)
    assert "<li>[seed phrase removed]</li>" in clean
    assert clean.endswith("<p>bye</p>")

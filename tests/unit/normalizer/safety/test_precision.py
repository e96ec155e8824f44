"""What is no secret stays: hashes, addresses, numbers, code and prose."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from normalizer.safety.find import find, redact
from normalizer.safety.page import redacted_page
from tests.support import harmless
from tests.support.secrets import phrase

ROOT = Path(__file__).parents[4]
FOLDERS = ("model", "connectors", "normalizer", "store", "delivery", "config", "fanin", "docs", "tests", "benchmarks")
ABOUT = ("safety.md", "secrets.py", "harmless.py", "test_widget.py", "webhook.py")
"""Files that are about secrets, or hold one on purpose."""
NOT_OURS = frozenset(("safety", "node_modules"))
"""Folders of such files, and of what the benchmarks install."""
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


def test_the_projects_own_texts_are_left_alone() -> None:
    """Of the code and the documentation of the project, fewer than one piece in a thousand is touched."""
    pieces = [
        text[at : at + 1500]
        for folder in FOLDERS
        for file in sorted((ROOT / folder).rglob("*"))
        if file.suffix in (".py", ".md", ".yaml", ".eml")
        and NOT_OURS.isdisjoint(file.parts)
        and file.name not in ABOUT
        for text in [file.read_text("utf-8", "replace")]
        for at in range(0, min(len(text), 15_000), 1500)
    ]  # fmt: skip
    wrong = [piece for piece in pieces if find(piece)]

    assert len(pieces) > 1000
    assert len(wrong) * 1000 < len(pieces), wrong[:3]


def test_hardly_any_text_without_secrets_is_touched() -> None:
    """Of 20,000 texts of all kinds, Chinese prose above all, fewer than one in a thousand is touched."""
    wrong = [text for kind, count in harmless.KINDS.items() for text in harmless.touched(kind, count)]

    assert sum(harmless.KINDS.values()) == 20_000
    assert len(wrong) * 1000 < 20_000, wrong[:5]


@pytest.mark.parametrize("kind", harmless.REFERENCES)
def test_no_reference_is_lost(kind: Callable[[random.Random], str]) -> None:
    """Not one hash or address is removed that a link or a word calls what it is."""
    assert harmless.touched(kind, 10_000) == []


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


@pytest.mark.parametrize("text", ["驾校教练说拿我手机导个航", "给志工团体一个公开帐本页", "希望捐款可以生成电子证书"])
def test_a_line_of_chinese_prose_is_no_phrase(text: str) -> None:
    """Twelve characters of a list whose checksum is right by chance stay, where pairs of them make up prose."""
    assert redact(text) == text

"""Texts without secrets, drawn from a seed: code, logs, prose, words and references that the guard must leave alone.

`python -m tests.support.harmless` prints how many of each kind it touches.
"""

from __future__ import annotations

import hashlib
import random
import re
import sys
import sysconfig
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import base58
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from normalizer.safety.find import find

MESSAGES = Path(__file__).parents[1] / "data" / "triage"
CHINESE = ("zh-Hans", "zh-Hant")
_PIECE = 1500
_MODULES = 60
_WORD = re.compile(r"[^\W\d_]{2,}")
_CLAUSE = re.compile("[，。！？、；,.!?; ]+")


@cache
def _code() -> list[str]:
    """Pieces of the standard library and of its tests."""
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).rglob("*.py"))
    own = [file for file in files if "site-packages" not in file.parts]
    chosen = random.Random("modules").sample(own, min(_MODULES * 8, len(own)))
    texts = (file.read_text("utf-8", "replace") for file in chosen)
    return [text[at : at + _PIECE] for text in texts for at in range(0, len(text), _PIECE)]


@cache
def _messages() -> dict[str, list[str]]:
    """What customers write, by language: the labelled messages of triage."""
    said: dict[str, list[str]] = {}
    for file in sorted(MESSAGES.rglob("*.txt")):
        lines = file.read_text().splitlines()
        said.setdefault(file.stem, []).extend(line for line in lines if line and line[0] not in "@#")
    return said


@cache
def _dictionary() -> list[str]:
    """The words of all those messages and of the documentation of the standard library."""
    texts = (*_code()[:1500], *(line for lines in _messages().values() for line in lines))
    return sorted({word for text in texts for word in _WORD.findall(text)})


def code(draw: random.Random) -> str:
    """Program code."""
    return draw.choice(_code())


def log(draw: random.Random) -> str:
    """Lines of a program with hashes, addresses, ids, times and numbers."""
    form = draw.choice((
        "{time} INFO block={number} tx=0x{hash} from=0x{address} id={id}",
        "{time} [worker-{small}] sync {hash} took {small} ms, request {uuid}",
        '{{"ts": {id}, "blockHash": "0x{hash}", "value": "{number}", "to": "0x{address}"}}',
        "{hash}  release/{number}.tar.gz",
        "{time},{id},{hash},{small},{number}",
    ))  # fmt: skip
    return "\n".join(
        form.format(
            time=f"2026-11-{draw.randrange(1, 29):02}T{draw.randrange(24):02}:{draw.randrange(60):02}:00.123Z",
            number=draw.randrange(10**8),
            small=draw.randrange(999),
            id=draw.randrange(10**15),
            hash=draw.randbytes(32).hex(),
            address=draw.randbytes(20).hex(),
            uuid="-".join(draw.randbytes(size).hex() for size in (4, 2, 2, 2, 6)),
        )
        for _ in range(draw.randrange(4, 12))
    )


def prose(draw: random.Random) -> str:
    """Messages in one of ten languages, a line each or one after the other."""
    said = _messages()[draw.choice(sorted(_messages()))]
    return draw.choice(("\n", " ", "\n\n", "\n> ")).join(draw.sample(said, draw.randrange(2, 25)))


def chinese(draw: random.Random) -> str:
    """Chinese prose in every layout: clauses in lines of their own, with blanks or commas, or nothing between."""
    said = _messages()[draw.choice(CHINESE)]
    clauses = [part for line in draw.sample(said, draw.randrange(2, 12)) for part in _CLAUSE.split(line) if part]
    return draw.choice(("\n", "，", " ", "\n\n", "", "、", "。\n", "\n- ")).join(clauses)


def dictionary(draw: random.Random) -> str:
    """Words at random."""
    return draw.choice((" ", "\n", ", ")).join(draw.choices(_dictionary(), k=draw.randrange(10, 200)))


_LINKS = (
    "https://etherscan.io/tx/{}", "https://bscscan.com/tx/{}?a=1", "https://tronscan.org/#/transaction/{}",
    "https://blockchair.com/bitcoin/transaction/{}", "https://mempool.space/tx/{}", "https://solscan.io/tx/{}",
    "see <https://polygonscan.com/tx/{}>", "https://arbiscan.io/tx/{}#eventlog",
)  # fmt: skip
_CALLED = (
    "tx {}", "txid: {}", "TxHash={}", "My tx hash is {}, please check", "transaction hash:\n{}", "hash {} failed",
    "The transaction {} is pending for two days", "交易哈希：{}，一直没有到账", "转账记录 {}", "這筆交易 {} 還沒到帳",
    "区块哈希 {}", "ハッシュ {}", "トランザクションID: {}", "取引 {} を確認してください", "트랜잭션 해시 {}",
    "거래 {} 확인",
    "транзакция {}", "хеш транзакции: {}", "hash de la transacción {}", "hash da transação {}",
    "hash de la transaction : {}", "işlem hash'i {}", "Transaktion {}", "mã giao dịch {}", "hash transaksi {}",
    "My private key is safe. The transaction: {}", "I never shared my seed phrase, look at tx {}",
    "block hash {}", "Withdrawal {} never arrived", "deposit tx: {}", "sha256: {}", "commit {}", '{{"hash": "{}"}}',
)  # fmt: skip
_ADDRESSES = (
    "{}", "my address is {}", "send it to {} please", "地址：{}", "アドレス {}", "주소 {}", "адрес {}", "dirección: {}",
    "https://etherscan.io/address/{}", "wallet {} is empty, I still have my private key", "{}\n{}",
)  # fmt: skip


def transaction(draw: random.Random) -> str:
    """A transaction hash or a signature of Solana, linked or called so."""
    digits = draw.randbytes(32).hex()
    value = draw.choice((digits, f"0x{digits}", digits.upper(), base58.b58encode(draw.randbytes(64)).decode()))
    return draw.choice((*_LINKS, *_CALLED)).format(value)


def address(draw: random.Random) -> str:
    """An address, or a public key, of one of the chains."""
    public = Ed25519PrivateKey.from_private_bytes(draw.randbytes(32)).public_key().public_bytes_raw()
    value = draw.choice((
        f"0x{draw.randbytes(20).hex()}",
        base58.b58encode_check(draw.choice((b"\x00", b"\x05", b"\x41")) + draw.randbytes(20)).decode(),
        "bc1q" + "".join(draw.choices("qpzry9x8gf2tvdw0s3jn54khce6mua7l", k=38)),
        "bc1p" + "".join(draw.choices("qpzry9x8gf2tvdw0s3jn54khce6mua7l", k=58)),
        base58.b58encode(public).decode(),
        base58.b58encode_check(bytes.fromhex("0488B21E") + draw.randbytes(74)).decode(),
    ))  # fmt: skip
    return draw.choice(_ADDRESSES).replace("{}", value)


KINDS: dict[Callable[[random.Random], str], int] = {
    code: 4000, log: 3000, prose: 3000, chinese: 5000, dictionary: 1000, transaction: 2500, address: 1500,
}  # fmt: skip
"""Each kind, and how many of its texts make the whole of 20,000."""
REFERENCES = (transaction, address)
"""Kinds of which not one may be touched."""


def texts(kind: Callable[[random.Random], str], count: int) -> Iterator[str]:
    """So many texts of a kind, the same ones each time."""
    for number in range(count):
        yield kind(random.Random(hashlib.sha256(f"{kind.__name__} {number}".encode()).digest()))


def touched(kind: Callable[[random.Random], str], count: int) -> list[str]:
    """The texts of a kind in which the guard finds a secret."""
    return [text for text in texts(kind, count) if find(text)]


def main() -> None:
    """Count what is touched, with so many times the usual number of texts as the first argument says."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    for kind, count in KINDS.items():
        wrong = touched(kind, count * times)
        print(f"{kind.__name__:<12} {len(wrong):>4} of {count * times:>7,}")
        for text in wrong[:5]:
            one = find(text)[0]
            print(f"    {one.kind}: {text[max(one.start - 30, 0) : one.end + 10]!r}")


if __name__ == "__main__":
    main()

"""The words near a string of digits that say what it is: the same 64 digits are a key or a transaction."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cache, cached_property

from ahocorasick_rs import AhoCorasick, BytesAhoCorasick, MatchKind

_REACH = 160
"""Characters before a string in which the words that name it are looked for."""
_REACH_BEHIND = 60
_SECRET = (
    "private key|privatekey|private-key|private_key|priv key|privkey|priv_key|priv-key|prv key|secret|私钥|"
    "私鑰|私匙|密钥|密鑰|秘密鍵|秘密キー|プライベートキー|プライベート キー|개인키|개인 키|비밀키|비밀 키|"
    "приватн|закрытый ключ|закрытого ключ|закрытым ключ|секретн|clave privada|llave privada|clave secreta|"
    "llave secreta|chave privada|chave secreta|clé priv|cle\u0301 priv|cle priv|clef priv|clé secr|"
    "chiave privat|chiave segret|schlüssel|schlu\u0308ssel|özel anahtar|soukromý klíč|soukromého klíč|"
    "privátní klíč|klucz prywatn|privésleutel|prive sleutel|khóa riêng|kunci pribadi| wif |(wif)|wif:|导入|"
    "導入|匯入|导出|匯出|インポート|mnemonic|seed|助记|助記|signing key|keypair|key pair|wallet key|"
    "account key|spend key|master key|raw key|my key|this key|the key|hex key|import key|imported key|"
    "export key|exported key|recovery key|backup key|wallet_key|master_key|account_key|pk=|pk:|pk ="
).split("|")
"""Stems that call what stands near them a key."""
_PUBLIC = (
    "txn|hash|transac|transak|transaz|транзакц|хеш|хэш|交易|哈希|雜湊|转账|轉帳|到账|到帳|区块|區塊|充值|"
    "提币|提幣|トランザクション|ハッシュ|取引|送金|着金|트랜잭션|해시|거래|işlem|giao dịch|ธุรกรรม|معاملة|"
    "digest|checksum|commit|merkle|public|pubkey|pub key|公钥|公鑰|公開鍵|공개|публичн|открытый ключ|"
    "открытого ключ|signature|签名|簽名|署名|etag|fingerprint|integrity|topic|bytes32|nonce|receipt|explorer|"
    "etherscan|tronscan|bscscan|withdraw|deposit|address|地址|trace|selector|storage|bridge|payment|transfer|"
    "überweisung|virement|pago|pagamento|перевод|manifest|version|revision|certificate|thumbprint|serial|"
    "calldata|stateroot|parent|uncle|bloom|witness|ciphertext|blockchain|sha256|sha-256|sha3"
).split("|")
_PUBLIC_WORDS = (
    "tx|txid|txids|txs|block|blocks|root|sig|slot|proof|id|uuid|span|swap|sent|send|log|logs|md5|crc|image|layer|input|"
    "data|salt|mac|sha"
).split("|")
"""Words that say so only as a whole."""
_LINKED = ("key", "secret", "priv", "seed", "pk")
"""What the parameters of a link that hold a secret are called."""
_ALL = (*_SECRET, *_PUBLIC, *_PUBLIC_WORDS)


class Wording:
    """The naming words of one text, looked for once and only when asked."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _words(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Where secrets are named, and where what is none, in order."""
        lower = self._text.lower()
        if len(lower) != len(self._text):
            lower = self._text
        if not lower.isascii():
            lower = lower.encode("utf-8", "replace").decode()
        secret, public = [], []
        for which, start, end in _automaton().find_matches_as_indexes(lower):
            if which < len(_SECRET):
                secret.append((start, end))
            elif which < len(_SECRET) + len(_PUBLIC) or _is_whole(lower, start, end):
                public.append((start, end))
        return secret, public

    @property
    def _secret(self) -> list[tuple[int, int]]:
        return self._words[0]

    @property
    def _public(self) -> list[tuple[int, int]]:
        return self._words[1]

    @property
    def secret_ends(self) -> list[int]:
        """Where each word ends that names a secret."""
        return [end for _, end in self._secret]

    @property
    def names_secrets(self) -> bool:
        """Whether a word anywhere says that there is something secret."""
        return bool(self._secret)

    @property
    def names_public(self) -> bool:
        """Whether a word anywhere names what is no secret."""
        return bool(self._public)

    def is_secret(self, start: int, end: int) -> bool | None:
        """What the nearest word calls the string between two offsets; None where none is near."""
        secret = _distance(self._secret, start, end)
        public = _distance(self._public, start, end)
        if secret is None and public is None:
            return None
        return secret is not None and (public is None or secret <= public)


def may_name_secret(text: str) -> bool:
    """Whether anything in a text names a secret, a parameter of a link included."""
    return bool(_namers().find_matches_as_indexes(text.lower().encode("utf-8", "replace")))


@cache
def _namers() -> BytesAhoCorasick:
    return BytesAhoCorasick([word.encode() for word in (*_SECRET, *_LINKED)], matchkind=MatchKind.LeftmostFirst)


@cache
def _automaton() -> AhoCorasick:
    return AhoCorasick(_ALL, matchkind=MatchKind.LeftmostLongest)


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether a word stands alone, or as a part of a name such as `tx_hash`."""
    before, behind = text[start - 1 : start], text[end : end + 1]
    return not before.isalnum() and not behind.isalpha()


def _distance(words: list[tuple[int, int]], start: int, end: int) -> float | None:
    """How far the nearest word is: what stands before a string names it rather than what stands behind."""
    before = bisect_right(words, (start, start)) - 1
    near: list[float] = []
    if before >= 0 and 0 <= start - words[before][1] <= _REACH:
        near.append(start - words[before][1])
    behind = bisect_left(words, (end, end))
    if behind < len(words) and words[behind][0] - end <= _REACH_BEHIND:
        near.append((words[behind][0] - end) * 2 + 6)
    return min(near, default=None)

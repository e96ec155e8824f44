"""The words near a string of digits that say what it is: the same 64 digits are a key or a transaction."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from functools import cached_property

_REACH = 160
"""Characters before a string in which the words that name it are looked for."""
_REACH_BEHIND = 60
_SECRET = re.compile(
    r"priv(?:ate|)?[ _.-]*key|privkey|secret|私[钥鑰匙]|密[钥鑰]|秘密鍵|秘密キー|プライベート ?キー|개인 ?키|비밀 ?키|"
    r"(?:приватн|закрыт|секретн)\w*\W{1,3}ключ|(?:clave|llave)s? (?:privada|secreta)|chave (?:privada|secreta)|"
    r"cle?é?\u0301?f?s? (?:priv|secr)|chiave (?:privat|segret)|privat\w* schlüssel|geheim\w* schlüssel|özel anahtar|"
    r"(?:soukrom|privátn)\w* klíč|klucz prywatn|prive ?sleutel|khóa riêng|kunci pribadi|\bwif\b|\bpk\b|"
    r"导入|導入|匯入|导出|匯出|インポート|mnemonic|seed|助[记記]|signing ?key|\bkey ?pair\b|"
    r"(?:wallet|account|spend|master|raw|my|this|the|hex|export\w*|import\w*|recovery|backup)[ _-]?key",
    re.IGNORECASE,
)
_PUBLIC = re.compile(
    r"\btx|txn|hash|transac|transak|transaz|транзакц|хеш|хэш|交易|哈希|雜湊|转账|轉帳|到账|到帳|区块|區塊|充值|提币|提幣|"
    r"トランザクション|ハッシュ|取引|送金|着金|트랜잭션|해시|거래|işlem|giao dịch|ธุรกรรม|معاملة|"
    r"\bblock|\bsha-?\d|digest|checksum|commit|merkle|\broot\b|public|pub ?key|公钥|公鑰|公開鍵|공개|"
    r"публичн|открыт\w* ключ|"
    r"signature|\bsig\b|签名|簽名|署名|etag|fingerprint|integrity|topic|bytes32|nonce|\bslot\b|receipt|\bproof\b|"
    r"explorer|etherscan|tronscan|bscscan|withdraw|deposit|\bid\b|\buuid\b|address|地址|trace|span|selector|storage|"
    r"swap|bridge|payment|transfer|\bsent\b|\bsend\b|überweisung|virement|pago|pagamento|перевод|"
    r"\blog\b|md5|crc|\bimage\b|\blayer\b|manifest|version|revision|digest|certificate|thumbprint|serial|"
    r"calldata|\binput\b|\bdata\b|stateRoot|parent|uncle|bloom|witness|\bsalt\b|\bmac\b|ciphertext",
    re.IGNORECASE,
)


class Wording:
    """The naming words of one text, looked for once and only when asked."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _secret(self) -> list[tuple[int, int]]:
        return [found.span() for found in _SECRET.finditer(self._text)]

    @cached_property
    def _public(self) -> list[tuple[int, int]]:
        return [found.span() for found in _PUBLIC.finditer(self._text)]

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

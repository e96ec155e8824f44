"""Mail as customers send it, generated with the answers: what a parser must find in it."""

from __future__ import annotations

import base64
import hashlib
import quopri
import random
from email.header import Header
from email.utils import encode_rfc2231
from typing import NamedTuple

_WORDS = {
    "en": "the wallet shows my balance but transfer pending since yesterday please help account recovery "
    "phrase network fee transaction confirmed address support team screenshot attached update version".split(),
    "zh": "我的 钱包 余额 转账 一直 显示 等待 请 帮忙 看看 交易 哈希 手续费 网络 确认 账户 恢复 截图 版本".split(),
    "ja": "ウォレット の 残高 が 表示 されません 送金 保留 中 です 確認 お願い します 手数料 取引 復元".split(),
}
_CHARSETS = {"en": ["utf-8", "us-ascii"], "zh": ["utf-8", "gb18030"], "ja": ["utf-8", "iso-2022-jp"]}
_NAMES = {"en": "Alice Smith", "zh": "王小明", "ja": "山田太郎"}
_FILES = {
    "en": "screen shot; final.png",
    "zh": "交易截图（最终版本）一二三四五六七八九十.png",
    "ja": "スクリーンショット.png",
}


class Mail(NamedTuple):
    """A message and what is in it."""

    raw: bytes
    subject: str
    sender: str
    text: str
    html: str
    files: tuple[tuple[str, str], ...]
    """Name and SHA-256 (hex) of each attachment."""


def generate(count: int, *, seed: int = 1, attachments: bool = True) -> list[Mail]:
    """As many messages, the same ones for the same seed: text and HTML in zh, ja and en, and up to three files.

    2,000 of them take 193 MB, the median is 18 KB, the largest a good megabyte.
    """
    source = random.Random(seed)
    return [_mail(source, number, attachments=attachments) for number in range(count)]


def _mail(source: random.Random, number: int, *, attachments: bool) -> Mail:
    language = source.choice(["zh", "ja", "en"])
    charset = source.choice(_CHARSETS[language])
    text = _text(source, language, source.randint(3, 59))
    html = _html(source, text)
    subject = " ".join(source.choices(_WORDS[language], k=8))
    files = [_content(source) for _ in range(source.choice([0, 0, 0, 0, 0, 1, 2, 3]))] if attachments else []
    names = [_FILES[language].replace(".", f"-{index}.") for index in range(len(files))]
    head = _head(source, number, subject, _NAMES[language], charset)
    alternative = _alternative(number, text, html, charset)
    parts = [alternative, *(_attachment(name, content) for name, content in zip(names, files, strict=True))]
    body = _multipart("mixed", f"mixed_{number:08x}_fanin", parts) if files else alternative
    return Mail(
        raw=head + body,
        subject=subject,
        sender=_NAMES[language],
        text=text,
        html=html,
        files=tuple((name, hashlib.sha256(content).hexdigest()) for name, content in zip(names, files, strict=True)),
    )


def _text(source: random.Random, language: str, lines: int) -> str:
    space = " " if language == "en" else ""
    return "\n".join(space.join(source.choices(_WORDS[language], k=12)) for _ in range(lines))


def _html(source: random.Random, text: str) -> str:
    """A page as mailers write it: a table for the layout, styles everywhere."""
    rows = "".join(
        f'<tr><td style="padding:4px;font-family:Arial,sans-serif;color:#{source.randrange(1 << 24):06x}">'
        f'<p class="m">{line}</p></td></tr>\n'
        for line in text.split("\n")
    )
    return (
        "<html><head><style>p.m{margin:0}</style></head><body>"
        f'<div dir="ltr"><table width="600" cellpadding="0">{rows}</table>'
        '<a href="https://example.com/help?id=1">help</a><br></div></body></html>'
    )


def _content(source: random.Random) -> bytes:
    size = min(int(source.lognormvariate(10.67, 0.9)) + 20_000, 660_000)
    return b"\x89PNG\r\n\x1a\n" + source.randbytes(size)


def _head(source: random.Random, number: int, subject: str, sender: str, charset: str) -> bytes:
    received = "".join(
        f"Received: from mx{hop}.example.net (mx{hop}.example.net [192.0.2.{hop}])\r\n"
        f"\tby mail.example.com with ESMTPS id {source.randrange(1 << 48):012x}\r\n"
        f"\tfor <help@example.com>; Tue, 02 Jan 2024 10:{hop:02}:00 +0000\r\n"
        for hop in range(1, 5)
    )
    signature = base64.b64encode(source.randbytes(256)).decode()
    folded = "\r\n\t ".join(signature[at : at + 64] for at in range(0, len(signature), 64))
    encoded = Header(subject, charset, header_name="Subject").encode(linesep="\r\n")
    name = Header(sender, charset).encode()
    return (
        f"{received}DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=mail;\r\n"
        f"\th=from:to:subject:date:message-id; b={folded}\r\n"
        f"From: {name} <customer{number}@example.org>\r\nTo: Support <help@example.com>\r\n"
        f"Subject: {encoded}\r\nDate: Tue, 02 Jan 2024 10:05:{number % 60:02} +0000\r\n"
        f"Message-ID: <{number:08x}.{source.randrange(1 << 32):08x}@example.org>\r\n"
        "X-Mailer: Generated 1.0\r\nMIME-Version: 1.0\r\n"
    ).encode("ascii")


def _alternative(number: int, text: str, html: str, charset: str) -> bytes:
    plain = text.replace("\n", "\r\n").encode(charset)
    page = html.encode(charset)
    if charset == "iso-2022-jp":
        parts = [
            f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 7bit\r\n\r\n".encode() + plain,
            f"Content-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode()
            + base64.encodebytes(page).replace(b"\n", b"\r\n"),
        ]
    else:
        parts = [
            f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode()
            + base64.encodebytes(plain).replace(b"\n", b"\r\n"),
            f'Content-Type: text/html; charset="{charset}"\r\n'.encode()
            + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
            + quopri.encodestring(page).replace(b"\n", b"\r\n"),
        ]
    return _multipart("alternative", f"alternative_{number:08x}_fanin", parts)


def _attachment(name: str, content: bytes) -> bytes:
    if name.isascii():
        said = f'filename="{name}"'
    else:
        encoded = encode_rfc2231(name, "utf-8")
        said = f"filename*0*={encoded[:60]};\r\n\tfilename*1*={encoded[60:]}"
    head = (
        f'Content-Type: image/png;\r\n\tname="{Header(name, "utf-8").encode()}"\r\n'
        f"Content-Disposition: attachment;\r\n\t{said}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode("ascii") + base64.encodebytes(content).replace(b"\n", b"\r\n")


def _multipart(subtype: str, boundary: str, parts: list[bytes]) -> bytes:
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode()
    return (
        head
        + b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), part) for part in parts)
        + b"--%s--\r\n" % boundary.encode()
    )

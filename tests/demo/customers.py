"""What the customers of the demonstration write, on four channels and in eight languages."""

from __future__ import annotations

import asyncio
import random
import struct
import zlib
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid

import aiohttp
from msgspec import Struct

from tests.support.chat import Customer
from tests.support.secrets import phrase
from tests.support.weibo_emulator import Emulator as Weibo
from tests.support.x_emulator import Emulator as X

TX = "0x9fc76417374aa880d4449a1f7f31ec597f00b1f6f3dd2d66f4c9c6c315836d8b"
PHRASE = " ".join(phrase(random.Random(39), "english"))
"""A seed phrase of nobody, the same each time."""


class Mail(Struct, frozen=True):
    """A mail from a customer."""

    sender: str
    subject: str
    text: str
    has_picture: bool = False

    def content(self) -> bytes:
        """The mail as it arrives."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.sender, "Support <support@wallet.example>", self.subject
        mail["Date"], mail["Message-ID"] = format_datetime(localtime()), make_msgid(domain="customers.example")
        mail.set_content(self.text)
        if self.has_picture:
            mail.add_attachment(picture(), maintype="image", subtype="png", filename="screenshot.png")
        return mail.as_bytes()


MAILS = (
    Mail(
        "Ann Miller <ann@customers.example>",
        "URGENT: my wallet is being drained right now",
        f"Somebody is moving my USDT out of my wallet as I write this! Transaction {TX}.\n"
        "I did not approve anything. Please freeze it!!\n\nAnn\n",
    ),
    Mail(
        "李雷 <lilei@customers.example>",
        "转账一直显示处理中",
        "你好,我昨天从钱包转出 250 USDT,到现在还显示处理中。截图见附件,请帮忙看一下。\n",
        has_picture=True,
    ),
    Mail(
        "Jürgen Groß <juergen@customers.example>",
        "Wie füge ich ein Netzwerk hinzu?",
        "Guten Tag,\n\nwie kann ich in der App das Netzwerk Arbitrum hinzufügen? Version 5.2.1, Android 14.\n",
    ),
)
CHATS: tuple[Sequence[str], ...] = (
    ("こんにちは。アプリを更新してから残高が表示されません。", "iPhone 15、バージョン 5.2.1 です。"),
    ("I cannot restore my wallet, it says the words are wrong", f"these are my words: {PHRASE}", "what now?"),
)
POSTS = (
    ("지갑 앱이 계속 멈춰요. 업데이트 후에 로그인이 안 됩니다.", "101", "민준", "minjun_k"),
    ("is wallet-acme-support.example your site? they ask for my 12 words", "102", "Dana", "dana_b"),
)
STATUSES = (
    ("@钱包客服 我的资产被盗了,刚刚授权了一个陌生网站,币全没了,怎么办?", "2001", "小明"),
    ("@钱包客服 请问手续费怎么计算?", "2002", "阿芳"),
)
PRIVATE = {"type": "text", "sender_id": 2003, "text": "你好,我忘记了支付密码,怎么重置?"}
COUNT = len(MAILS) + sum(map(len, CHATS)) + len(POSTS) + 1 + len(STATUSES) + 1
"""How many messages that are."""


async def chat(base: str) -> None:
    """Write in the chat, each customer in a session of their own."""
    async with aiohttp.ClientSession() as http:
        for texts in CHATS:
            customer = Customer(http, base)
            await customer.open()
            for text in texts:
                status, answer = await customer.post(text)
                if status != 201:
                    raise RuntimeError(f"the chat answers {status}: {answer}")


def write_on_x(x: X) -> None:
    """Mention the account, one with a photo, and write to it directly."""
    for number, (text, author, name, handle) in enumerate(POSTS):
        x.world.user(author, name, handle)
        key = x.world.file(f"3_{number}", "photo", picture(), f"{x.url}/media/{number}.png")
        x.world.mention(text, author, **({"attachments": {"media_keys": [key]}} if number else {}))
    x.world.user("103", "Олег", "oleg_v")
    x.world.message("Здравствуйте, не приходит код подтверждения.", "103")


def write_on_weibo(weibo: Weibo) -> None:
    """Mention the account, one with a picture."""
    for number, (text, uid, name) in enumerate(STATUSES):
        weibo.world.mention(uid, text, name=name, pictures=["a.png"] * number)


def write_in_chat(base: str) -> None:
    """Write in the chat, and wait until it is taken."""
    asyncio.run(chat(base))


def picture(width: int = 240, height: int = 160) -> bytes:
    """A small picture (PNG): a screen with something red on it."""
    line = [
        b"\x00" + b"".join(b"\xc8\x28\x28" if 60 < x < 180 and 50 < y < 110 else b"\xe8\xee\xf4" for x in range(width))
        for y in range(height)
    ]
    header = struct.pack("!2I5B", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack("!I", len(content)) + kind + content + struct.pack("!I", zlib.crc32(kind + content))
        for kind, content in ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(line))), (b"IEND", b""))
    )

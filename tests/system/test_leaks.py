"""The daemon on messages with secrets, by three channels and both queues: nothing of one is in what it wrote."""

from __future__ import annotations

import asyncio
import random
import re
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support import secrets
from tests.support.chat import GENEROUS, Customer
from tests.support.daemon import SCRIPT, Daemon, until
from tests.support.dovecot import Dovecot
from tests.support.redis import RedisServer, started
from tests.support.secrets import Secret
from tests.support.traces import Traces, in_folder, in_redis
from tests.system.mailbox import read_account

DEFECTS = Path(secrets.__file__).with_name("defects")
ASIDE = frozenset({"inbox"})
"""The folder of the source, which keeps what it has."""
KINDS = len(secrets.MAKERS)
EACH = 2 * KINDS
"""Messages of each channel."""
PARTS = 4
"""Messages over which a phrase of a chat is spread."""


@pytest.fixture
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server of the test's own, with a folder of its own."""
    server = started(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


def _drawn(name: str, count: int) -> list[Secret]:
    """Secrets of every kind."""
    return [secrets.MAKERS[number % KINDS](random.Random(f"{name} {number}")) for number in range(count)]


def _phrase(name: str) -> Secret:
    words = secrets.phrase(random.Random(name), "english")
    return Secret("mnemonic", " ".join(words), ())


def _mail(number: int, secret: Secret, **fields: str) -> bytes:
    """A mail that holds a secret in one of its parts."""
    mail = EmailMessage()
    one_line = " ".join(secret.text.split())
    mail["From"], mail["To"] = f"C <c{number}@example.com>", "support@example.com"
    mail["Subject"] = fields.pop("subject", one_line if number % 5 == 4 and len(one_line) < 300 else f"help {number}")
    mail["Message-ID"] = f"<{number}.{abs(hash(secret.text))}@example.com>"
    for name, value in fields.items():
        mail[name] = value
    place = number % 5
    encoding = "quoted-printable" if number % 2 else "base64"
    mail.set_content(f"Hello\n\n{secret.text}\n\nthanks" if place in (0, 4) else "see below", cte=encoding)
    if place == 1:
        mail.add_alternative(f"<p>Hello</p><pre>{secret.text}</pre>", subtype="html", cte=encoding)
    elif place == 2:
        mail.add_attachment(secret.text.encode(), maintype="text", subtype="csv", filename=f"{number}.csv")
    elif place == 3:
        inner = EmailMessage()
        inner["From"], inner["Subject"] = "x@example.com", "inner"
        inner.set_content(secret.text, cte=encoding)
        mail.add_attachment(inner)
    return mail.as_bytes()


def _hostile(secret: Secret) -> list[bytes]:
    """Mails that a parser does not survive or does not read whole, and one on which ours has a defect."""
    head = f"From: a@example.com\nTo: b@example.com\nSubject: {{}}\nMessage-ID: <{random.random()}@example.com>\n"
    nested = "".join(f'Content-Type: multipart/mixed; boundary="{level}"\n\n--{level}\n' for level in range(4000))
    pages = "<div>" * 60_000
    large = "x" * 3_000_000
    return [
        f"{head.format('nested')}{nested}Content-Type: text/plain\n\n{secret.text}\n".encode(),
        f"{head.format('page')}Content-Type: text/html; charset=utf-8\n\n{pages}{secret.text}\n".encode(),
        f"{head.format(' '.join(secret.text.split()))}\n{secret.text}\n{large}".encode(),
        f"{head.format('defect')}X-Defect: yes\nContent-Type: text/plain; charset=utf-8\n\n{secret.text}\n".encode(),
    ]


async def _chat(base: str, said: list[Secret], split: Secret) -> int:
    """Write by chat: secrets as texts, names and files, and a phrase in several messages; how many were taken."""
    taken = 0
    async with aiohttp.ClientSession() as http:
        for number, secret in enumerate(said):
            customer = Customer(http, base)
            status, _ = await customer.open(visitor={"name": secret.text[:60]} if number % 3 == 1 else {})
            if status != 201:
                status, _ = await customer.open()
            more: dict[str, Any] = {}
            if number % 3 == 2:
                uploaded, body = await customer.upload(secret.text.encode(), f"{number}.txt")
                assert uploaded == 201, body
                more = {"attachments": [{"upload_id": body["upload_id"]}]}
            status, body = await customer.post("see file" if more else secret.text, **more)
            assert status == 201, body
            taken += 1
        customer = Customer(http, base)
        await customer.open()
        words = split.text.split()
        for at in range(0, len(words), len(words) // PARTS):
            status, body = await customer.post(" ".join(words[at : at + len(words) // PARTS]))
            assert status == 201, body
            taken += 1
    return taken


def _commands(daemon: Daemon) -> Iterator[tuple[str, str]]:
    """What an operator sees."""
    letters = daemon.run("dead-letters", "list")
    yield "dead-letters list", letters.stdout + letters.stderr
    for line in letters.stdout.splitlines():
        shown = daemon.run("dead-letters", "show", line.split()[0])
        yield "dead-letters show", shown.stdout + shown.stderr
    for command in (("audit", "--offline"), ("original", "log"), ("check",)):
        ran = daemon.run(*command)
        yield " ".join(command), ran.stdout + ran.stderr


def _damaged(folder: Path, secret: Secret) -> Iterator[tuple[str, str]]:
    """What is said of configurations into which somebody pasted a secret."""
    one_line = " ".join(secret.text.split())
    for damage in (f"queue: {one_line}\n", f"http: {{public: '{one_line}'}}\n", f"store: [{one_line}\n"):
        file = folder / "fanin.yaml"
        file.write_text(damage)
        ran = subprocess.run(
            [SCRIPT, "check", "--config", file], capture_output=True, text=True, timeout=60, cwd=folder, check=False
        )
        assert ran.returncode != 0
        yield "check of a damaged configuration", ran.stdout + ran.stderr


@pytest.mark.timeout(240)
@pytest.mark.parametrize("queue", ["embedded", "arq"])
def test_no_secret_is_in_anything_that_was_written(
    make_daemon: Callable[..., Daemon],
    dovecot: Dovecot,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    queue: str,
) -> None:
    """Data folder, log, Redis, tickets, files, metrics and what commands print are free of every secret."""
    server: RedisServer | None = request.getfixturevalue("redis_server") if queue == "arq" else None
    daemon = make_daemon(queue={"kind": "arq", "url": server.url} if server else {"kind": "embedded"})
    mailed, fetched, chatted = (_drawn(f"{queue} {channel}", EACH) for channel in ("maildir", "imap", "chat"))
    split, hostile, quoted, named = (_phrase(f"{queue} {name}") for name in ("split", "hostile", "quoted", "named"))
    key = secrets.hexadecimal(random.Random(queue))
    user = read_account(daemon, dovecot)
    daemon.configuration["connectors"] |= {
        "drop": {
            "kind": "email",
            "source": {"type": "maildir", "path": str(daemon.inbox)},
            "max_message_size": "1 MiB",
        },
        "web": {"kind": "chat", "rates": GENEROUS},
    }
    daemon.configuration["helpdesks"] = {"archive": {"kind": "file", "path": str(daemon.data / "tickets")}}
    if server:
        daemon.configuration["helpdesks"]["bot"] = {"kind": "consumer", "transport": "stream"}
        daemon.configuration["also"] = ["bot"]
    for number, secret in enumerate(mailed):
        daemon.drop(f"{number}", _mail(number, secret))
    digits = re.search("[0-9a-fA-F]{64}", key.text)
    assert digits
    daemon.drop(f"private_key_{digits[0]}", _mail(900, named))
    daemon.drop("refused", _mail(901, named, subject="refuse this"))
    for number, content in enumerate(_hostile(hostile)):
        daemon.drop(f"hostile{number}", content)
    dovecot.deliver(user, [_mail(1000 + number, secret) for number, secret in enumerate(fetched)])

    daemon.start({"PYTHONPATH": str(DEFECTS), "QUOTED": quoted.text})
    daemon.wait_ready(within=60)
    taken = asyncio.run(_chat(f"http://{daemon.configuration['http']['public']}/v1/chat", chatted, split))
    count = len(mailed) + 1 + len(_hostile(hostile)) + len(fetched) + taken + PARTS - 1
    tickets = daemon.wait_for_tickets(count, within=120)
    until(lambda: "buried" in daemon.log or "dead" in daemon.log, within=30, what="the refused message")
    metrics = urllib.request.urlopen(f"http://{daemon.private}/metrics").read()
    printed = [*_commands(daemon), *_damaged(tmp_path_factory.mktemp("damaged"), quoted)]
    traces = Traces([*mailed, *fetched, *chatted, split, hostile, quoted, named, key])
    at_once = Traces([*mailed, *fetched, *chatted, hostile, quoted, named, key])  # the parts of `split` wait for `bot`
    in_server = in_redis(at_once, server.port) if server else []
    daemon.terminate()

    shown = [("metrics", metrics), *((name, text.encode()) for name, text in printed)]
    assert in_folder(traces, daemon.folder, aside=ASIDE) == []
    assert [(name, one) for name, content in shown for one in traces.found(content)] == []
    assert in_server == []
    if server:
        assert in_folder(at_once, server.folder, aside=ASIDE) == []
    told = [one for one in tickets if one["data"]["safety"]["redacted"]]
    assert len(told) >= len(mailed) + len(fetched) + len(chatted)
    assert b"fanin_secrets_total" in metrics

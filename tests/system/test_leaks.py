"""The daemon on messages with secrets: nothing of one is in anything that it wrote."""

from __future__ import annotations

import base64
import random
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

from tests.support import secrets
from tests.support.daemon import Daemon
from tests.support.secrets import Secret

COUNT = 40


def _mail(number: int, secret: Secret) -> bytes:
    """A mail that holds a secret in one of its parts."""
    mail = EmailMessage()
    mail["From"], mail["To"] = f"C <c{number}@example.com>", "support@example.com"
    mail["Subject"], mail["Message-ID"] = f"help {number}", f"<{number}@example.com>"
    mail.set_content(f"Hello\n\n{secret.text}\n\nthanks" if number % 2 else "see file", cte="base64")
    if number % 2 == 0:
        mail.add_attachment(secret.text.encode(), maintype="text", subtype="plain", filename=f"{number}.txt")
    return mail.as_bytes()


def _written(folder: Path) -> Iterator[tuple[str, bytes]]:
    """All that the daemon wrote, the mailbox that it read aside."""
    for path in folder.rglob("*"):
        if path.is_file() and "inbox" not in path.parts:
            yield str(path), path.read_bytes()


def test_no_secret_is_in_anything_that_was_written(daemon: Daemon) -> None:
    """Data folder, log, tickets, attachments, metrics and what commands print are free of every secret."""
    drawn = [secrets.MAKERS[number % len(secrets.MAKERS)](random.Random(number)) for number in range(COUNT)]
    key = random.Random(99).randbytes(32).hex()
    for number, secret in enumerate(drawn):
        daemon.drop(f"{number}.private_key_{key}" if number == 1 else str(number), _mail(number, secret))
    daemon.start()
    tickets = daemon.wait_for_tickets(COUNT)
    metrics = urllib.request.urlopen(f"http://{daemon.private}/metrics").read()
    audit = daemon.run("audit", "--offline")
    message = next(one["data"]["message"]["id"] for one in tickets if one["data"]["safety"]["redacted"])
    shown = daemon.run("original", "show", message)
    log = daemon.run("original", "log")
    daemon.terminate()

    parts = [part for secret in drawn for part in (*secret.parts, key[:16]) if len(part) >= 8]
    clear = [part.encode() for part in parts]
    coded = [base64.b64encode(part)[:-4] for part in clear if len(part) > 12]
    found = [
        (path, part)
        for path, content in [*_written(daemon.folder), ("metrics", metrics), ("audit", audit.stdout.encode())]
        for part in (*clear, *coded)
        if part in content
    ]
    assert found == []
    assert all(one["data"]["safety"]["redacted"] for one in tickets)
    assert b"fanin_secrets_total" in metrics
    assert "Message-ID" in shown.stdout
    assert message in log.stdout

"""Mails of the tests' own."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime


def mail(number: int, *, answers: int | None = None, sender: str = "customer@example.com", attached: int = 0) -> bytes:
    """A mail whose number is in its text and Message-ID; `attached` is the size of a random attachment."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = "support@example.com"
    message["Subject"] = f"no. {number}"
    message["Message-ID"] = f"<{number}@example.com>"
    message["Date"] = format_datetime(datetime(2026, 11, 1, 12, 0, tzinfo=UTC))
    if answers is not None:
        message["In-Reply-To"] = f"<{answers}@example.com>"
    message.set_content(f"mail number {number}\n")
    if attached:
        content = random.Random(number).randbytes(attached)
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=f"{number}.bin")
    return message.as_bytes()


def conversation_mails(conversations: int, each: int, *, attached_every: int = 5) -> list[bytes]:
    """Mails of several conversations that go on in turns; every fifth has a large attachment."""
    mails = []
    for turn in range(each):
        for one in range(conversations):
            number = turn * conversations + one
            answers = number - conversations if turn else None
            size = 100_000 if number % attached_every == 0 else 0
            mails.append(mail(number, answers=answers, sender=f"c{one}@example.com", attached=size))
    return mails

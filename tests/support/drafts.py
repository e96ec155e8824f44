"""Messages as the normalizer would have made them, for tests of what comes after it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from model.draft import Draft, File
from model.ticket import Address, Identity, Lane, Message, Requester, Triage
from store.arrival import Arrival, Batch, Content, Target

WHEN = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def draft(
    number: int,
    *,
    sender: str = "customer@example.com",
    answers: int | None = None,
    lane: Lane = "normal",
    files: tuple[File, ...] = (),
    joinable: bool = True,
) -> Draft:
    """A mail that has a number for everything; `answers` is the number of the one that it replies to."""
    text = f"message {number}"
    return Draft(
        requester=Requester(id="", identities=(Identity(kind="email", value=sender),)),
        message=Message(
            id="",
            source_id=str(number),
            received_at=WHEN,
            from_=(Address(address=sender),),
            subject="help",
            text=text,
            new_text=text,
        ),
        files=files,
        triage=Triage(lane=lane),
        fingerprint=hashlib.sha256(text.encode()).digest(),
        thread_keys=() if answers is None else (f"<{answers}@example.com>",),
        own_keys=(f"<{number}@example.com>",),
        participants=(f"email:{sender}",),
        joinable=joinable,
    )


def arrival(made: Draft, *, connector: str = "mail", to: tuple[str, ...] = ("desk",), source: str = "") -> Arrival:
    """An arrival of the draft at a connector, on its way to helpdesks."""
    raw = f"raw {made.message.source_id}".encode()
    return Arrival(
        connector=connector,
        channel="email",
        account="support@example.com",
        source_id=source or made.message.source_id,
        received_at=WHEN,
        draft=made,
        original=content(raw),
        files=tuple(content(file.content) for file in made.files),
        targets=tuple(Target(helpdesk=name) for name in to),
    )


def batch(*arrivals: Arrival, connector: str = "mail", stream: str = "", cursor: object = None) -> Batch:
    """A batch of one connector."""
    return Batch(connector=connector, arrivals=arrivals, stream=stream, cursor=cursor)  # type: ignore[arg-type]


def content(clear: bytes) -> Content:
    """Small content."""
    return Content(sha256=hashlib.sha256(clear).hexdigest(), size=len(clear), clear=clear)


def file(clear: bytes, name: str = "a.txt") -> File:
    """An attachment."""
    return File(filename=name, media_type="text/plain", content=clear, sha256=hashlib.sha256(clear).hexdigest())

"""Answers to somebody on X."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from connectors.x.message import MESSAGE, POST
from model.reply import Reply
from model.ticket import Identity, Message, Requester

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def answer(text: str, *, post: str = "", message: str = "", to: str = "42", **more: Any) -> Reply:
    """An answer to a post or to a direct message; the same text has the same id."""
    asked = Message(id="m", source_id=POST + post if post else MESSAGE + message, received_at=NOW, text="help")
    identities = (Identity(kind="x", value=to, verified=True), Identity(kind="x", value="@bob", verified=True))
    given: dict[str, Any] = {
        "id": str(uuid5(UUID(int=0), text)),
        "token": "t",
        "conversation": "c",
        "sequence": 2,
        "tracking_number": "FN-0000-0000-0",
        "connector": "reader",
        "helpdesk": "desk",
        "requester": Requester(id="r", name="Bob", identities=identities),
        "answers": asked,
        "text": text,
        "visibility": "public" if post else "private",
        "at": NOW,
    }
    return Reply(**(given | more))

"""The book of answers, as the daemon uses it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection

from store import replies, untold
from store.crypto import Vault
from store.ledger import Unreadable
from store.rows import attachment_id
from store.writer import Writer

R = TypeVar("R")


class ReplyBook:
    """Books answers and says which are to be sent; every method raises Transient where the store cannot now."""

    def __init__(
        self, vault: Vault, writer: Writer, read: Callable[..., Awaitable[Any]], redact: Callable[[str], str]
    ) -> None:
        self._vault, self._writer, self._read, self._redact = vault, writer, read, redact

    async def book(self, written: replies.Written) -> replies.Booked:
        """Take an answer as the newest of its conversation, unless it is known."""
        return await self._writer.do(self._book, written)

    async def outgoing(
        self, which: replies.Which, connectors: Sequence[str], now: datetime, limit: int = 100
    ) -> list[replies.Outgoing | replies.Unsendable]:
        """The answers of connectors whose time has come: to be sent, or to be asked whether they were read."""
        found: list[replies.Outgoing | replies.Unsendable] = await self._read(
            replies.outgoing, self._vault, which, connectors, now, limit=limit
        )
        return found

    async def begin(self, id_: str) -> None:
        """Note that an answer is being sent."""
        await self._writer.do(replies.begin, id_)

    async def settle(self, outcome: replies.Outcome) -> None:
        """Note what became of an answer."""
        if outcome.detail is not None:
            outcome = msgspec.structs.replace(outcome, detail=self._redact(outcome.detail))
        await self._writer.do(replies.settle, outcome)

    async def interrupted(self, connectors: Sequence[str]) -> list[tuple[str, str]]:
        """The answers that a process which no longer runs was sending, each with its connector."""
        found: list[tuple[str, str]] = await self._read(replies.interrupted, connectors)
        return found

    async def find(self, conversation: str, reply_id: str) -> replies.Booked | None:
        """How an answer stands, or None where the conversation has no such one."""
        found: replies.Booked | None = await self._read(replies.find, conversation, reply_id)
        return found

    async def said(self, conversation: str, after: int, limit: int | None = None) -> list[replies.Said | Unreadable]:
        """The first answers in a conversation after a sequence number that have not expired, in order."""
        found: list[replies.Said | Unreadable] = await self._read(replies.said, self._vault, conversation, after, limit)
        return found

    async def untold(self, helpdesk: str, after: untold.Untold | None = None, limit: int = 20) -> list[untold.Untold]:
        """The answers of a helpdesk that did not reach the customer and of which it must still be told.

        In the order in which they ended, the oldest first; with `after` those that ended behind that one.
        """
        found: list[untold.Untold] = await self._read(untold.untold, self._vault, helpdesk, after, limit)
        return found

    async def told(self, id_: str, at: datetime) -> None:
        """Note that the helpdesk was told of an answer."""
        await self._writer.do(untold.tell, (id_, at))

    def attachment_id(self, reply_id: str, index: int) -> str:
        """The id under which a file of an answer is served."""
        return attachment_id(self._vault, reply_id, index)

    def _book(self, connection: Connection, written: Sequence[replies.Written]) -> list[replies.Booked]:
        return replies.book(connection, self._vault, written)

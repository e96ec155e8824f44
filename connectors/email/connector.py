"""The email connector: one mailbox, wherever it lies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from connectors.base import Health, Held, Intake, State
from connectors.email.maildir import MaildirReader
from connectors.email.settings import EmailSettings, MaildirSource
from model.errors import Permanent
from model.reply import Reply, SentRef

if TYPE_CHECKING:
    from connectors.email.smtp import Smtp


class Reader(Protocol):
    """A way to read a mailbox (see `connectors.base.Connector`)."""

    async def run(self, intake: Intake, state: State) -> None: ...

    async def check(self) -> None: ...

    def backfill(
        self, intake: Intake, state: State, since: datetime, *, stream: str | None = None
    ) -> AsyncIterator[int]: ...

    def held(self, intake: Intake, state: State) -> AsyncIterator[Held]: ...


class EmailConnector:
    """Reads one mailbox; which reader does it follows from `source.type`."""

    repeatable = False

    def __init__(self, name: str, settings: EmailSettings, health: Health) -> None:
        self.name = name
        self._reader = _reader(name, settings, health)
        self._smtp = _smtp(settings)

    async def run(self, intake: Intake, state: State) -> None:
        """Read until cancelled."""
        await self._reader.run(intake, state)

    async def check(self) -> None:
        """Return if the mailbox can be read; raises the error that names the remedy."""
        await self._reader.check()
        if self._smtp:
            await self._smtp.check()

    async def send(self, reply: Reply, state: State) -> SentRef:
        """Send an answer by mail (see `connectors.email.smtp`)."""
        if self._smtp is None:
            raise Permanent("this mailbox has no send: settings, so nothing can be answered by mail from it")
        return await self._smtp.send(reply, state)

    def backfill(
        self, intake: Intake, state: State, since: datetime, *, stream: str | None = None
    ) -> AsyncIterator[int]:
        """Hand over again what arrived since a time, yielding how many were handed over so far."""
        return self._reader.backfill(intake, state, since, stream=stream)

    def held(self, intake: Intake, state: State) -> AsyncIterator[Held]:
        """Yield what the mailbox holds, folder by folder."""
        return self._reader.held(intake, state)


def _smtp(settings: EmailSettings) -> Smtp | None:
    if settings.send is None:
        return None
    from connectors.email.smtp import Smtp  # noqa: PLC0415  aiosmtplib is loaded where it is used

    return Smtp(settings.send)


def _reader(name: str, settings: EmailSettings, health: Health) -> Reader:
    if isinstance(settings.source, MaildirSource):
        return MaildirReader(name, settings, settings.source, health)
    from connectors.email.imap_source import ImapReader  # noqa: PLC0415  aioimaplib is loaded where it is used

    return ImapReader(name, settings, settings.source, health)

"""Accounts of their own for each test, and readers that end with it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
import uvloop

from connectors.email.imap_source import ImapReader
from connectors.email.settings import EmailSettings
from tests.support.dovecot import PASSWORD, Dovecot
from tests.support.memory import MemoryHealth, MemoryIntake, MemoryState


@pytest.fixture
def user() -> str:
    """An account that no other test uses."""
    return f"u{uuid.uuid4().hex[:12]}@example.com"


class Desk:
    """A reader with everything it needs, as a test drives it."""

    def __init__(self) -> None:
        self.intake = MemoryIntake()
        self.state = MemoryState()
        self.health = MemoryHealth()

    def settings(self, server: Dovecot, user: str, *, port: int | None = None, **options: Any) -> EmailSettings:
        """Settings for an account; keys of `source` may be given as `source_<key>`."""
        source: dict[str, Any] = {
            "type": "imap",
            "host": "127.0.0.1",
            "port": port or server.imaps,
            "user": user,
            "ca_file": str(server.certificate.certificate),
            "poll": "1 min",
        }
        source |= {key.removeprefix("source_"): options.pop(key) for key in list(options) if key.startswith("source_")}
        if "xoauth2" not in source and "password_file" not in source:
            source.setdefault("password", PASSWORD)
        return EmailSettings(kind="email", source=source, **({"start": "all"} | options))

    def reader(self, settings: EmailSettings, *, patience: float = 10) -> ImapReader:
        """A reader as the supervisor makes one."""
        return ImapReader("mail", settings, settings.source, self.health, patience=timedelta(seconds=patience))

    async def run(self, settings: EmailSettings, **options: Any) -> None:
        """Run a reader until it fails."""
        await self.reader(settings, **options).run(self.intake, self.state)

    @asynccontextmanager
    async def running(self, settings: EmailSettings, **options: Any) -> AsyncIterator[asyncio.Task[None]]:
        """Run a reader while the block lasts; its failure ends the block."""
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.run(settings, **options))
            yield task
            task.cancel()

    @asynccontextmanager
    async def supervised(self, settings: EmailSettings, **options: Any) -> AsyncIterator[list[Exception]]:
        """Run readers one after another, as the supervisor does, without its pauses; yields their failures."""
        failures: list[Exception] = []

        async def again() -> None:
            while True:
                try:
                    await self.run(settings, **options)
                except Exception as error:  # noqa: BLE001 - the test looks at them
                    failures.append(error)
                await asyncio.sleep(0.02)

        task = asyncio.create_task(again())
        try:
            yield failures
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def bodies(self) -> list[bytes]:
        """The content of what was accepted, in order."""
        return [self.state.read(envelope.raw) for envelope in self.intake.accepted]


@pytest.fixture
def desk() -> Desk:
    """A reader's surroundings."""
    return Desk()


def plain(message: bytes) -> bytes:
    """The message without what a delivery agent puts above it."""
    return message[message.index(b"From: ") :]


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> dict[str, Any]:
    """The loop that the daemon runs on."""
    return {"uvloop": uvloop.new_event_loop}

"""Every connector keeps the contract, and the contract finds those that do not."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.base import Connector, Intake, State
from connectors.email.connector import EmailConnector
from connectors.email.settings import EmailSettings
from model.envelope import Envelope
from model.errors import Transient
from tests.contract.connectors import ConnectorContract, Source, number_of
from tests.support.memory import MemoryHealth, MemoryIntake, MemoryState


class MaildirFolder(Source):
    """A Maildir on the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for part in ("tmp", "new", "cur"):
            (path / part).mkdir(parents=True)

    def put(self, number: int) -> None:
        """Deliver a file, every seventh larger than what is held in memory."""
        content = b"Subject: x\r\n\r\nnumber %d;\r\n" % number + b"." * (1_200_000 if number % 7 == 6 else 10)
        temporary = self.path / "tmp" / f"{number:05d}"
        temporary.write_bytes(content)
        temporary.rename(self.path / "new" / f"{number:05d}")

    def acknowledged(self) -> set[int]:
        """What lies in cur/."""
        return {int(path.name.partition(":")[0]) for path in (self.path / "cur").iterdir()}

    def connector(self, health: MemoryHealth) -> Connector:
        """A reader that looks often and does not wait long for a size to rest."""
        source = {"type": "maildir", "path": str(self.path), "poll": "50 ms", "rest": "10 ms"}
        settings = EmailSettings.model_validate({"kind": "email", "source": source})
        return EmailConnector("reader", settings, health)

    def spoil(self) -> None:
        """A file that is gone when it is opened: a link to nowhere, and a folder where a file should be."""
        (self.path / "new" / "00000a").symlink_to("/nowhere")
        (self.path / "new" / "00000b").mkdir()


class TestMaildir(ConnectorContract):
    """Email from a Maildir."""

    kind = "email"

    @pytest.fixture
    def source(self, tmp_path: Path) -> Source:
        """An empty Maildir."""
        return MaildirFolder(tmp_path / "inbox")


async def test_file_names_of_every_kind_are_read(tmp_path: Path) -> None:
    """Names that are too long for cur/, no UTF-8, or used before keep neither themselves nor others from being read."""
    intake, state, health = MemoryIntake(), MemoryState(), MemoryHealth()
    source = MaildirFolder(tmp_path / "inbox")
    for name in (b"a" * 255, b"bad\xff.eml", b"some.eml"):
        Path(os.fsdecode(os.fsencode(source.path / "new") + b"/" + name)).write_bytes(name)
    task = asyncio.create_task(source.connector(health).run(intake, state))
    await intake.until_accepted(3)
    await health.until(lambda _: not any((source.path / "new").iterdir()))
    (source.path / "new" / "some.eml").write_bytes(b"another")
    await intake.until_accepted(4)
    await health.until(lambda _: not any((source.path / "new").iterdir()))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert len(list((source.path / "cur").iterdir())) == 4
    assert all(envelope.source_id.encode("utf-8") for envelope in intake.accepted)


class ListSource(Source):
    """A list in memory, read by a cursor, as a page of an API is."""

    def __init__(self, fault: str = "") -> None:
        self.fault, self.messages, self.forgotten = fault, list[bytes](), 0
        self.bad: set[int] = set()

    def put(self, number: int) -> None:
        """Append a message."""
        self.messages.append(b"number %d;" % number)

    def spoil(self) -> None:
        """Append something that raises when it is read."""
        self.bad.add(len(self.messages))
        self.messages.append(b"")

    def acknowledged(self) -> set[int]:
        """The messages before the place up to which the source was told."""
        return {number_of(one) for one in self.messages[: self.forgotten] if one}

    def connector(self, health: MemoryHealth) -> Connector:
        """A reader of the list, with the planted fault."""
        return ListConnector(self, health)


class ListConnector:
    """Reads a ListSource in pages of seven; right, or wrong in one named way."""

    name = "reader"

    def __init__(self, source: ListSource, health: MemoryHealth) -> None:
        self._source, self._health = source, health

    async def run(self, intake: Intake, state: State) -> None:
        """Read until cancelled."""
        while True:
            place = await intake.cursor("")
            start = place if isinstance(place, int) else 0
            page = self._source.messages[start : start + 7]
            if page:
                await self._hand_over(intake, start, page)
            self._health.proven()
            await asyncio.sleep(0.001)

    async def _hand_over(self, intake: Intake, start: int, page: list[bytes]) -> None:
        end, fault = start + len(page), self._source.fault
        envelopes = [_envelope(start + at, raw) for at, raw in enumerate(page) if start + at not in self._source.bad]
        if fault == "cursor before commit":
            await intake.accept([], cursor=end)
        if fault == "acknowledge before durable":
            self._source.forgotten = end
        try:
            await intake.accept(envelopes, cursor=end)
        except Transient:
            if fault != "swallowed transient":
                raise
            await intake.accept([], cursor=end)
        self._source.forgotten = end


def _envelope(at: int, raw: bytes) -> Envelope:
    return Envelope(
        connector="reader",
        channel="list",
        account="a",
        source_id=str(at),
        received_at=datetime.now(UTC) - timedelta(seconds=1),
        raw=raw,
        size=len(raw),
    )


class TestMemory(ConnectorContract):
    """The twin, which is right."""

    @pytest.fixture
    def source(self) -> Source:
        """An empty list."""
        return ListSource()


@pytest.mark.parametrize("fault", ["cursor before commit", "acknowledge before durable", "swallowed transient"])
async def test_the_contract_finds_a_planted_fault(fault: str) -> None:
    """Each fault that loses messages turns the suite red."""
    with pytest.raises((AssertionError, TimeoutError)):
        await _try_out(fault)


async def _try_out(fault: str) -> None:
    """The two scenarios in which a refusal shows whether a connector waits for the store."""
    suite = TestMemory()
    for scenario in (suite.test_nothing_is_acknowledged_that_was_refused, suite.test_refused_at_random_nothing_is_lost):
        suite.begin()
        async with asyncio.timeout(2):
            await scenario(ListSource(fault))

"""The connector of docs/adding-a-connector.md, against a real HTTP server."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from examples.archive import ArchiveConnector, ArchiveSettings
from model.errors import CredentialsRejected, Transient
from tests.contract.connectors import ConnectorContract, Source
from tests.support.memory import MemoryHealth

PAGE = 3


class Archive(Source):
    """An archive of mails; `answer`, where it is set, is given instead of a page."""

    def __init__(self) -> None:
        self.mails: list[dict[str, str]] = []
        self.asked_after = 0
        self.answer: web.Response | None = None
        self.url = ""

    async def page(self, request: web.Request) -> web.Response:
        """Answer like an archive."""
        if request.headers.get("Authorization") != "Bearer secret":
            return web.Response(status=401)
        after = int(request.query.get("after", "0"))
        self.asked_after = max(self.asked_after, after)
        mails = self.mails[after : after + PAGE]
        return self.answer or web.json_response({"mails": mails, "cursor": after + len(mails)})

    def put(self, number: int) -> None:
        """Append a mail; it arrived on the day of its number."""
        content = b"Subject: x\n\nnumber %d;\n" % number
        self._append(str(number), base64.b64encode(content).decode(), number % 28 + 1)

    def acknowledged(self) -> set[int]:
        """Whoever asks for what comes after a place has told that the rest is safe."""
        return {int(mail["id"]) for mail in self.mails[: self.asked_after] if mail["id"].isdecimal()}

    def connector(self, health: MemoryHealth) -> ArchiveConnector:
        """A reader from the beginning."""
        return self.reader(health)

    def spoil(self) -> None:
        """Append something that is no base64."""
        self._append("spoilt", "no base64!", 1)

    def reader(self, health: MemoryHealth | None = None, **settings: Any) -> ArchiveConnector:
        """A reader that looks often."""
        values = {"kind": "archive", "url": self.url, "token": "secret", "start": "all", "poll": "10 ms", **settings}
        return ArchiveConnector("reader", ArchiveSettings.model_validate(values), health or MemoryHealth())

    def _append(self, id_: str, mail: str, day: int) -> None:
        self.mails.append({"id": id_, "arrived": f"2026-11-{day:02d}T00:00:00Z", "mail": mail})


@pytest.fixture
async def source() -> AsyncIterator[Archive]:
    """An archive without mails, served on a port of its own."""
    archive, application = Archive(), web.Application()
    application.add_routes([web.get("/", archive.page)])
    async with TestServer(application) as server:
        archive.url = str(server.make_url("/"))
        yield archive


class TestArchive(ConnectorContract):
    """The archive keeps the contract, and has something of its own."""

    @pytest.fixture
    def source(self, source: Archive) -> Archive:
        """The archive that is served."""
        return source

    async def test_the_cursor_goes_with_the_mails_that_it_accounts_for(self, source: Archive) -> None:
        """Page after page is handed over, each with the place behind it."""
        for number in range(10):
            source.put(number)
        async with self.running(source):
            await self.intake.until_accepted(10)

        assert [(len(ids), cursor) for _, ids, cursor in self.intake.history[:4]] == [(3, 3), (3, 6), (3, 9), (1, 10)]

    async def test_mail_from_before_the_start_is_no_ticket(self, source: Archive) -> None:
        """It is accounted for; and the start is settled once, so a later setting does not change it."""
        for number in range(10):
            source.put(number)
        for start in ("2026-11-05T00:00:00Z", "now"):
            self.intake = type(self.intake)()
            reader = source.reader(self.health, start=start)
            source.connector = lambda _, reader=reader: reader  # type: ignore[method-assign]
            async with self.running(source):
                await self.intake.until(lambda seen: len(seen.accepted) + len(seen.ignored) == 10)

            assert [one.source_id for one in self.intake.ignored] == ["0", "1", "2", "3"]


async def test_a_refused_token_is_said_with_its_remedy(source: Archive) -> None:
    """The supervisor stops asking, and the operator is told what to do."""
    with pytest.raises(CredentialsRejected) as refused:
        await source.reader(token="wrong").check()

    assert "token_file" in refused.value.remedy


@pytest.mark.parametrize(
    ("status", "text"), [(503, ""), (200, "<html>"), (200, '{"mails": 7}'), (200, "[" * (17 << 20))]
)
async def test_an_archive_that_is_unwell_is_asked_again_later(source: Archive, status: int, text: str) -> None:
    """Whatever else it answers is Transient, and no more of it is read than a page may be."""
    source.answer = web.Response(status=status, text=text)

    with pytest.raises(Transient):
        await source.reader().check()


async def test_an_archive_that_is_away_is_asked_again_later(source: Archive) -> None:
    """Nobody listens there."""
    source.url = "http://127.0.0.1:1/"

    with pytest.raises(Transient):
        await source.reader().check()

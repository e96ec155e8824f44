"""The connector of docs/adding-a-connector.md, against a real HTTP server."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from examples.archive import ArchiveConnector, ArchiveSettings
from model.errors import CredentialsRejected, Transient
from tests.support.memory import MemoryHealth, MemoryIntake, MemoryState

PAGE = 3


class Archive:
    """An archive of numbered mails, `page` of them at a time; `answer`, where it is set, is given instead."""

    def __init__(self, count: int) -> None:
        self.mails = [
            {
                "id": str(number),
                "arrived": f"2026-11-{number + 1:02d}T00:00:00Z",
                "mail": base64.b64encode(f"Subject: {number}\n\n".encode()).decode(),
            }
            for number in range(count)
        ]
        self.answer: web.Response | None = None

    async def page(self, request: web.Request) -> web.Response:
        """Answer like an archive."""
        if request.headers.get("Authorization") != "Bearer secret":
            return web.Response(status=401)
        after = int(request.query.get("after", "0"))
        mails = self.mails[after : after + PAGE]
        return self.answer or web.json_response({"mails": mails, "cursor": after + len(mails)})


@pytest.fixture
def archive() -> Archive:
    """An archive of ten mails."""
    return Archive(10)


@pytest.fixture
async def url(archive: Archive) -> AsyncIterator[str]:
    """Where the archive is served."""
    application = web.Application()
    application.add_routes([web.get("/", archive.page)])
    async with TestServer(application) as server:
        yield str(server.make_url("/"))


def connector(url: str, health: MemoryHealth | None = None, **settings: Any) -> ArchiveConnector:
    """A connector that reads from the beginning."""
    values = {"kind": "archive", "url": url, "token": "secret", "start": "all", "poll": "10 ms", **settings}
    return ArchiveConnector("old_mail", ArchiveSettings.model_validate(values), health or MemoryHealth())


async def run_until(made: ArchiveConnector, intake: MemoryIntake, state: MemoryState, count: int) -> None:
    """Run the connector until that many mails are accounted for, then stop it as the daemon does."""
    task = asyncio.create_task(made.run(intake, state))
    await intake.until(lambda seen: len(seen.accepted) + len(seen.ignored) >= count)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_every_mail_is_handed_over_once_and_in_order(url: str) -> None:
    """Page after page is read, and the cursor goes with the mails that it accounts for."""
    intake, health = MemoryIntake(), MemoryHealth()

    await run_until(connector(url, health), intake, MemoryState(), 10)

    assert [one.source_id for one in intake.accepted] == [str(number) for number in range(10)]
    assert [(len(ids), cursor) for _, ids, cursor in intake.history[:4]] == [(3, 3), (3, 6), (3, 9), (1, 10)]
    assert health.reads >= 4


async def test_what_the_store_refuses_is_handed_over_again(url: str) -> None:
    """A batch that was refused did not move the cursor, and comes again after the restart."""
    intake, state = MemoryIntake(), MemoryState()
    intake.refuse()
    with pytest.raises(Transient):
        await connector(url).run(intake, state)

    await run_until(connector(url), intake, state, 10)

    assert len(intake.accepted) == 10


async def test_what_was_stored_without_an_answer_stays_one(url: str) -> None:
    """A batch whose acceptance was not heard of is not handed over as something new."""
    intake, state = MemoryIntake(), MemoryState()
    intake.lose_answer()
    with pytest.raises(Transient):
        await connector(url).run(intake, state)

    await run_until(connector(url), intake, state, 10)

    assert len(intake.accepted) == 10


async def test_mail_from_before_the_start_is_accounted_for_but_no_ticket(url: str) -> None:
    """The start is settled once: a later one does not change it."""
    intake, state = MemoryIntake(), MemoryState()
    await run_until(connector(url, start="2026-11-05T00:00:00Z"), intake, state, 10)

    assert [one.source_id for one in intake.ignored] == ["0", "1", "2", "3"]
    intake.cursors.clear()
    again = MemoryIntake()
    await run_until(connector(url, start="now"), again, state, 10)
    assert len(again.accepted) == 6


async def test_a_refused_token_is_said_with_its_remedy(url: str) -> None:
    """The supervisor stops asking, and the operator is told what to do."""
    with pytest.raises(CredentialsRejected) as refused:
        await connector(url, token="wrong").check()

    assert "token_file" in refused.value.remedy


@pytest.mark.parametrize(
    "answer", [web.Response(status=503), web.Response(text="<html>"), web.Response(text='{"mails": 7}')]
)
async def test_an_archive_that_is_unwell_is_asked_again_later(url: str, archive: Archive, answer: web.Response) -> None:
    """Whatever else it answers is Transient."""
    archive.answer = answer

    with pytest.raises(Transient):
        await connector(url).check()


async def test_an_archive_that_is_away_is_asked_again_later() -> None:
    """Nobody listens there."""
    with pytest.raises(Transient):
        await connector("http://127.0.0.1:1/").check()

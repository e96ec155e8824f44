"""What is done to a message on the server once it is safe: cosmetic, and retried."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from connectors.email.imap_session import Session
from model.errors import Transient
from tests.integration.imap.conftest import Desk
from tests.support.dovecot import Dovecot, sample


def _search(dovecot: Dovecot, user: str, criterion: str, folder: str = "INBOX") -> int:
    with dovecot.client(user) as client:
        client.select(folder, readonly=True)
        return len(client.search(None, criterion)[1][0].split())


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.05)


async def test_accepted_messages_are_flagged(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """`after: flag` marks as seen what was accepted, and not what was ignored."""
    await asyncio.to_thread(dovecot.deliver, user, [sample(1)])
    async with desk.running(desk.settings(dovecot, user, start="now", after="flag")):
        await desk.intake.until(lambda intake: len(intake.ignored) == 1)
        await asyncio.to_thread(dovecot.deliver, user, [sample(2)])
        await desk.intake.until_accepted(1)
        await _until(lambda: _search(dovecot, user, "SEEN") == 1)

    assert _search(dovecot, user, "UNSEEN") == 1


async def test_accepted_messages_are_moved(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """`after: move` moves to a folder, which is created."""
    await asyncio.to_thread(dovecot.deliver, user, [sample(number) for number in range(3)])
    async with desk.running(desk.settings(dovecot, user, after="move", move_to="Done")):
        await desk.intake.until_accepted(3)
        await _until(lambda: _search(dovecot, user, "ALL") == 0)

    assert _search(dovecot, user, "ALL", "Done") == 3


async def test_what_was_left_undone_is_done_later(dovecot: Dovecot, desk: Desk, user: str, monkeypatch) -> None:
    """When flagging fails, nothing stops, and the next run flags what the last could not."""
    await asyncio.to_thread(dovecot.deliver, user, [sample(1), sample(2)])
    settings = desk.settings(dovecot, user, after="flag")

    async def refuse(*_: object) -> None:
        await asyncio.sleep(0)
        raise Transient("the server refuses to flag messages")

    with monkeypatch.context() as patch:
        patch.setattr(Session, "flag", refuse)
        async with desk.running(settings):
            await desk.intake.until_accepted(2)
            await desk.health.until(lambda health: any("tidied" in reason for reason in health.reasons))
    assert _search(dovecot, user, "SEEN") == 0

    async with desk.running(settings):
        await _until(lambda: _search(dovecot, user, "SEEN") == 2)

    assert not desk.intake.duplicates

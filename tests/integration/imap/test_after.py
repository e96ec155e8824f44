"""What is done to a message on the server once it is safe: cosmetic, and retried."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import pytest

from connectors.email.imap_session import Session
from model.errors import Transient
from tests.integration.imap.conftest import Desk
from tests.support.dovecot import Dovecot, sample
from tests.support.imap_script import CAPABILITY, Script, settings_for
from tests.support.memory import MemoryIntake


def _search(dovecot: Dovecot, user: str, criterion: str, folder: str = "INBOX") -> int:
    with dovecot.client(user) as client:
        client.select(folder, readonly=True)
        return len(client.search(None, criterion)[1][0].split())


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
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


@pytest.mark.parametrize("uidplus", [True, False])
async def test_where_move_is_missing_a_message_is_copied_and_deleted(desk: Desk, uidplus: bool) -> None:  # noqa: FBT001
    """COPY and the flag Deleted stand for MOVE; a plain EXPUNGE, which takes others' too, never follows."""
    capability = CAPABILITY.replace("IDLE", "IDLE UIDPLUS" if uidplus else "IDLE")
    async with Script([("CAPABILITY", capability)]).serving() as script:
        settings = settings_for(script, after="move", move_to="Done")
        async with desk.running(settings):
            await desk.intake.until(lambda intake: _tidied(intake) == 1)

    assert _said(script) == [
        'UID COPY 1 "Done"',
        r"UID STORE 1 +FLAGS.SILENT (\Deleted)",
        *(["UID EXPUNGE 1"] if uidplus else []),
    ]


async def test_a_folder_that_is_missing_is_created_before_the_copy(desk: Desk) -> None:
    """TRYCREATE is answered by CREATE and another COPY; nothing is deleted before one has succeeded."""
    rules = [("CREATE", "{tag} OK done\r\n"), ("UID COPY", "{tag} NO [TRYCREATE] there is none\r\n")]
    async with Script(rules).serving() as script:
        answer = script._answer

        def after_create(command: str) -> str | None:
            if command.startswith("CREATE"):
                script.rules.insert(0, ("UID COPY", "{tag} OK done\r\n"))
            return answer(command)

        script._answer = after_create  # type: ignore[method-assign]
        async with desk.running(settings_for(script, after="move", move_to="Done")):
            await desk.intake.until(lambda intake: _tidied(intake) == 1)

    copy, store = 'UID COPY 1 "Done"', r"UID STORE 1 +FLAGS.SILENT (\Deleted)"
    assert _said(script) == [copy, 'CREATE "Done"', copy, store]


def _said(script: Script) -> list[str]:
    """The commands that change something on the server, without their tags."""
    commands = [line.partition(" ")[2] for line in script.lines]
    return [one for one in commands if re.match("UID (COPY|STORE|EXPUNGE|MOVE)|EXPUNGE|CLOSE|CREATE", one)]


def _tidied(intake: MemoryIntake) -> int:
    cursor = intake.cursors.get("INBOX")
    return cursor.get("tidied", 0) if isinstance(cursor, dict) else 0

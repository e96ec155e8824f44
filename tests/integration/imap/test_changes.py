"""What other clients and the server do to a folder loses and repeats nothing."""

from __future__ import annotations

import asyncio

from connectors.email.imap_source import ImapReader
from model.envelope import Envelope
from tests.integration.imap.conftest import Desk
from tests.support.dovecot import Dovecot, sample
from tests.support.memory import MemoryIntake
from tests.support.proxy import Proxy

USER = "a@example.com"


def _content(envelope: Envelope) -> bytes | None:
    return envelope.raw if isinstance(envelope.raw, bytes) and not envelope.ignored else None


async def test_a_renumbered_folder_is_read_again_and_sameness_knows_it(own_dovecot: Dovecot, desk: Desk) -> None:
    """After a change of UIDVALIDITY everything is handed over under new names; only the new is accepted."""
    desk.intake = MemoryIntake(sameness=_content)
    own_dovecot.fill(USER, [sample(number) for number in range(5)])
    settings = desk.settings(own_dovecot, USER)
    async with desk.running(settings):
        await desk.intake.until_accepted(5)
    own_dovecot.stop()
    own_dovecot.forget_uids(USER)
    await asyncio.sleep(1.1)  # a UIDVALIDITY is a second of the server's clock
    own_dovecot.fill(USER, [sample(5)])
    own_dovecot.start()

    async with desk.running(settings):
        await desk.intake.until_accepted(6)

    assert len(desk.intake.duplicates) == 5
    names = {envelope.source_id.rpartition(":")[0] for envelope in desk.intake.accepted}
    assert len(names) == 2


async def test_a_renumbered_folder_keeps_its_start(own_dovecot: Dovecot, desk: Desk) -> None:
    """Mail from before the first start stays ignored when the folder is renumbered."""
    own_dovecot.deliver(USER, [sample(1)])
    settings = desk.settings(own_dovecot, USER, start="now")
    async with desk.running(settings):
        await desk.intake.until(lambda intake: len(intake.ignored) == 1)
    own_dovecot.stop()
    own_dovecot.forget_uids(USER)
    await asyncio.sleep(1.1)  # a UIDVALIDITY is a second of the server's clock
    own_dovecot.start()

    async with desk.running(settings):
        await desk.intake.until(lambda intake: len(intake.ignored) == 2)

    assert not desk.intake.accepted


async def test_messages_that_vanish_while_reading_stop_nothing(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """1,000 of 2,000 messages are deleted while the folder is read: the others arrive, in order."""
    messages = [sample(number, size=20_000) for number in range(2000)]
    dovecot.fill(user, messages)

    def delete() -> None:
        with dovecot.client(user) as client:
            client.select()
            client.uid("STORE", "501:1500", "+FLAGS.SILENT", r"(\Deleted)")
            client.expunge()

    async with desk.running(desk.settings(dovecot, user)):
        await desk.intake.until_accepted(50)
        await asyncio.to_thread(delete)
        await asyncio.to_thread(dovecot.deliver, user, [sample(5000)])
        await desk.intake.until(lambda intake: b"sample 5000" in desk.state.read(intake.accepted[-1].raw), within=60)

    bodies = desk.bodies()
    assert set(messages[:500] + messages[1500:]) <= set(bodies)
    assert len(set(bodies)) == len(bodies)
    uids = [int(envelope.source_id.rpartition(":")[2]) for envelope in desk.intake.accepted]
    assert uids == sorted(uids)


async def test_gaps_seen_flags_and_an_emptied_folder_change_nothing(dovecot: Dovecot, desk: Desk, user: str) -> None:
    r"""Neither \Seen by another client, nor gaps, nor emptying the folder makes a message lost or double."""
    settings = desk.settings(dovecot, user)
    await asyncio.to_thread(dovecot.deliver, user, [sample(number) for number in range(5)])

    def meddle(*commands: tuple[str, ...]) -> None:
        with dovecot.client(user) as client:
            client.select()
            for command in commands:
                client.uid(*command)
            client.expunge()

    meddle(("STORE", "1:5", "+FLAGS", r"(\Seen)"), ("STORE", "2,4", "+FLAGS", r"(\Deleted)"))
    async with desk.running(settings):
        await desk.intake.until_accepted(3)
        await asyncio.to_thread(meddle, ("STORE", "1:*", "+FLAGS", r"(\Deleted)"))
        await asyncio.to_thread(dovecot.deliver, user, [sample(6)])
        await desk.intake.until_accepted(4)
        await asyncio.to_thread(meddle, ("STORE", "1:*", "+FLAGS", r"(\Deleted)"))
    async with desk.running(settings):
        await asyncio.to_thread(dovecot.deliver, user, [sample(7)])
        await desk.intake.until_accepted(5)

    assert not desk.intake.duplicates


async def test_several_folders_are_read_and_pushed(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """New mail in any of three folders arrives at once: each has a connection that IDLEs."""
    for name in ("Sales", "&W6JiNw-"):
        dovecot.append_folder(user, name)
    settings = desk.settings(dovecot, user, folders=["INBOX", "Sales", "客户"], source_poll="1 h")
    async with desk.running(settings):
        await desk.health.until(lambda health: health.reads >= 6)
        for count, folder in enumerate(("Sales", "&W6JiNw-", "INBOX", "Sales"), start=1):
            await asyncio.to_thread(dovecot.append, user, sample(count), folder=folder)
            await desk.intake.until_accepted(count, within=10)

    assert [envelope.source_id.partition(":")[0] for envelope in desk.intake.accepted] == [
        "Sales", "客户", "INBOX", "Sales",
    ]  # fmt: skip


async def test_there_are_never_more_connections_than_configured(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """Four folders share two connections, and those that are not pushed are found by the poll."""
    names = ["INBOX", "A", "B", "C"]
    for name in names[1:]:
        dovecot.append_folder(user, name)
    async with Proxy(dovecot.imaps).serving() as proxy:
        settings = desk.settings(
            dovecot, user, port=proxy.port, folders=names, source_poll="300 ms", source_connections=2
        )
        async with desk.running(settings):
            for count, folder in enumerate(reversed(names), start=1):
                await asyncio.to_thread(dovecot.append, user, sample(count), folder=folder)
                await desk.intake.until_accepted(count, within=10)

    assert proxy.most_at_once == 2


async def test_a_missing_folder_does_not_keep_the_others(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """A folder that is not there is named in the health; it is read when it appears."""
    await asyncio.to_thread(dovecot.deliver, user, [sample(1)])
    settings = desk.settings(dovecot, user, folders=["INBOX", "Later"], source_poll="200 ms")
    async with desk.running(settings):
        await desk.intake.until_accepted(1)
        await desk.health.until(lambda health: any("'Later'" in reason for reason in health.reasons))
        dovecot.append_folder(user, "Later")
        await asyncio.to_thread(dovecot.append, user, sample(2), folder="Later")
        await desk.intake.until_accepted(2)


async def test_another_account_under_the_same_name_is_another_mailbox(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """When the configured user changes, equal UIDs of the other mailbox are no duplicates."""
    for count, name in enumerate((user, f"b{user}"), start=1):
        await asyncio.to_thread(dovecot.deliver, name, [sample(1)])
        async with desk.running(desk.settings(dovecot, name, own_addresses=["support@example.com"])):
            await desk.intake.until_accepted(count)

    assert len({envelope.source_id for envelope in desk.intake.accepted}) == 2


async def test_backfill_reads_again_what_arrived_since(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """Backfill hands over everything since a time, counts it, and moves no cursor."""
    from datetime import UTC, datetime

    for day in (1, 2, 3):
        dovecot.append(user, sample(day), at=datetime(2026, 11, day, 12, tzinfo=UTC))
    reader: ImapReader = desk.reader(desk.settings(dovecot, user))

    counts = [count async for count in reader.backfill(desk.intake, desk.state, datetime(2026, 11, 2, tzinfo=UTC))]

    assert counts[-1] == 2
    assert [envelope.received_at.day for envelope in desk.intake.accepted] == [2, 3]
    assert desk.intake.cursors == {}


async def test_the_server_can_be_asked_what_it_holds(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """What was accepted has its names there, what came since is ahead, and asking changes nothing."""
    await asyncio.to_thread(dovecot.deliver, user, [sample(1), sample(2)])
    settings = desk.settings(dovecot, user)
    async with desk.running(settings):
        await desk.intake.until_accepted(2)

    await asyncio.to_thread(dovecot.deliver, user, [sample(3)])
    before = dict(desk.intake.cursors), dict(desk.state.values)

    [held] = [held async for held in desk.reader(settings).held(desk.intake, desk.state)]

    assert held.passed == [envelope.source_id for envelope in desk.intake.accepted]
    assert len(held.ahead) == 1
    assert (desk.intake.cursors, desk.state.values) == before


async def test_asking_does_not_settle_the_first_start(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """Of an account that was never read everything is ahead, and its first start is still to come."""
    await asyncio.to_thread(dovecot.deliver, user, [sample(1)])

    settings = desk.settings(dovecot, user, start="now")
    [held] = [held async for held in desk.reader(settings).held(desk.intake, desk.state)]

    assert (len(held.passed), len(held.ahead)) == (0, 1)
    assert not desk.state.values
    assert not desk.intake.cursors

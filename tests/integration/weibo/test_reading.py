"""Mentions and comments, read from the emulator."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.weibo.permalink import permalink
from model.errors import CredentialsRejected, Transient
from tests.support.weibo import Desk
from tests.support.weibo_emulator import FAULTS


async def test_three_lists_are_one_stream_in_order(desk: Desk) -> None:
    """What was said first is handed over first, whichever list it is in, and what is in two of them once."""
    numbers = []
    for at in range(30):
        text = f"{at}"
        numbers.append(
            desk.world.mention("7", text) if at % 3 == 0 else desk.world.comment("7", text, mention=at % 3 == 1)
        )
    async with desk.running(desk.connector()):
        await desk.intake.until_accepted(30)

    assert desk.texts() == [str(at) for at in range(30)]
    assert {envelope.visibility for envelope in desk.intake.accepted} == {"public"}
    assert desk.spoken()[0].url == permalink("7", str(numbers[0]))


@pytest.mark.parametrize("access", ["normal", "business"])
async def test_a_burst_is_read_without_a_gap(desk: Desk, access: str) -> None:
    """Five thousand mentions in one interval, in pages that are in disorder and repeat themselves, oldest first."""
    desk.emulator.shuffled = True
    for at in range(5000):
        desk.world.mention(str(1000 + at % 50), str(at))
    async with desk.running(desk.connector(access=access)):
        await desk.intake.until_accepted(5000)

    assert desk.texts() == [str(at) for at in range(5000)]
    assert desk.emulator.counted < 40


@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize("fault", FAULTS)
async def test_faults_cost_nothing_but_time(desk: Desk, fault: str, *, as_text: bool) -> None:
    """Whatever a call meets with, in the middle of the pages too, all is read once and in order."""
    desk.emulator.codes_as_text, desk.emulator.most = as_text, 10
    for at in range(45):
        desk.world.mention("7", str(at))
    desk.emulator.faults.extend(["", "", "", "", fault, "", fault, fault, ""])
    async with desk.running(desk.connector()):
        await desk.intake.until_accepted(45)

    assert desk.texts() == [str(at) for at in range(45)]
    assert not desk.emulator.faults
    assert desk.health.reasons


async def test_what_was_read_before_a_fault_is_not_asked_for_again(desk: Desk) -> None:
    """Reading back goes on where it broke off: no call is spent twice."""
    desk.emulator.most = 10
    for at in range(45):
        desk.world.mention("7", str(at))
    desk.emulator.faults.extend(["", "", "", "", "html"])
    async with desk.running(desk.connector(streams=["mentions"])):
        await desk.intake.until_accepted(45)

    tops = [fields.get("max_id") for name, fields in desk.emulator.asked if name == "statuses/mentions"]
    assert len([top for top in tops[:7] if top is None]) == 1


async def test_counters_let_a_quiet_account_cost_little(desk: Desk) -> None:
    """While they stay as they are nothing is read; what they announce is read at once."""
    async with desk.running(desk.connector(reconcile="1 h")):
        await desk.health.until(lambda health: health.reads > 40)
        quiet = desk.emulator.counted
        desk.world.comment("7", "hello")
        await desk.intake.until_accepted(1)

    assert quiet <= 5
    assert desk.emulator.counted <= quiet + 2


async def test_without_counters_the_lists_are_read_at_a_pace(desk: Desk) -> None:
    """An application that may not ask for them reads all the same."""
    desk.emulator.closed.add("remind/unread_count")
    async with desk.running(desk.connector()):
        await desk.health.until(lambda health: health.reads > 1)
        desk.world.comment("7", "hello")
        await desk.intake.until_accepted(1)

    assert [name for name, _ in desk.emulator.asked].count("remind/unread_count") == 1


async def test_the_hours_calls_are_never_exceeded(desk: Desk) -> None:
    """A burst that needs more calls than an hour has waits for the next, and leaves some to replies."""
    desk.emulator.limit, desk.emulator.most = 12, 10
    for at in range(150):
        desk.world.mention("7", str(at))
    async with desk.running(desk.connector(calls_per_hour=12, reserve=2)):
        await desk.intake.until_accepted(150)

    assert desk.texts() == [str(at) for at in range(150)]
    assert desk.emulator.refused == 0
    hours = {hour for hour, _ in desk.emulator.calls}
    used = [sum(count for (at, _), count in desk.emulator.calls.items() if at == hour) for hour in hours]
    assert len(hours) >= 2
    assert max(used) <= 10 + 1


async def test_calls_that_others_used_are_counted(desk: Desk) -> None:
    """Weibo itself is asked how many are left; where it refuses, nothing is asked until the hour ends."""
    desk.emulator.limit = 5
    for at in range(3):
        desk.world.mention("7", str(at))
    async with desk.running(desk.connector(calls_per_hour=2000, reserve=0, streams=["mentions"], reconcile="5 s")):
        await desk.intake.until_accepted(3)
        await desk.health.until(lambda health: any("limit for this hour" in reason for reason in health.reasons))
        refused = desk.emulator.refused

    assert refused <= 1


async def test_long_texts_and_pictures_come_whole(desk: Desk) -> None:
    """The rest of the text is asked for, and pictures come in full size; what cannot be had is said."""
    desk.world.mention("7", "begins…", long="begins and ends", pictures=["a.jpg", "b.jpg"])
    number = desk.world.mention("7", "gone…", long="gone for ever")
    del desk.world.long[number]
    desk.world.mention("7", "far", pictures=["c.jpg"])
    desk.world.objects[max(desk.world.objects)]["pic_urls"] = [{"thumbnail_pic": "http://10.0.0.1/thumbnail/x.jpg"}]
    async with desk.running(desk.connector()):
        await desk.intake.until_accepted(3)
    first, second, third = desk.spoken()

    assert first.text == "begins and ends"
    assert [desk.state.blobs[file.blob.sha256][-11:] for file in first.files] == [b"large a.jpg", b"large b.jpg"]
    assert second.text == "gone…"
    assert "a picture could not be had: its host is not on the public internet" in third.text


async def test_what_is_older_than_the_start_is_accounted_for(desk: Desk) -> None:
    """Neither a ticket, nor read to the end of the list."""
    desk.emulator.most = 5
    for at in range(20):
        desk.world.mention("7", str(at))
    desk.clock._begin += timedelta(hours=2)
    async with desk.running(desk.connector(start="now", streams=["mentions"])):
        await desk.intake.until(lambda intake: len(intake.ignored) == 5)
        desk.world.mention("7", "new")
        await desk.intake.until_accepted(1)

    assert {envelope.ignored for envelope in desk.intake.ignored} == {"before-start"}


async def test_backfill_brings_in_what_was_passed(desk: Desk) -> None:
    """From a time on, list by list, and within the calls; it may be cut to one list, and begin after an id."""
    ids = []
    for at in range(20):
        ids.append(desk.world.mention("7", str(at)))
        desk.world.comment("7", f"comment {at}")
    since = desk.clock.now() - timedelta(hours=1)
    counts = [count async for count in desk.connector().backfill(desk.intake, desk.state, since, stream="mentions")]
    more = [count async for count in desk.connector().backfill(desk.intake, desk.state, since)]

    assert (counts, more) == ([10, 20], [10, 20, 30, 40])
    assert len(desk.intake.accepted) == 40
    desk.intake.accepted.clear()
    last = desk.connector().backfill(desk.intake, desk.state, desk.clock.now(), stream=f"mentions:{ids[14]}")
    assert [count async for count in last] == [5]


async def test_a_refused_token_stops_reading_and_says_what_to_do(desk: Desk) -> None:
    """Within one poll, with the remedy in words; nothing more is asked."""
    async with desk.running(desk.connector()) as task:
        await desk.health.until(lambda health: health.reads > 1)
        desk.emulator.token = "another"
        with pytest.raises(CredentialsRejected) as refused:
            await asyncio.wait_for(task, 60)

    assert "access_token_file" in refused.value.remedy


async def test_a_new_token_in_its_file_is_used(desk: Desk, tmp_path: Path) -> None:
    """Where pushes are taken meanwhile, reading goes on by itself when the file has changed."""
    file = tmp_path / "token"
    file.write_text("old\n")
    connector = desk.connector(access_token=None, access_token_file=str(file), push_secret="secret")
    desk.world.mention("7", "hello")
    async with desk.listening(connector) as url:
        await desk.health.until(lambda health: bool(health.refusals))
        assert await desk.emulator.push(url, {"type": "text", "sender_id": 8, "text": "pushed"}) == 200
        file.write_text("token\n")
        await desk.intake.until_accepted(2)

    assert desk.texts() == ["pushed", "hello"]


async def test_the_end_of_the_token_is_told_in_time(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """A week before it is warned of, and its end is always known."""
    desk.emulator.lifetime = timedelta(days=6)
    async with desk.running(desk.connector()):
        await desk.health.until(lambda health: health.reads > 0)

    assert desk.health.expires_at is not None
    assert timedelta(days=5) < desk.health.expires_at - desk.clock.now() < timedelta(days=6)
    assert capsys.readouterr().out.count("token.expires_soon") == 1


async def test_check_proves_token_account_and_calls(desk: Desk) -> None:
    """Each is refused in its own words, at the cost of two calls at the most."""
    await desk.connector().check()
    assert desk.emulator.counted == 2
    with pytest.raises(CredentialsRejected, match="account 1902538057"):
        await desk.connector(uid="1000000000").check()
    with pytest.raises(CredentialsRejected, match="expired"):
        await desk.connector(access_token="wrong").check()
    desk.emulator.limit = desk.emulator.counted + 2
    with pytest.raises(Transient, match="no further call"):
        await desk.connector(calls_per_hour=2000).check()

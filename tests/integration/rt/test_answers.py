"""Agents answer in a real Request Tracker, and fanin reads what they wrote."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from delivery.base import Answer, Answering, Setback
from delivery.helpdesks.rt.helpdesk import RtHelpdesk
from model.errors import Permanent
from tests.integration.rt.conftest import Make
from tests.integration.rt.events import said
from tests.support.rt import Rt

pytestmark = [pytest.mark.xdist_group("rt"), pytest.mark.timeout(240)]

FILE = bytes(range(256))


async def test_an_agents_answer_is_read_with_its_file(make: Make, rt: Rt) -> None:
    """Author, text, HTML, file and ticket of an answer are the agent's; what fanin wrote is no answer."""
    desk = make()
    assert isinstance(desk, Answering)
    cursor = (await desk.answers(None)).cursor
    ref = await desk.submit(said(1), None, {})
    await desk.submit(said(2), ref, {})
    await _answer(rt, ref.value, "Hello Ann\n你好")
    await _answer(rt, ref.value, "<p>again</p>", kind="text/html", file=FILE)

    found = await _all(desk, cursor)

    assert [(one.tickets, one.author, one.text, one.html) for one in found] == [
        ((ref.value,), "The agent", "Hello Ann\n你好", None),
        ((ref.value,), "The agent", "", "<p>again</p>"),
    ]
    assert found[0].id.startswith("rt:transaction:")
    [file] = found[1].files
    assert (file.filename, file.media_type) == ("answer.bin", "application/octet-stream")
    assert b"".join([piece async for piece in desk.read_answer_file(file)]) == FILE


async def test_what_customers_must_not_get_is_no_answer(make: Make, rt: Rt) -> None:
    """Comments, other people's tickets, and what the requester or a stranger wrote stay in RT."""
    desk = make()
    cursor = (await desk.answers(None)).cursor
    ref = await desk.submit(said(1), None, {})
    foreign = await asyncio.to_thread(rt.ask, "POST", "/ticket", {"Queue": "Support", "Subject": "own", "Content": "x"})
    await asyncio.to_thread(
        rt.ask, "POST", f"/ticket/{ref.value}/comment", {"Content": "secret", "ContentType": "text/plain"}
    )
    await _answer(rt, foreign["id"], "to somebody else")
    await asyncio.to_thread(rt.ask, "PUT", f"/ticket/{ref.value}", {"Requestor": ["agent@rt.test"]})
    await _answer(rt, ref.value, "by the requester")

    assert await _all(desk, cursor) == []


async def test_a_cursor_misses_nothing_and_outlives_a_restart(make: Make, rt: Rt) -> None:
    """Read on from a cursor, by another process and a page at a time, each answer is given, and none for ever."""
    ref = await make().submit(said(1), None, {})
    cursor = (await make().answers(None)).cursor
    await _answer(rt, ref.value, "one")
    first = await make().answers(cursor)
    await _answer(rt, ref.value, "two")

    second = await make().answers(first.cursor)
    third = await make(server_limit=timedelta(milliseconds=1)).answers(second.cursor)
    fourth = await make(server_limit=timedelta(milliseconds=1)).answers(third.cursor)

    assert [[one.text for one in page.found] for page in (first, second, third, fourth)] == [["one"], ["two"], [], []]
    assert isinstance(fourth.cursor, dict)
    assert fourth.cursor["seen"] == []


async def test_a_transaction_that_is_committed_late_is_not_missed(make: Make, rt: Rt) -> None:
    """An answer with a lower id that shows up after a higher one is given all the same."""
    desk = make(server_limit=timedelta(minutes=5))
    cursor = (await desk.answers(None)).cursor
    ref = await desk.submit(said(1), None, {})
    await _answer(rt, ref.value, "late")
    late = [one.id.rpartition(":")[2] for one in (await desk.answers(cursor)).found]
    await asyncio.to_thread(_hide, rt, late[0], "Hidden", "Correspond")
    await _answer(rt, ref.value, "early")
    first = await desk.answers(cursor)
    await asyncio.to_thread(_hide, rt, late[0], "Correspond", "Hidden")

    second = await desk.answers(first.cursor)

    assert [one.text for one in first.found] == ["early"]
    assert [one.text for one in second.found] == ["late"]


async def test_answers_in_a_merged_ticket_name_all_its_tickets(make: Make, rt: Rt) -> None:
    """An answer is given for the conversation whose ticket was merged as well."""
    desk = make()
    cursor = (await desk.answers(None)).cursor
    gone, kept = [await desk.submit(said(n, case=n), None, {}) for n in (1, 2)]
    await asyncio.to_thread(rt.ask, "PUT", f"/ticket/{gone.value}", {"MergeInto": kept.value})
    await _answer(rt, kept.value, "to both")

    [answer] = await _all(desk, cursor)

    assert answer.tickets == (kept.value, gone.value)


async def test_an_answer_that_did_not_arrive_is_told_in_the_ticket_once(make: Make, rt: Rt) -> None:
    """A comment that only agents see says which answer and why, reopens the ticket, and is written once."""
    desk = make()
    cursor = (await desk.answers(None)).cursor
    ref = await desk.submit(said(1), None, {})
    await asyncio.to_thread(rt.ask, "PUT", f"/ticket/{ref.value}", {"Status": "resolved"})
    setback = Setback(
        id="0198aaaa-0000-8000-8000-000000000001",
        ticket=ref,
        uncertain=False,
        reason="the mailbox does not exist",
        text="Hello Ann",
        at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
    )

    await asyncio.gather(desk.tell(setback), desk.tell(setback))
    await make().tell(setback)
    unsure = msgspec.structs.replace(setback, id="0198aaaa-0000-8000-8000-000000000002", uncertain=True)
    await make().tell(unsure)

    which = "The answer of 2026-01-02 03:04 UTC (“Hello Ann…”)"
    assert rt.said(ref.value, "Comment") == [
        f"{which} did not reach the customer: the mailbox does not exist",
        f"{which} may not have reached the customer, and is not sent again by itself: the mailbox does not exist",
    ]
    assert (await asyncio.to_thread(rt.ask, "GET", f"/ticket/{ref.value}"))["Status"] == "open"
    assert await _all(desk, cursor) == []


async def test_a_ticket_that_is_gone_takes_no_word(make: Make, rt: Rt) -> None:
    """What cannot be told in a deleted ticket is refused for good, so that it is said elsewhere."""
    desk = make()
    ref = await desk.submit(said(1), None, {})
    await asyncio.to_thread(rt.ask, "PUT", f"/ticket/{ref.value}", {"Status": "deleted"})
    setback = Setback(
        id="0198aaaa-0000-8000-8000-000000000003",
        ticket=ref,
        uncertain=False,
        reason="late",
        text="",
        at=datetime.now(UTC),
    )

    with pytest.raises(Permanent, match="is gone"):
        await desk.tell(setback)


async def _all(desk: RtHelpdesk, cursor: Any) -> list[Answer]:
    return list((await desk.answers(cursor)).found)


async def _answer(rt: Rt, ticket: str, text: str, *, kind: str = "text/plain", file: bytes | None = None) -> None:
    body: dict[str, Any] = {"Content": text, "ContentType": kind}
    if file:
        encoded = base64.b64encode(file).decode()
        body["Attachments"] = [
            {"FileName": "answer.bin", "FileType": "application/octet-stream", "FileContent": encoded}
        ]
    await asyncio.to_thread(rt.ask, "POST", f"/ticket/{ticket}/correspond", body)


def _hide(rt: Rt, transaction: str, to: str, was: str) -> None:
    """Let a transaction not be seen, as one that is not committed yet."""
    import sqlite3

    with sqlite3.connect(rt.folder / "rt5.sqlite", timeout=30) as database:
        database.execute("UPDATE Transactions SET Type = ? WHERE id = ? AND Type = ?", (to, transaction, was))
    database.close()

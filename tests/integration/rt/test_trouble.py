"""Whatever happens between fanin and Request Tracker: one ticket, one correspondence each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from delivery.helpdesks.rt.helpdesk import RtHelpdesk
from model.errors import CredentialsRejected, Transient
from model.event import Event, TicketRef
from tests.integration.rt.conftest import Make
from tests.integration.rt.events import keep, said
from tests.support.events import MemoryPlace
from tests.support.http_desk import Front, Trouble
from tests.support.rt import Rt

pytestmark = [pytest.mark.xdist_group("rt"), pytest.mark.timeout(240)]

FILE = bytes(range(256)) * 20
LOST = {
    "answered 500 before": Trouble(status=500),
    "answered 500 after it was done": Trouble(status=500, commits=True),
    "answered rubbish after it was done": Trouble(status=201, body=b"<html>", commits=True),
    "dropped before": Trouble(drops=True),
    "dropped after it was done": Trouble(drops=True, commits=True),
    "hung": Trouble(hangs=True),
    "hung after it was done": Trouble(hangs=True, commits=True),
    "done after our time-out": Trouble(late=1.5),
    "slow": Trouble(latency=0.5),
}


@pytest.mark.parametrize("trouble", LOST.values(), ids=list(LOST))
async def test_a_ticket_and_a_correspondence_each_come_once(
    make: Make, front: Front, rt: Rt, place: MemoryPlace, trouble: Trouble
) -> None:
    """When the answer to a create and to a follow-up is lost, each is in RT once, with its file."""
    keep(place, FILE)
    desk = make(timeout=timedelta(seconds=1), server_limit=timedelta(seconds=6 if trouble.late else 0.7))
    front.fail_next(trouble)
    ref = await _insist(desk, said(1, files=(FILE,)), None)
    front.fail_next(trouble)

    assert await _insist(desk, said(2, files=(FILE,)), ref) == ref

    await front.settled()
    stored = await asyncio.to_thread(rt.events)
    assert [event.id for _, event in stored] == [said(1).id, said(2).id]
    assert {str(ticket) for ticket, _ in stored} == {ref.value}
    assert (await asyncio.to_thread(rt.files, ref.value))["a"] == FILE


async def test_another_process_waits_for_what_the_first_began(make: Make, front: Front, rt: Rt) -> None:
    """A process that died in the middle of a request leaves word, so that the next one does not repeat it."""
    front.fail_next(Trouble(late=1.0))
    first = asyncio.create_task(make().submit(said(1), None, {}))
    await _until(lambda: ("POST", "/REST/2.0/ticket") in front.asked)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)

    with pytest.raises(Transient, match="not known yet") as caught:
        await make().submit(said(1), None, {})
    assert caught.value.retry_after is not None
    ref = await _insist(make(), said(1), None)

    assert [(str(ticket), event.id) for ticket, event in await asyncio.to_thread(rt.events)] == [
        (ref.value, said(1).id)
    ]


async def test_a_refused_connection_costs_no_wait(make: Make, front: Front, rt: Rt) -> None:
    """What was never sent is tried again at once."""
    desk = make(server_limit=timedelta(hours=1))
    await front.stop()
    with pytest.raises(Transient, match="cannot be reached"):
        await desk.submit(said(1), None, {})
    with pytest.raises(Transient, match="cannot be reached"):
        await desk.check()

    await front.start()

    await desk.submit(said(1), None, {})
    assert len(await asyncio.to_thread(rt.events)) == 1


async def test_rt_itself_killed_and_started_again(make: Make, rt: Rt) -> None:
    """With the server gone everything waits; when it is back each event is there once."""
    desk = make()
    ref = await desk.submit(said(1), None, {})
    await asyncio.to_thread(rt.stop)
    with pytest.raises(Transient):
        await desk.submit(said(2), ref, {})
    with pytest.raises(Transient):
        await desk.check()

    await asyncio.to_thread(rt.start)

    await _insist(desk, said(2), ref)
    assert [event.id for _, event in await asyncio.to_thread(rt.events)] == [said(1).id, said(2).id]


async def test_a_refused_token_says_what_to_do(make: Make, front: Front) -> None:
    """401 is for a person to settle, by check as by submit."""
    front.fail_all(Trouble(status=401, body=b'{"message":"Unauthorized"}'))
    for attempt in (make().check(), make().submit(said(1), None, {})):
        with pytest.raises(CredentialsRejected, match="refuses the token") as caught:
            await attempt
        assert "Auth Tokens" in caught.value.remedy


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (Trouble(status=302, headers={"Location": "https://sso.example.com"}), "redirects to https://sso.example.com"),
        (Trouble(status=404, body=b"nothing"), "no REST 2"),
        (Trouble(status=403, body=b'{"message":"Forbidden"}'), "RT answered 403: Forbidden"),
    ],
)
async def test_a_wrong_address_or_right_says_what_to_do(make: Make, front: Front, trouble: Trouble, words: str) -> None:
    """What cannot work until somebody changes it pauses the helpdesk with the remedy."""
    front.fail_all(trouble)

    with pytest.raises(CredentialsRejected, match=words):
        await make().check()


async def test_a_proxy_that_takes_no_large_bodies_gets_links(
    make: Make, front: Front, rt: Rt, place: MemoryPlace
) -> None:
    """After 413 the message comes without its files, and says where they are."""
    keep(place, FILE)
    front.fail_next(Trouble(status=413, body=b"<html>too large</html>"))

    ref = await make().submit(said(1, files=(FILE,)), None, {})

    [text] = await asyncio.to_thread(rt.said, ref.value)
    assert "Not attached (RT refused the files): a, 5120 bytes: http://127.0.0.1/a" in text
    assert [name for name in await asyncio.to_thread(rt.files, ref.value) if name == "a"] == []


async def _insist(desk: RtHelpdesk, event: Event, ref: TicketRef | None) -> TicketRef:
    """Submit until it succeeds, pausing as asked."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await desk.submit(event, ref, {})
            except Transient as error:
                await asyncio.sleep(min(error.retry_after.total_seconds() if error.retry_after else 0.2, 0.5))


async def _until(condition: Callable[[], bool] | Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)

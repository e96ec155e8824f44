"""What tickets in a real Request Tracker look like, and which one a message goes to."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import msgspec
import pytest

from model.errors import CredentialsRejected, Permanent
from model.event import REDACTED, TicketRef
from model.ticket import Attachment, Identity, Matched, Redaction, Requester, Safety
from tests.integration.rt.conftest import Make
from tests.integration.rt.events import keep, said
from tests.support.events import MemoryPlace
from tests.support.rt import Rt

pytestmark = [pytest.mark.xdist_group("rt"), pytest.mark.timeout(240)]

CONTENTS = {
    "utf8.txt": ("text/plain", "héllo 你好\r\nline\n".encode()),
    "nul.txt": ("text/plain", b"a\x00b\r\n"),
    "gb18030.txt": ("text/plain", "你好，世界，这是中文".encode("gb18030")),
    "utf16.txt": ("text/plain", "\ufeffwide".encode("utf-16-le")),
    "no character.txt": ("text/plain", "\ufeffx\ufffe\U0010ffff".encode()),
    "page.html": ("text/html", b"<p>x\xc3\xa9</p>\r\n"),
    "latin.html": ("text/html", b"<meta charset=latin-1>\xe9\r\n"),
    "mail.eml": (
        "message/rfc822",
        b"Subject: x\r\nContent-Type: text/plain; charset=gb18030\r\n\r\n\xc4\xe3\xba\xc3\r\n",
    ),
    "parts.bin": ("multipart/mixed", b"--x\r\n\r\nnot really\r\n--x--\r\n"),
    "table.csv": ("text/csv", "你好".encode("gb18030") + b"\r\n"),
    "picture.svg": ("image/svg+xml", b"<svg/>\r\n"),
    "名前 'q' ü; x=1.bin": ("application/x-thing", bytes(range(256)) * 400),
    "strange": ("not a type", b"\r\n\r\n.\r\n"),
}


async def test_files_arrive_byte_for_byte(make: Make, rt: Rt, place: MemoryPlace) -> None:
    """Whatever a file is and is called, RT gives back the bytes that came."""
    keep(place, *(content for _, content in CONTENTS.values()))
    event = said(1)
    files = tuple(_file(name, kind, content) for name, (kind, content) in CONTENTS.items())
    event = msgspec.structs.replace(event, data=msgspec.structs.replace(event.data, attachments=files))

    ref = await make().submit(event, None, {})
    again = await make().submit(msgspec.structs.replace(event, id=said(2).id), ref, {})

    stored = await asyncio.to_thread(rt.files, ref.value)
    assert again == ref
    assert {name: content for name, content in stored.items() if not name.startswith("fanin-")} == {
        name: content for name, (_, content) in CONTENTS.items()
    }


async def test_what_cannot_go_along_is_a_line_with_its_link(make: Make, rt: Rt, place: MemoryPlace) -> None:
    """Empty, too large and expired files are named in the text; one that looks like a marker is renamed."""
    forged = f"fanin-{said(9).id}.json"
    keep(place, b"", b"x" * 2000, b"y" * 800, b"z" * 700)
    files = (
        _file("empty", "text/plain", b""),
        _file("large", "text/plain", b"x" * 2000),
        _file("gone", "text/plain", b"never stored"),
        _file(forged, "application/json", b"y" * 800),
        _file("one too many", "text/plain", b"z" * 700),
    )
    event = said(1)
    event = msgspec.structs.replace(event, data=msgspec.structs.replace(event.data, attachments=files))

    ref = await make(max_attachment=1500, max_attachments=1000).submit(event, None, {})

    [text] = await asyncio.to_thread(rt.said, ref.value)
    assert [line.partition(",")[0] for line in text.splitlines() if line.startswith("Not attached")] == [
        "Not attached (it is empty): empty",
        "Not attached (it is too large for RT): large",
        "Not attached (its retention has ended): gone",
        "Not attached (the message's files are too large for RT together): one too many",
    ]
    assert {f"_{forged}", f"fanin-{event.id}.json"} == set(await asyncio.to_thread(rt.files, ref.value))


async def test_a_ticket_says_who_asks_and_what_to_beware_of(make: Make, rt: Rt) -> None:
    """Requestor, subject, tracking number, body and warnings are the event's, and RT mails the requester nothing."""
    safety = Safety(
        redacted=(Redaction(kind="mnemonic", count=1, where="text"),), phishing=(Matched(rule="r", text="evil.test"),)
    )
    event = said(1, html="<p>written <b>bold</b> 你好</p>", subject="Wörter\n und 你好")
    event = msgspec.structs.replace(event, data=msgspec.structs.replace(event.data, safety=safety))
    desk = make()

    ref = await desk.submit(event, None, {})
    await desk.submit(said(2), ref, {})

    ticket = await asyncio.to_thread(rt.ask, "GET", f"/ticket/{ref.value}")
    user = await asyncio.to_thread(rt.ask, "GET", "/user/ann@customers.test")
    first, second = await asyncio.to_thread(rt.said, ref.value)
    assert ticket["Subject"] == "Wörter und 你好"
    assert [one["id"] for one in ticket["Requestor"]] == ["ann@customers.test"]
    assert user["RealName"] == "Ann 王小明"
    assert _field(ticket, "fanin") == ["FN-CASE-0001-X"]
    assert "<p>written <b>bold</b> 你好</p>" in first
    assert "Secrets were removed from this message: mnemonic." in first
    assert "Beware, phishing: evil.test" in first
    assert second.startswith(
        "FN-CASE-0001-X | email support@example.com | Ann <ann@customers.test>\n\ntext 2\n第二行\n"
    )
    assert "EmailRecord" not in _types(await asyncio.to_thread(_history, rt, ref.value))


async def test_scrips_may_mail_where_that_is_wanted(make: Make, rt: Rt) -> None:
    """With mails_requester RT does as its scrips say."""
    ref = await make(mails_requester=True, body="text").submit(said(1, html="<p>x</p>"), None, {})

    assert "EmailRecord" in _types(await asyncio.to_thread(_history, rt, ref.value))
    assert "<p>" not in (await asyncio.to_thread(rt.said, ref.value))[0]


async def test_requesters_without_an_address_are_one_requestor_each(make: Make, rt: Rt) -> None:
    """A requester of a chat or a post is known by an address that no mail reaches, the same each time."""
    who = Requester(id="r", name="@ann", identities=(Identity(kind="x", value="2244994945"),))

    refs = [await make().submit(said(n, case=n, requester=who, from_=()), None, {}) for n in (1, 2)]

    for ref in refs:
        ticket = await asyncio.to_thread(rt.ask, "GET", f"/ticket/{ref.value}")
        assert [one["id"] for one in ticket["Requestor"]] == ["2244994945@x.fanin.invalid"]


async def test_a_route_decides_queue_priority_and_fields(make: Make, rt: Rt) -> None:
    """Options are applied to new tickets, and a follow-up's to the same ticket, unless a person decided since."""
    desk = make()
    ref = await desk.submit(said(1), None, {"priority": "20", "other": "ignored"})
    urgent = {"queue": "Security", "priority": "80", "cf.Severity": "high"}
    await desk.submit(said(2), ref, urgent)
    moved = await asyncio.to_thread(rt.ask, "GET", f"/ticket/{ref.value}", **{"fields[Queue]": "Name"})
    await asyncio.to_thread(
        rt.ask, "PUT", f"/ticket/{ref.value}", {"Priority": "5", "CustomFields": {"Severity": "low"}}
    )
    await asyncio.to_thread(rt.ask, "PUT", f"/ticket/{ref.value}", {"Queue": "Support"})

    await desk.submit(said(3), ref, urgent)

    kept = await asyncio.to_thread(rt.ask, "GET", f"/ticket/{ref.value}", **{"fields[Queue]": "Name"})
    assert (moved["Queue"]["Name"], moved["Priority"], _field(moved, "Severity")) == ("Security", "80", ["high"])
    assert (kept["Queue"]["Name"], kept["Priority"], _field(kept, "Severity")) == ("Support", "5", ["low"])


async def test_a_queue_that_is_not_ours_is_passed_over(make: Make, rt: Rt) -> None:
    """A route's queue that RT refuses does not keep the message back; the configured one must work."""
    ref = await make().submit(said(1), None, {"queue": "General"})
    ticket = await asyncio.to_thread(rt.ask, "GET", f"/ticket/{ref.value}", **{"fields[Queue]": "Name"})
    assert ticket["Queue"]["Name"] == "Support"

    with pytest.raises(CredentialsRejected, match="No permission to create tickets in the queue 'General'") as caught:
        await make(queue="General").submit(said(2, case=2), None, {})
    assert "CreateTicket" in caught.value.remedy


async def test_what_rt_can_never_take_is_buried(make: Make, rt: Rt) -> None:
    """A ticket that RT refuses for what it says is no matter of trying again."""
    with pytest.raises(Permanent, match="isn't a valid status"):
        await _create_with(make, {"Status": "none such"})


async def test_a_follow_up_reopens_a_resolved_ticket(make: Make, rt: Rt) -> None:
    """Resolved or rejected, the ticket is open again with the next message."""
    ref = await make().submit(said(1), None, {})
    for number, status in ((2, "resolved"), (3, "rejected")):
        await asyncio.to_thread(rt.ask, "PUT", f"/ticket/{ref.value}", {"Status": status})

        assert await make().submit(said(number), ref, {}) == ref

        assert (await asyncio.to_thread(rt.ask, "GET", f"/ticket/{ref.value}"))["Status"] == "open"


async def test_a_deleted_ticket_is_replaced_by_one_that_refers_to_it(make: Make, rt: Rt) -> None:
    """What was deleted stays so, and the conversation goes on in a new ticket; so it does for one that is gone."""
    ref = await make().submit(said(1), None, {})
    await asyncio.to_thread(rt.ask, "DELETE", f"/ticket/{ref.value}")

    other = await make().submit(said(2), ref, {})
    third = await make().submit(said(3, case=3), TicketRef("999999"), {})

    links = await asyncio.to_thread(rt.rows, "SELECT Target FROM Links WHERE LocalBase = ?", other.value)
    assert other != ref
    assert [target.partition("/Ticket/")[2] for (target,) in links] == [f"Display.html?id={ref.value}"]
    assert third not in (ref, other)


async def test_a_merged_ticket_is_followed(make: Make, rt: Rt) -> None:
    """Follow-ups of a ticket that was merged into another go there."""
    ref, other = [await make().submit(said(n, case=n), None, {}) for n in (1, 2)]
    await asyncio.to_thread(rt.ask, "PUT", f"/ticket/{ref.value}", {"MergeInto": other.value})

    assert await make().submit(said(3), ref, {}) == other


async def test_a_lost_database_finds_its_tickets(make: Make, rt: Rt) -> None:
    """Without a reference the ticket is found by the event, or else by the tracking number."""
    ref = await make().submit(said(1), None, {})

    assert await make().submit(said(1), None, {}) == ref
    assert await make().submit(said(2), None, {}) == ref


async def test_a_secret_that_is_seen_later_is_corrected_beside(make: Make, rt: Rt) -> None:
    """The corrected message is a comment, once, that says how the first form is shredded; it reopens nothing."""
    desk = make()
    ref = await desk.submit(said(1, text="twelve words"), None, {})
    await asyncio.to_thread(rt.ask, "PUT", f"/ticket/{ref.value}", {"Status": "resolved"})
    correction = said(1, text="[seed phrase removed]")
    correction = msgspec.structs.replace(correction, id=said(2).id, type=REDACTED)

    for _ in range(2):
        assert await desk.submit(correction, ref, {}) == ref

    query = (
        "SELECT id, Type FROM Transactions WHERE ObjectType = 'RT::Ticket' AND ObjectId = ? "
        "AND Type IN ('Create', 'Comment', 'Correspond') ORDER BY id"
    )
    (first, _), *added = await asyncio.to_thread(rt.rows, query, ref.value)
    [(comment, kind)] = added
    texts = await asyncio.to_thread(
        rt.rows, "SELECT Content FROM Attachments WHERE TransactionId = ? AND ContentType = 'text/plain'", comment
    )
    assert kind == "Comment"
    assert "[seed phrase removed]" in str(texts)
    assert f"rt-shredder --plugin 'Objects=Transaction,{first}'" in texts[0][0]
    assert (await asyncio.to_thread(rt.ask, "GET", f"/ticket/{ref.value}"))["Status"] == "resolved"


async def test_the_proof_leaves_a_deleted_ticket_alone(make: Make, rt: Rt) -> None:
    """What `fanin check` writes is read back and deleted, and nothing is to be said about a sound RT."""
    assert await make().prove() == []

    [[status, subject]] = await asyncio.to_thread(
        rt.rows, "SELECT Status, Subject FROM Tickets ORDER BY id DESC LIMIT 1"
    )
    assert (status, subject) == ("deleted", "written by fanin check")


async def test_the_proof_names_a_field_that_rt_drops(make: Make, rt: Rt) -> None:
    """A custom field that is missing, or that we may not write, is found out."""
    with pytest.raises(CredentialsRejected, match="dropped what was written into the custom field Frozen") as caught:
        await make(custom_field="Frozen").prove()
    assert "ModifyCustomField" in caught.value.remedy
    with pytest.raises(CredentialsRejected, match="has no ticket custom field none"):
        await make(custom_field="none").check()


async def test_the_proof_warns_of_scrips(make: Make, rt: Rt) -> None:
    """Where RT mails requesters, the scrips to look at are named."""
    [note] = await make(mails_requester=True).prove()

    assert "On Correspond Notify Requestors and Ccs" in note


async def _create_with(make: Make, fields: dict[str, Any]) -> None:
    """Submit with a field of the ticket that no route can set."""
    desk = make()
    new = desk._new
    desk._new = lambda message, follows: new(message, follows) | fields  # type: ignore[method-assign]
    await desk.submit(said(1), None, {})


def _file(name: str, kind: str, content: bytes) -> Attachment:
    sha256 = hashlib.sha256(content).hexdigest()
    return Attachment(
        id=sha256, filename=name, media_type=kind, size=len(content), sha256=sha256, url=f"http://127.0.0.1/{sha256}"
    )


def _field(ticket: Any, name: str) -> list[str]:
    return next(one["values"] for one in ticket["CustomFields"] if one["name"] == name)


def _history(rt: Rt, ticket: str) -> Any:
    return rt.ask("GET", f"/ticket/{ticket}/history", fields="Type", per_page="100", user="fanin")


def _types(history: Any) -> list[str]:
    return [one["Type"] for one in history["items"]]

"""Acceptance: sameness, conversations, cursors and the account of everything."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import msgspec
import pytest

from model.errors import Transient
from store.arrival import Arrival, Target
from store.store import Store
from tests.support.drafts import WHEN, arrival, batch, draft, file


async def test_a_new_message_opens_a_conversation(store: Store) -> None:
    """A message that answers nothing is the first of a conversation and has a tracking number."""
    [receipt] = await store.accept(batch(arrival(draft(1))))

    assert (receipt.status, receipt.sequence) == ("accepted", 1)
    assert receipt.tracking_number is not None
    assert receipt.tracking_number.startswith("FN-")


async def test_the_same_source_id_is_accepted_once(store: Store) -> None:
    """A message handed over again is a duplicate with the ids of the first time."""
    [first] = await store.accept(batch(arrival(draft(1))))

    [second] = await store.accept(batch(arrival(draft(1))))

    assert second.status == "duplicate"
    assert (second.message_id, second.tracking_number) == (first.message_id, first.tracking_number)


async def test_the_same_mail_in_two_mailboxes_is_one_message(store: Store) -> None:
    """A mail with the same fingerprint at another connector is recorded as a duplicate of the first."""
    [first] = await store.accept(batch(arrival(draft(1))))

    [second] = await store.accept(batch(arrival(draft(1), connector="other"), connector="other"))

    assert (second.status, second.message_id) == ("duplicate", first.message_id)
    account = await store.account(["desk"])
    assert ("messages", "other", "duplicate", 1) in [msgspec.structs.astuple(line) for line in account.lines]


async def test_duplicates_within_one_batch_are_found(store: Store) -> None:
    """A batch that holds the same message twice gives one ticket."""
    receipts = await store.accept(batch(arrival(draft(1)), arrival(draft(1), source="again")))

    assert [receipt.status for receipt in receipts] == ["accepted", "duplicate"]


async def test_concurrent_callers_get_one_ticket_for_one_message(store: Store) -> None:
    """Two hundred callers that hand over the same message at once make one of it."""
    receipts = await asyncio.gather(*(store.accept(batch(arrival(draft(1)))) for _ in range(200)))

    assert sorted(receipt.status for [receipt] in receipts) == ["accepted"] + ["duplicate"] * 199


async def test_an_answer_joins_where_its_sender_takes_part(store: Store) -> None:
    """A reply by the same customer continues the conversation, in order."""
    [first] = await store.accept(batch(arrival(draft(1))))

    [answer] = await store.accept(batch(arrival(draft(2, answers=1))))

    assert (answer.conversation_id, answer.sequence) == (first.conversation_id, 2)


async def test_an_answer_in_the_same_batch_joins(store: Store) -> None:
    """A reply that arrives together with what it answers continues that conversation."""
    first, answer = await store.accept(batch(arrival(draft(1)), arrival(draft(2, answers=1))))

    assert (answer.conversation_id, answer.sequence) == (first.conversation_id, 2)


async def test_a_stranger_who_quotes_a_message_opens_a_case_of_their_own(store: Store) -> None:
    """A reference alone joins nobody to somebody else's conversation."""
    [first] = await store.accept(batch(arrival(draft(1))))

    [stranger] = await store.accept(batch(arrival(draft(2, answers=1, sender="thief@example.net"))))

    assert stranger.conversation_id != first.conversation_id
    assert stranger.sequence == 1


async def test_a_forged_sender_does_not_join(store: Store) -> None:
    """A mail that is proven not to come from its sender (dmarc=fail) opens a new conversation."""
    [first] = await store.accept(batch(arrival(draft(1))))

    [forged] = await store.accept(batch(arrival(draft(2, answers=1, joinable=False))))

    assert forged.conversation_id != first.conversation_id


async def test_ids_survive_a_lost_database(tmp_path: Path) -> None:
    """A store that lost its database, but not its key, gives the same message the same ids."""
    store = await Store.open(tmp_path)
    [before] = await store.accept(batch(arrival(draft(1))))
    await store.close()
    for path in tmp_path.glob("fanin.db*"):
        path.unlink()

    store = await Store.open(tmp_path)
    [after] = await store.accept(batch(arrival(draft(1), connector="renamed"), connector="renamed"))
    await store.close()

    assert after.message_id == before.message_id
    assert (after.conversation_id, after.tracking_number) == (before.conversation_id, before.tracking_number)


async def test_the_cursor_moves_with_the_batch(store: Store) -> None:
    """The cursor of a stream is that of the last batch, also of an empty one."""
    await store.accept(batch(arrival(draft(1)), stream="INBOX", cursor={"uid": 1}))
    await store.accept(batch(stream="INBOX", cursor={"uid": 7}))

    assert await store.cursor("mail", "INBOX") == {"uid": 7}
    assert await store.cursor("mail", "Spam") is None


async def test_one_caller_that_fails_does_not_harm_the_others(store: Store) -> None:
    """In a commit of many callers the one that cannot be stored fails alone."""
    broken = msgspec.structs.replace(arrival(draft(0)), source_id="\ud800")
    calls = [store.accept(batch(arrival(draft(number)))) for number in range(1, 20)]

    failed, *accepted = await asyncio.gather(store.accept(batch(broken)), *calls, return_exceptions=True)

    assert isinstance(failed, Exception)
    assert [receipt.status for [receipt] in accepted] == ["accepted"] * 19  # type: ignore[misc]


async def test_a_nearly_full_disk_is_refused_before_it_is_full(tmp_path: Path) -> None:
    """Below min_free_disk nothing is accepted, so that deliveries can still be recorded."""
    store = await Store.open(tmp_path, min_free_disk=shutil.disk_usage(tmp_path).total)

    with pytest.raises(Transient, match="min_free_disk"):
        await store.accept(batch(arrival(draft(1))))
    await store.close()


async def test_a_message_may_be_ignored_and_let_in_within_one_commit(store: Store) -> None:
    """What a later rule lets in takes the place of what was ignored, be it of the same batch."""
    ignored = msgspec.structs.replace(arrival(draft(1)), draft=None, files=(), targets=(), ignored="for the test")

    receipts = await store.accept(batch(arrival(draft(2)), ignored, arrival(draft(1))))

    assert [receipt.status for receipt in receipts] == ["accepted", "ignored", "accepted"]
    account = await store.account(["desk"])
    assert [(line.state, line.count) for line in account.lines] == [("accepted", 2), ("due", 2)]


async def test_ignored_and_dead_messages_are_accounted_for(store: Store) -> None:
    """What becomes no ticket is on the account with the rule or the stage."""
    base = Arrival(connector="mail", channel="email", account="a", source_id="1", received_at=WHEN)
    ignored = msgspec.structs.replace(base, ignored="before-start")
    dead = msgspec.structs.replace(base, source_id="2", dead="cannot be read")

    receipts = await store.accept(batch(ignored, dead))

    assert [receipt.status for receipt in receipts] == ["ignored", "dead"]
    account = await store.account([])
    assert [line.state for line in account.lines] == ["dead: normalize", "ignored: before-start"]
    assert account.imbalances == []
    assert [letter.reason for letter in await store.list_dead_letters()] == ["cannot be read"]


async def test_the_event_says_what_the_ticket_format_says(store: Store) -> None:
    """The stored event is a CloudEvent whose data is the ticket, with its attachments by stable URLs."""
    [receipt] = await store.accept(batch(arrival(draft(1, files=(file(b"one"), file(b"one"))))))

    [event] = await store.events(receipt.conversation_id or "", 0)

    assert event.id == receipt.message_id == event.data.message.id
    assert event.subject == event.data.tracking_number
    assert event.sequence == "0000000001"
    assert len({one.id for one in event.data.attachments}) == 2
    assert all(one.url.endswith(one.id) for one in event.data.attachments)


async def test_a_conversation_stays_with_its_helpdesks(store: Store) -> None:
    """A follow-up that matches another route goes to the helpdesks of the first message."""
    await store.accept(batch(arrival(draft(1), to=("desk",))))
    [answer] = await store.accept(batch(arrival(draft(2, answers=1), to=("other",))))

    dues, _ = await store.pair(answer.conversation_id or "", "desk")
    assert [due.sequence for due in dues] == [1, 2]
    assert (await store.pair(answer.conversation_id or "", "other"))[0] == []


async def test_a_follow_up_changes_the_options_of_its_helpdesk(store: Store) -> None:
    """The options of the route that a follow-up matches go to the helpdesk that has the conversation."""
    await store.accept(batch(arrival(draft(1))))
    changed = Target(helpdesk="desk", options={"queue": "Security"})
    urgent = msgspec.structs.replace(arrival(draft(2, answers=1)), targets=(changed,))

    [answer] = await store.accept(batch(urgent))

    dues, _ = await store.pair(answer.conversation_id or "", "desk")
    assert dues[1].options == {"queue": "Security"}


async def test_nothing_readable_is_in_the_database_file(store: Store, tmp_path: Path) -> None:
    """Texts, addresses, file names and attachments are not found in the clear on the disk."""
    await store.accept(batch(arrival(draft(1, files=(file(b"the attachment", "passport.png"),)))))

    stored = b"".join(path.read_bytes() for path in tmp_path.glob("fanin.db*"))

    assert stored
    for word in (b"message 1", b"customer@example.com", b"passport.png", b"the attachment", b"raw 1"):
        assert word not in stored


async def test_an_ignored_message_can_be_let_in_later(store: Store) -> None:
    """What lay before the start becomes a ticket when it is handed over without that rule (`fanin backfill`)."""
    made = arrival(draft(1))
    await store.accept(batch(msgspec.structs.replace(made, draft=None, files=(), ignored="before-start")))
    assert await store.known("mail", ["1"]) == {}

    [receipt] = await store.accept(batch(made))

    assert receipt.status == "accepted"
    assert [line.state for line in (await store.account(["desk"])).lines] == ["accepted", "due"]


async def test_a_conversation_does_not_stay_with_a_helpdesk_that_is_gone(tmp_path: Path) -> None:
    """Where its helpdesk is no longer configured, a follow-up goes where a new message would."""
    store = await Store.open(tmp_path, helpdesks=frozenset({"desk"}))
    await store.accept(batch(arrival(draft(1), to=("desk",))))
    await store.close()
    store = await Store.open(tmp_path, helpdesks=frozenset({"other"}))

    [answer] = await store.accept(batch(arrival(draft(2, answers=1), to=("other",))))

    dues, _ = await store.pair(answer.conversation_id or "", "other")
    assert [due.sequence for due in dues] == [2]
    await store.close()


async def test_each_who_asks_at_once_learns_of_their_own_messages(store: Store) -> None:
    """Questions of several connectors that are answered together keep apart, and what was ignored is not known."""
    ignored = msgspec.structs.replace(arrival(draft(3)), draft=None, files=(), targets=(), ignored="before-start")
    [one, _] = await store.accept(batch(arrival(draft(1)), ignored))
    [other] = await store.accept(batch(arrival(draft(2), connector="drop", source="1"), connector="drop"))

    asked = [("mail", ["1", "3", "1"]), ("drop", ["1"]), ("mail", []), ("drop", ["3"]), ("mail", ["1"])] * 100
    told = await asyncio.gather(*(store.known(connector, ids) for connector, ids in asked))

    assert [{id_: receipt.message_id for id_, receipt in found.items()} for found in told] == [
        {"1": one.message_id},
        {"1": other.message_id},
        {},
        {},
        {"1": one.message_id},
    ] * 100
    assert {receipt.status for found in told for receipt in found.values()} == {"duplicate"}

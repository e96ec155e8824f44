"""What is due and has no job is found, however much of it there is."""

from __future__ import annotations

from store.store import Store
from tests.support.drafts import arrival, batch, draft


async def test_the_walk_finds_all_that_is_due_and_has_no_job(store: Store) -> None:
    """Page by page, in the order of each conversation, every delivery of the helpdesk is found once."""
    first = [arrival(draft(number), to=("desk", "bot")) for number in range(5)]
    more = [arrival(draft(number, answers=number % 5), to=("desk",)) for number in range(5, 15)]
    receipts = await store.accept(batch(*first, *more))
    waiting = receipts.pop()
    for lane in (await store.unpublished("desk", "normal", 100))[:-1]:
        await store.published([lane[0]])

    found, after = [], None
    while page := await store.unsettled("desk", after, 2):
        found += page
        after = page[-1]

    assert waiting.message_id not in [job.event for job in found]
    assert sorted(job.event for job in found) == sorted(one.message_id or "" for one in receipts)
    places = [(job.conversation, job.sequence) for job in found]
    assert places == sorted(places)

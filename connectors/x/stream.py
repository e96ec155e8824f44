"""One list of X, read page by page within its rate limit and the budget."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from msgspec import Struct

from connectors.base import Health, State
from connectors.budget import Budget
from connectors.paging import Page, Place
from connectors.x.client import Answer, Client
from connectors.x.errors import Broken, Limited, Refused
from connectors.x.message import Includes, Wire, number, objects, text
from connectors.x.prices import Item, Meter
from model.backoff import backoff
from model.clock import Clock
from model.errors import CredentialsRejected

log = structlog.get_logger()

PATIENCE = 6
"""How often a page that does not come is asked for before the whole reading begins anew."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(milliseconds=500), timedelta(seconds=15)
MOST_PAGES = 120
"""Of one reading: X gives the newest 800 mentions, and 30 days of direct messages."""
LARGEST = 100
"""Items of a page, at the most."""
TWEET_FIELDS = (
    "attachments author_id conversation_id created_at edit_history_tweet_ids entities in_reply_to_user_id lang "
    "note_tweet referenced_tweets"
).split()
MEDIA_FIELDS = "media_key type url variants duration_ms".split()
USER_FIELDS = "name username".split()
DM_FIELDS = "id text event_type created_at sender_id dm_conversation_id attachments entities".split()


class Enough(Exception):
    """So many pages were read that they are handed over before the rest is."""


class Found(Struct, frozen=True):
    """A post or message, and what came along with its page."""

    wire: Wire
    includes: Includes


class Shape(Struct, frozen=True, kw_only=True):
    """What a list is: its name (the stream's), what its items cost, and how it is asked for."""

    name: str
    item: Item
    smallest: int
    """Items of a page, at the least."""
    first: int
    """Items of the first page: where X has no since_id, what is known is paid for each day anew."""
    remedy: str
    """What to do where X does not allow it."""


MENTIONS = Shape(
    name="mentions",
    item="mention",
    smallest=5,
    first=LARGEST,
    remedy="check user_id, and give the app access to mentions (scopes tweet.read and users.read)",
)
MESSAGES = Shape(
    name="messages",
    item="direct_message",
    smallest=1,
    first=5,
    remedy="have the account consent to the scopes dm.read, tweet.read and users.read, or set direct_messages: false",
)


class Stream:
    """A list of an account; several streams share the budget."""

    def __init__(
        self,
        shape: Shape,
        client: Client,
        *,
        account: str,
        budget: Budget,
        meter: Meter,
        clock: Clock,
        health: Health,
    ) -> None:
        self.shape = shape
        self._client, self._account = client, account
        self._budget, self._meter, self._clock, self._health = budget, meter, clock, health
        self._free_at: datetime | None = None
        self._spread = timedelta(0)
        self.cost = 0
        """What the pages of the present reading did cost."""

    async def pages(self, place: Place, state: State) -> AsyncIterator[Page[Found]]:
        """Give the pages from the newest on, down to what is known.

        Raises Enough or Exhausted where they are to be handed over before that is reached; Broken where X does not
        answer for long; Capped, CredentialsRejected.
        """
        # Direct messages know no until_id: where there is a gap, its page is gone to.
        token, size, self.cost = place.token if self.shape is MESSAGES else "", self.shape.first, 0
        for _ in range(MOST_PAGES):
            answer = await self._page(place, state, token, size)
            page = self._found(answer)
            yield page
            token = page.following
            if not token:
                return
            size = min(size * 4, LARGEST)
        raise Enough

    def pause(self, least: timedelta) -> timedelta:
        """How long to wait before the list is asked for again, as its rate limit says."""
        return max(least, self._spread)

    async def _page(self, place: Place, state: State, token: str, size: int) -> Answer:
        """Ask until there is an answer, with patience; nothing that was read is lost by waiting."""
        failures = 0
        while True:
            await self._wait_for_window()
            affordable = await self._hold(state, size)
            try:
                answer = await self._ask(place, token, affordable)
            except Limited as error:  # nothing was done: what is held is given back, and the window ends soon
                await self._budget.settle(state, self.shape.name, 0)
                self._health.retrying(str(error))
                self._free_at = self._clock.now() + (error.retry_after or timedelta(minutes=1))
                continue
            except Broken as error:  # perhaps X counts it: it stays held until the same page is answered
                if (failures := failures + 1) >= PATIENCE:
                    raise
                self._health.retrying(str(error))
                await self._clock.sleep(backoff(failures, first=FIRST_PAUSE, most=LONGEST_PAUSE))
                continue
            except Refused as error:
                await self._budget.settle(state, self.shape.name, 0)
                if error.status == 400 and token and token == place.token:  # it was kept too long: from the newest on
                    token = ""
                    continue
                raise CredentialsRejected(str(error), remedy=self.shape.remedy) from None
            await self._settle(state, answer)
            return answer

    async def _ask(self, place: Place, token: str, size: int) -> Answer:
        parameters: dict[str, Any] = {
            "max_results": size,
            "media_fields": MEDIA_FIELDS,
            "user_fields": USER_FIELDS,
        } | ({"pagination_token": token} if token else {})
        answer: Answer
        if self.shape is MESSAGES:
            answer = await self._client.get_direct_message_events(
                **parameters,
                dm_event_fields=DM_FIELDS,
                event_types="MessageCreate",
                expansions=["sender_id", "attachments.media_keys"],
                user_auth=False,
            )
        else:
            bounds = {"since_id": place.known, "until_id": place.gap}
            answer = await self._client.get_users_mentions(
                self._account,
                **parameters,
                **{name: value for name, value in bounds.items() if value},
                tweet_fields=TWEET_FIELDS,
                expansions=["author_id", "attachments.media_keys"],
            )
        return answer

    async def _hold(self, state: State, size: int) -> int:
        """Hold what the page can cost, with fewer items on it where the budget has less; how many."""
        each = self._meter.most(self.shape.item)
        left = await self._budget.left(state)
        if left is not None and each:
            size = max(self.shape.smallest, min(size, left // each))
        await self._budget.hold(state, self.shape.name, size * each)
        return size

    async def _settle(self, state: State, answer: Answer) -> None:
        ids = [text(one, "id") for one in objects(answer.body.get("data"))]
        cost = self._meter.cost(self.shape.item, ids, Includes(answer.body).users)
        await self._budget.settle(state, self.shape.name, cost)
        self.cost += cost
        if answer.remaining is None or answer.reset is None:
            return
        left = max(timedelta(0), answer.reset - self._clock.now())
        self._spread = min(left / (answer.remaining + 1), timedelta(minutes=15))
        if answer.remaining == 0:
            self._free_at = answer.reset

    async def _wait_for_window(self) -> None:
        if self._free_at is not None and (span := self._free_at - self._clock.now()) > timedelta(0):
            # A second more: X counts in whole ones.
            await self._clock.sleep(min(span, timedelta(minutes=15)) + timedelta(seconds=1))
        self._free_at = None

    def _found(self, answer: Answer) -> Page[Found]:
        includes = Includes(answer.body)
        items = objects(answer.body.get("data"))
        numbered = {key: one for one in items if (key := number(one)) is not None}
        if len(numbered) < len({text(one, "id") for one in items}):
            log.warning("item.without_id", stream=self.shape.name, account=self._account)
        created = {
            key: Found(one, includes)
            for key, one in numbered.items()
            if text(one, "event_type") in ("", "MessageCreate")
        }
        meta = answer.body.get("meta")
        return Page(created, tuple(numbered), text(meta if isinstance(meta, Mapping) else None, "next_token"))

"""Reading mentions and comments: what is due, back to what is known, handed over oldest first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from heapq import merge
from typing import Any

import structlog

from connectors.base import Health, Intake, State
from connectors.paging import Page, Place, Reading
from connectors.weibo.api import LISTS, UNREAD, Api
from connectors.weibo.errors import NotAllowed, Refused
from connectors.weibo.media import Media
from connectors.weibo.message import Account, Said, envelope, read_comment, read_status
from connectors.weibo.plan import Plan
from connectors.weibo.settings import WeiboSettings
from model.clock import Clock
from model.envelope import Envelope
from model.errors import Transient

log = structlog.get_logger()

PAGE = 200
"""How many are asked for at once; Weibo gives fewer where it likes."""
BATCH = 10
"""How many are handed over in one transaction."""
START = "start"
SKEW = timedelta(minutes=5)
"""How far Weibo's clock may be behind ours at the very first start without a message being lost to that."""
IN_ORDER = ("comment_mentions", "comments_to_me", "mentions")
"""In which order lists are read, so that nothing is handed over before what was said earlier in its conversation: a
comment that mentions us may follow one that does not, and both follow the post."""
COUNTERS = {"mentions": "mention_status", "comment_mentions": "mention_cmt", "comments_to_me": "cmt"}
"""What the counters of unread messages are called (`remind/unread_count`)."""
Found = tuple[str, int, Said]
"""From which list, under which number, and what was said."""


class Reader:
    """Reads the lists of one account."""

    def __init__(
        self, *, account: Account, settings: WeiboSettings, api: Api, media: Media, clock: Clock, health: Health
    ) -> None:
        self._account, self._settings, self._api = account, settings, api
        self._media, self._clock, self._health = media, clock, health
        self._plan = Plan(settings.streams, settings.reconcile)
        self._readings: dict[str, Reading[Said]] = {}
        """What was read back and is not handed over yet: a failure in between costs nothing twice."""
        self.pages = 0
        """How many pages were read: who gets further, slowly, is not in growing trouble."""
        self._gate_is_open = True
        self._woken = asyncio.Event()

    def wake(self, stream: str) -> bool:
        """Read a list soon, since it has something new.  False if it is not read at all."""
        self._plan.told(stream)
        self._woken.set()
        return stream in self._settings.streams

    async def wait(self, span: timedelta) -> None:
        """Wait until the next round is due, or something is known to be new."""
        sleeping = asyncio.ensure_future(self._clock.sleep(span))
        waking = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait((sleeping, waking), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            waking.cancel()
            self._woken.clear()

    async def round(self, intake: Intake, state: State) -> timedelta:
        """Read what is due, hand it over, and say when to come again.

        Raises Transient or CredentialsRejected; what was read until then is kept.
        """
        start = await self._start(state)
        unread = await self._counters(state)
        self._plan.counted(unread)
        slot = await self._api.slot(state)
        due = self._plan.due(self._clock.now(), slot)
        if due or self._readings:
            await self._read(due, intake, state, start)
        if due or unread is not None or not self._settings.streams:
            self._health.proven()
        return self._settings.poll

    async def backfill(
        self, intake: Intake, state: State, since: datetime | Place, streams: Sequence[str]
    ) -> AsyncIterator[int]:
        """Hand over again what was said since a time or a place, list by list; the hour's calls are waited for."""
        start, place = (since, Place()) if isinstance(since, datetime) else (None, since)
        count = 0
        for stream in streams:
            reading = Reading[Said](place)
            while not reading.reached:
                try:
                    await reading.back(self._pages(stream, reading, state, start))
                except Transient as error:
                    if error.retry_after is None:
                        raise
                    await self._clock.sleep(error.retry_after)
            in_order = reading.in_order()
            found = [(stream, number, said) for number, said in in_order if start is None or said.at >= start]
            for batch in _batches(found):
                await intake.accept([await self._envelope(said, state, None) for *_, said in batch], stream="backfill")
                count += len(batch)
                yield count

    async def _start(self, state: State) -> datetime | None:
        """Since when messages become tickets, settled at the first start; None: all do."""
        if self._settings.start == "all":
            return None
        wanted = self._clock.now() - SKEW if self._settings.start == "now" else self._settings.start
        await state.put(START, wanted.isoformat())  # without a version only the very first succeeds
        stored = await state.get(START)
        return datetime.fromisoformat(str(stored[0])) if stored else wanted

    async def _counters(self, state: State) -> dict[str, int] | None:
        """The counters of unread messages by list; None where Weibo does not give them to this application."""
        if not self._gate_is_open:
            return None
        try:
            answer = await self._api.get(UNREAD, state, uid=self._settings.uid)
        except (NotAllowed, Refused):
            self._gate_is_open = False
            log.info("weibo.uncounted", connector=self._account.connector)
            return None
        if not isinstance(answer, Mapping):
            return None
        return {stream: _count(answer.get(COUNTERS[stream])) for stream in self._settings.streams}

    async def _read(self, due: Sequence[str], intake: Intake, state: State, start: datetime | None) -> None:
        cursor = await intake.cursor("")
        places: dict[str, Place] = {stream: _place(cursor, stream) for stream in self._settings.streams}
        # A list that was begun is finished first: one of those before it, read now, would know more than it does.
        wanted = set(self._readings or due)
        for stream in IN_ORDER:
            if stream in wanted or self._is_needed(stream, places):
                await self._read_back(stream, places, state, start)
        await self._hand_over(intake, state, places, start)
        for stream, reading in self._readings.items():
            self._plan.read(stream, self._clock.now(), len(reading.found))
        self._readings.clear()

    def _is_needed(self, stream: str, places: Mapping[str, Place]) -> bool:
        """Whether a list may hold what comes before something that was found in another."""
        if stream not in places or stream in self._readings:
            return False
        found = [said for reading in self._readings.values() for said in reading.found.values()]
        if stream == "mentions":
            return any(said.own_post > places[stream].known for said in found)
        return stream == "comments_to_me" and bool(found)

    async def _read_back(self, stream: str, places: Mapping[str, Place], state: State, start: datetime | None) -> None:
        """Read a list, or the rest of it, back to what is known."""
        reading = self._readings.setdefault(stream, Reading(places[stream]))
        if reading.reached:
            return
        try:
            await reading.back(self._pages(stream, reading, state, start))
        except Refused as error:  # nothing says that it will be so for ever
            raise Transient(f"{stream}: {error}") from None

    async def _pages(
        self, stream: str, reading: Reading[Said], state: State, start: datetime | None
    ) -> AsyncIterator[Page[Said]]:
        """The pages of a list from the newest, or from where reading back broke off, to what is known.

        The newest that is known is asked for too, though it need not be: seeing it proves without a further call that
        nothing lies between.  A page may be short, so only an empty one is the end of a list.
        """
        since = reading.place.known - 1 if reading.place.known else None
        while True:
            top = min(reading.found) - 1 if reading.found else None
            spare = self._settings.reserve
            answer = await self._api.get(LISTS[stream], state, spare=spare, since_id=since, max_id=top, count=PAGE)
            found, seen = self._understood(stream, answer)
            yield Page(found, seen)
            if not seen or (start and not reading.place.known and min(one.at for one in found.values()) < start):
                return
            if top is not None and min(seen) > top:
                raise Transient(f"{stream}: Weibo gives the same page again")

    def _understood(self, stream: str, answer: Any) -> tuple[dict[int, Said], list[int]]:
        key = "statuses" if stream == "mentions" else "comments"
        listed = answer.get(key) if isinstance(answer, Mapping) else None
        if not isinstance(listed, list):
            if answer == []:  # what some interfaces give for nothing
                return {}, []
            raise Transient(f"{stream}: Weibo gives something else than a list")
        read = read_status if stream == "mentions" else read_comment
        understood = [read(one, self._clock.now()) for one in listed]
        if (lost := sum(one is None for one in understood)) > 0:
            log.warning("message.unreadable", connector=self._account.connector, stream=stream, count=lost)
        found = {one.id: one for one in understood if one is not None}
        if listed and not found:
            raise Transient(f"{stream}: Weibo gives a page without a single number: nothing behind it can be asked for")
        self.pages += 1
        return found, list(found)

    async def _hand_over(self, intake: Intake, state: State, places: dict[str, Place], start: datetime | None) -> None:
        """Hand everything over in the order in which it was said, and each list's place with it."""
        found: list[list[Found]] = [
            [(stream, number, said) for number, said in reading.in_order()]
            for stream, reading in self._readings.items()
        ]
        in_order = list(merge(*found, key=lambda one: (one[2].at, one[1])))
        for batch in _batches(in_order):
            self._health.proven(lag=max(timedelta(0), self._clock.now() - batch[0][2].at))
            envelopes = await asyncio.gather(*(self._envelope(said, state, start) for *_, said in batch))
            reached = places | {stream: self._readings[stream].after(number) for stream, number, _ in batch}
            cursor = {stream: place.json() for stream, place in reached.items()}
            await intake.accept(list({one.source_id: one for one in envelopes}.values()), cursor=cursor)
            places.update(reached)
            for stream, number, _ in batch:
                self._readings[stream].found.pop(number)
                self._readings[stream].place = places[stream]

    async def _envelope(self, said: Said, state: State, start: datetime | None) -> Envelope:
        """The envelope of what was said, with its whole text and its pictures."""
        bare = envelope(said, self._account, text=said.text, start=start)
        if bare.ignored or not (said.is_cut or said.pictures):
            return bare
        text, files = await self._media.complete(said, state)
        return envelope(said, self._account, text=text, files=files, start=start)


def _batches(found: Sequence[Found]) -> list[Sequence[Found]]:
    return [found[at : at + BATCH] for at in range(0, len(found), BATCH)]


def _place(cursor: Any, stream: str) -> Place:
    return Place.read(cursor.get(stream) if isinstance(cursor, Mapping) else None)


def _count(value: Any) -> int:
    with suppress(TypeError, ValueError):
        return int(value)
    return 0

"""The X connector: an account's mentions and direct messages, and answers to them."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from connectors.base import Health, Intake, State
from connectors.budget import Budget, Exhausted, Limit
from connectors.download import Downloader, Rules, downloading
from connectors.paging import Place, Reading
from connectors.x.account import ours, profile
from connectors.x.client import Client, session
from connectors.x.envelope import Writer
from connectors.x.message import Account, id_at, text
from connectors.x.oauth import Kept, Tokens, read
from connectors.x.prices import Meter
from connectors.x.settings import MICRO, XSettings
from connectors.x.speak import Voice
from connectors.x.stream import FIRST_PAUSE, LONGEST_PAUSE, MENTIONS, MESSAGES, Enough, Found, Shape, Stream
from model.backoff import backoff
from model.clock import Clock, SystemClock
from model.envelope import Envelope
from model.errors import CredentialsRejected, Misconfigured, Permanent, Transient
from model.reply import Reply, SentRef

FIRST = "first-start"
BATCH = 100
"""Messages that are handed over at once."""
RECHECK = timedelta(minutes=1)
"""How often a budget that was used up is looked at: what was held for a request may have been given back."""
MESSAGES_POLL = timedelta(minutes=1)
"""X allows fifteen looks at direct messages in a quarter of an hour."""
_SCOPES = {"tweet.read", "users.read"}
_MESSAGE_SCOPES = {"dm.read", "dm.write", "tweet.write"}


class XConnector:
    """Reads one account on X, and speaks for it (see `connectors.base`)."""

    repeatable = True
    """What was sent of an answer, and what is being sent, stands in State: a repetition goes on or is uncertain."""

    def __init__(self, name: str, settings: XSettings, health: Health, clock: Clock | None = None) -> None:
        self.name, self._settings, self._health = name, settings, health
        self._clock = clock or SystemClock()
        budget = settings.budget
        limits = [Limit("day", budget.per_day)] if budget.per_day is not None else []
        limits += [Limit("month", budget.per_month)] if budget.per_month is not None else []
        self._budget = Budget(name, limits, self._clock, health, unit="USD", scale=MICRO)
        self._meter = Meter(settings.prices, self._clock)
        self._tokens = Tokens(settings.oauth, settings.api_base, self._clock) if settings.oauth else None

    async def run(self, intake: Intake, state: State) -> None:
        """Read until cancelled.  Raises Transient or CredentialsRejected."""
        start = await self._start(state)
        rules = Rules(most=self._settings.max_attachment_size, loopback=self._settings.loopback_media)
        async with session() as opened, downloading(rules) as downloader:
            account = await self._account(opened, state)
            writer = self._writer(opened, state, account, downloader)
            try:
                async with asyncio.TaskGroup() as group:
                    for stream in self._streams(opened, state):
                        group.create_task(self._follow(stream, writer, intake, state, start))
            except BaseExceptionGroup as errors:
                raise _first(errors) from None

    async def send(self, reply: Reply, state: State) -> SentRef:
        """Send an answer (see `connectors.base.Speaker`)."""
        if self._tokens is None:
            raise Permanent("answers on X need the account's consent: configure oauth")
        async with session() as opened:
            client = self._client(opened, state, by_user=True)
            return await Voice(self._settings, client, self._budget, self._meter, self._clock).send(reply, state)

    async def prove(self, state: State) -> str:
        """Prove tokens, account and scopes; say which account, what may still be spent, and what the app used."""
        async with session() as opened:
            told = []
            if self._settings.bearer_token is not None:
                told.append(await self._app_usage(opened, state))
            told.append(await (self._consent(opened, state) if self._tokens else self._exists(opened, state)))
            told.append(self._budget.describe(await self._budget.uses(state)))
        return "; ".join(told)

    async def backfill(
        self, intake: Intake, state: State, since: datetime, *, stream: str | None = None
    ) -> AsyncIterator[int]:
        """Hand over again what came since a time: about 800 mentions, 30 days of messages (see `Backfillable`).

        `stream` is `mentions` or `messages`, perhaps with an id after which to begin: `mentions:1890000000000000002`.
        """
        name, _, after = (stream or "").partition(":")
        known = int(after) if after.isdecimal() else id_at(since) - 1
        rules = Rules(most=self._settings.max_attachment_size, loopback=self._settings.loopback_media)
        count = 0
        async with session() as opened, downloading(rules) as downloader:
            writer = self._writer(opened, state, await self._account(opened, state), downloader)
            streams = [one for one in self._streams(opened, state) if name in ("", one.shape.name)]
            if not streams:
                raise Misconfigured(f"there is no list {name}; there are: mentions, messages")
            for one in streams:
                reading = Reading[Found](Place(known=known))
                await reading.back(one.pages(reading.place, state))
                for batch in _batches(reading):
                    await intake.accept(await self._envelopes(writer, one.shape, batch))
                    count += len(batch)
                    yield count

    def _streams(self, opened: aiohttp.ClientSession, state: State) -> list[Stream]:
        shapes = [(MENTIONS, self._settings.bearer_token is None)]
        shapes += [(MESSAGES, True)] if self._settings.reads_messages else []
        return [
            Stream(
                shape,
                self._client(opened, state, by_user=by_user),
                account=self._settings.user_id,
                budget=self._budget,
                meter=self._meter,
                clock=self._clock,
                health=self._health,
            )
            for shape, by_user in shapes
        ]

    async def _follow(self, stream: Stream, writer: Writer, intake: Intake, state: State, start: int) -> None:
        """Read a list until cancelled: all that is new, oldest first, then a pause."""
        least = max(self._settings.poll, MESSAGES_POLL if stream.shape is MESSAGES else timedelta(0))
        while True:
            cursor = await intake.cursor(stream.shape.name)
            reading = Reading[Found](Place.read(cursor) if cursor is not None else Place(known=start))
            stopped = await self._read(stream, reading, state)
            await self._hand_over(stream, reading, writer, intake)
            if isinstance(stopped, Exhausted):
                self._health.retrying(str(stopped))
                await self._clock.sleep(min(stopped.retry_after or RECHECK, max(RECHECK, least)))
                continue
            self._health.proven()
            if stopped is None:
                spread = await self._budget.pause(state, stream.cost, least=least)
                await self._clock.sleep(stream.pause(spread))

    async def _read(self, stream: Stream, reading: Reading[Found], state: State) -> Exhausted | Enough | None:
        """Read back as far as can be; why it ended before what is known was reached."""
        try:
            await reading.back(stream.pages(reading.place, state))
        except (Exhausted, Enough) as error:
            return error
        return None

    async def _hand_over(self, stream: Stream, reading: Reading[Found], writer: Writer, intake: Intake) -> None:
        batches, place = _batches(reading), reading.left()
        for count, batch in enumerate(batches, 1):
            behind = place if count == len(batches) else reading.after(batch[-1][0]) if reading.reached else None
            await self._insist(stream.shape, batch, behind, writer, intake)
        if not batches and place != reading.place:
            await intake.accept([], stream=stream.shape.name, cursor=place.json())

    async def _insist(
        self, shape: Shape, batch: Sequence[tuple[int, Found]], behind: Place | None, writer: Writer, intake: Intake
    ) -> None:
        """Hand over a batch; while the store cannot take it, it is kept, for it was paid for."""
        cursor = behind.json() if behind else None
        for refused in itertools.count(1):
            try:
                await intake.accept(await self._envelopes(writer, shape, batch), stream=shape.name, cursor=cursor)
            except Transient as error:
                self._health.retrying(str(error))
                await self._clock.sleep(backoff(refused, first=FIRST_PAUSE, most=LONGEST_PAUSE))
            else:
                return

    async def _envelopes(self, writer: Writer, shape: Shape, batch: Sequence[tuple[int, Found]]) -> list[Envelope]:
        """The envelopes of a batch, their files fetched beside one another."""
        write = writer.message if shape is MESSAGES else writer.post
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(write(found.wire, found.includes)) for _, found in batch]
        except BaseExceptionGroup as errors:
            raise _first(errors) from None
        return [task.result() for task in tasks]

    async def _start(self, state: State) -> int:
        """The id that everything wanted is above, settled at the first start."""
        if self._settings.start == "all":
            return 0
        wanted = self._clock.now() if self._settings.start == "now" else self._settings.start
        await state.put(FIRST, wanted.isoformat())  # without a version only the very first succeeds
        stored = await state.get(FIRST)
        return id_at(datetime.fromisoformat(str(stored[0])) if stored else wanted) - 1

    async def _account(self, opened: aiohttp.ClientSession, state: State) -> Account:
        client = self._client(opened, state, by_user=self._settings.bearer_token is None)
        return await ours(self._settings, client, self._budget, self._clock, state)

    def _writer(self, opened: aiohttp.ClientSession, state: State, account: Account, downloader: Downloader) -> Writer:
        async def token() -> str:
            return (await self._kept(opened, state, None)).access

        return Writer(self.name, self._settings, account, state=state, downloader=downloader, token=token)

    def _client(self, opened: aiohttp.ClientSession, state: State, *, by_user: bool) -> Client:
        async def token(refused: str | None) -> str:
            if by_user:
                return (await self._kept(opened, state, refused)).access
            assert self._settings.bearer_token is not None
            return read(self._settings.bearer_token)

        return Client(self._settings.api_base, opened, token, self._clock)

    async def _kept(self, opened: aiohttp.ClientSession, state: State, refused: str | None) -> Kept:
        assert self._tokens is not None
        return await self._tokens.current(opened, state, refused)

    async def _app_usage(self, opened: aiohttp.ClientSession, state: State) -> str:
        """What the app used this month: the one call that proves its bearer token and costs nothing."""
        client = self._client(opened, state, by_user=False)
        answer = await client.request("GET", "/2/usage/tweets")
        usage = answer.body.get("data")
        known: Mapping[str, Any] = usage if isinstance(usage, Mapping) else {}
        return f"{known.get('project_usage', '?')} of {known.get('project_cap', '?')} posts this month"

    async def _exists(self, opened: aiohttp.ClientSession, state: State) -> str:
        """Which account it is."""
        client = self._client(opened, state, by_user=False)
        known = await profile(self._settings, client, self._budget, self._clock, state)
        if not known:
            raise Misconfigured(f"there is no account {self._settings.user_id} on X: correct user_id")
        return f"@{text(known, 'username')}"

    async def _consent(self, opened: aiohttp.ClientSession, state: State) -> str:
        """Which account consented, and to what."""
        price = self._settings.prices.user
        await self._budget.hold(state, "check", price)
        answer = await self._client(opened, state, by_user=True).get_me(user_auth=False)
        await self._budget.settle(state, "check", price)
        found = answer.body.get("data")
        if text(found, "id") != self._settings.user_id:
            raise CredentialsRejected(
                f"the account that consented is {text(found, 'id')}, not {self._settings.user_id}",
                remedy="correct user_id, or have the right account consent",
            )
        granted = set((await self._kept(opened, state, None)).scope.split())
        wanted = _SCOPES | (_MESSAGE_SCOPES if self._settings.reads_messages else {"tweet.write"})
        if granted and (missing := sorted(wanted - granted)):
            raise CredentialsRejected(
                f"the consent lacks the scopes {', '.join(missing)}", remedy="have the account consent to them anew"
            )
        return f"@{text(found, 'username')}"


def _batches(reading: Reading[Found]) -> list[list[tuple[int, Found]]]:
    items = reading.in_order()
    return [items[at : at + BATCH] for at in range(0, len(items), BATCH)]


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Of what went wrong at once, that which a person must act on, else the first."""
    flat = [inner for one in errors.exceptions for inner in _flat(one)]
    for wanted in (CredentialsRejected, Transient):
        if found := next((one for one in flat if isinstance(one, wanted)), None):
            return found
    return flat[0]


def _flat(error: BaseException) -> list[BaseException]:
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    return [inner for one in error.exceptions for inner in _flat(one)]

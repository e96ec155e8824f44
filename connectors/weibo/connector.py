"""The Weibo connector: lists by polling, private messages by push, answers to both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime, timedelta

import structlog
from aiohttp import web

from connectors.base import Health, Intake, State
from connectors.paging import Place
from connectors.weibo.api import LIMITS, Api
from connectors.weibo.errors import NotAllowed, Refused
from connectors.weibo.later import Later
from connectors.weibo.media import Media
from connectors.weibo.message import Account
from connectors.weibo.push import Push
from connectors.weibo.reader import Reader
from connectors.weibo.reply import Writer
from connectors.weibo.settings import STREAMS, WeiboSettings
from connectors.weibo.token import Watch
from model.backoff import backoff
from model.clock import Clock, SystemClock
from model.errors import CredentialsRejected, Misconfigured, Transient
from model.reply import Reply, SentRef

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=5)
LOOK, LONGEST_REJECTION = timedelta(seconds=2), timedelta(hours=1)
"""How often a refused token is looked at for a change, and when it is tried again all the same."""
HOUR = timedelta(hours=1)
ADOPTED = "adopted"


class WeiboConnector:
    """Reads and answers one account (see `connectors.base.Connector`, `Speaker`, `Routed`).

    What fails for a while is tried again in here instead of ending `run`: what is pushed has to be taken meanwhile,
    and is, also while the access token is refused.
    """

    def __init__(self, name: str, settings: WeiboSettings, health: Health, clock: Clock | None = None) -> None:
        self.name, self._settings, self._health = name, settings, health
        self._clock = clock or SystemClock()
        account = Account(name, settings.uid, settings.names)
        self._api = Api(name, settings, self._clock, health)
        self._media = Media(settings, self._api)
        self._later = Later(account, self._media, self._clock)
        self._reader = Reader(
            account=account, settings=settings, api=self._api, media=self._media, clock=self._clock, health=health
        )
        self._push = Push(
            account=account,
            settings=settings,
            media=self._media,
            later=self._later,
            wake=self._reader.wake,
            clock=self._clock,
        )
        self._watch = Watch(name, settings, self._api, self._clock, health)
        self._writer = Writer(settings, self._api, self._clock)

    repeatable = True
    """What was written is remembered part by part; where that cannot be known, `send` says so itself."""

    async def run(self, intake: Intake, state: State) -> None:
        """Read until cancelled.  Raises CredentialsRejected where nothing can go on without the token."""
        async with self._connected():
            fetching = asyncio.create_task(self._fetch(intake, state), name=f"files {self.name}")
            try:
                await self._read(intake, state)
            finally:
                fetching.cancel()
                await asyncio.gather(fetching, return_exceptions=True)

    def routes(self, intake: Intake, state: State) -> Iterable[web.RouteDef]:
        """What the fans service pushes to; nothing without `push_secret`."""
        return self._push.routes(intake, state) if self._settings.push_secret else ()

    async def send(self, reply: Reply, state: State) -> SentRef:
        """Answer as a comment where the customer wrote in public and the reply is public, else privately."""
        return await self._writer.send(reply, state)

    async def check(self) -> None:
        """Return if the token is the account's and calls are left.  Costs two calls, which are not counted."""
        await self._proven(None)

    async def prove(self, state: State) -> str:
        """Do the same, counted, and return how many calls are left and when the token ends."""
        return await self._proven(state)

    async def _proven(self, state: State | None) -> str:
        async with self._connected():
            known = await self._watch.ask(state)
            answer = await self._api.get(LIMITS, state)
        left = answer.get("remaining_user_hits") if isinstance(answer, Mapping) else None
        if left == 0:
            raise Transient("Weibo allows no further call in this hour")
        end = f", the token ends on {known.expires:%Y-%m-%d}" if known.expires else ""
        return f"{left if isinstance(left, int) else 'unknown'} calls left in this hour{end}"

    async def backfill(
        self, intake: Intake, state: State, since: datetime, *, stream: str | None = None
    ) -> AsyncIterator[int]:
        """Hand over again what was said since a time, in one list or in all, within the hour's calls.

        `stream` is the name of a list, perhaps with an id after which to begin: `mentions:5100000000000058`.
        """
        name, _, after = (stream or "").partition(":")
        if name not in ("", *STREAMS):
            raise Misconfigured(f"there is no list {name}: choose one of {', '.join(STREAMS)}")
        place = Place(known=int(after)) if after.isdecimal() else since
        async with self._connected():
            streams = (name,) if name else self._settings.streams
            async for count in self._reader.backfill(intake, state, place, streams):
                yield count

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._api.connected())
            await stack.enter_async_context(self._media.connected())
            yield

    async def _read(self, intake: Intake, state: State) -> None:
        failures, pages = 0, 0
        while True:
            try:
                await self._adopt_count(state)
                await self._watch.look(state)
                pause = await self._reader.round(intake, state)
                failures = 0
            except Transient as error:
                failures = failures + 1 if self._reader.pages == pages else 1
                pages = self._reader.pages
                pause = error.retry_after or backoff(failures, first=FIRST_PAUSE, most=LONGEST_PAUSE)
                self._health.retrying(str(error))
                log.warning("connector.retrying", connector=self.name, reason=str(error))
            except CredentialsRejected as error:
                if self._settings.push_secret is None:
                    raise
                self._health.rejected(str(error), error.remedy)
                log.warning("connector.rejected", connector=self.name, reason=str(error), remedy=error.remedy)
                await self._until_token_changes()
                continue
            await self._reader.wait(pause)

    async def _adopt_count(self, state: State) -> None:
        """Ask once an hour what others used of the same calls."""
        if await state.put(ADOPTED, True, expires=self._clock.now() + HOUR):
            with suppress(NotAllowed, Refused):
                await self._api.adopt_count(state)

    async def _until_token_changes(self) -> None:
        refused, until = self._token(), self._clock.now() + LONGEST_REJECTION
        while self._token() == refused and self._clock.now() < until:
            await self._clock.sleep(LOOK)

    def _token(self) -> str | None:
        with suppress(CredentialsRejected):
            return self._api.token()
        return None

    async def _fetch(self, intake: Intake, state: State) -> None:
        """Fetch files that were promised; what the store cannot take now is fetched again."""
        while self._settings.push_secret is not None:
            with suppress(Transient):
                await self._later.run(intake, state)
            await self._clock.sleep(FIRST_PAUSE)

"""The helpdesk that takes its events from a queue in Redis by itself (`docs/consuming.md`).

An event is delivered when the other side has acknowledged it, and removed from Redis when the ledger says
so; until then an index beside the queue tells what was put there.  Everything that must not be torn apart is
one script, so that a Redis which dies in the middle has done all of it or nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Protocol, cast, get_args

from redis.asyncio import Redis

from delivery.base import Acknowledgement
from delivery.helpdesks.consumer_arq import ArqJobs
from delivery.helpdesks.consumer_stream import Stream
from delivery.redis import close, connect, named_errors
from delivery.settings import ConsumerSettings
from model.event import Event, TicketRef
from model.json import Json
from model.ticket import Lane
from model.together import Together

LANES: tuple[Lane, ...] = get_args(Lane)
Script = tuple[str, list[str], list[str | bytes]]
"""A Lua script with its keys and arguments."""


class Transport(Protocol):
    """How events lie in Redis, and how the other side acknowledges them."""

    def put(self, lane: Lane, event: Event, options: Mapping[str, Json]) -> Script:
        """Add an event unless it is there."""

    def acknowledged(self, lane: Lane, place: str) -> Script:
        """Look at some events from a place on ('' is the beginning).

        Gives the place from where to go on, and pairs of event id and failure (empty for none) that are
        acknowledged and not forgotten.
        """

    def forget(self, lane: Lane, events: Sequence[str]) -> Script:
        """Remove acknowledged events."""

    def missing(self, lane: Lane, events: Sequence[str]) -> Script:
        """Give those of the events that are in no state in which they will be acknowledged."""


class ConsumerHelpdesk:
    """Hands events over to the queue of a lane, `PREFIX:HELPDESK:LANE`."""

    def __init__(self, settings: ConsumerSettings) -> None:
        self._settings = settings
        name = settings.queue or "consumer"
        keys = {lane: f"{settings.prefix}:{name}:{lane}" for lane in LANES}
        self._transport: Transport = (
            Stream(keys, settings.group) if settings.transport == "stream" else ArqJobs(name, keys)
        )
        self._redis: Redis | None = None
        self._places = dict.fromkeys(LANES, "")
        self._puts = Together(self._answers)

    async def submit(self, event: Event, ref: TicketRef | None, options: Mapping[str, Json]) -> TicketRef:
        """Put the event into its queue, once.  Raises Transient or CredentialsRejected."""
        with named_errors():
            await self._puts.ask(self._transport.put(event.lane, event, options))
        return ref or TicketRef(event.subject)

    async def check(self) -> None:
        """Return if Redis answers.  Raises Transient or CredentialsRejected."""
        with named_errors():
            await self._client().ping()

    async def acknowledged(self) -> list[Acknowledgement]:
        """What was acknowledged, oldest first in each lane."""
        answers = await self._run([self._transport.acknowledged(lane, self._places[lane]) for lane in LANES])
        for lane, (place, _) in zip(LANES, answers, strict=True):
            self._places[lane] = place.decode()
        return [
            Acknowledgement(event.decode(), failure.decode(errors="replace") or None)
            for _, pairs in answers
            for event, failure in pairs
        ]

    async def forget(self, events: Sequence[str]) -> None:
        """Remove acknowledged events from whichever lane they are in."""
        await self._run([self._transport.forget(lane, events) for lane in LANES])

    async def missing(self, events: Sequence[str]) -> list[str]:
        """Those of the events that no lane has."""
        answers = await self._run([self._transport.missing(lane, events) for lane in LANES])
        gone = [{event.decode() for event in answer} for answer in answers]
        return [event for event in events if all(event in lane for lane in gone)]

    async def close(self) -> None:
        """Close the connections."""
        if self._redis is not None:
            await close(self._redis)
            self._redis = None

    async def _run(self, scripts: Sequence[Script]) -> list[Any]:
        """Run scripts in one round trip."""
        with named_errors():
            answers = await self._answers(scripts)
            for failure in (answer for answer in answers if isinstance(answer, Exception)):
                raise failure
            return answers

    async def _answers(self, scripts: Sequence[Script]) -> list[Any]:
        """What Redis answers to each of some scripts, which may be an error."""
        async with self._client().pipeline(transaction=False) as pipe:
            for text, keys, arguments in scripts:
                pipe.eval(text, len(keys), *keys, *arguments)  # type: ignore[arg-type]  # bytes are as good
            return await cast("Awaitable[list[Any]]", pipe.execute(raise_on_error=False))

    def _client(self) -> Redis:
        self._redis = self._redis or connect(self._settings, Redis)
        return self._redis

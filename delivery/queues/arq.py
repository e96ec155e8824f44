"""The queue in Redis, in arq's own layout of keys: several processes publish to it and work for it.

https://arq-docs.helpmanuel.com, version 0.28: what waits stands in a sorted set by the time from which it may be
taken, the job itself under `arq:job:ID`, and `arq:in-progress:ID` is the claim of whoever works on it.  arq's own
methods take several answers of Redis for every job; here each visit to Redis is a script that publishes, takes or
ends hundreds.  A job is a trigger without content: whether there is anything to deliver is decided by the ledger,
and what is due and has no job is published again.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, get_args

import msgspec
import structlog
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix, job_key_prefix
from msgspec import Struct
from redis.commands.core import AsyncScript

from delivery.base import Deliver
from delivery.redis import close, connect, named_errors
from delivery.settings import ArqSettings
from model.backoff import backoff
from model.errors import CredentialsRejected, Transient
from model.event import Job
from model.ticket import Lane

log = structlog.get_logger()

LANES: tuple[Lane, ...] = get_args(Lane)
FUNCTION = "deliver"
TOGETHER = 500
"""Jobs that are published together: Redis does nothing else for that long, some milliseconds."""
EXPIRY = 30 * 24 * 3600
"""Seconds for which a job waits for a worker; one that has expired is published again."""
CLAIM = 10
"""Seconds after which a job of a worker that has died is taken by another."""
RENEWAL = 3
"""Seconds after which a worker renews its claims."""
STOP = 5
"""Seconds in which jobs that are under way have to end when they are told to."""
_ADD = f"""
for queue, jobs in pairs(cmsgpack.unpack(ARGV[2])) do
  local places = {{}}
  for i = 1, #jobs, 3 do
    redis.call('SET', '{job_key_prefix}' .. jobs[i], jobs[i + 2], 'NX', 'EX', ARGV[1])
    places[#places + 1] = jobs[i + 1]
    places[#places + 1] = jobs[i]
  end
  redis.call('ZADD', queue, 'NX', unpack(places))
end
"""
"""Arguments: seconds to live; for each queue its jobs' ids, scores and bodies."""
_TURN = f"""
local now, claim, visit, taken = ARGV[1], ARGV[2], cmsgpack.unpack(ARGV[3]), {{}}
local function drop(queue, id)
  redis.call('DEL', '{job_key_prefix}' .. id, '{in_progress_key_prefix}' .. id)
  redis.call('ZREM', queue, id)
end
for _, id in ipairs(visit.released) do redis.call('DEL', '{in_progress_key_prefix}' .. id) end
for _, id in ipairs(visit.held) do redis.call('PEXPIRE', '{in_progress_key_prefix}' .. id, claim) end
for lane, queue in ipairs(KEYS) do
  for _, id in ipairs(visit.ended[lane]) do drop(queue, id) end
  local found, room, from = {{}}, visit.room[lane], 0
  if lane == 3 and redis.call('ZCARD', KEYS[2]) > 0 then room = 0 end
  while room > 0 do
    local ids = redis.call('ZRANGEBYSCORE', queue, '-inf', now, 'LIMIT', from, 100)
    if #ids == 0 then break end
    from = from + #ids
    for _, id in ipairs(ids) do
      if room > 0 and redis.call('SET', '{in_progress_key_prefix}' .. id, '1', 'NX', 'PX', claim) then
        local body = redis.call('GET', '{job_key_prefix}' .. id)
        if body then
          found[#found + 1] = id
          found[#found + 1] = body
          room = room - 1
        else
          drop(queue, id)
        end
      end
    end
  end
  taken[lane] = found
end
return taken
"""
"""Keys: the queues of a helpdesk, lane by lane.  Arguments: the time, how long a claim holds, and _News.

Returns for each lane the ids and bodies of what was taken.  `bulk`, the third, lets `normal` go first.
"""


class _Entry(Struct, frozen=True):
    """A job as arq writes it: try, function, arguments, and when it was published."""

    t: None
    f: str
    a: tuple[Job]
    k: dict[str, Any]
    et: int


class _News(Struct, frozen=True):
    """What a worker tells Redis: what has ended and how much more it takes, lane by lane, and its claims."""

    ended: list[list[str]]
    room: list[int]
    held: list[str] = []
    """Those that it renews."""
    released: list[str] = []
    """Those that it gives back undone."""


class ArqQueue:
    """An arq queue for each lane of each helpdesk, so that neither keeps another waiting."""

    shared = True

    def __init__(self, settings: ArqSettings, concurrency: Mapping[str, int]) -> None:
        self._settings, self._concurrency = settings, concurrency
        self._redis: ArqRedis | None = None

    async def publish(self, jobs: Sequence[Job]) -> None:
        """Add the jobs whose ids are not known; raises Transient if Redis cannot take them."""
        with _transient():
            add = self._client().register_script(_ADD)
            for start in range(0, len(jobs), TOGETHER):
                await add(args=[EXPIRY, self._added(jobs[start : start + TOGETHER])])

    async def run(self, deliver: Deliver) -> None:
        """Take the jobs of each helpdesk and deliver them until cancelled."""
        redis = connect(self._settings, ArqRedis)
        turn = redis.register_script(_TURN)
        hands = [
            _Hands(turn, self._queues(helpdesk), self._slots(slots), deliver)
            for helpdesk, slots in self._concurrency.items()
        ]
        turns = [asyncio.create_task(one.run(self._settings.poll.total_seconds())) for one in hands]
        try:
            await asyncio.gather(*map(asyncio.shield, turns))  # they end by a defect alone
        finally:
            await asyncio.shield(_stop(turns, hands, redis))

    async def check(self) -> None:
        """Return if Redis runs the scripts on the keys of each helpdesk; they change nothing.

        Raises Transient or CredentialsRejected.
        """
        nothing = _News([[] for _ in LANES], [0 for _ in LANES])
        with named_errors():
            turn = self._client().register_script(_TURN)
            for helpdesk in self._concurrency:
                await _take(turn, self._queues(helpdesk), nothing)

    async def close(self) -> None:
        """Close the connections that publish."""
        if self._redis is not None:
            await close(self._redis)
            self._redis = None

    def _client(self) -> ArqRedis:
        self._redis = self._redis or connect(self._settings, ArqRedis)
        return self._redis

    def _added(self, jobs: Sequence[Job]) -> bytes:
        now, queues = time.time() * 1000, defaultdict[str, list[Any]](list)
        for number, job in enumerate(jobs):
            body = _ENCODE(_Entry(None, FUNCTION, (job,), {}, int(now))).decode()  # Lua knows no bytes
            # The fraction keeps the order within a millisecond; a time to come would have to be waited for.
            queues[self._queue(job.helpdesk, job.lane)] += (job.id, now - 1 + number / len(jobs), body)
        return _PACK(queues)

    def _slots(self, normal: int) -> list[int]:
        counts = {"urgent": self._settings.urgent, "normal": normal, "bulk": self._settings.bulk}
        return [counts[lane] for lane in LANES]

    def _queues(self, helpdesk: str) -> list[str]:
        return [self._queue(helpdesk, lane) for lane in LANES]

    def _queue(self, helpdesk: str, lane: Lane) -> str:
        return f"{self._settings.prefix}:deliver:{helpdesk}:{lane}"


class _Hands:
    """Takes the jobs of one helpdesk, as many of each lane as it has slots, and delivers them."""

    def __init__(self, turn: AsyncScript, queues: Sequence[str], slots: Sequence[int], deliver: Deliver) -> None:
        self._turn, self._queues, self._slots, self._deliver = turn, queues, slots, deliver
        self._under_way: list[dict[str, asyncio.Task[None]]] = [{} for _ in queues]
        self._ended: list[list[str]] = [[] for _ in queues]
        self._released: list[str] = []
        self._renewed = time.monotonic()
        self._something_ended, self._stopping = asyncio.Event(), asyncio.Event()

    async def run(self, poll: float) -> None:
        """Take a turn whenever something has ended, and every `poll` seconds, until told to stop.

        While Redis is in trouble what is under way goes on, and Redis is told of it afterwards.
        """
        while not self._stopping.is_set():
            self._something_ended.clear()
            room = [slots - len(tasks) for slots, tasks in zip(self._slots, self._under_way, strict=True)]
            for lane, taken in enumerate(await self._insist(self._news(room))):
                for id_, body in zip(taken[::2], taken[1::2], strict=True):
                    self._begin(lane, id_.decode(), body)
            await _set_within(self._something_ended, poll)

    async def stop(self, turn: asyncio.Task[None]) -> None:
        """Finish the turn, cancel what is under way, and give back what it leaves undone."""
        self._stopping.set()
        self._something_ended.set()
        tasks = [task for lane in self._under_way for task in lane.values()]
        for task in tasks:
            task.cancel()
        ended, _ = await asyncio.wait([turn, *tasks], timeout=STOP)
        if turn in ended and turn.exception() is None:
            await self._visit(self._news([0 for _ in self._queues]))
        turn.cancel()

    async def _insist(self, news: _News) -> list[list[bytes]]:
        """Visit Redis, again and again where it cannot be reached; nothing once it is time to stop."""
        failures = 0
        while True:
            try:
                return await self._visit(news)
            except Transient as error:
                failures += 1
                log.warning("queue.retrying", reason=str(error))
                pause = backoff(failures, first=timedelta(milliseconds=100), most=timedelta(seconds=15))
                if await _set_within(self._stopping, pause.total_seconds()):
                    raise

    async def _visit(self, news: _News) -> list[list[bytes]]:
        """Tell Redis what is new, and take what it gives; raises Transient if it cannot be reached."""
        with _transient():
            return await _take(self._turn, self._queues, news)

    def _news(self, room: list[int]) -> _News:
        """What Redis has not been told yet."""
        ended, released, held = self._ended, self._released, list[str]()
        self._ended, self._released = [[] for _ in self._queues], []
        if time.monotonic() - self._renewed >= RENEWAL:
            self._renewed = time.monotonic()
            held = [id_ for lane in self._under_way for id_ in lane]
        return _News(ended, room, held, released)

    def _begin(self, lane: int, id_: str, body: bytes) -> None:
        if self._stopping.is_set():
            self._released.append(id_)
            return
        try:
            [job] = _DECODE(body).a
        except msgspec.MsgspecError as error:
            log.warning("job.refused", job=id_, reason=str(error))
            self._ended[lane].append(id_)
            return
        task = asyncio.ensure_future(self._deliver(job))
        self._under_way[lane][id_] = task
        task.add_done_callback(partial(self._end, lane, id_))

    def _end(self, lane: int, id_: str, task: asyncio.Task[None]) -> None:
        del self._under_way[lane][id_]
        self._something_ended.set()
        if task.cancelled():
            self._released.append(id_)
            return
        self._ended[lane].append(id_)
        task.result()


async def _take(turn: AsyncScript, queues: Sequence[str], news: _News) -> list[list[bytes]]:
    """Run the script of a turn."""
    taken: list[list[bytes]] = await turn(keys=queues, args=[time.time() * 1000, int(CLAIM * 1000), _PACK(news)])
    return taken


async def _stop(turns: Sequence[asyncio.Task[None]], hands: Sequence[_Hands], redis: ArqRedis) -> None:
    """Let all end together, and close the connections."""
    stops = await asyncio.gather(
        *(one.stop(turn) for one, turn in zip(hands, turns, strict=True)), return_exceptions=True
    )
    for error in stops:
        if isinstance(error, BaseException):  # another worker takes them when their claims have lapsed
            log.warning("queue.claims_left", reason=str(error))
    await close(redis)


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, but not longer; whether it was set."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


@contextmanager
def _transient() -> Iterator[None]:
    """A queue has no state of its own: refused credentials are tried again like any other failure."""
    try:
        with named_errors():
            yield
    except CredentialsRejected as error:
        raise Transient(f"{error}: {error.remedy}") from None


_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(_Entry).decode
_PACK = msgspec.msgpack.Encoder().encode

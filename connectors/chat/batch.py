"""Many customers share a commit: what comes while the store is busy is handed over together."""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from collections.abc import Callable
from datetime import timedelta

from connectors.base import Intake
from model.envelope import Envelope, Receipt
from model.errors import Transient

LANES = 2
"""Batches that are under way at once: one is understood while the other is written."""
MOST_TOGETHER = 250
"""Messages of a batch: bounds how long the first of them waits."""
MOST_WAITING = 5000
"""Messages of a lane that wait; more are refused, and come again."""
LONGEST = 30.0
"""Seconds after which a message is refused that the store did not take; that it was taken is found out later."""
LOOK = 1.0
"""Seconds between looks at how long messages have waited."""
AGAIN = timedelta(seconds=2)


class Batches:
    """Hands envelopes over, those of a thread always in order."""

    def __init__(self, intake: Intake, proven: Callable[[], None], *, longest: float = LONGEST) -> None:
        self._lanes = [_Lane(intake, proven, longest) for _ in range(LANES)]

    async def accept(self, envelope: Envelope, thread: str) -> Receipt:
        """Return when the envelope is durable.  Raises Transient if the store does not take it now."""
        return await self._lanes[zlib.crc32(thread.encode()) % LANES].accept(envelope)

    async def run(self) -> None:
        """Hand over until cancelled."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(lane.run())


class _Waiting:
    """A message until it is accepted, or too late."""

    __slots__ = ("envelope", "future", "until")

    def __init__(self, envelope: Envelope, future: asyncio.Future[Receipt], until: float) -> None:
        self.envelope, self.future, self.until = envelope, future, until

    def fail(self, error: Transient) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class _Lane:
    def __init__(self, intake: Intake, proven: Callable[[], None], longest: float) -> None:
        self._intake, self._proven, self._longest = intake, proven, longest
        self._waiting: deque[_Waiting] = deque()
        self._under_way: list[_Waiting] = []
        self._watch: asyncio.TimerHandle | None = None
        self._something = asyncio.Event()
        self._closed = False

    async def accept(self, envelope: Envelope) -> Receipt:
        if self._closed or len(self._waiting) >= MOST_WAITING:
            raise Transient("too much is waiting to be stored", retry_after=AGAIN)
        loop = asyncio.get_running_loop()
        one = _Waiting(envelope, loop.create_future(), loop.time() + self._longest)
        self._waiting.append(one)
        self._something.set()
        if self._watch is None:
            self._watch = loop.call_later(LOOK, self._look)
        return await one.future

    async def run(self) -> None:
        try:
            while True:
                await self._something.wait()
                await self._hand_over()
        finally:
            self._closed = True
            if self._watch is not None:
                self._watch.cancel()
            for one in self._waiting:
                one.fail(Transient("the chat is being stopped", retry_after=AGAIN))

    def _look(self) -> None:
        """Give up what has waited for too long: one timer for all, as most messages wait for a moment."""
        loop = asyncio.get_running_loop()
        for one in (*self._under_way, *self._waiting):
            if one.until <= loop.time():
                one.fail(Transient(f"the store took longer than {self._longest:g} s", retry_after=AGAIN))
        busy = self._under_way or self._waiting
        self._watch = loop.call_later(LOOK, self._look) if busy else None

    async def _hand_over(self) -> None:
        together = [self._waiting.popleft() for _ in range(min(MOST_TOGETHER, len(self._waiting)))]
        if not self._waiting:
            self._something.clear()
        self._under_way = [one for one in together if not one.future.done()]  # some gave up waiting
        try:
            receipts = await self._intake.accept([one.envelope for one in self._under_way])
        except Transient as error:
            for one in self._under_way:
                one.fail(Transient(str(error), retry_after=error.retry_after or AGAIN))
            return
        except BaseException:
            for one in self._under_way:
                one.fail(Transient("the chat is being stopped", retry_after=AGAIN))
            raise
        else:
            for one, receipt in zip(self._under_way, receipts, strict=True):
                if not one.future.done():
                    one.future.set_result(receipt)
        finally:
            self._under_way = []
        self._proven()

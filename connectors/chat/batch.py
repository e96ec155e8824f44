"""Many customers share a commit: what comes while others are handed over is handed over together.

What is understood, written and synced together costs a fraction of what it does alone.  So one batch is under way at
a time, and the next begins no sooner than a moment after it: who comes first waits for nothing, and the more come
the less each of them costs.  Long messages, which take long to be understood, have a lane of their own, so that who
sends them keeps nobody else waiting.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from datetime import timedelta
from weakref import WeakValueDictionary

from connectors.base import Intake
from model.envelope import Envelope, Receipt
from model.errors import Transient

SPACING = 0.01
"""Seconds from the beginning of one batch to that of the next."""
LONG = 32 * 1024
"""Bytes of a message that is understood apart: the texts of its files are among them."""
MOST_TOGETHER = 250
"""Messages of a batch: bounds how long the first of them waits."""
MOST_LONG_TOGETHER = 4
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
        self._lane = _Lane(intake, proven, longest, MOST_TOGETHER)
        self._long_lane = _Lane(intake, proven, longest, MOST_LONG_TOGETHER)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """Who is next in a thread that has to change lanes."""

    async def accept(self, envelope: Envelope, thread: str) -> Receipt:
        """Return when the envelope is durable.  Raises Transient if the store does not take it now.

        A thread is in one lane at a time: what follows a long message goes where that is, and a long one waits until
        what it follows has left the other lane.
        """
        turn = self._turns.get(thread)
        if turn is None:
            turn = self._turns[thread] = asyncio.Lock()
        async with turn:
            lane = self._long_lane
            if envelope.size > LONG:
                await self._lane.left_by(thread)
            elif not self._long_lane.has(thread):
                lane = self._lane
            accepted = lane.put(envelope, thread)
        return await accepted

    async def run(self) -> None:
        """Hand over until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._lane.run())
            group.create_task(self._long_lane.run())


class _Waiting:
    """A message until it is accepted, or too late."""

    __slots__ = ("envelope", "future", "thread", "until")

    def __init__(self, envelope: Envelope, thread: str, future: asyncio.Future[Receipt], until: float) -> None:
        self.envelope, self.thread, self.future, self.until = envelope, thread, future, until

    def fail(self, error: Transient) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class _Lane:
    def __init__(self, intake: Intake, proven: Callable[[], None], longest: float, together: int) -> None:
        self._intake, self._proven, self._longest, self._together = intake, proven, longest, together
        self._waiting: deque[_Waiting] = deque()
        self._under_way: list[_Waiting] = []
        self._watch: asyncio.TimerHandle | None = None
        self._something, self._some_left = asyncio.Event(), asyncio.Event()
        self._threads = Counter[str]()
        """How many messages of each thread are here, also of those who gave up waiting."""
        self._closed = False

    def put(self, envelope: Envelope, thread: str) -> asyncio.Future[Receipt]:
        if self._closed or len(self._waiting) >= MOST_WAITING:
            raise Transient("too much is waiting to be stored", retry_after=AGAIN)
        loop = asyncio.get_running_loop()
        one = _Waiting(envelope, thread, loop.create_future(), loop.time() + self._longest)
        self._waiting.append(one)
        self._threads[thread] += 1
        self._something.set()
        if self._watch is None:
            self._watch = loop.call_later(LOOK, self._look)
        return one.future

    def has(self, thread: str) -> bool:
        return thread in self._threads

    async def left_by(self, thread: str) -> None:
        """Return when no message of the thread is here, or nothing is handed over any more."""
        while thread in self._threads and not self._closed:
            self._some_left.clear()
            await self._some_left.wait()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                await self._something.wait()
                next_ = loop.time() + SPACING
                await self._hand_over()
                await asyncio.sleep(next_ - loop.time())
        finally:
            self._closed = True
            self._some_left.set()
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
        together = [self._waiting.popleft() for _ in range(min(self._together, len(self._waiting)))]
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
            self._threads -= Counter(one.thread for one in together)
            self._some_left.set()
        self._proven()

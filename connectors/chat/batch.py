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
AGAIN = timedelta(seconds=2)


class Batches:
    """Hands envelopes over, those of a thread always in order."""

    def __init__(self, intake: Intake, proven: Callable[[], None]) -> None:
        self._lanes = [_Lane(intake, proven) for _ in range(LANES)]

    async def accept(self, envelope: Envelope, thread: str) -> Receipt:
        """Return when the envelope is durable.  Raises Transient if the store does not take it now."""
        lane = self._lanes[zlib.crc32(thread.encode()) % LANES]
        try:
            async with asyncio.timeout(LONGEST):
                return await lane.accept(envelope)
        except TimeoutError:
            raise Transient(f"the store took longer than {LONGEST:g} s", retry_after=AGAIN) from None

    async def run(self) -> None:
        """Hand over until cancelled."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(lane.run())


class _Lane:
    def __init__(self, intake: Intake, proven: Callable[[], None]) -> None:
        self._intake, self._proven = intake, proven
        self._waiting: deque[tuple[Envelope, asyncio.Future[Receipt]]] = deque()
        self._something = asyncio.Event()
        self._closed = False

    async def accept(self, envelope: Envelope) -> Receipt:
        if self._closed or len(self._waiting) >= MOST_WAITING:
            raise Transient("too much is waiting to be stored", retry_after=AGAIN)
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting.append((envelope, future))
        self._something.set()
        return await future

    async def run(self) -> None:
        try:
            while True:
                await self._something.wait()
                await self._hand_over()
        finally:
            self._closed = True
            for _, future in self._waiting:
                _fail(future, Transient("the chat is being stopped", retry_after=AGAIN))

    async def _hand_over(self) -> None:
        together = [self._waiting.popleft() for _ in range(min(MOST_TOGETHER, len(self._waiting)))]
        if not self._waiting:
            self._something.clear()
        wanted = [(envelope, future) for envelope, future in together if not future.done()]  # some gave up waiting
        try:
            receipts = await self._intake.accept([envelope for envelope, _ in wanted])
        except Transient as error:
            for _, future in wanted:
                _fail(future, Transient(str(error), retry_after=error.retry_after or AGAIN))
            return
        except BaseException:
            for _, future in wanted:
                _fail(future, Transient("the chat is being stopped", retry_after=AGAIN))
            raise
        for (_, future), receipt in zip(wanted, receipts, strict=True):
            if not future.done():
                future.set_result(receipt)
        self._proven()


def _fail(future: asyncio.Future[Receipt], error: Transient) -> None:
    if not future.done():
        future.set_exception(error)

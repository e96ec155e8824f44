"""An emulator that runs beside the test, for daemons in processes of their own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, Generic, Self, TypeVar

E = TypeVar("E")
T = TypeVar("T")


class Beside(Generic[E]):
    """An emulator in a thread; everything about it is done there."""

    def __init__(self, emulator: E) -> None:
        self.emulator, self._loop = emulator, asyncio.new_event_loop()

    def do(self, work: Callable[[E], T]) -> T:
        """Do something with the emulator, between its answers."""

        async def doing() -> T:
            return work(self.emulator)

        return self.wait_for(doing())

    def wait_for(self, work: Awaitable[T]) -> T:
        """Let something happen where the emulator is, and wait for it."""

        async def waiting() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(waiting(), self._loop).result(30)

    @contextmanager
    def running(self, served: AbstractAsyncContextManager[Any]) -> Iterator[Self]:
        """Serve while the block lasts."""
        ready, ended = threading.Event(), asyncio.Event()

        async def serve() -> None:
            async with served:
                ready.set()
                await ended.wait()

        thread = threading.Thread(target=self._loop.run_until_complete, args=(serve(),))
        thread.start()
        try:
            assert ready.wait(60)
            yield self
        finally:
            self._loop.call_soon_threadsafe(ended.set)
            thread.join(10)
            self._loop.close()

"""An emulated Weibo beside the test, for daemons in processes of their own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from tests.support.daemon import Daemon
from tests.support.weibo_emulator import Emulator, served

T = TypeVar("T")


class Server:
    """An emulator in a thread; everything about it is done there."""

    def __init__(self, emulator: Emulator, loop: asyncio.AbstractEventLoop) -> None:
        self.emulator, self._loop = emulator, loop

    def do(self, work: Callable[[Emulator], T]) -> T:
        """Do something with the emulator, between its answers."""

        async def doing() -> T:
            return work(self.emulator)

        return self.wait_for(doing())

    def wait_for(self, work: Awaitable[T]) -> T:
        """Let something happen where the emulator is, and wait for it."""

        async def waiting() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(waiting(), self._loop).result(30)

    def read_by(self, daemon: Daemon, **more: Any) -> None:
        """Let the daemon read the account as connector `weibo_official`, from its beginning."""
        given = {
            "kind": "weibo",
            "uid": self.emulator.world.uid,
            "access_token": self.emulator.token,
            "push_secret": self.emulator.secret,
            "api_base": self.emulator.world.base,
            "loopback_media": True,
            "start": "all",
            "poll": "100 ms",
            "reconcile": "1 s",
            "calls_per_hour": self.emulator.limit,
        }
        daemon.configuration["connectors"] = {"weibo_official": given | more}


@contextmanager
def serving(emulator: Emulator) -> Iterator[Server]:
    """Serve while the block lasts."""
    loop, ready, ended = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with served(emulator):
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield Server(emulator, loop)
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()

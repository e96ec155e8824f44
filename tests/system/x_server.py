"""An emulated X beside the test, for daemons in processes of their own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from tests.support.daemon import Daemon
from tests.support.x_emulator import Emulator
from tests.support.x_world import ACCOUNT

T = TypeVar("T")


class Server:
    """An emulator in a thread; everything about it is done there."""

    def __init__(self, emulator: Emulator, loop: asyncio.AbstractEventLoop) -> None:
        self.emulator, self._loop = emulator, loop

    def do(self, work: Callable[[Emulator], T]) -> T:
        """Do something with the emulator, between its answers."""

        async def doing() -> T:
            return work(self.emulator)

        return asyncio.run_coroutine_threadsafe(doing(), self._loop).result(10)

    def read_by(self, daemon: Daemon, **more: Any) -> None:
        """Let the daemon read the account as connector `x_official`, from its beginning."""
        given = {
            "kind": "x",
            "user_id": ACCOUNT,
            "bearer_token": "app-token",
            "api_base": self.emulator.url,
            "start": "all",
            "poll": "100 ms",
            "loopback_media": True,
            "budget": {"per_day": None, "per_month": "1000 USD"},
        }
        daemon.configuration["connectors"] = {"x_official": given | more}


@contextmanager
def serving(emulator: Emulator) -> Iterator[Server]:
    """Serve while the block lasts."""
    loop, ready, ended = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with emulator.serving():
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

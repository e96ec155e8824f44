"""Processes that understand messages, one task after the other, each for as long as no message ends it.

Starting one takes the better part of a second, and after a crash every message that was in work then is read in
one: so a process is kept for the next task.  What it holds of earlier ones must not be a later one's end: a
task that ends a process which has done others is done again in a new one, and judged by that.
"""

from __future__ import annotations

import asyncio
import struct
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from model.errors import Transient

LENGTH = struct.Struct("!Q")
"""What stands before each task and each answer: how many bytes follow."""
_BUFFER = 4 * 1024 * 1024
"""Bytes of an answer that are taken ahead of whoever waits for the whole of it."""


class Children:
    """At most so many processes, none of them before there is something to read."""

    def __init__(self, most: int, *, time_limit: timedelta) -> None:
        self._free = asyncio.Semaphore(most)
        self._time_limit = time_limit.total_seconds()
        self._idle: list[Process] = []
        """Those that have done a task and wait for the next."""
        self._proven = set[Process]()
        """Those that have done a task, whatever they do now."""
        self._warming: asyncio.Task[None] | None = None

    def is_warm(self, task: Callable[[], bytes]) -> bool:
        """Whether there is a process that knows its work; else one is started with this task, beside what goes on."""
        self._proven = {child for child in self._proven if child.returncode is None}
        if not self._proven and (self._warming is None or self._warming.done()):
            self._warming = asyncio.create_task(self._warm(task()), name="warm a child")
        return bool(self._proven)

    async def _warm(self, task: bytes) -> None:
        with suppress(Transient):  # it is tried again for the next backlog
            await self.ask(task)

    async def ask(self, task: bytes) -> tuple[bytes, str | None]:
        """What a process makes of an encoded `fanin.child.Task`, or why there is nothing.

        Raises Transient where no process can be started.
        """
        async with self._free:
            if self._idle:
                with suppress(_Ended):
                    return await self._try(self._idle.pop(), task)
            try:
                return await self._try(await _started(), task)
            except _Ended as ended:
                return b"", str(ended)

    async def close(self) -> None:
        """End those that wait, and one that is being started."""
        if self._warming:
            self._warming.cancel()
            await asyncio.gather(self._warming, return_exceptions=True)
        while self._idle:
            await _end(self._idle.pop())

    async def _try(self, child: Process, task: bytes) -> tuple[bytes, str | None]:
        """What one process makes of it.  Raises _Ended where that ended instead."""
        kept = False
        try:
            async with asyncio.timeout(self._time_limit):
                output = await _exchange(child, task)
            self._idle.append(child)
            self._proven.add(child)
            kept = True
        except TimeoutError:
            return b"", f"reading it took more than {self._time_limit:g} s"
        finally:
            if not kept:  # cancelled, too
                await _end(child)
        return output, None


class _Ended(Exception):
    """A process ended before it gave an answer."""


async def _started() -> Process:
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "fanin.child", stdin=PIPE, stdout=PIPE, stderr=DEVNULL, limit=_BUFFER
        )
    except OSError as error:
        raise Transient(f"cannot start a process to read messages in: {error.strerror}") from None


async def _exchange(child: Process, task: bytes) -> bytes:
    """Hand a task over and take the answer.  Raises _Ended."""
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(LENGTH.pack(len(task)))
        child.stdin.write(task)
        await child.stdin.drain()
        [length] = LENGTH.unpack(await child.stdout.readexactly(LENGTH.size))
        return await child.stdout.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        raise _Ended(f"reading it ended with status {await child.wait()}") from None


async def _end(child: Process) -> None:
    if child.returncode is None:
        with suppress(ProcessLookupError):  # it has just ended by itself
            child.kill()
    await child.wait()

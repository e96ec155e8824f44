"""A TCP proxy that misbehaves on purpose: it stalls, delays, resets, and cuts where it is told."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

_CHUNK = 16 * 1024


class Proxy:
    """Forwards to a port of 127.0.0.1; what it does to the server's answers can be changed at any time."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self.delay = 0.0
        """Seconds before each chunk from the server is passed on."""
        self.cut_after: Callable[[], int | None] = lambda: None
        """Asked for each connection: after how many bytes from the server it is reset."""
        self.connections = 0
        self.most_at_once = 0
        self.passed = 0
        self._target = target
        self._open: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()

    def stall(self) -> None:
        """Pass nothing on from the server, and keep the connections open."""
        self._flowing.clear()

    def flow(self) -> None:
        """Pass on again what waited."""
        self._flowing.set()

    def reset(self) -> None:
        """Reset every connection."""
        for writer in list(self._open):
            _reset(writer)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Proxy]:
        """Serve while the block lasts."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.reset()
            self.flow()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        self.most_at_once = max(self.most_at_once, len(self._open))
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            self._open.discard(writer)
            _reset(writer)
            return
        upward = asyncio.create_task(_pump(reader, upstream_writer))
        downward = asyncio.create_task(self._answers(upstream_reader, writer))
        try:
            await asyncio.wait({upward, downward}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._open.discard(writer)
            for task in (upward, downward):
                task.cancel()
                with suppress(asyncio.CancelledError, OSError):
                    await task
            _reset(upstream_writer)
            _reset(writer)

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left = self.cut_after()
        while chunk := await reader.read(_CHUNK):
            await self._flowing.wait()
            await asyncio.sleep(self.delay)
            if left is not None and len(chunk) >= left:
                writer.write(chunk[:left])
                await writer.drain()
                return
            left = None if left is None else left - len(chunk)
            self.passed += len(chunk)
            writer.write(chunk)
            await writer.drain()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()

"""How a file that somebody sent is served, so that it does no harm in the browser of whoever looks at it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from urllib.parse import quote

from aiohttp import web

INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Types that a browser may show; everything else is only ever saved."""
TAKE_LIMIT = 20.0
"""Seconds in which a client must take a slice of a file, so that those who never do hold nothing for long."""
_SLICE = 16 * 1024
"""Bytes of a slice: the slowest telephone takes a kilobyte a second."""
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._ -]")


def file_headers(filename: str, media_type: str, size: int) -> dict[str, str]:
    """The header fields of a file of `size` bytes.

    The name comes in both forms (RFC 6266 appendix D): curl, for one, knows only the plain one.
    """
    shown = media_type in INLINE
    plain, whole = _NOT_PLAIN.sub("_", filename), quote(filename, safe="")
    return {
        "Content-Type": media_type if shown else "application/octet-stream",
        "Content-Length": str(size),
        "Content-Disposition": (
            f"{'inline' if shown else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{whole}"
        ),
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }


async def send_file(request: web.Request, headers: dict[str, str], pieces: AsyncIterator[bytes]) -> web.StreamResponse:
    """Answer with a file; a client that does not take it is dropped.

    Raises what the first piece raises, before anything is sent.
    """
    first = await anext(pieces, b"")
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    try:
        await _send(response, first)
        async for piece in pieces:
            await _send(response, piece)
        await response.write_eof()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError("the client did not take the file") from None
    return response


async def _send(response: web.StreamResponse, piece: bytes) -> None:
    for start in range(0, len(piece), _SLICE):
        async with asyncio.timeout(TAKE_LIMIT):
            await response.write(piece[start : start + _SLICE])

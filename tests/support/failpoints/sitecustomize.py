"""Kills the process, as a power cut would, at a named point: `FAILPOINT=name:count`.

Python imports this module by itself where its folder is on PYTHONPATH, so the very console script that
operators run is what dies; the product knows nothing of it.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Any


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class _Point:
    """Dies when it is passed for the count-th time."""

    def __init__(self, count: int) -> None:
        self._left = count

    def passed(self) -> bool:
        """Whether this is the time."""
        self._left -= 1
        return self._left == 0


def _after_blob(point: _Point) -> None:
    from store.blobs import BlobFiles

    original = BlobFiles.put

    def put(self: Any, *arguments: Any) -> None:
        original(self, *arguments)
        if point.passed():
            _die()

    BlobFiles.put = put  # type: ignore[method-assign]


def _around_commit(point: _Point, *, before: bool) -> None:
    from store import writer

    original = writer.run

    def run(connection: Any, statement: str) -> Any:
        dies = statement == "COMMIT" and point.passed()
        if dies and before:
            _die()
        result = original(connection, statement)
        if dies:
            _die()
        return result

    writer.run = run  # type: ignore[assignment]


def _before_acknowledge(point: _Point) -> None:
    from connectors.email.maildir import MaildirReader

    original = MaildirReader._acknowledge

    def acknowledge(self: Any, paths: Any) -> None:
        if point.passed():
            original(self, paths[: len(paths) // 2])
            _die()
        original(self, paths)

    MaildirReader._acknowledge = acknowledge  # type: ignore[method-assign]


def _after_fetch(point: _Point) -> None:
    from connectors.email.imap_session import Session

    original = Session.bodies

    async def bodies(self: Any, *arguments: Any) -> Any:
        found = await original(self, *arguments)
        if point.passed():
            _die()
        return found

    Session.bodies = bodies  # type: ignore[method-assign]


def _before_move(point: _Point) -> None:
    from connectors.email.imap_session import Session

    original = Session.move

    async def move(self: Any, uids: Any, folder: str) -> None:
        if point.passed():
            if half := uids[: len(uids) // 2]:
                await original(self, half, folder)
            _die()
        await original(self, uids, folder)

    Session.move = move  # type: ignore[method-assign]


def _after_publish(point: _Point) -> None:
    from delivery.queues.embedded import EmbeddedQueue

    original = EmbeddedQueue.publish

    async def publish(self: Any, jobs: Any) -> None:
        await original(self, jobs)
        if point.passed():
            _die()

    EmbeddedQueue.publish = publish  # type: ignore[method-assign]


def _request_sent(point: _Point) -> None:
    from delivery.helpdesks import file

    original = file._append_durably

    def append(path: Any, content: bytes) -> None:
        if point.passed():
            original(path, content[: len(content) // 2])
            _die()
        original(path, content)

    file._append_durably = append


def _answer_read(point: _Point) -> None:
    from delivery.helpdesks.file import FileHelpdesk

    original = FileHelpdesk.submit

    async def submit(self: Any, *arguments: Any) -> Any:
        ref = await original(self, *arguments)
        if point.passed():
            _die()
        return ref

    FileHelpdesk.submit = submit  # type: ignore[method-assign]


def _rt_before_request(point: _Point) -> None:
    from delivery.helpdesks.rt.client import RtSession

    original = RtSession.post

    async def post(self: Any, path: str, fields: Any, parts: Any = None) -> Any:
        if parts is not None and point.passed():
            _die()
        return await original(self, path, fields, parts)

    RtSession.post = post  # type: ignore[method-assign]


def _rt_request_sent(point: _Point) -> None:
    """Die when the whole request is on its way and nothing has come back."""
    from aiohttp import MultipartWriter

    original = MultipartWriter.write

    async def write(self: Any, *arguments: Any, **options: Any) -> None:
        await original(self, *arguments, **options)
        if point.passed():
            await asyncio.sleep(0.02)
            _die()

    MultipartWriter.write = write  # type: ignore[method-assign]


def _rt_answer_read(point: _Point) -> None:
    from delivery.helpdesks.rt import client

    original = client._read

    async def read(response: Any) -> bytes:
        content = await original(response)
        if response.status == 201 and point.passed():
            _die()
        return content

    client._read = read


POINTS: dict[str, Callable[[_Point], None]] = {
    "after-blob": _after_blob,
    "before-commit": lambda point: _around_commit(point, before=True),
    "after-commit": lambda point: _around_commit(point, before=False),
    "before-acknowledge": _before_acknowledge,
    "after-fetch": _after_fetch,
    "before-move": _before_move,
    "after-publish": _after_publish,
    "request-sent": _request_sent,
    "answer-read": _answer_read,
    "rt-before-request": _rt_before_request,
    "rt-request-sent": _rt_request_sent,
    "rt-answer-read": _rt_answer_read,
}

if wanted := os.environ.get("FAILPOINT"):
    name, _, number = wanted.partition(":")
    POINTS[name](_Point(int(number or 1)))

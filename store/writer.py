"""The one writer: groups concurrent calls into one commit.

A commit waits for the disk, so a commit a call caps a burst at what the disk can sync.  Here every call
that arrives while a commit is under way goes into the next one, and each kind of work is done for the
whole group at once, with one statement a table.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from model.errors import Transient
from store.bulk import run

log = structlog.get_logger()

A = TypeVar("A")
R = TypeVar("R")
A_contra = TypeVar("A_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)

GROUP = 500
"""The most calls in a commit: bounds its memory and how long the first of them waits."""


class Work(Protocol[A_contra, R_co]):
    """Does the work of many callers at once: one argument a caller in, one result a caller out.

    Runs in the writer's thread inside a transaction.  It may be called again with fewer arguments after
    a failure, so it must not keep anything of a failed run.
    """

    def __call__(self, connection: Connection, arguments: Sequence[A_contra], /) -> Sequence[R_co]: ...


class _CannotBegin(Exception):
    """No transaction can be begun (another process writes for too long): no call of the group is to blame."""

    def __init__(self, reason: sqlite3.OperationalError) -> None:
        super().__init__(str(reason))
        self.reason = reason


class _Call:
    __slots__ = ("argument", "future", "work")

    def __init__(self, work: Work[Any, Any], argument: Any, future: asyncio.Future[Any]) -> None:
        self.work, self.argument, self.future = work, argument, future


class Writer:
    """Runs work in a thread of its own, one transaction at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._calls: deque[_Call] = deque()
        self._ready = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    async def do(self, work: Work[A, R], argument: A) -> R:
        """Run the work and return its result once it is committed.

        Raises Transient if the database cannot take it now (disk full, locked, I/O error).  A cancelled
        caller's work may still be committed.
        """
        if self._closed:
            raise Transient("the store is closed")
        future: asyncio.Future[R] = self._loop.create_future()
        if not self._calls:
            # Behind everything that is about to run, so that whoever writes in the same turn shares the commit.
            self._loop.call_soon(self._wake)
        self._calls.append(_Call(work, argument, future))
        return await future

    async def close(self) -> None:
        """Finish what was asked for, then end the thread."""
        self._closed = True
        self._wake()
        await asyncio.to_thread(self._thread.join)

    def _wake(self) -> None:
        with self._ready:
            self._ready.notify()

    def _run(self) -> None:
        with self._engine.connect() as connection:
            while group := self._next_group():
                outcomes = self._commit(connection, group)
                self._loop.call_soon_threadsafe(_settle, outcomes)

    def _next_group(self) -> list[_Call]:
        """Wait for calls; empty when the writer is closed and nothing is left."""
        with self._ready:
            while not self._calls and not self._closed:
                self._ready.wait()
            return [self._calls.popleft() for _ in range(min(GROUP, len(self._calls)))]

    def _commit(self, connection: Connection, group: list[_Call]) -> list[tuple[_Call, Any]]:
        """Commit the group together; where that fails, each caller alone, so that one cannot harm others."""
        try:
            return self._transaction(connection, group)
        except _CannotBegin as error:
            return [(call, _translated(error.reason)) for call in group]
        except Exception as error:  # noqa: BLE001  whatever it is, the callers are told
            if len(group) == 1:
                return [(group[0], _translated(error))]
            log.warning("store.group_failed", calls=len(group), error=type(error).__name__)
            return [outcome for call in group for outcome in self._commit(connection, [call])]

    def _transaction(self, connection: Connection, group: list[_Call]) -> list[tuple[_Call, Any]]:
        try:
            run(connection, "BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise _CannotBegin(error) from None
        try:
            outcomes = [outcome for work, calls in _by_work(group) for outcome in _perform(connection, work, calls)]
            run(connection, "COMMIT")
        except BaseException:
            _roll_back(connection)
            raise
        return outcomes


def _by_work(group: list[_Call]) -> list[tuple[Work[Any, Any], list[_Call]]]:
    grouped: dict[Work[Any, Any], list[_Call]] = {}
    for call in group:
        grouped.setdefault(call.work, []).append(call)
    return list(grouped.items())


def _perform(connection: Connection, work: Work[Any, Any], calls: list[_Call]) -> list[tuple[_Call, Any]]:
    return list(zip(calls, work(connection, [call.argument for call in calls]), strict=True))


def _roll_back(connection: Connection) -> None:
    """End the transaction, which SQLite may have ended by itself (disk full, I/O error)."""
    try:
        run(connection, "ROLLBACK")
    except sqlite3.OperationalError as error:
        log.debug("store.rolled_back_already", error=str(error))


def _translated(error: Exception) -> Exception:
    """What a caller is told: the database's own troubles pass, defects stay what they are."""
    if isinstance(error, DBAPIError | sqlite3.Error):  # by way of SQLAlchemy, or past it (`store.bulk`)
        return Transient(f"the store cannot write: {getattr(error, 'orig', error)}")
    return error


def _settle(outcomes: list[tuple[_Call, Any]]) -> None:
    for call, outcome in outcomes:
        if call.future.done():
            continue  # the caller was cancelled
        if isinstance(outcome, Exception):
            call.future.set_exception(outcome)
        else:
            call.future.set_result(outcome)

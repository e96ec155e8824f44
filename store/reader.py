"""The way to read: threads for single questions, and one question for all who ask the same thing at once."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, Generic, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from model.errors import Transient
from store.database import READERS

A = TypeVar("A")
R = TypeVar("R")
P = ParamSpec("P")

GROUP = 200
"""The most questions that are answered together."""


class Reader:
    """Runs queries in threads, each with a connection that it keeps: to borrow one costs as much as most queries."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._own = threading.local()
        self._connections: list[Connection] = []
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")

    async def do(self, query: Callable[Concatenate[Connection, P], R], /, *arguments: P.args, **named: P.kwargs) -> R:
        """The answer to a query.  Raises Transient if the database cannot be read."""

        def run() -> R:
            try:
                return query(self._connection(), *arguments, **named)
            except DBAPIError as error:
                raise Transient(f"the store cannot be read: {error.orig}") from None
            except sqlite3.Error as error:  # past SQLAlchemy (`store.bulk`)
                raise Transient(f"the store cannot be read: {error}") from None

        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    def close(self) -> None:
        """End the threads, and close their connections."""
        self._threads.shutdown()
        for connection in self._connections:
            connection.close()

    def _connection(self) -> Connection:
        """This thread's own; nothing is begun on it, so that each query sees what was committed last."""
        found: Connection | None = getattr(self._own, "connection", None)
        if found is None:
            found = self._own.connection = self._engine.connect()
            self._connections.append(found)
        return found


class Together(Generic[A, R]):
    """Answers everybody who asks while the last answer is under way with one query.

    As the writer shares a commit, so this shares a visit to a reader's thread, which costs more than
    what is read there.
    """

    def __init__(self, reader: Reader, query: Callable[[Connection, Sequence[A]], Sequence[R]]) -> None:
        self._reader, self._query = reader, query
        self._waiting: list[tuple[A, asyncio.Future[R]]] = []
        self._answering: asyncio.Task[None] | None = None

    async def ask(self, question: A) -> R:
        """The answer to one question.  Raises Transient if the database cannot be read."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._answering is None or self._answering.done():
            self._answering = asyncio.create_task(self._answer())
        return await answer

    async def _answer(self) -> None:
        while self._waiting:
            asked, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
            answers = await self._answers([question for question, _ in asked])
            for (_, future), answer in zip(asked, answers, strict=True):
                if future.done():
                    continue  # who asked was cancelled
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    async def _answers(self, questions: list[A]) -> Sequence[R | Exception]:
        """What each is told: answered together; where that fails, each alone, so that one cannot harm others."""
        try:
            return await self._reader.do(self._query, questions)
        except Exception as error:  # noqa: BLE001  whatever it is, those who asked are told
            if len(questions) == 1:
                return [error]
            return [answer for one in questions for answer in await self._answers([one])]

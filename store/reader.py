"""The way to read: queries in threads."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from model.errors import Transient
from model.together import Together
from store.database import READERS

A = TypeVar("A")
R = TypeVar("R")
P = ParamSpec("P")


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

    def together(self, query: Callable[[Connection, Sequence[A]], Sequence[R]]) -> Together[A, R]:
        """A query that answers at once everybody who asks while it is under way: a visit to a thread costs more.

        Where it fails, each is asked alone, so that one question cannot harm others.
        """

        async def answer(questions: Sequence[A]) -> Sequence[R | Exception]:
            try:
                return await self.do(query, questions)
            except Exception as error:  # noqa: BLE001  whatever it is, those who asked are told
                if len(questions) == 1:
                    return [error]
                return [told for one in questions for told in await answer([one])]

        return Together(answer)

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

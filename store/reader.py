"""The way to read: queries in threads."""

from __future__ import annotations

import asyncio
import sqlite3
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
    """Runs queries in threads, each on a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")

    async def do(self, query: Callable[Concatenate[Connection, P], R], /, *arguments: P.args, **named: P.kwargs) -> R:
        """The answer to a query.  Raises Transient if the database cannot be read."""

        def run() -> R:
            try:
                with self._engine.connect() as connection:
                    return query(connection, *arguments, **named)
            except DBAPIError as error:
                raise Transient(f"the store cannot be read: {error.orig}") from None
            except sqlite3.Error as error:  # of the queries that go past SQLAlchemy
                raise Transient(f"the store cannot be read: {error}") from None

        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    def together(self, query: Callable[[Connection, Sequence[A]], Sequence[R]]) -> Together[A, R]:
        """A query that answers at once everybody who asks while it is under way: a visit to a thread costs more."""
        return Together(lambda asked: self.do(query, asked))

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

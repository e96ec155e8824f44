"""Sharing: whoever asks while an answer is under way is answered by the next, together with all others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

A = TypeVar("A")
R = TypeVar("R")


class Together(Generic[A, R]):
    """Answers everybody who asks while the last answer is under way at once.

    For what costs more a visit than a question: a thread, a query, a sync of the disk.  `answer` gives one answer a
    question, in order; an exception among them, or one that it raises, is told to who asked.  At most `most` questions
    are answered together: whoever asks next waits for all of them.
    """

    def __init__(self, answer: Callable[[Sequence[A]], Awaitable[Sequence[R | Exception]]], *, most: int = 200) -> None:
        self._answer, self._most = answer, most
        self._waiting: list[tuple[A, asyncio.Future[R]]] = []
        self._answering: asyncio.Task[None] | None = None

    async def ask(self, question: A) -> R:
        """The answer to one question; a question that is cancelled takes nobody else's answer with it."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._answering is None or self._answering.done():
            self._answering = asyncio.create_task(self._answer_all())
        return await answer

    async def _answer_all(self) -> None:
        while self._waiting:
            asked, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            asked = [one for one in asked if not one[1].done()]  # the others were cancelled
            try:
                answers: Sequence[Any] = await self._answer([question for question, _ in asked])
            except Exception as error:  # noqa: BLE001  whatever it is, those who asked are told
                answers = [error] * len(asked)
            for (_, future), answer in zip(asked, answers, strict=True):
                if future.done():
                    continue  # who asked was cancelled
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)
            del asked, answers  # an exception among the answers knows this frame, and would keep all of them

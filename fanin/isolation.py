"""Keeps hostile messages from taking the daemon down.

What passes a linear pre-check is understood in a thread, off the event loop, or, where it is a backlog, in a process
beside the daemon, so that both have a core.  Everything else, what took too long there (`fanin.overrun`) and what was
being understood when the daemon last died goes to a child process, alone, that is ended at its limits
(`fanin.children`).  A child that dies or takes too long leaves a stub: sender, time, size and the reason.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
import orjson
import structlog

from fanin.child import DECODE, ENCODE, Task
from fanin.children import Children
from fanin.overrun import Overrun, Work
from fanin.reading import DEFECT, Outcome, Reading, digest, understand
from model.draft import Context
from model.envelope import Envelope
from model.errors import Transient
from model.spoken import SPOKEN
from normalizer.precheck import suspicious
from normalizer.safety.raw import secrets_in
from normalizer.stub import stub, without_original
from store.folder import usable

log = structlog.get_logger()

THREADS = 2
CHILDREN = 2
BACKLOG = 16
"""So many messages at once are no conversation but a backlog: they are worth the way to another process."""
BACKLOG_MEMORY = 1024**3
"""Bytes that the process for a backlog may have at the least: what it reads is as harmless as what a thread reads."""
BACKLOG_PATIENCE = 3
"""So many times as long as a suspect may a batch take, in which hardly a mail takes a hundredth of a second."""
PATIENCE = timedelta(seconds=60)
"""How long a thread may take for the messages of a batch."""
_SLOW = "reading it in the daemon took too long"
_FULL = "the daemon had no memory to read it"


class Journal:
    """Remembers on disk which messages are being understood in this process.

    Without a sync: it is for the death of the process, not of the machine.

    Raises Misconfigured if the folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        with usable(folder.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._leftover = [file for file in folder.iterdir() if not _is_alive(file.name.partition("-")[0])]
            self.suspects = {source_id for file in self._leftover for source_id in _read_ids(file)}

    @contextmanager
    def entry(self, source_ids: Sequence[str]) -> Iterator[None]:
        """Keep the ids on disk for as long as the block runs.  Raises Transient if the disk cannot take them."""
        file = self._folder / f"{os.getpid()}-{next(self._numbers)}"
        try:
            try:
                file.write_bytes(orjson.dumps(list(source_ids)))
            except OSError as error:
                raise Transient(f"cannot write {self._folder}: {error.strerror}") from None
            yield
        finally:
            file.unlink(missing_ok=True)

    def clear(self, source_id: str) -> None:
        """Forget a suspect that has been understood elsewhere."""
        self.suspects.discard(source_id)
        if not self.suspects:
            while self._leftover:
                self._leftover.pop().unlink(missing_ok=True)


class Isolation:
    """Understands messages where they can do no harm."""

    def __init__(self, journal: Journal, *, time_limit: timedelta, memory: int, patience: timedelta = PATIENCE) -> None:
        self._journal = journal
        self._time_limit, self._memory, self._patience = time_limit, memory, patience
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="normalizer")
        self._free = asyncio.Semaphore(THREADS)
        self._under_way = set[Work]()
        self._children = Children(CHILDREN, time_limit=time_limit)
        self._readers = Children(1, time_limit=time_limit * BACKLOG_PATIENCE)

    async def read(self, messages: Sequence[tuple[Envelope, bytes]], contexts: Sequence[Context]) -> list[Reading]:
        """Understand each message with what is known about it; never raises for what is in one.

        Raises Transient if the disk cannot take note of what is being understood.
        """
        if not messages:
            return []
        beside = self._is_backlog(messages, contexts) and self._readers.is_warm(lambda: self._task([], contexts[0]))
        understood = await (self._beside(messages, contexts[0]) if beside else self._in_thread(messages, contexts))
        return [
            result if isinstance(result, Reading) else await self._in_child(envelope, raw, context, result)
            for result, (envelope, raw), context in zip(understood, messages, contexts, strict=True)
        ]

    async def close(self) -> None:
        """End what the threads do, and the children: nobody waits for it any more."""
        for work in list(self._under_way):
            work.is_given_up = True
            work.end()
        self._threads.shutdown(wait=False, cancel_futures=True)
        await self._children.close()
        await self._readers.close()

    def _is_backlog(self, messages: Sequence[tuple[Envelope, bytes]], contexts: Sequence[Context]) -> bool:
        """Whether messages are so many, with the same known about each, that another process is worth the way.

        What is said in a session never is: a customer waits for its answer, and not behind a mailbox.
        """
        return (
            len(messages) >= BACKLOG
            and self._journal.suspects.isdisjoint(envelope.source_id for envelope, _ in messages)
            and all(context is contexts[0] for context in contexts)
            and not any(envelope.media_type == SPOKEN for envelope, _ in messages)
        )

    async def _beside(self, messages: Sequence[tuple[Envelope, bytes]], context: Context) -> list[Outcome]:
        """What became of each message in the process beside this one."""
        output, failure = await self._readers.ask(self._task(messages, context))
        if failure is None:
            try:
                return DECODE(output)
            except msgspec.MsgspecError as error:
                failure = f"what was read of it cannot be understood: {error}"
        log.warning("normalizer.batch_lost", connector=messages[0][0].connector, count=len(messages), reason=failure)
        return [f"in a batch: {failure}"] * len(messages)

    def _task(self, messages: Sequence[tuple[Envelope, bytes]], context: Context, *, alone: bool = False) -> bytes:
        seconds = int(self._time_limit.total_seconds() * (1 if alone else BACKLOG_PATIENCE)) + 1
        return ENCODE(
            Task(
                messages=[(msgspec.structs.replace(envelope, raw=b""), raw) for envelope, raw in messages],
                context=context,
                memory=self._memory if alone else max(self._memory, BACKLOG_MEMORY),
                seconds=seconds,
                alone=alone,
            )
        )

    async def _in_thread(
        self, messages: Sequence[tuple[Envelope, bytes]], contexts: Sequence[Context]
    ) -> list[Outcome]:
        """What became of each message in a thread, or why it must not be understood in this process."""
        async with self._free:
            work = Work()
            future = self._threads.submit(self._understand, work, messages, contexts)
            self._under_way.add(work)
            future.add_done_callback(lambda _: self._under_way.discard(work))
            thread = asyncio.wrap_future(future)
            try:
                while not (await asyncio.wait((thread,), timeout=self._patience.total_seconds()))[0]:
                    if work.end():
                        log.error("normalizer.overrun", connector=messages[0][0].connector)
                return await thread
            except asyncio.CancelledError:
                thread.cancel()  # what waits for a thread never gets one
                work.is_given_up = True
                asyncio.get_running_loop().call_later(self._patience.total_seconds(), work.end)
                raise

    def _understand(
        self, work: Work, messages: Sequence[tuple[Envelope, bytes]], contexts: Sequence[Context]
    ) -> list[Outcome]:
        """Runs in a thread that can be told to leave off one message, or the rest of them."""
        reasons = [self._reason(envelope, raw) for envelope, raw in messages]
        quick = [envelope.source_id for (envelope, _), reason in zip(messages, reasons, strict=True) if not reason]
        with self._journal.entry(quick):
            try:
                with work:
                    return [
                        reason or (_SLOW if work.is_given_up else _try(envelope, raw, context))
                        for (envelope, raw), reason, context in zip(messages, reasons, contexts, strict=True)
                    ]
            except Overrun:  # it came between two messages
                return [reason or _SLOW for reason in reasons]

    def _reason(self, envelope: Envelope, raw: bytes) -> str | None:
        """Why a message must not be understood in this process, or None."""
        if envelope.source_id in self._journal.suspects:
            return "it was being read when the daemon last ended"
        return suspicious(raw)

    async def _in_child(self, envelope: Envelope, raw: bytes, context: Context, reason: str) -> Reading:
        if reason.startswith(DEFECT):
            log.error("normalizer.defect", connector=envelope.connector, source_id=envelope.source_id, reason=reason)
        log.info("message.isolated", connector=envelope.connector, source_id=envelope.source_id, reason=reason)
        output, failure = await self._children.ask(self._task([(envelope, raw)], context, alone=True))
        self._journal.clear(envelope.source_id)
        if failure is None:
            try:
                [outcome] = DECODE(output)
            except (msgspec.MsgspecError, ValueError) as error:
                outcome = f"reading it gave something else than a draft: {error}"
            if isinstance(outcome, Reading):
                return outcome
            failure = outcome
        log.warning("message.stubbed", connector=envelope.connector, source_id=envelope.source_id, reason=failure)
        draft = stub(envelope, raw, f"{reason}; {failure}", context)
        held = await asyncio.to_thread(secrets_in, raw)
        return Reading(without_original(draft, held) if held else draft, digest(raw), is_stub=True)


def _try(envelope: Envelope, raw: bytes, context: Context) -> Outcome:
    try:
        return understand(envelope, raw, context)
    except Overrun:
        return _SLOW
    except MemoryError:
        return _FULL


def _is_alive(pid: str) -> bool:
    """Whether the process that wrote a journal file still runs.

    Our own number is that of a dead one: we have written nothing yet, and in a container it is always the same.
    """
    if not pid.isdecimal() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _read_ids(file: Path) -> list[str]:
    """The ids in a journal file; none where the daemon died while writing it."""
    try:
        ids = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError:
        return []
    return [id_ for id_ in ids if isinstance(id_, str)] if isinstance(ids, list) else []

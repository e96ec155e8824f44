"""What agents answer in a helpdesk is looked for there, and booked as if the helpdesk had handed it over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec
import structlog

from delivery.base import Answer, AnswerFile, Answering, Kept, Setback
from delivery.desk import Desk
from fanin.door import MAX_FILE, MAX_FILES
from model.backoff import backoff
from model.errors import FaninError, Misconfigured, Permanent, Transient
from model.event import TicketRef
from model.json import Json
from model.reply import ReplyFile
from normalizer.mime.filename import safe_name
from normalizer.text.html import to_text
from normalizer.text.html_safe import sanitise
from store.arrival import Content
from store.replies import Written
from store.store import Store
from store.untold import Untold

log = structlog.get_logger()

POLL = timedelta(seconds=3)
LONGEST_PAUSE = timedelta(minutes=1)
AT_ONCE = 20
"""Answers of which is told in a round."""
CURSOR, UNPLACED = "answers", "unplaced"
MOST_UNPLACED = 100
"""Answers that go to nobody and are kept to be told of."""


class Reading:
    """Reads the answers of one helpdesk and tells it of those that did not arrive; of several processes one does."""

    def __init__(
        self,
        desk: Desk,
        place: Kept,
        store: Store,
        wake: Callable[[], None],
        lock: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._desk, self._place, self._store, self._wake, self._lock = desk, place, store, wake, lock
        self._last: Untold | None = None
        """Behind which the next are told; None: from the oldest on."""

    async def run(self) -> None:
        """Read and tell until cancelled; nothing where the helpdesk's agents do not answer in it."""
        helpdesk: object = self._desk.helpdesk
        if isinstance(helpdesk, Answering):
            await self._over(partial(self._alone, helpdesk))

    async def _alone(self, helpdesk: Answering) -> bool:
        """Read and tell unless another process does, each in its own time: neither waits for the other."""
        with suppress(Misconfigured), self._lock():
            async with asyncio.TaskGroup() as group:
                group.create_task(self._over(partial(self._page, helpdesk)))
                group.create_task(self._over(partial(self._tell, helpdesk)))
        return False

    async def _over(self, step: Callable[[], Awaitable[bool]]) -> None:
        """Take a step again and again: at once where there is more, else after a pause, which grows while it fails."""
        failures = 0
        while True:
            more = False
            try:
                more = await step()
                failures = 0
            except FaninError as error:
                failures += 1
                log.warning("answers.retrying", helpdesk=self._desk.name, reason=str(error))
            except Exception:
                failures += 1
                log.exception("helpdesk.defect", helpdesk=self._desk.name)
            pause = backoff(failures, first=POLL, most=LONGEST_PAUSE) if failures else POLL
            await asyncio.sleep(0 if more else pause.total_seconds())

    async def _page(self, helpdesk: Answering) -> bool:
        """Book a page of answers, then move the cursor; whether there is more."""
        kept = await self._place.get(CURSOR)
        found = await helpdesk.answers(kept[0] if kept else None)
        for answer in found.found:
            await self._book(helpdesk, answer)
        if kept is None or kept[0] != found.cursor:
            await self._place.put(CURSOR, found.cursor, version=kept[1] if kept else None)
        return found.more

    async def _tell(self, helpdesk: Answering) -> bool:
        """Tell the agents of some answers that did not reach the customer: each has its turn, whatever fails."""
        book = self._store.replies
        page = await book.untold(self._desk.name, self._last, AT_ONCE)
        self._last = page[-1] if len(page) == AT_ONCE else None
        for one in page:
            if await self._say(helpdesk, _setback(one)):
                await book.told(one.id, datetime.now(UTC))
        if self._last is None:
            kept = await self._place.get(UNPLACED)
            for setback in _unplaced(kept):
                if await self._say(helpdesk, setback):
                    await self._change_unplaced(partial(_without, id_=setback.id))
        return False

    async def _say(self, helpdesk: Answering, setback: Setback) -> bool:
        """Say it in the ticket; where that takes nothing any more, at least here.  Whether it is done with."""
        try:
            await helpdesk.tell(setback)
        except Permanent as error:
            log.warning("answer.untold", helpdesk=self._desk.name, reply=setback.id, reason=str(error))
        except Transient as error:
            log.warning("answers.retrying", helpdesk=self._desk.name, reason=str(error))
            return False
        except FaninError:  # the credentials: no other word would be taken either
            raise
        except Exception:
            log.exception("helpdesk.defect", helpdesk=self._desk.name)
            return False
        return True

    async def _give_up(self, answer: Answer) -> None:
        """Keep that an answer goes to nobody, so that its author is told; its words stand in the ticket."""
        log.warning("answer.unplaced", helpdesk=self._desk.name, answer=answer.id)
        setback = Setback(
            id=self._store.vault.uuid(b"reply", self._desk.name, answer.id),
            ticket=TicketRef(answer.tickets[0]),
            uncertain=False,
            reason="its conversation is not known any more, so nobody is known to send it to",
            text="",
            at=answer.at,
        )
        await self._change_unplaced(lambda known: [*_without(known, id_=setback.id), setback])

    async def _change_unplaced(self, change: Callable[[list[Setback]], list[Setback]]) -> None:
        """Change what is kept to be told of answers that go to nobody; of too many the oldest are only logged."""
        while True:
            kept = await self._place.get(UNPLACED)
            changed = change(_unplaced(kept))
            left = changed[-MOST_UNPLACED:]
            if await self._place.put(UNPLACED, msgspec.to_builtins(left), version=kept[1] if kept else None):
                break
        for lost in changed[:-MOST_UNPLACED]:
            log.warning("answer.untold", helpdesk=self._desk.name, reply=lost.id, reason="too many wait to be told")

    async def _book(self, helpdesk: Answering, answer: Answer) -> None:
        """Book one answer; what cannot be answered to any more is said, and passed over."""
        conversation = await self._conversation(answer)
        if conversation is None:
            await self._give_up(answer)
            return
        files, contents = await self._files(helpdesk, answer)
        left_out = len(answer.files) - len(files)
        text = answer.text or to_text(answer.html or "")
        note = f"\n\n[{left_out} attachments are missing]" if left_out else ""
        written = Written(
            helpdesk=self._desk.name,
            key=answer.id,
            conversation=conversation,
            author=answer.author,
            text=(text + note).strip() or "(…)",
            html=answer.html and sanitise(answer.html),
            automatic=answer.automatic,
            files=tuple(files),
            contents=tuple(contents),
            at=answer.at,
        )
        booked = await self._store.replies.book(written)
        if booked.outcome == "booked":
            log.info("answer.booked", helpdesk=self._desk.name, reply=booked.id)
            self._wake()
        elif booked.outcome == "expired":
            await self._give_up(answer)

    async def _conversation(self, answer: Answer) -> str | None:
        """The conversation of a ticket, by its present name or one that it had before it was merged."""
        for reference in answer.tickets:
            if conversation := await self._store.conversation_of(self._desk.name, reference):
                return conversation
        return None

    async def _files(self, helpdesk: Answering, answer: Answer) -> tuple[list[ReplyFile], list[Content]]:
        """Fetch the files of an answer into the store, as far as they are not too large or too many."""
        files: list[ReplyFile] = []
        contents: list[Content] = []
        for file in answer.files[:MAX_FILES]:
            try:
                ref = await self._store.write_blob(_bounded(helpdesk.read_answer_file(file), file))
            except (KeyError, _TooLargeError):
                continue
            name = safe_name(file.filename) or "attachment"
            files.append(ReplyFile(filename=name, media_type=file.media_type, size=ref.size, sha256=ref.sha256))
            contents.append(Content(sha256=ref.sha256, size=ref.size))
        return files, contents


def _setback(one: Untold) -> Setback:
    return Setback(
        id=one.id,
        ticket=TicketRef(one.ticket),
        uncertain=one.status == "uncertain",
        reason=one.reason,
        text=one.text,
        at=one.at,
    )


def _unplaced(kept: tuple[Json, int] | None) -> list[Setback]:
    return msgspec.convert(kept[0], list[Setback]) if kept else []


def _without(known: Sequence[Setback], *, id_: str) -> list[Setback]:
    return [one for one in known if one.id != id_]


class _TooLargeError(Exception):
    """A file is larger than an answer may have."""


async def _bounded(pieces: AsyncIterator[bytes], file: AnswerFile) -> AsyncIterator[bytes]:
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > MAX_FILE:
            raise _TooLargeError(file.id)
        yield piece

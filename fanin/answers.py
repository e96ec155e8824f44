"""What agents answer in a helpdesk is looked for there, and booked as if the helpdesk had handed it over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import structlog

from delivery.base import Answer, AnswerFile, Answering, Kept, Setback
from delivery.desk import Desk
from fanin.door import MAX_FILE, MAX_FILES
from model.backoff import backoff
from model.errors import FaninError, Misconfigured, Permanent, Transient
from model.event import TicketRef
from model.reply import ReplyFile
from normalizer.mime.filename import safe_name
from normalizer.text.html import to_text
from normalizer.text.html_safe import sanitise
from store.arrival import Content
from store.replies import Written
from store.store import Store

log = structlog.get_logger()

POLL = timedelta(seconds=3)
LONGEST_PAUSE = timedelta(minutes=1)
CURSOR = "answers"


class Reading:
    """Reads the answers of one helpdesk; of several processes one does."""

    def __init__(
        self,
        desk: Desk,
        place: Kept,
        store: Store,
        wake: Callable[[], None],
        lock: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._desk, self._place, self._store, self._wake, self._lock = desk, place, store, wake, lock

    async def run(self) -> None:
        """Read until cancelled; nothing where the helpdesk's agents do not answer in it."""
        helpdesk: object = self._desk.helpdesk
        if not isinstance(helpdesk, Answering):
            return
        failures = 0
        while True:
            try:
                with self._lock():
                    while True:
                        more = await self._page(helpdesk)
                        await self._tell(helpdesk)
                        failures = 0
                        await asyncio.sleep(0 if more else POLL.total_seconds())
            except Misconfigured:  # another process reads them
                failures += 1
            except FaninError as error:
                failures += 1
                log.warning("answers.retrying", helpdesk=self._desk.name, reason=str(error))
            except Exception:
                failures += 1
                log.exception("helpdesk.defect", helpdesk=self._desk.name)
            await asyncio.sleep(backoff(failures, first=POLL, most=LONGEST_PAUSE).total_seconds())

    async def _page(self, helpdesk: Answering) -> bool:
        """Book a page of answers, then move the cursor; whether there is more."""
        kept = await self._place.get(CURSOR)
        found = await helpdesk.answers(kept[0] if kept else None)
        for answer in found.found:
            await self._book(helpdesk, answer)
        if kept is None or kept[0] != found.cursor:
            await self._place.put(CURSOR, found.cursor, version=kept[1] if kept else None)
        return found.more

    async def _tell(self, helpdesk: Answering) -> None:
        """Tell the agents which of their answers did not reach the customer."""
        for one in await self._store.replies.untold(self._desk.name):
            setback = Setback(
                id=one.id,
                ticket=TicketRef(one.ticket),
                uncertain=one.status == "uncertain",
                reason=one.reason,
                text=one.text,
                at=one.at,
            )
            try:
                await self._say(helpdesk, setback)
            except Transient as error:  # it stays to be told, and holds up neither the others nor the reading
                log.warning("answers.retrying", helpdesk=self._desk.name, reason=str(error))
                continue
            await self._store.replies.told(one.id, datetime.now(UTC))

    async def _say(self, helpdesk: Answering, setback: Setback) -> None:
        """Say it in the ticket; where that takes nothing any more, at least here."""
        try:
            await helpdesk.tell(setback)
        except Permanent as error:
            log.warning("answer.untold", helpdesk=self._desk.name, reply=setback.id, reason=str(error))

    async def _give_up(self, helpdesk: Answering, answer: Answer) -> None:
        """Say that an answer goes to nobody."""
        log.warning("answer.unplaced", helpdesk=self._desk.name, answer=answer.id)
        setback = Setback(
            id=self._store.vault.uuid(b"reply", self._desk.name, answer.id),
            ticket=TicketRef(answer.tickets[0]),
            uncertain=False,
            reason="its conversation is not known any more, so nobody is known to send it to",
            text=answer.text or to_text(answer.html or ""),
            at=answer.at,
        )
        await self._say(helpdesk, setback)

    async def _book(self, helpdesk: Answering, answer: Answer) -> None:
        """Book one answer; what cannot be answered to any more is said, and passed over."""
        conversation = await self._conversation(answer)
        if conversation is None:
            await self._give_up(helpdesk, answer)
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
            await self._give_up(helpdesk, answer)

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


class _TooLargeError(Exception):
    """A file is larger than an answer may have."""


async def _bounded(pieces: AsyncIterator[bytes], file: AnswerFile) -> AsyncIterator[bytes]:
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > MAX_FILE:
            raise _TooLargeError(file.id)
        yield piece

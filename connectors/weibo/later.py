"""Files of private messages that could not be had in the moment: fetched later, and handed over as a message."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import structlog

from connectors.base import Intake, State
from connectors.download import NotFetched
from connectors.weibo.media import Media
from connectors.weibo.message import Account, private_envelope
from model.backoff import backoff
from model.clock import Clock
from model.errors import CredentialsRejected, Transient
from model.spoken import SpokenFile

log = structlog.get_logger()

KEY = "files"
MOST = 1000
"""How many are waited for; beyond that a message is not taken, and Weibo asks again."""
TRIES = 12
"""With the pauses between them this is some hours."""
FIRST, LONGEST = timedelta(seconds=5), timedelta(hours=1)
LOOK = timedelta(seconds=5)


class Waiting(msgspec.Struct, frozen=True):
    """A file that was promised: of which message, by whom, under which number, and when it is due."""

    source_id: str
    uid: str
    fid: str
    text: str
    due: datetime
    tries: int = 0


class Later:
    """Keeps the promises of one account."""

    def __init__(self, account: Account, media: Media, clock: Clock) -> None:
        self._account, self._media, self._clock = account, media, clock

    async def promise(self, file: Waiting, state: State) -> None:
        """Remember a file.  Raises Transient if too many are waited for."""

        def added(files: list[Waiting]) -> list[Waiting]:
            if any(one.source_id == file.source_id for one in files):
                return files
            if len(files) >= MOST:
                raise Transient("too many files of private messages are waited for")
            return [*files, file]

        await _change(state, added)

    async def run(self, intake: Intake, state: State) -> None:
        """Fetch what is due, until cancelled.  Raises Transient if the store cannot be used."""
        while True:
            for file in await _read(state):
                if file.due <= self._clock.now():
                    await self._fetch(file, intake, state)
            await self._clock.sleep(LOOK)

    async def _fetch(self, file: Waiting, intake: Intake, state: State) -> None:
        try:
            found = await self._media.sent_file(file.fid, state)
        except (NotFetched, CredentialsRejected, Transient) as error:
            if file.tries + 1 < TRIES:
                pause = getattr(error, "retry_after", None) or backoff(file.tries + 1, first=FIRST, most=LONGEST)
                again = msgspec.structs.replace(file, due=self._clock.now() + pause, tries=file.tries + 1)
                await _change(state, lambda files: [again if one.source_id == file.source_id else one for one in files])
                return
            log.warning("message.given_up", connector=self._account.connector, source_id=file.source_id)
            text, files = f"{file.text}\n[the file could not be had: {error}]", list[SpokenFile]()
        else:
            text, files = file.text, [found]
        envelope = private_envelope(
            f"{file.source_id}:file", file.uid, self._account, text=text, at=self._clock.now(), files=files
        )
        await intake.accept([envelope])
        await _change(state, lambda files: [one for one in files if one.source_id != file.source_id])


async def _read(state: State) -> list[Waiting]:
    stored = await state.get(KEY)
    return msgspec.convert(stored[0], list[Waiting]) if stored else []


async def _change(state: State, change: Callable[[list[Waiting]], list[Waiting]]) -> None:
    while True:
        stored = await state.get(KEY)
        files = change(msgspec.convert(stored[0], list[Waiting]) if stored else [])
        if await state.put(KEY, msgspec.to_builtins(files), version=stored[1] if stored else None, secret=True):
            return

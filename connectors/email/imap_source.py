"""An IMAP account as a source of mail: which folder is watched on which connection, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

import structlog

from connectors.base import Health, Held, Intake, State
from connectors.email.imap_errors import Missing
from connectors.email.imap_folder import Folder, Reading
from connectors.email.imap_login import PATIENCE, connect
from connectors.email.imap_session import Session
from connectors.email.oauth import MARGIN, Tokens
from connectors.email.settings import EmailSettings, ImapSource
from model.errors import Transient

_log = structlog.get_logger()

FIRST = "first-start"
"""Where State keeps when and as whom the connector read first."""
CHECK_PATIENCE = timedelta(seconds=15)


class ImapReader:
    """Reads the folders of one account; see `connectors.base.Connector` for the contract.

    A push needs a connection for each folder, as IDLE speaks of the selected one alone: folders get
    connections of their own, as many as are configured, and those that share one are looked at by poll.
    (NOTIFY, RFC 5465, would need but one; Dovecot 2.3 falls silent after its first push.)
    """

    def __init__(
        self,
        name: str,
        settings: EmailSettings,
        source: ImapSource,
        health: Health,
        *,
        patience: timedelta = PATIENCE,
    ) -> None:
        self.name, self._settings, self._source, self._health = name, settings, source, health
        self._patience = patience
        self._tokens = Tokens(source.xoauth2) if source.xoauth2 else None
        self._folders = [Folder(folder) for folder in settings.folders]
        self._troubles: dict[str, str] = {}

    async def run(self, intake: Intake, state: State) -> None:
        """Read until cancelled.  Raises Transient or CredentialsRejected."""
        reading = await self._reading(intake, state)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._watch(reading, self._folders, tasks))
        except BaseExceptionGroup as group:
            raise _first(group) from None

    async def check(self) -> None:
        """Prove that the account can be read, folder by folder, without changing anything.

        Raises Transient, CredentialsRejected or Missing, whose text says what to do.
        """
        patience = min(self._patience, CHECK_PATIENCE)
        async with connect(self._source, None, self._tokens, patience=patience) as session:
            troubles = []
            for folder in self._settings.folders:
                try:
                    await session.select(folder)
                except Missing as error:
                    troubles.append(str(error))
            if troubles:
                names = ", ".join(sorted(await session.folders())[:30])
                raise Missing(f"{'; '.join(troubles)}; there are: {names}")

    async def backfill(
        self, intake: Intake, state: State, since: datetime, *, stream: str | None = None
    ) -> AsyncIterator[int]:
        """Hand over again what arrived since then, yielding how many so far; no cursor moves.

        Whoever iterates sets the pace.  `stream` names one folder.  Raises what `run` raises.
        """
        reading = await self._reading(intake, state)
        count = 0
        async with self._connect(state) as session:
            for name in [stream] if stream else self._settings.folders:
                async for more in Folder(name).backfill(session, reading, since):
                    count += more
                    yield count

    async def held(self, intake: Intake, state: State) -> AsyncIterator[Held]:
        """Yield what the server holds now, folder by folder.  Raises what `run` raises."""
        reading = await self._reading(intake, state, looking_only=True)
        async with self._connect(state) as session:
            for name in self._settings.folders:
                yield await Folder(name).held(session, reading)

    # -- what is remembered

    async def _reading(self, intake: Intake, state: State, *, looking_only: bool = False) -> Reading:
        start, user = await self._first_start(state, looking_only=looking_only)
        return Reading(
            connector=self.name,
            settings=self._settings,
            intake=intake,
            state=state,
            health=self._health,
            start=start,
            connect=lambda: self._connect(state),
            scope="" if user == self._source.user else f"{self._source.user}/",
        )

    async def _first_start(self, state: State, *, looking_only: bool) -> tuple[datetime | None, str]:
        """Since when mail becomes tickets, and which account was read then: settled at the first start."""
        found = await state.get(FIRST)
        if found is None:
            start = self._settings.start
            since = None if start == "all" else datetime.now(UTC) if start == "now" else start
            if looking_only:
                return since, self._source.user
            await state.put(FIRST, {"start": since.isoformat() if since else None, "user": self._source.user})
            found = await state.get(FIRST)
        if not found or not isinstance(found[0], dict):
            raise Transient("the state of the connector cannot be read")
        start_at = found[0].get("start")
        return datetime.fromisoformat(start_at) if isinstance(start_at, str) else None, str(found[0].get("user"))

    # -- watching

    def _connect(self, state: State) -> AbstractAsyncContextManager[Session]:
        return connect(self._source, state, self._tokens, patience=self._patience)

    async def _watch(self, reading: Reading, folders: list[Folder], tasks: asyncio.TaskGroup | None = None) -> None:
        """Keep folders read on one connection, which is opened anew when its access token nears its end."""
        while True:
            async with self._connect(reading.state) as session:
                if tasks:
                    folders = self._spread(reading, session, folders, tasks)
                tasks = None
                await self._serve(session, reading, folders)

    def _spread(
        self, reading: Reading, session: Session, folders: list[Folder], tasks: asyncio.TaskGroup
    ) -> list[Folder]:
        """Give folders to further connections where a push needs one each; returns those that stay."""
        lines = min(len(folders), self._source.connections) if session.pushes else 1
        home = folders[::lines]
        for line in range(1, lines):
            tasks.create_task(self._watch_beside(reading, folders[line::lines], home))
        return home

    async def _watch_beside(self, reading: Reading, folders: list[Folder], home: list[Folder]) -> None:
        """Watch folders on a further connection; where the server allows none, the first polls them, too."""
        try:
            await self._watch(reading, folders)
        except Transient as error:
            if error.retry_after is None:
                raise
            _log.warning("connection.refused", connector=self.name, reason=str(error), folders=len(folders))
            home += [Folder(folder.name) for folder in folders]

    async def _serve(self, session: Session, reading: Reading, folders: list[Folder]) -> None:
        """Read whatever comes, until the session's access token nears its end."""
        ends = _end(session)
        poll = self._source.poll
        while (now := datetime.now(UTC)) < ends:
            for folder in folders[::-1]:
                await self._attempt(session, reading, folder, asking_first=folder is not folders[0])
            await self._until_poll(session, reading, folders[0], min(now + poll, ends))

    async def _until_poll(self, session: Session, reading: Reading, folder: Folder, until: datetime) -> None:
        """Read the folder whenever the server says so."""
        while (left := until - datetime.now(UTC)) > timedelta(0):
            if await session.wait(left):
                await self._attempt(session, reading, folder)
            elif session.pushes:
                self._say_how_it_goes()  # an IDLE that ends as it should proves the connection

    async def _attempt(self, session: Session, reading: Reading, folder: Folder, *, asking_first: bool = False) -> None:
        """Read a folder; one that cannot be read does not keep the others from it."""
        try:
            if not asking_first or await folder.changed(session):
                await folder.catch_up(session, reading)
        except Missing as error:
            self._troubles[folder.name] = str(error)
        else:
            self._troubles.pop(folder.name, None)
        self._say_how_it_goes()

    def _say_how_it_goes(self) -> None:
        if self._troubles:
            self._health.retrying("; ".join(self._troubles.values()))
        else:
            self._health.proven()


def _end(session: Session) -> datetime:
    """When to open another session; one whose token is about to end already is used while it lasts."""
    if session.expires and (end := session.expires - MARGIN) > datetime.now(UTC):
        return end
    return datetime.max.replace(tzinfo=UTC)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error

"""A connector, as an example: an archive of mails that is read over HTTP, a page at a time.

`GET url?after=CURSOR` answers with the page after the cursor, an empty one where there is nothing new:
`{"mails": [{"id": "…", "arrived": "2026-11-01T12:00:00Z", "mail": "<base64>"}], "cursor": 17}`
"""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from typing import Literal

import aiohttp
import msgspec

from connectors.base import Health, Intake, State
from connectors.settings import ConnectorSettings
from model.envelope import Envelope
from model.errors import CredentialsRejected, Transient
from model.settings import Duration, Secret, WebUrl

LIMIT = aiohttp.ClientTimeout(total=30)
MAX_PAGE = 16 << 20
"""Bytes of a page; a larger answer is not an archive's."""
FIRST = "first-start"


class ArchiveSettings(ConnectorSettings):
    """An archive of mails."""

    kind: Literal["archive"]
    """An archive of mails, over HTTP."""
    url: WebUrl
    """Where its pages are."""
    token: Secret
    """The bearer token that it asks for."""
    poll: Duration = timedelta(seconds=30)
    """How often it is asked for something new."""

    def describe(self) -> str:
        """Which archive it is."""
        return self.url


class Mail(msgspec.Struct, frozen=True):
    """A mail of a page, in base64."""

    id: str
    arrived: datetime
    mail: str


class Page(msgspec.Struct, frozen=True):
    """Some mails in order, and the cursor behind the last of them."""

    mails: list[Mail]
    cursor: int


class ArchiveConnector:
    """Reads one archive (see `connectors.base.Connector`)."""

    def __init__(self, name: str, settings: ArchiveSettings, health: Health) -> None:
        self.name, self._settings, self._health = name, settings, health

    async def run(self, intake: Intake, state: State) -> None:
        """Read until cancelled.  Raises Transient or CredentialsRejected."""
        start = await self._start(state)
        async with aiohttp.ClientSession(timeout=LIMIT) as session:
            while True:
                page = await self._fetch(session, await intake.cursor(""))
                await intake.accept([self._envelope(mail, start) for mail in page.mails], cursor=page.cursor)
                self._health.proven()
                if not page.mails:
                    await asyncio.sleep(self._settings.poll.total_seconds())

    async def check(self) -> None:
        """Return if the archive gives a page.  Raises Transient or CredentialsRejected."""
        async with aiohttp.ClientSession(timeout=LIMIT) as session:
            await self._fetch(session, None)

    async def _start(self, state: State) -> datetime | None:
        """Since when mails become tickets, settled at the first start; None: all do."""
        if self._settings.start == "all":
            return None
        wanted = datetime.now(UTC) if self._settings.start == "now" else self._settings.start
        await state.put(FIRST, wanted.isoformat())  # without a version only the very first succeeds
        stored = await state.get(FIRST)
        return datetime.fromisoformat(str(stored[0])) if stored else wanted

    async def _fetch(self, session: aiohttp.ClientSession, cursor: object) -> Page:
        query = {} if cursor is None else {"after": str(cursor)}
        bearer = {"Authorization": f"Bearer {self._settings.token.read()}"}
        try:
            async with session.get(self._settings.url, params=query, headers=bearer) as response:
                if response.status in (401, 403):
                    raise CredentialsRejected("the archive refuses the token", remedy="put a new one in token_file")
                if response.status != 200:
                    raise Transient(f"the archive answers with status {response.status}")
                return msgspec.json.decode(await _read(response), type=Page)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Transient(f"the archive cannot be reached: {type(error).__name__}") from None
        except msgspec.MsgspecError as error:
            raise Transient(f"the archive gives something else than a page: {error}") from None

    def _envelope(self, mail: Mail, start: datetime | None) -> Envelope:
        raw = _decoded(mail.mail)
        return Envelope(
            connector=self.name,
            channel="email",
            account=self._settings.url,
            source_id=mail.id,
            received_at=mail.arrived,
            raw=raw,
            size=len(raw),
            ignored="before-start" if start and mail.arrived < start else None,
        )


def _decoded(text: str) -> bytes:
    """The mail; what is no base64 goes on as it stands, so that a person sees it and the next mail is read."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return text.encode()


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(64 << 10):
        body += chunk
        if len(body) > MAX_PAGE:
            raise Transient(f"the archive gives a page of more than {MAX_PAGE} bytes")
    return bytes(body)

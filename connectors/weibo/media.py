"""What a post or private message has besides its first words: the rest of a long text, pictures, recordings."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import urlencode

from msgspec.structs import replace

from connectors.base import State
from connectors.download import TRIES, Downloader, NotFetched, Rules, downloading
from connectors.weibo.api import MEDIA, SHOW, Api
from connectors.weibo.errors import Refused
from connectors.weibo.message import Said
from connectors.weibo.settings import WeiboSettings
from model.errors import Transient
from model.spoken import SpokenFile

WITHIN = timedelta(seconds=10)
"""How long a file may take: whoever writes of a theft must not wait for a picture."""


class Media:
    """Fetches what belongs to the messages of one account."""

    def __init__(self, settings: WeiboSettings, api: Api) -> None:
        self._settings, self._api = settings, api
        self._downloader: Downloader | None = None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Have connections for as long as the block runs."""
        settings = self._settings
        rules = Rules(
            types=("image/", "video/", "audio/", "application/octet-stream"),
            most=settings.max_attachment_size,
            within=WITHIN,
            loopback=settings.loopback_media,
        )
        async with downloading(rules) as downloader:
            self._downloader = downloader
            try:
                yield
            finally:
                self._downloader = None

    async def complete(self, said: Said, state: State) -> tuple[str, list[SpokenFile]]:
        """The whole text and the pictures of a post; the text says what could not be had.

        Raises Transient if the store cannot take a picture.
        """
        text = await self._whole_text(said, state) if said.is_cut else said.text
        fetched = await asyncio.gather(*(self._picture(url, state) for url in said.pictures))
        notes = [f"[a picture could not be had: {reason}]" for reason in fetched if isinstance(reason, str)]
        return "\n".join([text, *notes]), [file for file in fetched if isinstance(file, SpokenFile)]

    async def sent_file(self, fid: str, state: State) -> SpokenFile:
        """The file of a private message (`mss/msget`).  Raises NotFetched, Transient or CredentialsRejected."""
        query = urlencode({"access_token": self._api.token(), "fid": fid})
        await self._api.count(state)
        file = await self._fetch(f"{self._api.url(MEDIA)}?{query}", state, tries=1)  # each is counted
        return replace(file, filename=f"{fid}{mimetypes.guess_extension(file.media_type) or ''}")

    async def _whole_text(self, said: Said, state: State) -> str:
        """The long text, if a call is left for it: what Weibo gave of it must not wait for the rest."""
        try:
            spare = self._settings.reserve
            answer = await self._api.get(SHOW, state, spare=spare, id=said.id, isGetLongText=1)
        except (Transient, Refused):
            return f"{said.text}\n[the rest of the text is at {said.url}]"
        long = answer.get("longText") if isinstance(answer, Mapping) else None
        text = long.get("longTextContent") if isinstance(long, Mapping) else answer.get("text")
        return text if isinstance(text, str) and len(text) >= len(said.text) else said.text

    async def _picture(self, url: str, state: State) -> SpokenFile | str:
        try:
            return await self._fetch(url, state)
        except NotFetched as error:
            return str(error)

    async def _fetch(self, url: str, state: State, *, tries: int = TRIES) -> SpokenFile:
        if self._downloader is None:
            raise Transient("the connector is being started")
        return await self._downloader.fetch(url, state, tries=tries)

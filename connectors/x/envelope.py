"""From a post or message of X to an envelope, its files fetched."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from connectors.base import State
from connectors.download import Downloader, NotFetched
from connectors.x.message import (
    MESSAGE,
    POST,
    Account,
    Includes,
    Media,
    Wire,
    author_of,
    made_at,
    media_of,
    message_as_spoken,
    post_as_spoken,
    text,
)
from connectors.x.settings import XSettings
from model.envelope import Envelope, Visibility
from model.spoken import SPOKEN, Spoken, SpokenFile

OWN = "own"
"""The rule by which what the account itself wrote becomes no ticket."""
_MESSAGE_FILE = re.compile(r"/dm/(\d+)/(\d+)/([A-Za-z0-9_.:-]+)")


class Writer:
    """Makes the envelopes of one connector."""

    def __init__(
        self,
        name: str,
        settings: XSettings,
        account: Account,
        *,
        state: State,
        downloader: Downloader,
        token: Callable[[], Awaitable[str]],
    ) -> None:
        self._name, self._settings, self._account = name, settings, account
        self._state, self._downloader, self._token = state, downloader, token

    async def post(self, post: Wire, includes: Includes) -> Envelope:
        """The envelope of a post.  Raises Transient if the store cannot take its files."""
        return await self._envelope(post, includes, post_as_spoken(post, includes, self._account), "public")

    async def message(self, event: Wire, includes: Includes) -> Envelope:
        """The envelope of a direct message.  Raises Transient if the store cannot take its files."""
        return await self._envelope(event, includes, message_as_spoken(event, includes, self._account), "private")

    async def _envelope(self, one: Wire, includes: Includes, said: Spoken, visibility: Visibility) -> Envelope:
        own = author_of(one) == self._account.id
        if not own:
            media = media_of(one, includes, most=self._settings.max_attachment_size)
            said = await self._with_files(said, media)
        raw = msgspec.json.encode(said)
        return Envelope(
            connector=self._name,
            channel="x",
            account=self._account.id,
            source_id=(POST if visibility == "public" else MESSAGE) + text(one, "id"),
            received_at=made_at(one),
            raw=raw,
            size=len(raw),
            media_type=SPOKEN,
            visibility=visibility,
            ignored=OWN if own else None,
        )

    async def _with_files(self, said: Spoken, media: list[Media]) -> Spoken:
        """The message with its files; of one that cannot be had the text says why, and where it is."""
        files, missing = list[SpokenFile](), list[str]()
        for one in media:
            try:
                files.append(await self._fetch(one))
            except NotFetched as error:
                missing.append(f"[{one.kind} not fetched: {error}] {one.urls[0] if one.urls else ''}".strip())
        words = "\n".join(filter(None, (said.text, *missing)))
        return msgspec.structs.replace(said, text=words, files=tuple(files))

    async def _fetch(self, media: Media) -> SpokenFile:
        """The best form that is small enough."""
        reason = NotFetched("X does not say where it is")
        for url in media.urls:
            try:
                address, headers = await self._where(url)
                file = await self._downloader.fetch(address, self._state, headers=headers)
            except NotFetched as error:
                reason = error
                if error.passing:
                    break
            else:
                return msgspec.structs.replace(file, filename=media.filename or file.filename)
        raise reason

    async def _where(self, url: str) -> tuple[str, Mapping[str, str]]:
        """The address of a file; those of direct messages are asked of the API, in the account's name."""
        found = _MESSAGE_FILE.search(url)
        if found is None:
            return url, {}
        route = f"/2/dm_conversations/media/{found[1]}/{found[2]}/{found[3]}"
        return self._settings.api_base + route, {"Authorization": f"Bearer {await self._token()}"}

"""A logged-in connection to an IMAP server: what a reader asks of it, with a deadline for every answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from datetime import datetime, timedelta

from aioimaplib.aioimaplib import AioImapException, CommandTimeout, Response
from msgspec import Struct

from connectors.email.imap import ConnectionLost, Part, plain
from connectors.email.imap_client import Client
from connectors.email.imap_errors import Broken, broken, folder_refusal, refusal
from connectors.email.imap_wire import (
    arrived,
    attributes,
    code,
    decode_mailbox,
    encode_mailbox,
    fetched,
    numbers,
    status_code,
    uid_set,
)
from connectors.email.settings import ImapSource
from model.errors import FaninError

LONGEST_IDLE = timedelta(minutes=28)
"""RFC 2177 asks for less than 29 minutes."""


class Box(Struct, frozen=True):
    """A folder as SELECT or STATUS describes it; zero where the server did not say."""

    uidvalidity: int = 0
    uidnext: int = 0


class Listed(Struct, frozen=True):
    """A message before it is read; `size` in bytes as the server states it, which may be an estimate."""

    uid: int
    size: int
    arrived: datetime | None


class Session:
    """One connection, logged in.

    Every method raises Broken if the connection is lost or the server falls silent, Transient if it
    refuses for now, Missing for a folder that cannot be read, CredentialsRejected.
    """

    def __init__(self, client: Client, settings: ImapSource, *, expires: datetime | None = None) -> None:
        self._client = client
        self._settings = settings
        self._idles = settings.idle and client.has_capability("IDLE")
        self._selected: tuple[str, bool] | None = None
        self._box = Box()
        self.expires = expires
        """When the access token ends, with which this session was opened."""

    @property
    def pushes(self) -> bool:
        """Whether the server tells of new mail by itself."""
        return self._idles

    async def select(self, folder: str, *, writable: bool = False) -> Box:
        """Make the folder the one that is read; a folder that is selected already costs nothing."""
        if self._selected != (folder, writable):
            self._selected = None
            command = self._client.select if writable else self._client.examine
            response = await self._answer(command(encode_mailbox(folder)), f"the folder {folder!r}")
            if response.result != "OK":
                raise folder_refusal(response, folder)
            box = [status_code(response.lines, name) or 0 for name in (b"UIDVALIDITY", b"UIDNEXT")]
            self._box, self._selected = Box(*box), (folder, writable)
        return self._box

    async def status(self, folder: str) -> Box:
        """Describe a folder without selecting it (RFC 3501 section 6.3.10)."""
        command = self._client.status(encode_mailbox(folder), "(UIDNEXT UIDVALIDITY)")
        response = await self._answer(command, f"the folder {folder!r}")
        if response.result != "OK":
            raise folder_refusal(response, folder)
        known = attributes(response.lines[0])
        return Box(known.get(b"UIDVALIDITY", 0), known.get(b"UIDNEXT", 0))

    async def folders(self) -> list[str]:
        """The names of the folders there are."""
        response = await self._ask(self._client.list('""', "*"), "the list of folders")
        names = [
            plain(line).rpartition(b' "')[2] if line.endswith(b'"') else line.split()[-1] for line in _texts(response)
        ]
        return [decode_mailbox(name.decode("ascii", "replace").strip('"')) for name in names]

    async def uids(self, *criteria: str) -> list[int]:
        """The UIDs of the selected folder that match, ascending."""
        self._client.forget_news()
        return numbers(
            (await self._ask(self._client.uid_search(*criteria, charset=None), "the list of messages")).lines
        )

    async def listing(self, uids: Sequence[int]) -> list[Listed]:
        """Size and time of arrival of each of the messages that is still there, ascending."""
        response = await self._ask(
            self._client.uid("fetch", uid_set(uids), "(UID RFC822.SIZE INTERNALDATE)"), "sizes and times"
        )
        wanted = set(uids)
        found = {message.uid: message for items in fetched(response.lines) if (message := _listed(items))}
        return [found[uid] for uid in sorted(found) if uid in wanted]

    async def bodies(self, uids: Sequence[int]) -> tuple[dict[int, bytes], FaninError | None]:
        """As many of the messages as came whole, and the trouble that kept the others from it."""
        items, trouble = await self._fetch(uids, "(UID BODY.PEEK[])")
        wanted = set(uids)
        return {uid: body for uid, body in _bodies(items, b"BODY[]") if uid in wanted}, trouble

    async def piece(self, uid: int, offset: int, size: int) -> bytes | None:
        """At most that many bytes of a message from there on; None if the message is gone."""
        return await self._one(uid, f"BODY.PEEK[]<{offset}.{size}>", f"BODY[]<{offset}>".encode())

    async def header(self, uid: int, size: int) -> bytes | None:
        """At most that many bytes of a message's header; None if the message is gone."""
        return await self._one(uid, f"BODY.PEEK[HEADER]<0.{size}>", b"BODY[HEADER]<0>")

    async def wait(self, span: timedelta) -> bool:
        """Wait until the server tells of new mail in the selected folder; False after that long."""
        seconds = max(0.0, min(span, LONGEST_IDLE).total_seconds())
        idles = self._idles and self._selected
        waiting = self._client.idle_until(seconds) if idles else self._client.wait_for_news(seconds)
        try:
            return await waiting
        except TimeoutError:
            self._client.protocol.drop()
            raise Broken("the server fell silent during IDLE") from None
        except AioImapException as error:
            if self._client.protocol.lost is not None:
                raise self._broken(error) from None
            self._idles = False  # it claims to know IDLE and refuses it: the poll is left
            return False

    async def flag(self, uids: Sequence[int]) -> None:
        """Mark messages as seen."""
        await self._ask(self._client.uid("store", uid_set(uids), "+FLAGS.SILENT", r"(\Seen)"), "to flag messages")

    async def move(self, uids: Sequence[int], folder: str) -> None:
        """Move messages to a folder, which is created if need be (RFC 6851, else RFC 4315)."""
        uid_list, target = uid_set(uids), encode_mailbox(folder)
        verb = "move" if self._client.has_capability("MOVE") else "copy"
        response = await self._answer(self._client.uid(verb, uid_list, target), "to move messages")
        if response.result != "OK" and code(response.lines)[0] == "TRYCREATE":
            await self._ask(self._client.create(target), f"to create the folder {folder!r}")
            response = await self._answer(self._client.uid(verb, uid_list, target), "to move messages")
        if response.result != "OK":
            raise refusal(response, "to move messages")
        if verb == "copy":
            await self._ask(self._client.uid("store", uid_list, "+FLAGS.SILENT", r"(\Deleted)"), "to delete messages")
            if self._client.has_capability("UIDPLUS"):
                await self._ask(self._client.uid("expunge", uid_list), "to expunge messages")

    async def _one(self, uid: int, item: str, name: bytes) -> bytes | None:
        items, trouble = await self._fetch([uid], f"(UID {item})")
        found = dict(_bodies(items, name)).get(uid)
        if found is None and trouble:
            raise trouble
        return found

    async def _fetch(self, uids: Sequence[int], what: str) -> tuple[list[dict[bytes, Part]], FaninError | None]:
        """The complete FETCH responses, also those that came before a connection broke or a NO was said."""
        try:
            response = await self._deadline(self._client.uid("fetch", uid_set(uids), what))
        except ConnectionLost as error:
            return list(fetched(error.lines)), self._broken(error)
        except CommandTimeout as error:
            self._client.protocol.drop()
            return list(fetched(error.command.response.lines[:-1])), Broken("the server stopped in mid-answer")
        except TimeoutError:
            return [], Broken("the server answers too slowly")
        except AioImapException as error:
            return [], self._broken(error)
        trouble = None if response.result == "OK" else refusal(response, "to send messages")
        return list(fetched(response.lines)), trouble

    async def _ask(self, answer: Awaitable[Response], doing: str) -> Response:
        response = await self._answer(answer, doing)
        if response.result != "OK":
            raise refusal(response, doing)
        return response

    async def _answer(self, answer: Awaitable[Response], doing: str) -> Response:
        try:
            return await self._deadline(answer)
        except (TimeoutError, CommandTimeout):
            self._client.protocol.drop()
            raise Broken(f"the server does not answer ({doing})") from None
        except AioImapException as error:
            raise self._broken(error) from None

    def _broken(self, error: AioImapException) -> Broken:
        return broken(self._client.protocol.lost or str(error))

    async def _deadline(self, answer: Awaitable[Response]) -> Response:
        """Bound the whole answer too: a server that says one byte a minute is silent as well."""
        async with asyncio.timeout(self._client.timeout * 10):
            return await answer


def _texts(response: Response) -> list[bytes]:
    return [line for line in response.lines[:-1] if isinstance(line, bytes)]


def _listed(items: dict[bytes, Part]) -> Listed | None:
    uid, size = plain(items.get(b"UID", b"")), plain(items.get(b"RFC822.SIZE", b""))
    if not uid.isdigit() or not size.isdigit():
        return None
    return Listed(int(uid), int(size), arrived(plain(items.get(b"INTERNALDATE", b""))))


def _bodies(responses: Iterable[dict[bytes, Part]], name: bytes) -> Iterable[tuple[int, bytes]]:
    """UID and content of each response that has both; an empty body may come as NIL (RFC 3501 section 9)."""
    for items in responses:
        uid, body = plain(items.get(b"UID", b"")), items.get(name)
        if uid.isdigit() and body is not None:
            yield int(uid), b"" if body == b"NIL" else plain(body)

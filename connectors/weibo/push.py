"""The fans service (粉丝服务平台) tells of private messages by HTTP, thrice if it is not answered in five seconds.

https://open.weibo.com/wiki/消息推送服务, https://open.weibo.com/wiki/Receive_General_Message

A message has no id of its own: sender, time and content name it.  The signature covers no content, so a signature is
taken once, for one content, and soon after it was made.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import orjson
import structlog
from aiohttp import web

from connectors.base import Intake, State
from connectors.download import NotFetched
from connectors.weibo import windows
from connectors.weibo.later import Later, Waiting
from connectors.weibo.media import Media
from connectors.weibo.message import Account, private_envelope, read_status, read_time, set_aside
from connectors.weibo.message import envelope as public_envelope
from connectors.weibo.settings import WeiboSettings
from model.clock import Clock
from model.envelope import Envelope
from model.errors import CredentialsRejected, Misconfigured, Transient
from model.spoken import SpokenFile

log = structlog.get_logger()

DEADLINE = 4.5
"""Seconds in which an answer is given: after five Weibo asks again."""
FILE_DEADLINE = 2.5
"""Seconds that a file may take of them; one that takes longer follows in a message of its own."""
MOST = 256 << 10
FRESH = timedelta(minutes=15)
_REMEMBERED = 4096
OPENING = frozenset({"follow", "subscribe", "click", "scan_follow"})
CLOSING = frozenset({"unfollow"})
FILES = {"image": "[picture]", "voice": "[voice message]"}


class Pushed(msgspec.Struct, frozen=True):
    """What was pushed, as far as it can be understood."""

    type: str
    sender: str
    at: datetime
    text: str
    data: Mapping[str, Any]
    source_id: str


class Push:
    """Takes what is pushed for one account."""

    def __init__(
        self,
        *,
        account: Account,
        settings: WeiboSettings,
        media: Media,
        later: Later,
        wake: Callable[[str], bool],
        clock: Clock,
    ) -> None:
        self._account, self._settings, self._media, self._later = account, settings, media, later
        self._wake, self._clock = wake, clock
        self._signatures: OrderedDict[str, bytes] = OrderedDict()

    def routes(self, intake: Intake, state: State) -> Iterable[web.RouteDef]:
        """The check of the address (GET) and the messages (POST), under `/hooks/<name>/`."""

        async def take(request: web.Request) -> web.Response:
            return await self._take(request, intake, state)

        path = f"/hooks/{self._account.connector}/"
        return [web.get(path, self._greet), web.post(path, take)]

    async def _greet(self, request: web.Request) -> web.Response:
        """Say back what Weibo says, when the address is entered in its console."""
        self._check_signature(request)
        return web.Response(text=request.query.get("echostr", ""))

    async def _take(self, request: web.Request, intake: Intake, state: State) -> web.Response:
        """Accept a message; an empty answer says that it is taken."""
        self._check_signature(request)
        try:
            async with asyncio.timeout(DEADLINE):
                body = await _body(request)
                self._check_use(request, body)
                pushed = read_pushed(body, self._clock.now(), self._settings.uid)
                if pushed is None:
                    log.warning(
                        "push.refused", connector=self._account.connector, reason="it is for no account of ours"
                    )
                    raise web.HTTPBadRequest(text="this is no message for this account\n")
                await self._accept(pushed, intake, state)
        except (Transient, CredentialsRejected, TimeoutError):
            return web.Response(status=503, text="not now\n", headers={"Retry-After": "5"})
        return web.Response(text="")

    async def _accept(self, pushed: Pushed, intake: Intake, state: State) -> None:
        match pushed.type:
            case "text":
                await self._say(pushed, pushed.text, intake)
            case "position":
                await self._say(pushed, f"{pushed.text}\n{_place(pushed.data)}".strip(), intake)
            case "image" | "voice":
                await self._accept_file(pushed, intake, state)
            case "mention":
                await self._accept_mention(pushed, intake)
                await windows.opened(state, pushed.sender, pushed.at, uses=1)
                return
            case "event":
                await self._accept_event(pushed, intake, state)
                return
            case _:
                await intake.accept([set_aside(pushed.source_id, self._account, pushed.at, "unknown-type")])
                return
        await windows.opened(state, pushed.sender, pushed.at)

    async def _say(self, pushed: Pushed, text: str, intake: Intake, files: Iterable[SpokenFile] = ()) -> None:
        envelope = private_envelope(
            pushed.source_id, pushed.sender, self._account, text=text, at=pushed.at, files=tuple(files)
        )
        await intake.accept([envelope])

    async def _accept_file(self, pushed: Pushed, intake: Intake, state: State) -> None:
        """Fetch the file at once if that is quick, else promise it; a promise is kept across restarts."""
        text, fid = pushed.text or FILES[pushed.type], str(pushed.data.get("tovfid") or "")
        try:
            async with asyncio.timeout(FILE_DEADLINE):
                file = await self._media.sent_file(fid, state)
        except (NotFetched, Transient, CredentialsRejected, TimeoutError):
            await self._later.promise(Waiting(pushed.source_id, pushed.sender, fid, text, self._clock.now()), state)
            await self._say(pushed, f"{text}\n[the file follows]", intake)
        else:
            await self._say(pushed, text, intake, [file])

    async def _accept_mention(self, pushed: Pushed, intake: Intake) -> None:
        """A mention is read where posts and comments are read; where they are not, what was pushed is all there is."""
        is_comment = pushed.data.get("subtype") == "comment"
        if self._wake("comment_mentions" if is_comment else "mentions"):
            return
        await intake.accept([self._mention(pushed, is_comment=is_comment)])

    def _mention(self, pushed: Pushed, *, is_comment: bool) -> Envelope:
        value = {"id": pushed.data.get("key"), "text": pushed.text, "user": {"id": pushed.sender}}
        said = read_status(value, pushed.at)
        if said is None:
            return set_aside(pushed.source_id, self._account, pushed.at, "unknown-type")
        if is_comment:
            said = msgspec.structs.replace(said, kind="comment", url=None, root=f"c{said.id}")
        return public_envelope(said, self._account, text=said.text, start=None)

    async def _accept_event(self, pushed: Pushed, intake: Intake, state: State) -> None:
        """Follow, menu and the like are no messages; they decide whether we may write."""
        await intake.accept([set_aside(pushed.source_id, self._account, pushed.at, "event")])
        subtype = str(pushed.data.get("subtype"))
        if subtype in OPENING:
            await windows.opened(state, pushed.sender, pushed.at)
        elif subtype in CLOSING:
            await windows.closed(state, pushed.sender, pushed.at)

    def _check_signature(self, request: web.Request) -> None:
        assert self._settings.push_secret is not None
        try:
            secret = self._settings.push_secret.read()
        except Misconfigured as error:
            log.warning("push.refused", connector=self._account.connector, reason=str(error))
            raise web.HTTPServiceUnavailable(text="not now\n") from None
        query = request.query
        wanted = signature(secret, query.get("timestamp", ""), query.get("nonce", ""))
        if not hmac.compare_digest(wanted.encode(), query.get("signature", "").encode("utf-8", "surrogateescape")):
            raise web.HTTPForbidden(text="the signature is not right\n")

    def _check_use(self, request: web.Request, body: bytes) -> None:
        """Refuse what was signed long ago, and a signature that came with another content before."""
        at = _signed_at(request.query.get("timestamp", ""))
        if at is None or abs(self._clock.now() - at) > FRESH:
            raise web.HTTPForbidden(text="the signature is not of now\n")
        key = request.query["signature"] + request.query.get("nonce", "")
        digest = hashlib.sha256(body).digest()
        if self._signatures.setdefault(key, digest) != digest:
            raise web.HTTPForbidden(text="the signature was used before\n")
        while len(self._signatures) > _REMEMBERED:
            self._signatures.popitem(last=False)


def signature(secret: str, timestamp: str, nonce: str) -> str:
    """The signature of a request: SHA-1 (hex) over the three, sorted and joined."""
    return hashlib.sha1("".join(sorted([secret, timestamp, nonce])).encode()).hexdigest()  # noqa: S324 - as prescribed


def read_pushed(body: bytes, now: datetime, uid: str) -> Pushed | None:
    """Read what was pushed; None for what is no message to the account."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(value, dict) or str(value.get("receiver_id", "")) != uid:
        return None
    sender, kind = str(value.get("sender_id", "")), str(value.get("type", ""))
    if not (sender.isascii() and sender.isdecimal() and len(sender) < 20):
        return None
    text, data = value.get("text"), value.get("data")
    named = [sender, value.get("created_at"), kind, text, data]
    digest = hashlib.sha256(orjson.dumps(named, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
    return Pushed(
        type=kind,
        sender=sender,
        at=read_time(value.get("created_at")) or now,
        text=text if isinstance(text, str) else "",
        data=data if isinstance(data, dict) else {},
        source_id=f"message:{digest}",
    )


def _signed_at(timestamp: str) -> datetime | None:
    """When a request was signed; Weibo counts milliseconds."""
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 13):
        return None
    return datetime.fromtimestamp(int(timestamp) / (1000 if len(timestamp) > 10 else 1), UTC)


def _place(data: Mapping[str, Any]) -> str:
    """A position as a geo address (RFC 5870)."""
    try:
        return f"geo:{float(data['latitude']):.6g},{float(data['longitude']):.6g}"
    except (KeyError, TypeError, ValueError):
        return ""


async def _body(request: web.Request) -> bytes:
    body = bytearray()
    async for piece in request.content.iter_chunked(64 << 10):
        body += piece
        if len(body) > MOST:
            raise web.HTTPRequestEntityTooLarge(max_size=MOST, actual_size=len(body))
    return bytes(body)

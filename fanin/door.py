"""The door of the way back: `POST /v1/tickets/{number}/replies` on the private listener.

An answer is JSON, or multipart/form-data with a part `reply` (that JSON) before the files.  2xx is said once
it is durable; the same `Idempotency-Key` again is the same answer.  Errors are problems (RFC 9457).
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from aiohttp import BodyPartReader, web
from msgspec import Meta, Struct

from model.envelope import Visibility
from model.errors import Transient
from model.operation import phrase
from model.reply import ReplyFile
from model.settings import Secret
from model.tracking import parse_tracking_number
from normalizer.mime.filename import safe_name
from normalizer.text.html_safe import sanitise
from store.arrival import Content
from store.replies import Booked, Written
from store.store import Store

MAX_REPLY = 1024 * 1024
"""Bytes of JSON."""
MAX_FILE = 25 * 1024 * 1024
MAX_FILES = 20
MAX_KEY = 200


class Answer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The JSON of an answer."""

    text: Annotated[str, Meta(min_length=1, max_length=100_000)]
    html: Annotated[str, Meta(max_length=500_000)] | None = None
    author: Annotated[str, Meta(max_length=200)] = ""
    visibility: Visibility | None = None
    automatic: bool = False


class Problem(Exception):
    """What is wrong with a request, for its sender (RFC 9457)."""

    def __init__(self, status: HTTPStatus, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers

    def response(self) -> web.Response:
        """The problem as it is sent."""
        body = {"type": "about:blank", "title": phrase(self.status), "status": self.status, "detail": self.detail}
        return web.json_response(
            body, status=self.status, headers=self.headers, content_type="application/problem+json"
        )


class Door:
    """Takes answers from helpdesks."""

    def __init__(
        self, store: Store, tokens: Mapping[str, Secret], token: Secret | None, wake: Callable[[], None]
    ) -> None:
        """`tokens` are the helpdesks' own; `token` is the listener's, None where whoever reaches it may use it."""
        self._store, self._tokens, self._token, self._wake = store, tokens, token, wake

    def routes(self) -> list[web.RouteDef]:
        """What is served."""
        return [
            web.post("/v1/tickets/{number}/replies", self._take),
            web.get("/v1/tickets/{number}/replies/{id}", self._tell),
        ]

    async def _take(self, request: web.Request) -> web.Response:
        try:
            return await self._taken(request)
        except Problem as problem:
            return problem.response()
        except Transient as error:
            headers = {"Retry-After": "5"}
            return Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), **headers).response()

    async def _taken(self, request: web.Request) -> web.Response:
        conversation, helpdesk = await self._addressed(request)
        key = request.headers.get("Idempotency-Key", "")
        if not 0 < len(key) <= MAX_KEY:
            raise Problem(HTTPStatus.BAD_REQUEST, f"give an Idempotency-Key header of 1 to {MAX_KEY} characters")
        answer, files, contents = await self._read(request)
        written = Written(
            helpdesk=helpdesk,
            key=key,
            conversation=conversation,
            author=answer.author,
            text=answer.text,
            html=answer.html and sanitise(answer.html),
            visibility=answer.visibility,
            automatic=answer.automatic,
            files=tuple(files),
            contents=tuple(contents),
            at=datetime.now(UTC),
        )
        booked = await self._store.replies.book(written)
        if booked.outcome == "conflict":
            raise Problem(HTTPStatus.CONFLICT, "the Idempotency-Key was used for another answer; give a new one")
        if booked.outcome == "expired":
            raise Problem(HTTPStatus.GONE, "the conversation has expired: nobody is known to answer to")
        self._wake()
        if booked.outcome == "known":
            return _shown(booked, HTTPStatus.OK, {"Idempotency-Replayed": "true"})
        return _shown(booked, HTTPStatus.ACCEPTED, {})

    async def _tell(self, request: web.Request) -> web.Response:
        try:
            conversation, _ = await self._addressed(request)
            if found := await self._store.replies.find(conversation, request.match_info["id"]):
                return _shown(found, HTTPStatus.OK, {})
            raise Problem(HTTPStatus.NOT_FOUND, "there is no such reply")  # noqa: TRY301 - answered as any other
        except Problem as problem:
            return problem.response()

    async def _addressed(self, request: web.Request) -> tuple[str, str]:
        """The conversation that is meant, and the helpdesk that speaks.

        A helpdesk with a token of its own reaches the conversations that it has, and no others.
        """
        speaker = self._speaker(request)
        number = parse_tracking_number(request.match_info["number"])
        conversation = await self._store.find_conversation(number) if number else None
        helpdesks = await self._store.helpdesks_of(conversation) if conversation else []
        if conversation is None or not helpdesks or (speaker is not None and speaker not in helpdesks):
            raise Problem(HTTPStatus.NOT_FOUND, "there is no such tracking number, or it is not with this helpdesk")
        return conversation, speaker or helpdesks[0]

    def _speaker(self, request: web.Request) -> str | None:
        """The helpdesk whose token was brought; None for the listener's token, or where none is needed."""
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        token = given.strip().encode("utf-8", "surrogateescape") if scheme.lower() == "bearer" else b""
        if token:
            for name, secret in self._tokens.items():
                if hmac.compare_digest(token, secret.read().encode()):
                    return name
        is_listeners = self._token is not None and hmac.compare_digest(token, self._token.read().encode())
        if is_listeners or (self._token is None and not token):
            return None
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            "a helpdesk's reply_token is needed: Authorization: Bearer …",
            **{"WWW-Authenticate": "Bearer"},
        )

    async def _read(self, request: web.Request) -> tuple[Answer, list[ReplyFile], list[Content]]:
        if request.content_type == "application/json":
            return _answer(await request.content.read(MAX_REPLY + 1)), [], []
        if request.content_type != "multipart/form-data":
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json or multipart/form-data")
        answer: Answer | None = None
        files: list[ReplyFile] = []
        contents: list[Content] = []
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise Problem(HTTPStatus.BAD_REQUEST, "a part must not have parts itself")
            if answer is None:
                if part.name != "reply":
                    raise Problem(HTTPStatus.BAD_REQUEST, "the first part must be named reply and be the JSON")
                answer = _answer(b"".join([piece async for piece in _pieces(part, MAX_REPLY)]))
                continue
            if len(files) == MAX_FILES:
                raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {MAX_FILES} files")
            ref = await self._store.write_blob(_pieces(part, MAX_FILE))
            name = safe_name(part.filename or "") or "attachment"
            kind = part.headers.get("Content-Type", "application/octet-stream").partition(";")[0].strip()
            files.append(ReplyFile(filename=name, media_type=kind, size=ref.size, sha256=ref.sha256))
            contents.append(Content(sha256=ref.sha256, size=ref.size))
        if answer is None:
            raise Problem(HTTPStatus.BAD_REQUEST, "there is no part named reply")
        return answer, files, contents


async def _pieces(part: BodyPartReader, most: int) -> AsyncIterator[bytes]:
    size = 0
    while piece := await part.read_chunk():
        size += len(piece)
        if size > most:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{part.name}: more than {most} bytes")
        yield bytes(piece)


def _answer(body: bytes) -> Answer:
    if len(body) > MAX_REPLY:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the JSON has more than {MAX_REPLY} bytes")
    try:
        return msgspec.json.decode(body, type=Answer)
    except msgspec.MsgspecError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, str(error)) from None


def _shown(booked: Booked, status: HTTPStatus, headers: Mapping[str, str]) -> web.Response:
    body: dict[str, Any] = {"id": booked.id, "sequence": booked.sequence, "status": booked.status}
    if booked.detail:
        body["detail"] = booked.detail
    return web.json_response(body, status=status, headers=headers)

"""Answers: a comment under the post or comment that is answered, or a private message.

`comments/create`, `comments/reply` (140 characters) and `messages/reply` (300, within 48 hours).  What was written
before a failure is remembered, so that nothing is written twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
import orjson

from connectors.base import State
from connectors.weibo import windows
from connectors.weibo.api import CREATE, MESSAGE, REPLY, Api
from connectors.weibo.errors import DUPLICATE, GONE, Faltered, NotAllowed, Refused
from connectors.weibo.permalink import post_of
from connectors.weibo.settings import WeiboSettings
from model.clock import Clock
from model.errors import Permanent, Transient, Uncertain
from model.reply import Reply, SentRef

COMMENT, PRIVATE = 140, 300
"""Characters of a comment and of a private message."""
MOST_PARTS = 9
_KEPT = timedelta(days=7)
_BREAK = re.compile(r"\s+")


class _Progress(msgspec.Struct):
    """What became of the parts of an answer."""

    done: list[str] = []
    trying: bool = False
    """The next part is being written: where this is found later, nobody knows whether it was."""
    again: bool = False
    """Weibo said that it failed with the next part: a duplicate is then that very part."""


class Writer:
    """Writes answers of one account."""

    def __init__(self, settings: WeiboSettings, api: Api, clock: Clock) -> None:
        self._settings, self._api, self._clock = settings, api, clock

    async def send(self, reply: Reply, state: State) -> SentRef:
        """Write an answer where its visibility says (see `connectors.base.Speaker`)."""
        if reply.attachments:
            raise Permanent("Weibo takes no files with an answer: send a link, or the text alone")
        kind, _, number = reply.answers.source_id.partition(":")
        if reply.visibility == "public" and kind in ("status", "comment"):
            return await self._comment(reply, kind, number, state)
        return await self._message(reply, state)

    async def _comment(self, reply: Reply, kind: str, number: str, state: State) -> SentRef:
        post = number if kind == "status" else post_of(reply.answers.url)
        if post is None:
            raise Permanent("the post under which the customer wrote has been removed")
        form: dict[str, Any] = {"id": post, "rip": self._settings.real_ip}
        endpoint = CREATE
        if kind == "comment":
            endpoint, form = REPLY, form | {"cid": number}

        async def write(part: str) -> Any:
            return await self._api.post(endpoint, state, comment=part, **form)

        return await self._write(reply, parts(reply.text, COMMENT, self._settings.long_replies), write, state)

    async def _message(self, reply: Reply, state: State) -> SentRef:
        uid = next((one.value for one in reply.requester.identities if one.value.isdecimal()), None)
        if uid is None:
            raise Permanent("the customer's number on Weibo is not known")
        pieces = parts(reply.text, PRIVATE, self._settings.long_replies)
        await self._may_write(uid, reply, len(pieces), state)

        async def write(part: str) -> Any:
            form = {"type": "text", "data": orjson.dumps({"text": part}).decode(), "receiver_id": uid}
            answer = await self._api.post(MESSAGE, state, save_sender_box=1, **form)
            await windows.used(state, uid)
            return answer

        return await self._write(reply, pieces, write, state)

    async def _may_write(self, uid: str, reply: Reply, count: int, state: State) -> None:
        now, window = self._clock.now(), await windows.find(state, uid)
        if window is None and reply.answers.source_id.startswith("message:"):
            window = windows.Window(reply.answers.received_at + windows.OPEN_FOR)
        if window is None or not window.allows(now):
            raise Permanent(
                "Weibo lets us write privately only within 48 hours after the customer wrote privately, followed or "
                "chose from the menu, and not after they unfollowed: ask them in public, without details, to write"
            )
        if window.uses is not None and count > window.uses:
            raise Permanent(f"Weibo allows one private message after a mention: shorten it to {PRIVATE} characters")

    async def _write(self, reply: Reply, pieces: list[str], write: Any, state: State) -> SentRef:
        """Write one part after the other, each remembered before and after."""
        key = f"reply:{reply.id}"
        progress = await _load(state, key)
        if progress.trying:
            raise Uncertain("fanin was stopped while Weibo was asked to take it: look whether it is there")
        for piece in pieces[len(progress.done) :]:
            progress.trying = True
            await self._keep(state, key, progress)
            try:
                answer = await write(piece)
            except Refused as error:
                if error.code not in DUPLICATE or not progress.again:
                    await self._failed(state, key, progress)
                    raise _explained(error, progress) from None
                answer = None
            except NotAllowed as error:
                await self._failed(state, key, progress)
                raise Permanent(f"{error}; {error.remedy}") from None
            except Uncertain:
                raise
            except BaseException as error:
                progress.again |= isinstance(error, Faltered)
                if isinstance(error, Exception):  # else we are being stopped while it is under way
                    await self._failed(state, key, progress)
                raise
            progress = _Progress(done=[*progress.done, _name(answer, reply)])
            await self._keep(state, key, progress)
        return SentRef(progress.done[0])

    async def _failed(self, state: State, key: str, progress: _Progress) -> None:
        progress.trying = False
        await self._keep(state, key, progress)

    async def _keep(self, state: State, key: str, progress: _Progress) -> None:
        stored = await state.get(key)
        expires = self._clock.now() + _KEPT
        version = stored[1] if stored else None
        if not await state.put(key, msgspec.to_builtins(progress), version=version, expires=expires):
            raise Transient("the same answer is being sent elsewhere")


def parts(text: str, most: int, long: str) -> list[str]:
    """An answer in pieces that Weibo takes, as `long_replies` says: split between words, shortened, or refused.

    Raises Permanent for an empty text, and for one that is too long even so.
    """
    text = text.strip()
    if not text:
        raise Permanent("there is no text to send")
    if _length(text) <= most:
        return [text]
    if long == "shorten":
        return [_head(text, most - 1).rstrip() + "…"]
    pieces: list[str] = []
    while text and len(pieces) <= MOST_PARTS:
        head = _head(text, most - len("(1/9) "))
        if len(head) < len(text) and (breaks := [found.start() for found in _BREAK.finditer(head)]):
            head = head[: breaks[-1]] if breaks[-1] > len(head) // 2 else head
        pieces.append(head.strip())
        text = text[len(head) :].strip()
    if long == "refuse" or text or len(pieces) > MOST_PARTS:
        allowed = most if long == "refuse" else most * MOST_PARTS
        raise Permanent(f"the answer is too long for Weibo, which takes {allowed} characters here: shorten it")
    return [f"({at}/{len(pieces)}) {piece}" for at, piece in enumerate(pieces, 1)]


def _length(text: str) -> int:
    """Characters as Weibo may count them at the most: those outside the basic plane (emoji) are two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _head(text: str, most: int) -> str:
    """The longest beginning that has at most so many characters."""
    used = 0
    for at, letter in enumerate(text):
        used += 2 if ord(letter) > 0xFFFF else 1
        if used > most:
            return text[:at]
    return text


def _name(answer: Any, reply: Reply) -> str:
    """What Weibo calls what was written; ours where it says nothing."""
    if isinstance(answer, Mapping) and (found := answer.get("idstr") or answer.get("id")):
        return f"comment:{found}"
    return f"reply:{reply.id}"


def _explained(error: Refused, progress: _Progress) -> Permanent:
    if progress.done:
        return Permanent(f"the first {len(progress.done)} parts were sent, the next was refused: {error}")
    return Permanent(f"{error}; write privately instead") if error.code in GONE else error


async def _load(state: State, key: str) -> _Progress:
    stored = await state.get(key)
    return msgspec.convert(stored[0], _Progress) if stored else _Progress()

"""Answers on X: in public where the customer spoke to us in public and the answer may be, else by direct message."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from connectors.base import State
from connectors.budget import Budget
from connectors.x.client import Answer, Client
from connectors.x.errors import Broken, Refused
from connectors.x.length import shortened, split, weight
from connectors.x.message import POST, text
from connectors.x.prices import Meter
from connectors.x.settings import XSettings
from model.clock import Clock
from model.errors import Permanent, Uncertain
from model.reply import Reply, SentRef

MESSAGE_LENGTH = 10_000
"""Characters of a direct message."""
KEPT = timedelta(days=30)
"""How long it is remembered which parts of an answer were sent."""
Way = Literal["post", "dm"]
_NEITHER = "X allows neither a public answer, for the customer did not mention the account, nor a direct message"


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the sending of an answer has come; written before and after each part."""

    way: Way
    sent: tuple[str, ...] = ()
    trying: bool = False
    """A part is under way: found so afterwards, it is not known whether it was sent."""


class Voice:
    """Sends answers of one account."""

    def __init__(self, settings: XSettings, client: Client, budget: Budget, meter: Meter, clock: Clock) -> None:
        self._settings, self._client, self._budget, self._meter = settings, client, budget, meter
        self._clock = clock

    async def send(self, reply: Reply, state: State) -> SentRef:
        """Send the answer (see `connectors.base.Speaker`)."""
        if reply.attachments:
            raise Permanent("files cannot be sent on X: put a link to them into the answer")
        if not reply.text.strip():
            raise Permanent("the answer has no text")
        progress, version = await _load(state, reply, self._way(reply))
        if progress.trying:
            raise Uncertain("the connection ended while it was being sent: look at the conversation on X")
        try:
            return await self._send(reply, state, progress, version)
        except Refused as error:
            if progress.way == "dm" or error.status not in (403, 404) or "duplicate" in error.problem.lower():
                raise Permanent(f"X does not take the answer: {error}") from None
        # X takes public answers only to those who spoke to the account; who did not may still take a message.
        progress, version = await _load(state, reply, "post")
        try:
            return await self._send(reply, state, msgspec.structs.replace(progress, way="dm"), version)
        except Refused as error:
            raise Permanent(f"{_NEITHER}: {error}") from None

    def _way(self, reply: Reply) -> Way:
        """Public only where that was asked for, in answer to a public post: everything else is private."""
        return "post" if reply.visibility == "public" and reply.answers.source_id.startswith(POST) else "dm"

    async def _send(self, reply: Reply, state: State, progress: Progress, version: int | None) -> SentRef:
        parts = self._parts(reply.text, progress.way)
        for part in parts[len(progress.sent) :]:
            name = f"reply {reply.id} {len(progress.sent)}"
            cost = self._meter.sending(public=progress.way == "post", text=part)
            await self._budget.hold(state, name, cost)
            version = await _keep(state, reply, msgspec.structs.replace(progress, trying=True), version, self._clock)
            sent = ""
            try:
                sent = await self._say(reply, part, progress.way)
            except Uncertain:
                await self._budget.settle(state, name, cost)
                raise
            except Exception as error:
                await self._budget.settle(state, name, 0)
                await _keep(state, reply, progress, version, self._clock)
                if isinstance(error, Refused) and progress.sent:
                    said = f"{len(progress.sent)} of {len(parts)} parts were sent, then: {error}"
                    raise Permanent(said) from None
                raise
            await self._budget.settle(state, name, cost)
            progress = msgspec.structs.replace(progress, sent=(*progress.sent, sent))
            version = await _keep(state, reply, progress, version, self._clock)
        return SentRef(f"{progress.way}:{','.join(progress.sent)}")

    async def _say(self, reply: Reply, part: str, way: Way) -> str:
        """Send one part; the id that X gives it.  Raises Uncertain where it may have been sent."""
        try:
            if way == "post":
                target = reply.answers.source_id.removeprefix(POST)
                answer: Answer = await self._client.create_tweet(
                    text=part, in_reply_to_tweet_id=target, user_auth=False
                )
                return text(answer.body.get("data"), "id")
            answer = await self._client.create_direct_message(
                participant_id=_recipient(reply), text=part, user_auth=False
            )
            return text(answer.body.get("data"), "dm_event_id")
        except Broken as error:
            if error.reached:
                raise Uncertain(f"{error}: it may have been sent; look at the conversation on X") from None
            raise

    def _parts(self, said: str, way: Way) -> list[str]:
        most = self._settings.post_length if way == "post" else MESSAGE_LENGTH
        size = weight(said)
        if size <= most:
            return [said]
        match self._settings.long_replies:
            case "split":
                return split(said, most)
            case "shorten":
                return [shortened(said, most)]
            case "refuse":
                raise Permanent(f"the answer has {size} characters as X counts, and may have {most}: make it shorter")


def _recipient(reply: Reply) -> str:
    """The requester's number, which stays when the handle changes."""
    for one in reply.requester.identities:
        if one.kind == "x" and one.value.isdecimal():
            return one.value
    raise Permanent("the requester has no account on X that is known")


def _key(reply: Reply) -> str:
    return f"reply {reply.id}"


async def _load(state: State, reply: Reply, way: Way) -> tuple[Progress, int | None]:
    stored = await state.get(_key(reply))
    return (msgspec.convert(stored[0], Progress), stored[1]) if stored else (Progress(way=way), None)


async def _keep(state: State, reply: Reply, progress: Progress, version: int | None, clock: Clock) -> int | None:
    """Write how far it is.  Raises Uncertain where somebody else is sending the same answer."""
    expires: datetime = clock.now() + KEPT
    if not await state.put(_key(reply), msgspec.to_builtins(progress), version=version, expires=expires):
        raise Uncertain("the same answer is being sent elsewhere: look at the conversation on X")
    stored = await state.get(_key(reply))
    return stored[1] if stored else None

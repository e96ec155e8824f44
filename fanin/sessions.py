"""What was said before in the session that a message continues, and the order in which its messages are understood.

A secret may come in several messages of one session, also in one batch or at the same time: who understands one
of them holds the session, so that none is understood without those before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from model.draft import Context, Correction, Draft, Heard
from model.envelope import Envelope
from model.spoken import SPOKEN
from store.redaction import MAX_HEARD, correct_message
from store.store import Store


class _Said(msgspec.Struct):
    """The part of a `Spoken` that this is about."""

    text: str
    key: str
    follows: tuple[str, ...] = ()


_DECODE = msgspec.json.Decoder(_Said).decode


class Sessions:
    """The sessions whose messages are being understood now."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._locks: dict[str, asyncio.Lock] = {}
        self._holders: dict[str, int] = {}

    @asynccontextmanager
    async def hold(self, messages: Iterable[Envelope]) -> AsyncIterator[None]:
        """Keep others from understanding messages of the same sessions."""
        said = (_said(one) for one in messages)
        async with AsyncExitStack() as stack:
            for key in sorted({key for one in said if one for key in (one.key, *one.follows)}):
                await stack.enter_async_context(self._one(key))
            yield

    async def contexts(self, context: Context, messages: Sequence[Envelope]) -> list[Context]:
        """What is known when each message is understood; `context` is what all of them share."""
        heard: dict[str, list[Heard]] = {}
        contexts = []
        for one in messages:
            said = _said(one)
            if said is None:
                contexts.append(context)
                continue
            keys = said.follows or (said.key,)
            if keys[0] not in heard:
                heard[keys[0]] = await self._store.heard(one.connector, keys)
            before = heard[keys[0]]
            contexts.append(msgspec.structs.replace(context, history=tuple(before)))
            if len(said.text) <= MAX_HEARD:
                heard[keys[0]] = [*before, Heard(one.source_id, said.text)]
        return contexts

    @asynccontextmanager
    async def _one(self, key: str) -> AsyncIterator[None]:
        lock = self._locks.setdefault(key, asyncio.Lock())
        self._holders[key] = self._holders.get(key, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._holders[key] -= 1
            if not self._holders[key]:
                del self._holders[key], self._locks[key]


def corrected(drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts of a batch, each as later ones of the same batch say that it must be."""
    made = list(drafts)
    places = {one.message.source_id: place for place, one in enumerate(made)}
    for place, one in enumerate(made):
        stored: list[Correction] = []
        for correction in one.corrections:
            earlier = places.get(correction.message, place)
            if earlier < place:
                made[earlier] = _corrected(made[earlier], correction)
            else:
                stored.append(correction)
        made[place] = msgspec.structs.replace(made[place], corrections=tuple(stored))
    return made


def _corrected(draft: Draft, correction: Correction) -> Draft:
    if draft.message.text == correction.text:
        return draft
    return correct_message(draft, correction)


def _said(envelope: Envelope) -> _Said | None:
    """What a message of a session says; None where it is a mail or cannot be read."""
    if envelope.media_type != SPOKEN or not isinstance(envelope.raw, bytes):
        return None
    try:
        return _DECODE(envelope.raw)
    except msgspec.MsgspecError:
        return None

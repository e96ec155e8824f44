"""What was said before in the session that a message continues, and the order in which its messages are understood.

A secret may come in several messages of one session, also in one batch or at the same time: who understands one
of them holds the session, so that none is understood without those before it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec

from model.draft import Context, Correction, Draft, Heard
from model.envelope import Envelope, Receipt
from model.spoken import SPOKEN
from normalizer.normalize import reconsidered
from store.arrival import Arrival
from store.redaction import LATEST, MAX_HEARD, correct_message
from store.store import Store

REMEMBERED = 16_000_000
"""Characters of what was said that are held in memory; beyond, the sessions that were silent for longest are
forgotten, and read again where needed."""
_EACH = 200
"""What a remembered message takes beside its text, and a session beside its messages."""

Key = tuple[str, str]
"""A connector, and one of its thread keys."""


class _Said(msgspec.Struct):
    """The part of a `Spoken` that this is about."""

    text: str
    key: str
    follows: tuple[str, ...] = ()


_DECODE = msgspec.json.Decoder(_Said).decode


class Sessions:
    """The sessions whose messages are being understood now, and what was said lately."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._memory = Memory()
        self._held: set[Key] = set()
        self._freed = asyncio.Event()

    @asynccontextmanager
    async def hold(self, connector: str, messages: Sequence[Envelope]) -> AsyncIterator[Hearing]:
        """Keep others from understanding messages of the same sessions as a connector's messages."""
        hearing = Hearing(self._store, self._memory, connector, messages)
        keys = hearing.keys()
        while not self._held.isdisjoint(keys):
            await self._freed.wait()
        self._held |= keys
        try:
            yield hearing
        except BaseException:
            self._memory.forget(keys)  # nobody knows how much of it is stored
            raise
        finally:
            self._held -= keys
            freed, self._freed = self._freed, asyncio.Event()
            freed.set()


class Hearing:
    """The sessions of some messages of a connector while they are held."""

    def __init__(self, store: Store, memory: Memory, connector: str, messages: Sequence[Envelope]) -> None:
        self._store, self._memory, self._connector = store, memory, connector
        self._messages = messages
        self._said = [_said(one) for one in messages]
        self._named: dict[str, list[str]] = {}

    def keys(self) -> set[Key]:
        """What the sessions are known by."""
        return {(self._connector, key) for one in self._said if one for key in (one.key, *one.follows)}

    async def contexts(self, context: Context) -> list[Context]:
        """What is known when each of the messages is understood; `context` is what all of them share."""
        await self._recall()
        heard: dict[str, list[Heard]] = {}
        contexts = []
        for envelope, said in zip(self._messages, self._said, strict=True):
            if said is None:
                contexts.append(context)
                continue
            keys = said.follows or (said.key,)
            if keys[0] not in heard:
                heard[keys[0]] = self._memory.heard([(self._connector, key) for key in keys])
            before = heard[keys[0]]
            contexts.append(msgspec.structs.replace(context, history=tuple(before)) if before else context)
            if len(said.text) <= MAX_HEARD:
                heard[keys[0]] = [*before, Heard(envelope.source_id, said.text)]
        return contexts

    async def warned(self, draft: Draft, envelope: Envelope, context: Context) -> Draft:
        """The draft, marked where an address in it can be taken for one that its conversation named before.

        Only a message with an address costs a look into the conversation, and a further one into the store if it
        is a mail.  The drafts of a batch come in their order.
        """
        addresses = _addresses(draft)
        if not addresses:
            return draft
        keys = draft.thread_keys or draft.own_keys
        seen = [one for key in keys for one in self._named.get(key, ())]
        for key in {*draft.thread_keys, *draft.own_keys}:
            self._named.setdefault(key, []).extend(addresses)
        seen += [one for heard in await self._heard(keys) for one in heard.addresses]
        return reconsidered(draft, seen, envelope, context) if seen else draft

    async def _heard(self, keys: Sequence[str]) -> list[Heard]:
        """What was said before in the conversations of some keys."""
        known = [(self._connector, key) for key in keys]
        if all(map(self._memory.knows, known)):
            return self._memory.heard(known)
        found = await self._store.heard(self._connector, keys)
        return [heard for said in found.values() for conversation in said.values() for heard in conversation]

    def remember(self, arrivals: Sequence[Arrival], receipts: Sequence[Receipt]) -> None:
        """Note what was stored of the messages."""
        for said, arrival, receipt in zip(self._said, arrivals, receipts, strict=True):
            draft, conversation, event = arrival.draft, receipt.conversation_id, receipt.message_id
            if receipt.status != "accepted" or draft is None or conversation is None or event is None:
                continue
            if said is not None:
                self._memory.name((self._connector, said.key), conversation, is_new=receipt.sequence == 1)
            self._memory.correct(conversation, draft.corrections)
            self._memory.add(conversation, Heard(event, draft.message.text, _addresses(draft)))
        self._memory.shrink()

    async def _recall(self) -> None:
        """Read what is not remembered of the sessions."""
        while unknown := [key for key in self.keys() if not self._memory.knows(key)]:  # others may forget meanwhile
            found = await self._store.heard(self._connector, [key for _, key in unknown])
            for key, conversations in found.items():
                self._memory.learn((self._connector, key), conversations)


class Memory:
    """What was said lately, so that an open session is not read anew for each of its messages.

    This process alone accepts messages, so what it has read once and added to since is what the store holds; beside
    it only `fanin backfill` does, and that accepts what was said long ago.
    """

    def __init__(self) -> None:
        self._conversations: OrderedDict[Key, list[str]] = OrderedDict()
        """The conversations of each key; the key that was used last stands last."""
        self._said: dict[str, list[Heard]] = {}
        self._size = 0

    def knows(self, key: Key) -> bool:
        """Whether everything that a key stands for is remembered."""
        conversations = self._conversations.get(key)
        return conversations is not None and all(one in self._said for one in conversations)

    def heard(self, keys: Sequence[Key]) -> list[Heard]:
        """What was said last in the conversations of some keys that are known."""
        for key in keys:
            self._conversations.move_to_end(key)
        conversations = dict.fromkeys(one for key in keys for one in self._conversations[key])
        return [heard for one in conversations for heard in self._said[one]][-LATEST:]

    def learn(self, key: Key, conversations: dict[str, list[Heard]]) -> None:
        """Remember what the store holds under a key."""
        gone = set(self._conversations.get(key, ())) - set(conversations)
        self._size -= sum(_weight(self._said.pop(one, [])) for one in gone)
        if key not in self._conversations:
            self._size += _EACH
        self._conversations[key] = list(conversations)
        for one, said in conversations.items():
            if one not in self._said:  # what is known under another key is newer
                self._said[one] = said
                self._size += _weight(said)

    def name(self, key: Key, conversation: str, *, is_new: bool) -> None:
        """Note that a conversation is continued, or was opened, under a key."""
        if key not in self._conversations:
            return
        if is_new:
            self._said.setdefault(conversation, [])
        if conversation in self._said and conversation not in self._conversations[key]:
            self._conversations[key].append(conversation)

    def add(self, conversation: str, heard: Heard) -> None:
        """Note what was said in a conversation, if that is remembered."""
        said = self._said.get(conversation)
        if said is None or len(heard.text) > MAX_HEARD:
            return
        said.append(heard)
        self._size += _weight([heard]) - _weight(said[:-LATEST])
        del said[:-LATEST]

    def shrink(self) -> None:
        """Forget what was silent for longest, as long as too much is remembered."""
        while self._size > REMEMBERED:
            self.forget({next(iter(self._conversations))})

    def correct(self, conversation: str, corrections: Sequence[Correction]) -> None:
        """Note that messages of a conversation are other ones now."""
        if corrections and conversation in self._said:
            texts = {one.message: one.text for one in corrections}
            said = self._said[conversation]
            self._size -= _weight(said)
            said[:] = [msgspec.structs.replace(one, text=texts.get(one.message, one.text)) for one in said]
            self._size += _weight(said)

    def forget(self, keys: set[Key]) -> None:
        """Forget the conversations of some keys."""
        for key in keys:
            conversations = self._conversations.pop(key, None)
            if conversations is not None:
                self._size -= _EACH + sum(_weight(self._said.pop(one, [])) for one in conversations)


def corrected(drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts of a batch, each as later ones of the same batch say that it must be."""
    made = list(drafts)
    if not any(one.corrections for one in made):
        return made
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


def _weight(said: Sequence[Heard]) -> int:
    """What messages count for in memory."""
    return sum(_EACH + len(one.text) for one in said)


def _addresses(draft: Draft) -> tuple[str, ...]:
    return tuple(one.value for one in draft.facts.addresses)


def _corrected(draft: Draft, correction: Correction) -> Draft:
    if draft.message.text == correction.text:
        return draft
    return correct_message(draft, correction)


def _said(envelope: Envelope) -> _Said | None:
    """What a message of a session says; None where it is a mail, is ignored, or cannot be read."""
    if envelope.ignored is not None or envelope.media_type != SPOKEN or not isinstance(envelope.raw, bytes):
        return None
    try:
        return _DECODE(envelope.raw)
    except msgspec.MsgspecError:
        return None

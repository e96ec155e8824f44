"""Which conversation a message belongs to.

A number, a subject or a header alone never joins a stranger to somebody's case: a message joins the
conversation that its thread keys name only where its sender is a participant of it.  Otherwise it opens
a conversation of its own, linked to the one that it quotes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from model.draft import Draft
from model.tracking import tracking_number
from store.arrival import Arrival, milliseconds
from store.bulk import among, select_among, write_rows
from store.crypto import Vault
from store.schema import conversation, conversation_key, participant


class Thread:
    """A conversation while messages are being added to it."""

    __slots__ = ("helpdesks", "id", "is_new", "last_sequence", "participants", "row", "tracking_number")

    def __init__(self, id_: str, number: str, last_sequence: int, helpdesks: list[str] | None, row: Any = None) -> None:
        self.id, self.tracking_number = id_, number
        self.last_sequence = last_sequence
        self.helpdesks = helpdesks
        self.is_new = row is not None
        self.row = row
        self.participants: set[bytes] = set()


class Threads:
    """The conversations that a commit touches."""

    def __init__(self, connection: Connection, vault: Vault, now: datetime) -> None:
        self._connection, self._vault, self._now = connection, vault, now
        self._by_id: dict[str, Thread] = {}
        self._by_key: dict[bytes, list[str]] = {}
        self._numbers: dict[str, str] = {}
        self._taken: set[str] = set()
        self._keys: list[dict[str, Any]] = []
        self._participants: list[dict[str, Any]] = []
        self._grown: set[str] = set()

    def look_up(self, drafts: dict[str, Draft]) -> None:
        """Fetch what any of the drafts, by their events, may join or collide with."""
        keys = {
            digest
            for draft in drafts.values()
            for key in draft.thread_keys
            for digest in (self._thread_key(key), self._token_key(key))
        }
        for key, id_ in select_among(self._connection, _QUOTED, keys):
            self._by_key.setdefault(key, []).append(id_)
        self._look_up_candidates()
        self._choose_numbers([self._id(event) for event, draft in drafts.items() if not self._quotes(draft)])

    def _look_up_candidates(self) -> None:
        candidates = {id_ for ids in self._by_key.values() for id_ in ids}
        for id_, number, last_sequence, helpdesks in select_among(self._connection, _CANDIDATES, candidates):
            self._by_id[id_] = Thread(id_, number, last_sequence, orjson.loads(helpdesks))
        for id_, identity in select_among(self._connection, _PARTICIPANTS, candidates):
            self._by_id[id_].participants.add(identity)

    def _choose_numbers(self, conversations: Sequence[str]) -> None:
        """Give conversations that may be opened their tracking numbers, and learn which of those are taken."""
        numbers = {id_: self._number(id_) for id_ in conversations}
        self._numbers |= numbers
        self._taken.update(number for (number,) in select_among(self._connection, _TAKEN, numbers.values()))

    def place(self, arrival: Arrival, event: str) -> Thread:
        """The conversation of an arrival that has a draft, with the arrival as its newest message."""
        draft = arrival.draft
        assert draft is not None
        quoted = self._quoted(draft, self._thread_key)
        answered = self._quoted(draft, self._token_key)
        thread = self._joined(draft, quoted, answered) or self._open(arrival, event, quoted)
        thread.last_sequence += 1
        if not thread.is_new:
            self._grown.add(thread.id)
        self._remember(draft, thread)
        return thread

    def write(self) -> None:
        """Write what was opened and what grew."""
        connection = self._connection
        write_rows(connection, _OPEN, [_row(thread) for thread in self._by_id.values() if thread.is_new])
        grown = [{"_id": id_, "sequence": self._by_id[id_].last_sequence} for id_ in self._grown]
        write_rows(connection, _GROW, grown)
        write_rows(connection, _ADD_KEY, self._keys)
        write_rows(connection, _ADD_PARTICIPANT, self._participants)

    def _quoted(self, draft: Draft, digest: Callable[[str], bytes]) -> list[Thread]:
        """The conversations that a draft's thread keys name, nearest first."""
        return [self._by_id[id_] for key in draft.thread_keys for id_ in self._by_key.get(digest(key), ())]

    def _quotes(self, draft: Draft) -> bool:
        """Whether a draft names a conversation, which it then mostly joins."""
        return any(
            digest(key) in self._by_key for key in draft.thread_keys for digest in (self._thread_key, self._token_key)
        )

    def _joined(self, draft: Draft, quoted: Sequence[Thread], answered: Sequence[Thread]) -> Thread | None:
        """The nearest conversation of which the sender answers a reply of ours, or takes part and quotes it."""
        if not draft.joinable:
            return None
        if answered:  # nobody guesses the name of a reply: whoever quotes it was given it
            return answered[0]
        senders = {self._identity_key(f"{one.kind}:{one.value}") for one in draft.requester.identities}
        return next((thread for thread in quoted if senders & thread.participants), None)

    def _open(self, arrival: Arrival, event: str, quoted: Sequence[Thread]) -> Thread:
        assert arrival.draft is not None
        id_ = self._id(event)
        if id_ not in self._numbers:
            self._choose_numbers([id_])  # it quotes a conversation that it may not join
        number = self._numbers[id_]
        if number in self._taken:  # one of 2^40 is; a second choice never is in practice
            number = self._number(id_, "again")
        self._taken.add(number)
        row = {
            "id": id_,
            "tracking_number": number,
            "connector": arrival.connector,
            "visibility": arrival.visibility,
            "requester": self._vault.seal(orjson.dumps(_requester(arrival.draft)), id_.encode()),
            "linked_to": quoted[0].id if quoted else None,
            "opened_at": milliseconds(self._now),
        }
        thread = self._by_id[id_] = Thread(id_, number, 0, None, row)
        return thread

    def _number(self, conversation_id: str, attempt: str = "") -> str:
        """A tracking number that follows from the conversation, so that it survives a lost database."""
        return tracking_number(self._vault.digest(b"tracking", conversation_id, attempt))

    def _remember(self, draft: Draft, thread: Thread) -> None:
        """Note under which keys, and by whom, the conversation can be continued."""
        for key in draft.own_keys:
            digest = self._thread_key(key)
            if thread.id not in self._by_key.setdefault(digest, []):
                self._by_key[digest].append(thread.id)
                self._keys.append({"thread_key": digest, "conversation": thread.id})
        for identity in draft.participants:
            digest = self._identity_key(identity)
            if digest not in thread.participants:
                thread.participants.add(digest)
                self._participants.append({"conversation": thread.id, "identity_key": digest})

    def _id(self, event: str) -> str:
        """The id of the conversation that an event opens."""
        return self._vault.uuid(b"conversation", event)

    def _thread_key(self, key: str) -> bytes:
        return self._vault.known_digest(b"thread", key)

    def _token_key(self, key: str) -> bytes:
        return token_key(self._vault, key)

    def _identity_key(self, identity: str) -> bytes:
        return self._vault.known_digest(b"identity", identity)


def token_key(vault: Vault, key: str) -> bytes:
    """The digest by which the name of a reply is recognised, alone or as the local part of a Message-ID."""
    return vault.known_digest(b"token", key.partition("@")[0])


def _requester(draft: Draft) -> dict[str, Any]:
    identities = [
        {"kind": one.kind, "value": one.value, "verified": one.verified} for one in draft.requester.identities
    ]
    return {"name": draft.requester.name, "language": draft.requester.language, "identities": identities}


def _row(thread: Thread) -> dict[str, Any]:
    helpdesks = orjson.dumps(thread.helpdesks).decode()
    return {**thread.row, "last_sequence": thread.last_sequence, "helpdesks": helpdesks}


_TAKEN = select(conversation.c.tracking_number).where(among(conversation.c.tracking_number))
_QUOTED = select(conversation_key.c.thread_key, conversation_key.c.conversation).where(
    among(conversation_key.c.thread_key)
)
_CANDIDATES = select(
    conversation.c.id, conversation.c.tracking_number, conversation.c.last_sequence, conversation.c.helpdesks
).where(among(conversation.c.id))
_PARTICIPANTS = select(participant.c.conversation, participant.c.identity_key).where(among(participant.c.conversation))
_GROW = update(conversation).where(conversation.c.id == bindparam("_id")).values(last_sequence=bindparam("sequence"))
_OPEN = insert(conversation)
_ADD_KEY = insert(conversation_key).on_conflict_do_nothing()
_ADD_PARTICIPANT = insert(participant).on_conflict_do_nothing()

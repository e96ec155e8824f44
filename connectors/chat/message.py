"""What a customer wrote, as an envelope; and whether it is what was written under the same id before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from connectors.base import Original
from connectors.chat.session import Session
from connectors.chat.wire import PostMessage
from model.envelope import Envelope
from model.spoken import SPOKEN, Spoken, SpokenFile
from model.ticket import Identity

CHANNEL = "chat"
_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(Spoken).decode


def thread_key(session: Session) -> str:
    """The key of the session's conversation."""
    return f"chat:{session.thread}"


def source_id(session: Session, client_msg_id: str) -> str:
    """Under which a message is accounted for."""
    return f"{session.id}/{client_msg_id}"


def envelope(
    connector: str, session: Session, client_msg_id: str, wanted: PostMessage, files: tuple[SpokenFile, ...]
) -> Envelope:
    """The envelope of a message."""
    person, key = session.person, thread_key(session)
    names = _names(session)
    said = Spoken(
        text=wanted.text,
        sender=person.name,
        identities=(*names, *person.identities()),
        sent_at=_aware(wanted.sent_at),
        language=session.language,
        files=files,
        key=key,
        follows=(key,),
        participants=tuple(f"{one.kind}:{one.value}" for one in names),
        app=session.about or None,
    )
    raw = _ENCODE(said)
    return Envelope(
        connector=connector,
        channel=CHANNEL,
        account=session.app,
        source_id=source_id(session, client_msg_id),
        received_at=_now(),
        raw=raw,
        size=len(raw),
        media_type=SPOKEN,
    )


def is_same(original: Original | None, wanted: PostMessage, files: Sequence[SpokenFile]) -> bool:
    """Whether a message is the one that was accepted under its id; of one that has expired it is believed."""
    if original is None or original.raw is None:
        return True
    try:
        said = _DECODE(original.raw)
    except msgspec.MsgspecError:
        return True
    return said.text == wanted.text and [one.blob.sha256 for one in said.files] == [one.blob.sha256 for one in files]


def _names(session: Session) -> tuple[Identity, ...]:
    """Under which names the channel knows the customer, the lasting one first."""
    lasting = Identity(kind="chat", value=session.name, verified=session.person.user_id is not None)
    return (lasting, Identity(kind="chat", value=session.alias)) if session.alias else (lasting,)


def _now() -> datetime:
    """The time in whole milliseconds, as it is kept: so a replay tells the same."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _aware(moment: datetime | None) -> datetime | None:
    """The client's time; one without a zone is taken as UTC, one that a ticket cannot hold is left out."""
    if moment is None:
        return None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return None

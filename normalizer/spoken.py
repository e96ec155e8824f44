"""The draft of a message that is no mail: chat, posts, what was said on the phone."""

from __future__ import annotations

import msgspec

from model.draft import Context, Draft, File
from model.envelope import Envelope
from model.spoken import Spoken, SpokenFile
from model.ticket import Address, Facts, Language, Message, Requester, Safety
from normalizer.fit import MAX_NEW, cut
from normalizer.language.detect import detect
from normalizer.mime.filename import safe_name
from normalizer.mime.media_type import extension, media_type
from normalizer.safety.found import replaced, without_markers
from normalizer.safety.guard import Tally, guard_app, guard_file, guard_page, heed, kinds
from normalizer.safety.name import redacted_name
from normalizer.stub import stub
from normalizer.text.html_safe import sanitise

MAX_HEARD = 1000
"""Characters by which the language is told."""
MAX_TEXT = 256 * 1024
"""Characters of a spoken text that a ticket holds; connectors allow less."""
_DECODE = msgspec.json.Decoder(Spoken).decode


def spoken(envelope: Envelope, raw: bytes, context: Context) -> Draft:
    """Understand a message in the form of `model.spoken.Spoken`; a stub where it is in no such form."""
    try:
        said = _DECODE(raw)
    except msgspec.MsgspecError as error:
        return stub(envelope, raw, f"the connector handed over something else than a message: {error}", context)
    tally = Tally()
    heeded = heed(said, context.history)
    tally.add("subject", kinds(heeded.texts[0]))
    tally.add("text", kinds(heeded.texts[1]))
    subject, whole = replaced(said.subject, heeded.texts[0]), replaced(said.text, heeded.texts[1])
    html, _ = guard_page(said.html and sanitise(said.html), heeded.texts[1], tally)
    name = tally.text("name", said.sender)
    language = detect(without_markers(whole)[:MAX_HEARD]) or _asked_for(said.language)
    text = cut(whole, MAX_TEXT)
    message = Message(
        id="",
        source_id=envelope.source_id,
        url=said.url,
        sent_at=said.sent_at,
        received_at=envelope.received_at,
        from_=(Address(name=name, address=said.identities[0].value if said.identities else ""),),
        subject=subject,
        text=text,
        html=html,
        new_text=cut(text, MAX_NEW),
        language=language,
    )
    files = tuple(_guarded(one, tally) for one in said.files)
    return Draft(
        requester=Requester(id="", name=name, language=language.code if language else None, identities=said.identities),
        message=message,
        files=files,
        facts=Facts(app=guard_app(said.app)),
        safety=Safety(impersonation=said.impersonation, redacted=tally.redactions()),
        thread_keys=said.follows,
        own_keys=(said.key,),
        participants=said.participants,
        corrections=heeded.corrections,
    )


def _asked_for(code: str | None) -> Language | None:
    """The device's language: a guess."""
    return Language(code=code, confidence=0.3) if code else None


def _file(one: SpokenFile) -> File:
    """A file by its reference."""
    kind = media_type(one.head, one.filename, one.media_type)
    return File(
        filename=safe_name(redacted_name(one.filename)) or f"attachment.{extension(kind)}",
        media_type=kind,
        declared_media_type=one.media_type,
        content=one.blob,
        sha256=one.blob.sha256,
    )


def _guarded(one: SpokenFile, tally: Tally) -> File:
    """A file by its reference; one whose text holds a secret, by its content without it."""
    made = _file(one)
    if one.text is None:
        return guard_file(made, tally)
    read = msgspec.structs.replace(made, content=one.text.encode())
    clean = guard_file(read, tally)
    return made if clean.content is read.content else clean

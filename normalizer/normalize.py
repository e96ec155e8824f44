"""The chain: a message in, a draft out, one step a line."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from model.draft import Context, Draft
from model.envelope import Envelope
from model.spoken import SPOKEN
from model.ticket import Bounce, Forwarded
from normalizer.assemble import Reading, assemble
from normalizer.automated.bounce import bounce
from normalizer.automated.kind import automated
from normalizer.examine import compared, examine
from normalizer.fingerprint import digests, fingerprint
from normalizer.fit import MAX_FORWARDED, MAX_NEW, cut, fit, size
from normalizer.language.detect import detect
from normalizer.mime.content import read
from normalizer.mime.origin import origin
from normalizer.mime.parse import charset_hint, parse
from normalizer.safety.found import without_markers
from normalizer.safety.guard import Tally, guard_mail
from normalizer.spoken import spoken
from normalizer.stub import too_large
from normalizer.text.forward import unwrap
from normalizer.text.reply import new_text
from normalizer.triage.triage import triage

MAX_HEARD = 1000
"""Characters by which the language is told."""
MAX_BOUNCED = 200
"""Recipients of a bounce that a ticket names."""


def normalize(envelope: Envelope, raw: bytes, context: Context) -> Draft:
    """Understand a message; never raises, whatever its bytes are.

    `raw` is the message, or the beginning of it where `envelope.size` says that it was not read whole.
    """
    read = spoken if envelope.media_type == SPOKEN else _mail
    return triage(examine(read(envelope, raw, context), context), envelope, context)


def reconsidered(draft: Draft, seen: Sequence[str], envelope: Envelope, context: Context) -> Draft:
    """A draft in the light of the addresses on chains that earlier messages of its conversation named."""
    marked = compared(draft, seen)
    return draft if marked is draft else triage(marked, envelope, context)


def _mail(envelope: Envelope, raw: bytes, context: Context) -> Draft:
    if envelope.size > len(raw):
        return too_large(envelope, raw, context)
    root = parse(raw)
    said = origin(root, charset_hint(root), context.trusted_authserv)
    known = digests(root)
    tally = Tally()
    said, content = guard_mail(said, read(root, known), tally)
    forward, above = unwrap(content.text, said.subject) or (None, "")
    new = new_text(above or content.text)
    kind = automated(root, content.text)
    failed = _few(bounce(root, content.text), tally) if kind == "bounce" else None
    removed = tally.redactions()
    fitted = fit(content, None if removed else raw, size((said, failed, removed)))
    reading = Reading(
        text="\n\n".join(filter(None, (fitted.text, *fitted.notes))),
        html=fitted.html,
        new_text=cut(new, MAX_NEW),
        language=detect(without_markers(new)[:MAX_HEARD]),
        automated=kind,
        bounce=failed,
        forwarded=_excerpt(forward),
        files=fitted.files,
    )
    return assemble(envelope, context, said, reading, fingerprint(root, known, raw), removed=removed)


def _few(failed: Bounce | None, tally: Tally) -> Bounce | None:
    """The first recipients of a bounce, and why they were not reached, without what must not be shown."""
    return failed and Bounce(
        recipients=tuple(
            msgspec.structs.replace(one, reason=one.reason and tally.text("bounce", one.reason))
            for one in failed.recipients[:MAX_BOUNCED]
        )
    )


def _excerpt(forward: Forwarded | None) -> Forwarded | None:
    return forward and msgspec.structs.replace(forward, text=cut(forward.text, MAX_FORWARDED))

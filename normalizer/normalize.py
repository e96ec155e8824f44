"""The chain: a mail in, a draft out, one step a line."""

from __future__ import annotations

import msgspec

from model.draft import Context, Draft
from model.envelope import Envelope
from model.ticket import Automated, Bounce, Forwarded, Language
from normalizer.assemble import Reading, assemble
from normalizer.fingerprint import digest, fingerprint
from normalizer.fit import MAX_EXCERPT, cut, fit
from normalizer.mime.content import read
from normalizer.mime.origin import authentication, origin
from normalizer.mime.parse import charset_hint, leaves, parse
from normalizer.mime.part import Part
from normalizer.stub import too_large


def normalize(envelope: Envelope, raw: bytes, context: Context) -> Draft:
    """Understand a mail; never raises, whatever its bytes are.

    `raw` is the mail, or the beginning of it where `envelope.size` says that it was not read whole.
    """
    if envelope.size > len(raw):
        return too_large(envelope, raw, context)
    root = parse(raw)
    said = origin(root, charset_hint(root))
    digests = {id(leaf): digest(leaf) for leaf in leaves(root)}
    content = read(root, digests)
    new = new_text(content.text)
    forward = unwrap(content.text, said.subject)
    kind = automated(root, content.text)
    fitted = fit(content, raw)
    reading = Reading(
        text="\n\n".join(filter(None, (fitted.text, *fitted.notes))),
        html=fitted.html,
        new_text=cut(new if forward is None else forward[1], MAX_EXCERPT),
        language=detect(new or content.text),
        automated=kind,
        bounce=bounce(root, content.text) if kind == "bounce" else None,
        forwarded=_excerpt(forward[0]) if forward else None,
        files=fitted.files,
    )
    results = authentication(root, context.trusted_authserv)
    return assemble(envelope, context, said, results, reading, fingerprint(root, digests))


def _excerpt(forwarded: Forwarded) -> Forwarded:
    return msgspec.structs.replace(forwarded, text=cut(forwarded.text, MAX_EXCERPT))


def new_text(text: str) -> str:
    """Stands in."""
    return text


def unwrap(text: str, subject: str) -> tuple[Forwarded, str] | None:
    """Stands in."""
    return None


def automated(root: Part, text: str) -> Automated | None:
    """Stands in."""
    return None


def bounce(root: Part, text: str) -> Bounce | None:
    """Stands in."""
    return None


def detect(text: str) -> Language | None:
    """Stands in."""
    return None

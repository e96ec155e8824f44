"""Which recipients a non-delivery report speaks of, and why they were not reached."""

from __future__ import annotations

import re

from model.ticket import Bounce, BounceRecipient
from normalizer.automated import notice
from normalizer.automated.diagnosis import diagnose
from normalizer.automated.kind import automated
from normalizer.automated.report import UNDELIVERED, Finding, notified, recipients, reports, walk
from normalizer.mime.charset import decode_text
from normalizer.mime.part import Part

MAX_REASON = 500
"""Characters of a diagnostic that a ticket shows."""


def bounce(root: Part, text: str) -> Bounce | None:
    """The recipients of a mail that is a bounce, None for any other; `text` is its plain text.

    A delivery report (RFC 3464) is believed first, and what the mail system wrote for people completes it.
    Where there is none, the words are all there is: each recipient they name gets the lines about it.  One
    that nobody names is the one to whom the returned message went.
    """
    if automated(root, text) != "bounce":
        return None
    said, returned = notice.split(text)
    own = _own(root)
    found = _reported(root, text) or _told(root, said, own)
    if not found:
        addressees = notice.returned_to(returned) or _returned_message(root)
        found = [Finding(address=address, context=said) for address in addressees or [""]]
    return Bounce(recipients=tuple(_recipient(finding, said, found) for finding in found))


def _reported(root: Part, text: str) -> list[Finding]:
    """The undelivered recipients of the report, which may also stand in the text."""
    every = [finding for report in reports(root) for finding in recipients(report)]
    every = every or notified(text) or (recipients(text) if _FINAL.search(text) else [])
    undelivered = [finding for finding in every if (finding.action or "") in UNDELIVERED]
    named = [finding for finding in undelivered if finding.address]
    return _distinct(named) or undelivered[:1]


def _distinct(found: list[Finding]) -> list[Finding]:
    """One finding an address, the last that was said, in the order of their first."""
    return list({finding.address.lower(): finding for finding in found}.values())


def _told(root: Part, said: str, own: frozenset[str]) -> list[Finding]:
    """The recipients in the words, checked against those that Exim and Gmail name in a field of their own."""
    told = notice.findings(said, own)
    field = (root.field("x-failed-recipients") or b"").decode("utf-8", "replace")
    failed = [address.strip() for address in field.split(",") if "@" in address]
    if failed and len(failed) != len(told):
        return [
            Finding(address=one, context=notice.about(said, one, [o for o in failed if o != one])) for one in failed
        ]
    return told


def _recipient(finding: Finding, said: str, found: list[Finding]) -> BounceRecipient:
    others = [other.address for other in found if other.address and other.address != finding.address]
    context = finding.context or notice.about(said, finding.address, others)
    if not others and finding.context:
        context = f"{context}\n{said}"
    delayed = _is_delay(finding, said)
    diagnosis = diagnose(finding.diagnostic, context=context, status=finding.status, delayed=delayed)
    return BounceRecipient(
        address=finding.address.strip("<>"),
        status=diagnosis.status,
        action=finding.action or ("delayed" if delayed else "failed"),
        reply_code=diagnosis.reply_code,
        reason=_shown(finding.diagnostic or context),
        hard=diagnosis.hard,
    )


def _is_delay(finding: Finding, said: str) -> bool:
    """Whether the report only warns: the message is still tried."""
    return finding.action == "delayed" or (finding.action is None and _DELAY.search(said[:2000]) is not None)


def _shown(reason: str) -> str | None:
    return " ".join(reason[: MAX_REASON * 2].split())[:MAX_REASON] or None


def _own(root: Part) -> frozenset[str]:
    """The addresses that the report was sent to: those of the sender."""
    fields = [*root.all_fields("to"), *root.all_fields("delivered-to")]
    return frozenset(
        match[0].lower() for field in fields for match in _ADDRESS.findall(field.decode("utf-8", "replace")) if match
    )


def _returned_message(root: Part) -> list[str]:
    """Whom the attached message, or its headers, was for."""
    for part in walk(root):
        if (
            part.media_type in {"message/rfc822", "text/rfc822-headers", "message/global", "text/plain"}
            and part is not root
        ):
            content = part.content[:20_000]
            found = notice.returned_to(decode_text(content, None)) if content else []
            if found:
                return found
    return []


_DELAY = re.compile(
    r"warning message only|has been delayed|not yet been delivered|will be retried|still trying", re.IGNORECASE
)
_FINAL = re.compile(r"^(?:Final|Original)-Recipient\s?:", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"([^\s<>()\[\]\"',;:@]{1,64}@[A-Za-z0-9.-]{1,255})")

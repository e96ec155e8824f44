"""What the header of a mail says: who writes to whom, when, and in answer to what."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from model.ticket import Address, Authentication
from normalizer.mime.address import addresses, few
from normalizer.mime.headers import date, decode, ids
from normalizer.mime.part import Part

MAX_SUBJECT = 2000
_MARGIN = 6000
"""Characters beyond those that are shown, so that a secret is seen whole before the subject is cut."""
_MAX_FIELDS = 100
_RESULT = re.compile(rb"(?:^|[;\s])(spf|dkim|dmarc)\s*=\s*([A-Za-z]{1,20})", re.IGNORECASE)
_COMMENT = re.compile(rb"\([^()]*\)")
_MAX_RESULTS = 64 * 1024


class Origin(NamedTuple):
    """The header of a mail, read."""

    senders: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    subject: str
    sent_at: datetime | None
    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    authentication: Authentication


def origin(root: Part, hint: str | None, trusted: tuple[str, ...]) -> Origin:
    """Read the header of a mail.

    `hint` is the charset that raw bytes in it are most probably in, `trusted` names the servers whose
    Authentication-Results are believed.
    """
    sent = root.field("date")
    return Origin(
        senders=_people(root, "from", hint) or _people(root, "sender", hint),
        to=_people(root, "to", hint),
        cc=_people(root, "cc", hint),
        reply_to=_people(root, "reply-to", hint),
        subject=decode(root.field("subject") or b"", hint)[: MAX_SUBJECT + _MARGIN],
        sent_at=date(sent) if sent else None,
        message_id=next(iter(ids(root.field("message-id") or b"")), None),
        in_reply_to=ids(root.field("in-reply-to") or b""),
        references=ids(root.field("references") or b""),
        authentication=authentication(root, trusted),
    )


def _people(root: Part, name: str, hint: str | None) -> tuple[Address, ...]:
    """The mailboxes of all fields of that name: some mailers write one field for each."""
    fields = root.all_fields(name)
    if len(fields) == 1:
        return addresses(fields[0], hint)
    return few(dict.fromkeys(one for value in fields[:_MAX_FIELDS] for one in addresses(value, hint)))


def authentication(root: Part, trusted: tuple[str, ...]) -> Authentication:
    """What the Authentication-Results fields of trusted servers say (RFC 8601); the topmost counts.

    Fields of others are worth nothing: anybody can write them.
    """
    if not trusted:
        return Authentication()
    results: dict[str, str] = {}
    for value in root.all_fields("authentication-results"):
        server, _, rest = _COMMENT.sub(b" ", value[:_MAX_RESULTS]).partition(b";")
        if server.split()[:1] and server.split()[0].decode("latin-1").lower() in trusted:
            found: dict[str, str] = {}
            for method, result in _RESULT.findall(rest):
                name, word = method.decode().lower(), result.decode().lower()
                if found.get(name) != "pass":
                    found[name] = word
            results = found | results
    return Authentication(spf=results.get("spf"), dkim=results.get("dkim"), dmarc=results.get("dmarc"))

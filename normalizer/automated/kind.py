"""Whether a machine sent the mail, and which sort of machine."""

from __future__ import annotations

import re

from model.ticket import Automated
from normalizer.automated.phrases import (
    DAEMON_NAMES,
    DAEMONS,
    FAILED_DAEMONS,
    FAILED_SUBJECTS,
    FAILED_TEXTS,
    VACATIONS,
)
from normalizer.automated.report import notified, recipients, reports, text_of, walk
from normalizer.mime.headers import decode
from normalizer.mime.part import Part

MAX_SAID = 3_000
"""Characters at the beginning of a text in which a mail system says that it did not deliver."""


def automated(root: Part, text: str) -> Automated | None:
    """The kind of machine that sent this mail, None for a person; `text` is the mail's plain text.

    Reports are told by their structure (RFC 3464, 5965, 8098), bounces without it by sender and words,
    replies by what RFC 3834 asks of them and by the fields and subjects of those who do not ask, lists by
    RFC 2919 and 2369.
    """
    subject = decode((root.field("subject") or b"")[:1000]).casefold().strip()
    return _report(root, subject, text) or _bounce(root, subject, text) or _reply(root, subject) or _list(root)


def _report(root: Part, subject: str, text: str) -> Automated | None:
    kind = root.parameters.get("report-type", "").lower()
    types = {part.media_type for part in walk(root)} if root.children else set()
    if kind == "feedback-report" or "message/feedback-report" in types or _is_complaint(subject, text):
        return "feedback_report"
    if kind == "disposition-notification" or "message/disposition-notification" in types:
        return "bounce" if _is_refusal(root, text) else "delivery_receipt"
    if kind == "delivery-status" or "message/delivery-status" in types:
        return _delivery(root)
    if text.startswith("{") and notified(text):
        return "bounce"
    return "delivery_receipt" if text.startswith(_DELIVERY) else None


def _is_refusal(root: Part, text: str) -> bool:
    """Whether a mail system says that it threw the message away: what Sieve's `reject` sends (RFC 5429, 2.1.2).

    Mail programs say the same of a message that somebody deleted unread, but not that it was rejected.
    """
    parts = [part for part in walk(root) if part.media_type == "message/disposition-notification"]
    return _REFUSED.search(text[:MAX_SAID]) is not None and any(_THROWN_AWAY.search(text_of(part)) for part in parts)


def _is_complaint(subject: str, text: str) -> bool:
    """Whether this is a complaint in another form than RFC 5965: of Amazon SES, or Microsoft's JMRP."""
    return text.startswith(_COMPLAINT) or subject.startswith("complaint about message from")


def _delivery(root: Part) -> Automated:
    """A receipt where every action of the report says that the message went on, else a bounce."""
    actions = {finding.action for report in reports(root) for finding in recipients(report)} - {None}
    return "delivery_receipt" if actions and actions <= _ARRIVED else "bounce"


def _bounce(root: Part, subject: str, text: str) -> Automated | None:
    """A bounce has two of three signs: a mail system as sender, and a subject and words of failure."""
    if root.field("x-failed-recipients"):
        return "bounce"
    failed, daemon = _FAILED_SUBJECT.search(subject) is not None, _is_daemon(root)
    if not (failed or daemon) or (not daemon and _is_answer(root, subject)):
        return None
    said = text[:MAX_SAID].casefold()
    if daemon and (failed or _FAILED_DAEMON.search(f"{subject}\n{said}")):
        return "bounce"
    return "bounce" if _FAILED_TEXT.search(said) else None


def _is_daemon(root: Part) -> bool:
    """Whether the sender is a mail system: by its name, or because nothing can be returned to it."""
    sender = (root.field("from") or b"")[:1000].decode("utf-8", "replace").strip().casefold()
    path = (root.field("return-path") or b"").strip()
    nobody = "from" in root.fields and sender in {"", "<>"}
    return path == b"<>" or nobody or _DAEMON.search(sender) is not None


def _is_answer(root: Part, subject: str) -> bool:
    """Whether a person answers: by the subject, and by the message that is answered."""
    return ("in-reply-to" in root.fields or "references" in root.fields) and _ANSWER.match(subject) is not None


def _reply(root: Part, subject: str) -> Automated | None:
    submitted = (root.field("auto-submitted") or b"no").strip().lower()
    asked = not submitted.startswith(b"no") or not _REPLY_FIELDS.isdisjoint(root.fields)
    precedence = (root.field("precedence") or b"").strip().lower()
    responder = b"autoresponder" in (root.field("x-precedence") or b"").lower()
    if asked or responder or precedence in {b"auto_reply", b"auto-reply"} or _VACATION.match(subject):
        return "auto_reply"
    return None


def _list(root: Part) -> Automated | None:
    bulk = (root.field("precedence") or b"").strip().lower() in {b"list", b"bulk"}
    return "mailing_list" if bulk or not _LIST_FIELDS.isdisjoint(root.fields) else None


_REFUSED = re.compile(r"\b(?:reject|refus)", re.IGNORECASE)
_THROWN_AWAY = re.compile(
    r"^Disposition\s?:\s{0,9}automatic-action/MDN-sent-automatically\s?;\s{0,9}deleted", re.IGNORECASE | re.MULTILINE
)
_ARRIVED = frozenset({"delivered", "relayed", "expanded"})
_COMPLAINT = ('{"notificationType":"Complaint"', '{"eventType":"Complaint"')
_DELIVERY = ('{"notificationType":"Delivery"', '{"eventType":"Delivery"')
_REPLY_FIELDS = frozenset(
    (
        "x-autoreply",
        "x-auto-reply",
        "x-autorespond",
        "x-autoresponder",
        "x-autoreply-from",
        "x-mail-autoreply",
        "x-vacation",
        "x-autogenerated",
        "x-ms-exchange-inbox-rules-loop",
    )
)
_LIST_FIELDS = frozenset(
    ("list-id", "list-post", "list-unsubscribe", "mailing-list", "x-mailing-list", "x-beenthere", "x-ml-name")
)
_DAEMON = re.compile(rf"(?:^|[<\"\s(])(?:{DAEMONS})@|{DAEMON_NAMES}|^<?(?:{DAEMONS})>?$")
_FAILED_SUBJECT = re.compile(FAILED_SUBJECTS)
_FAILED_TEXT = re.compile(FAILED_TEXTS)
_FAILED_DAEMON = re.compile(FAILED_DAEMONS)
_ANSWER = re.compile(r"(?:re|aw|antw|sv|rv|r|回复|回覆|返信|답장)\s?[:：]")
_PREFIX = r"(?:(?:re|aw|antw|sv|fwd?|wg|tr)\s?[:：]\s*){0,3}[\[【(<（\s]{0,3}"
_VACATION = re.compile(
    _PREFIX + "(?:" + "|".join(re.escape(p) for cell in VACATIONS.values() for p in cell.split("|")) + ")"
)

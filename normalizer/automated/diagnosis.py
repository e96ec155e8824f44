"""What a mail system's diagnostic says: status, reply code, and whether the address will ever work."""

from __future__ import annotations

import re
from typing import NamedTuple

from normalizer.automated.phrases import CAUSES, Cause

MAX_DIAGNOSTIC = 2_000
"""Characters of a diagnostic that are looked at."""


class Diagnosis(NamedTuple):
    """The enhanced status (RFC 3463), the SMTP reply code (RFC 5321), and `hard` as in the ticket format."""

    status: str | None
    reply_code: str | None
    hard: bool


def diagnose(diagnostic: str, *, context: str = "", status: str | None = None, delayed: bool = False) -> Diagnosis:
    """The diagnosis of a diagnostic text, with the status that a report states beside it.

    `context` is what stands round the text: it is looked at where the diagnostic itself says nothing, and it
    names the SMTP command that was answered.  Where nobody states a status it is one of class only (`5.0.0`).
    """
    diagnostic, context = diagnostic[:MAX_DIAGNOSTIC], context[:MAX_DIAGNOSTIC]
    replied = reply_code(diagnostic) or reply_code(context)
    said = _statuses(diagnostic)
    stated = [status] if status else []
    best = _best_status([*said, *stated, *([] if said else _statuses(context))], replied)
    best = best or f"{replied[0] if replied else '4' if delayed else '5'}.0.0"
    words = diagnostic if _cause(diagnostic) else f"{diagnostic}\n{context}"
    return Diagnosis(best, replied, _is_hard(best, replied, words, _command(diagnostic) or _command(context)))


def reply_code(text: str) -> str | None:
    """The SMTP reply code in the text: one in an innermost quotation first, then the first of all."""
    found = _NESTED.search(text) or _REPLY.search(text)
    return found[1] if found else None


def _statuses(text: str) -> list[str]:
    nested = _NESTED.search(text)
    first = [nested[2]] if nested else []
    return first + [match[0] for match in _STATUS.finditer(text)]


def _best_status(said: list[str], replied: str | None) -> str | None:
    """The status that tells most: of the reply's class where there is a reply, and not one of 0.0."""
    fitting = [status for status in said if replied is None or status[0] == replied[0]]
    telling = [status for status in fitting or said if not status.endswith(".0.0")]
    return next(iter([*telling, *fitting, *said]), None)


def _is_hard(status: str | None, replied: str | None, text: str, command: str | None) -> bool:
    """Whether the address will never work.

    A refused sender says nothing of the recipient, and a server that took the recipient but not the message
    speaks of a filter, whatever its words are.
    """
    if command == "MAIL":
        return False
    cause = _cause(text)
    if cause == "soft":
        return False
    if (status or replied or "5")[0] == "4":
        return cause == "no_user" and status is not None and status.startswith("4.1.")
    if status in _HARD:
        return True
    if cause == "no_user" and command == "DATA":
        return status is not None and status.startswith("5.1.")
    return cause is not None


def _cause(text: str) -> Cause | None:
    folded = _NOISE.sub(" ", text).casefold()
    return next((cause for cause, pattern in _CAUSES if pattern.search(folded)), None)


def _command(text: str) -> str | None:
    """The SMTP command that the first reply in the text answers, as far as somebody says it."""
    found = _COMMAND.search(text)
    return None if found is None else next(name for name, value in found.groupdict().items() if value)


_HARD = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.1.351", "5.4.4", "5.7.27"})
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
_REPLY = re.compile(r"(?:^|[\s:;<\[(#\"'>])([45][0-5]\d)(?=[\s\-:;.,\"']|$)", re.MULTILINE)
_NESTED = re.compile(r"(?:<(?=[^<>]{5,400}>)|(?=[45]\d\d-'))([45]\d\d)[ -]'?([245]\.\d{1,3}\.\d{1,3}) ")
_COMMAND = re.compile(
    r"(?P<RCPT>\bRCPT\b|does not like recipient|recipient (?:address )?rejected)"
    r"|(?P<MAIL>\bMAIL FROM\b|sender was rejected)"
    r"|(?P<DATA>\bDATA\b|end of data|TEXT command|after I sent the message)",
    re.IGNORECASE,
)
_NOISE = re.compile(r"<[^<>\s]*>|https?://\S+|\S+@\S+")
_CAUSES: list[tuple[Cause, re.Pattern[str]]] = [(cause, re.compile("|".join(rows))) for cause, rows in CAUSES]

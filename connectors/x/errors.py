"""What X answers when it does not do what was asked, by what helps (docs.x.com, response codes and errors)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from model.errors import CredentialsRejected, FaninError, Transient

WINDOW = timedelta(minutes=15)
"""Rate limits are those of a quarter of an hour."""
CAPPED_PAUSE = timedelta(hours=1)
"""How long to wait where credits or the month's cap are used up: only a person, or the month's end, changes that."""
TOKEN_REMEDY = "put a valid token in bearer_token_file, or have the account consent anew and renew oauth.refresh_token"  # noqa: S105 - a remedy


class Refused(FaninError):
    """X understood, and does not do it: a 4xx other than those below."""

    def __init__(self, status: int, problem: str) -> None:
        super().__init__(f"X answers {status}: {problem}" if problem else f"X answers {status}")
        self.status, self.problem = status, problem


class Broken(Transient):
    """No answer, or none that can be used.  `reached` says whether the request may have had an effect."""

    def __init__(self, message: str, *, reached: bool) -> None:
        super().__init__(message)
        self.reached = reached


class Limited(Transient):
    """Too many requests in this window; nothing was done."""


class Capped(Transient):
    """The credits, or the month's cap, are used up; nothing was done."""


def refusal(status: int, body: Any, reset: datetime | None, now: datetime) -> FaninError:
    """The error of an answer that is no success; its text holds nothing but X's own words about the problem."""
    problem = problem_of(body)
    if status == 429:
        return _too_many(body, problem, reset, now)
    if status >= 500:
        return Broken(f"X answers {status}", reached=True)
    if status == 401:
        return CredentialsRejected("X refuses the token", remedy=TOKEN_REMEDY)
    if status == 402 or kind_of(body) == "usage-capped":
        return Capped(_capped(problem), retry_after=CAPPED_PAUSE)
    return Refused(status, problem)


def _too_many(body: Any, problem: str, reset: datetime | None, now: datetime) -> Transient:
    if kind_of(body) == "usage-capped" or "usage cap" in problem.lower() or "credits" in problem.lower():
        return Capped(_capped(problem), retry_after=CAPPED_PAUSE)
    wait = min(max((reset or now + timedelta(minutes=1)) - now, timedelta(seconds=1)), WINDOW)
    return Limited(f"X takes no more requests for {wait.total_seconds():.0f} s", retry_after=wait)


def _capped(problem: str) -> str:
    return f"the account's credits or its monthly cap at X are used up ({problem}): buy credits, or wait for next month"


def problem_of(body: Any) -> str:
    """What X says of the problem: its title and detail, or the legacy list of errors."""
    if not isinstance(body, Mapping):
        return ""
    parts = [body.get("title"), body.get("detail")]
    errors = body.get("errors")
    if isinstance(errors, list):
        parts += [one.get("message") for one in errors[:3] if isinstance(one, Mapping)]
    return ": ".join(part[:200] for part in parts if isinstance(part, str) and part)


def kind_of(body: Any) -> str:
    """The last part of a problem's type, such as `usage-capped`."""
    found = body.get("type") if isinstance(body, Mapping) else None
    return found.rpartition("/")[2] if isinstance(found, str) else ""


def reset_time(value: str | None) -> datetime | None:
    """The time that `x-rate-limit-reset` names, or None."""
    try:
        return datetime.fromtimestamp(int(value or ""), UTC)
    except (ValueError, OverflowError, OSError):
        return None

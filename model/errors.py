"""Errors named by what helps, not by where they come from."""

from __future__ import annotations

from datetime import timedelta


class FaninError(Exception):
    """Base of the errors that fanin raises on purpose; the message is safe to log and to show."""


class Transient(FaninError):
    """The same call may succeed later.

    `retry_after` is the pause that the other side asked for, where it did.
    """

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Permanent(FaninError):
    """The same call will fail for ever: do not repeat it."""


class Uncertain(FaninError):
    """Whether the call took effect is not known, and repeating it could do it twice."""


class CredentialsRejected(FaninError):
    """The other side refuses who we are: stop asking, and tell a person what to do (`remedy`)."""

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


class Misconfigured(FaninError):
    """An operator's mistake: the message names the field, the place and the remedy."""

"""How a connector or a helpdesk is doing: a closed vocabulary, and the remedy in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

Status = Literal["starting", "running", "retrying", "rejected", "paused", "stopped"]


class Health:
    """The condition of one connector or helpdesk, as its last proven success and its troubles tell.

    Nothing counts as working because it did not complain: `proven_at` is when a read or write last
    succeeded for certain.
    """

    def __init__(self, name: str, kind: str) -> None:
        self.name, self.kind = name, kind
        self.status: Status = "starting"
        self.reason: str | None = None
        self.remedy: str | None = None
        self.proven_at: datetime | None = None
        self.lag: timedelta | None = timedelta(0)
        """The age of the oldest thing not yet done; None while the store cannot say what waits for a helpdesk."""

        self.budgets: dict[tuple[str, str], tuple[float, float]] = {}
        """By span of time and unit: what was used of a limit, and the limit."""

        self.expires_at: datetime | None = None
        """When the credentials end, where that is known."""

    def expires(self, at: datetime | None) -> None:
        """Say when the credentials end."""
        self.expires_at = at

    def proven(self, *, lag: timedelta | None = None) -> None:
        """Say that a read or write succeeded just now; `lag` is the age of the oldest thing not yet done."""
        self.proven_at = datetime.now(UTC)
        self.lag = lag or timedelta(0)
        self._become("running")

    def retrying(self, reason: str) -> None:
        """Say that it fails and will be tried again by itself."""
        self._become("retrying", reason)

    def spent(self, span: str, used: float, limit: float, unit: str) -> None:
        """Say how much of a limit is used in the present span of time."""
        self.budgets[span, unit] = (used, limit)

    def rejected(self, reason: str, remedy: str) -> None:
        """Say that the other side refuses us until a person acts."""
        self._become("rejected", reason, remedy)

    def paused(self, reason: str, remedy: str | None = None) -> None:
        """Say that it waits for the other side to be reachable again."""
        self._become("paused", reason, remedy)

    def stopped(self, reason: str | None = None) -> None:
        """Say that it has ended."""
        self._become("stopped", reason)

    def age(self) -> timedelta | None:
        """How long ago the last proven success was, or None if there was none."""
        return None if self.proven_at is None else datetime.now(UTC) - self.proven_at

    def _become(self, status: Status, reason: str | None = None, remedy: str | None = None) -> None:
        self.status, self.reason, self.remedy = status, reason, remedy

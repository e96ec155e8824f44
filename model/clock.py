"""Time as something that is handed in, so that a test can let a day pass."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits."""

    def now(self) -> datetime:
        """The time, UTC."""

    async def sleep(self, span: timedelta) -> None:
        """Return after the span."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time, UTC."""
        return datetime.now(UTC)

    async def sleep(self, span: timedelta) -> None:
        """Return after the span."""
        await asyncio.sleep(span.total_seconds())

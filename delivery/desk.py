"""A configured helpdesk at work: is it to be used now, and if not, when is it back."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from delivery.base import Acknowledging, Helpdesk
from model.backoff import backoff
from model.clock import Clock
from model.errors import CredentialsRejected, FaninError, Transient
from model.health import Health

log = structlog.get_logger()

CHECK_LIMIT = timedelta(seconds=30)
LONGEST_ASKED = timedelta(hours=1)
"""The most that a helpdesk may ask to be left alone (Retry-After)."""


class Desk:
    """A helpdesk, its health, and the one probe that waits for its return.

    A helpdesk that is down is paused as a whole: its messages wait without losing tries, so that a day's
    outage buries nothing.
    """

    def __init__(self, name: str, helpdesk: Helpdesk, health: Health, clock: Clock) -> None:
        self.name, self.helpdesk, self.health = name, helpdesk, health
        self.acknowledges = isinstance(helpdesk, Acknowledging)  # asked once: this question costs more than a delivery
        self._clock = clock
        self._open = asyncio.Event()
        self._open.set()
        self._down = asyncio.Event()
        self._asked = timedelta(0)

    @property
    def is_open(self) -> bool:
        """Whether messages may be submitted now."""
        return self._open.is_set()

    async def opened(self) -> None:
        """Wait until messages may be submitted."""
        await self._open.wait()

    def close(self, error: FaninError, asked: timedelta | None = None) -> None:
        """Pause: the helpdesk itself, not a message, is what fails.  `asked`: it was to be left alone for so long."""
        own = error.retry_after if isinstance(error, Transient) else None
        self._asked = min(max(own or timedelta(0), asked or timedelta(0)), LONGEST_ASKED)
        if isinstance(error, CredentialsRejected):
            self.health.rejected(str(error), error.remedy)
        else:
            self.health.paused(str(error), "it is probed and goes on by itself")
        if self.is_open:
            log.warning("helpdesk.paused", helpdesk=self.name, reason=str(error))
        self._open.clear()
        self._down.set()

    async def is_down(self) -> FaninError | None:
        """Ask the helpdesk itself; the error it gives if it is not well."""
        try:
            async with asyncio.timeout(CHECK_LIMIT.total_seconds()):
                await self.helpdesk.check()
        except FaninError as error:
            return error
        except TimeoutError:
            return Transient(f"the helpdesk did not answer within {CHECK_LIMIT.seconds} s")
        except Exception as error:
            log.exception("helpdesk.defect", helpdesk=self.name)
            return Transient(f"{type(error).__name__} in the check of helpdesk {self.name}")
        return None

    async def wait_for_return(self) -> None:
        """Wait until the desk is closed, then probe until it is well again, and open it."""
        await self._down.wait()
        tries = 0
        while True:
            tries += 1
            pause = backoff(tries, first=timedelta(seconds=1), most=timedelta(minutes=1))
            await self._clock.sleep(max(pause, self._asked))
            error = await self.is_down()
            if error is None:
                break
            self.close(error)
        self._down.clear()
        self._open.set()
        self.health.proven()
        log.info("helpdesk.resumed", helpdesk=self.name)

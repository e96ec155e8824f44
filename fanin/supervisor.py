"""Keeps the connectors running, each on its own: one that fails does not touch another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from connectors.base import Connector, Intake, State
from model.backoff import backoff
from model.errors import CredentialsRejected, Misconfigured, Permanent, Transient
from model.health import Health
from model.settings import Secret, Settings

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=5)
LOCK_PAUSE = timedelta(seconds=5)
SECRET_POLL = timedelta(seconds=2)
REJECTED_PAUSE = timedelta(hours=1)
"""After this long refused credentials are tried again; a changed secret file is tried at once."""


class Post:
    """A configured connector: what it is made of, and how it is doing."""

    def __init__(
        self,
        name: str,
        settings: Any,
        *,
        make: Callable[[Health], Connector],
        intake: Intake,
        state: State,
        lock: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self.name, self.settings = name, settings
        self.make, self.intake, self.state, self.lock = make, intake, state, lock
        self.health = Health(name, "connector")
        self.running: Connector | None = None
        """The connector while it runs: the one that serves its routes and sends replies."""


class Supervisor:
    """Runs posts; they can be exchanged while it runs."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.posts: dict[str, Post] = {}

    async def arrange(self, posts: Mapping[str, Post]) -> None:
        """Run exactly these posts: those whose settings did not change do not notice."""
        for name, old in list(self.posts.items()):
            if name not in posts or posts[name].settings != old.settings:
                await self._stop(name)
        for name, post in posts.items():
            if name not in self.posts:
                self.posts[name] = post
                self._tasks[name] = asyncio.create_task(keep_running(post), name=f"connector {name}")

    async def stop(self) -> None:
        """Stop all connectors, together."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()
        self.posts.clear()

    async def _stop(self, name: str) -> None:
        task = self._tasks.pop(name)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self.posts.pop(name).health.stopped()
        log.info("connector.stopped", connector=name)


async def keep_running(post: Post) -> None:
    """Run a connector until cancelled, starting it again after every failure that may pass."""
    failures = 0
    while True:
        proven_before = post.health.proven_at
        pause = await _run_once(post)
        # Only a read that succeeded ends a row of failures: connecting proves nothing.
        failures = 1 if post.health.proven_at != proven_before else failures + 1
        if pause is None:
            return
        await pause(failures)


Pause = Callable[[int], Any]


async def _run_once(post: Post) -> Pause | None:
    """Run the connector until it fails; how to wait before the next start, or None to give up."""
    try:
        with post.lock():
            log.info("connector.started", connector=post.name)
            post.running = post.make(post.health)
            try:
                await post.running.run(post.intake, post.state)
            finally:
                post.running = None
        return _retry(post, "it ended by itself", None)
    except Transient as error:
        return _retry(post, str(error), error.retry_after)
    except CredentialsRejected as error:
        post.health.rejected(str(error), error.remedy)
        log.warning("connector.rejected", connector=post.name, reason=str(error), remedy=error.remedy)
        return lambda _: _wait_for_secret(post.settings)
    except Misconfigured as error:
        log.warning("connector.refused", connector=post.name, reason=str(error))
        return _retry(post, str(error), LOCK_PAUSE)
    except Permanent as error:
        post.health.stopped(str(error))
        log.warning("connector.stopped", connector=post.name, reason=str(error))
        return None
    except Exception as error:
        log.exception("connector.defect", connector=post.name)
        return _retry(post, f"defect: {type(error).__name__}", None)


def _retry(post: Post, reason: str, retry_after: timedelta | None) -> Pause:
    post.health.retrying(reason)
    log.warning("connector.retrying", connector=post.name, reason=reason)

    async def pause(failures: int) -> None:
        span = retry_after or backoff(failures, first=FIRST_PAUSE, most=LONGEST_PAUSE)
        await asyncio.sleep(span.total_seconds())

    return pause


async def _wait_for_secret(settings: Any) -> None:
    """Wait until a file that holds one of the settings' secrets changes, an hour at the most."""
    before = _stamps(settings)
    try:
        async with asyncio.timeout(REJECTED_PAUSE.total_seconds()):
            while await asyncio.to_thread(_stamps, settings) == before:  # noqa: ASYNC110  a file, not a task of ours
                await asyncio.sleep(SECRET_POLL.total_seconds())
    except TimeoutError:
        return


def _stamps(settings: Any) -> list[tuple[Path, int]]:
    """When each secret file was last written; 0 for one that is not there."""
    return [(path, path.stat().st_mtime_ns if path.exists() else 0) for path in secret_files(settings)]


def secret_files(settings: Any) -> list[Path]:
    """The files that hold secrets, anywhere in the settings."""
    if isinstance(settings, Secret):
        return [settings.path] if settings.path else []
    if not isinstance(settings, Settings):
        return []
    return [file for name in type(settings).model_fields for file in secret_files(getattr(settings, name))]

"""The daemon, wired in one place."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal

import structlog

from config.settings import Config
from connectors import CONNECTORS
from connectors.settings import ConnectorSettings
from delivery import HELPDESKS, QUEUES
from delivery.delivery import Delivery
from delivery.desk import Desk
from delivery.routes import targets
from delivery.worker import Policy
from fanin.answers import Reading
from fanin.door import Door
from fanin.http import Surface, listening
from fanin.isolation import Isolation, Journal
from fanin.knowledge import read_knowledge
from fanin.mount import Mount
from fanin.pipeline import ConnectorIntake, Pipeline
from fanin.replies import Replies
from fanin.state import ConnectorState, HelpdeskPlace
from fanin.supervisor import LOCK_PAUSE, Post, Supervisor
from fanin.web import pages
from model.clock import SystemClock
from model.draft import Context, Draft
from model.envelope import Envelope
from model.errors import Misconfigured, Transient
from model.health import Health
from normalizer.safety.find import redact
from store.arrival import Target
from store.locks import process_lock
from store.retention import Retention
from store.store import Store

log = structlog.get_logger()

Role = Literal["all", "intake", "deliver"]
DELIVERY_LOCK = "-delivery"
"""No connector can have this name."""
SWEEP_EVERY = timedelta(minutes=10)


class App:
    """An open store with everything that works on it."""

    def __init__(self, config: Config, store: Store) -> None:
        self.config, self.store = config, store
        self._knowledge = read_knowledge(config)
        self.supervisor = Supervisor()
        self.reloading = asyncio.Lock()
        self.desks = {name: self._desk(name) for name in config.helpdesks}
        self.delivery = self._delivery()
        self._isolation = Isolation(
            Journal(config.data_dir / "parsing"),
            time_limit=config.limits.parse_timeout,
            memory=config.limits.parse_memory,
        )
        self.replies = Replies(store.replies, self.supervisor.posts.values, SystemClock())
        self.pipeline = Pipeline(store, self._isolation, self._route, self.delivery.wake)

    def posts(self, config: Config) -> dict[str, Post]:
        """The connectors of a configuration, ready to be run."""
        return {name: self.post(name, settings) for name, settings in config.connectors.items()}

    def post(self, name: str, settings: ConnectorSettings) -> Post:
        """One connector, ready to be run."""
        factory = CONNECTORS[settings.kind].factory
        return Post(
            name,
            settings,
            make=lambda health: factory(name, settings, health),
            intake=ConnectorIntake(self.pipeline, self.store, name, partial(self._context, settings)),
            state=ConnectorState(self.store, name),
            lock=lambda: process_lock(self.config.data_dir / "locks", name),
        )

    def healths(self) -> Iterable[Health]:
        """How everything is doing."""
        yield from (post.health for post in self.supervisor.posts.values())
        yield from (desk.health for desk in self.desks.values())

    async def run(self, role: Role, stop: asyncio.Event, started: Callable[[], None]) -> None:
        """Work until told to stop.  Raises Misconfigured if an address cannot be listened on."""
        async with self._listening(role):
            if role != "deliver":
                await self.supervisor.arrange(self.posts(self.config))
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._sweep(), name="retention")]
                if role != "intake":
                    tasks.append(group.create_task(self._deliver(), name="delivery"))
                    tasks += [group.create_task(self._answers(desk).run()) for desk in self.desks.values()]
                elif self.delivery.shared:
                    tasks.append(group.create_task(self.delivery.publish(), name="relay"))
                if role != "deliver":
                    tasks.append(group.create_task(self.replies.run(), name="replies"))
                started()
                await stop.wait()
                await self.supervisor.stop()
                for task in tasks:
                    task.cancel()

    @asynccontextmanager
    async def _listening(self, role: Role) -> AsyncIterator[None]:
        http, surface = self.config.http, Surface(self.store, self.healths)
        async with AsyncExitStack() as stack:
            private = listening(surface.private(http.private_token, self._door()), http.private, "http.private")
            await stack.enter_async_context(private)
            if role != "deliver":
                mount = Mount(self.supervisor.posts.values)
                application = surface.public(http.private_token, pages(self.config), mount.handle, http.proxies)
                await stack.enter_async_context(listening(application, http.public, "http.public"))
            yield

    def _answers(self, desk: Desk) -> Reading:
        lock = partial(process_lock, self.config.data_dir / "locks", f"-answers-{desk.name}")
        return Reading(desk, HelpdeskPlace(self.store, desk.name), self.store, self.replies.wake, lock)

    def _door(self) -> Door:
        tokens = {name: one.reply_token for name, one in self.config.helpdesks.items() if one.reply_token}
        return Door(self.store, tokens, self.config.http.private_token, self.replies.wake)

    async def reload(self, config: Config) -> None:
        """Exchange the connectors that changed, read lists and rules again; say what else needs a restart."""
        self._knowledge = await asyncio.to_thread(read_knowledge, config)
        await self.supervisor.arrange(self.posts(config))
        fixed = ("data_dir", "queue", "helpdesks", "routes", "also", "http", "store", "limits", "log")
        changed = [name for name in fixed if getattr(config, name) != getattr(self.config, name)]
        log.info("config.reloaded", connectors=sorted(config.connectors), needs_restart=changed)

    async def close(self) -> None:
        """Let go of what is not the store's."""
        await self.delivery.close()
        await self._isolation.close()

    def _desk(self, name: str) -> Desk:
        settings = self.config.helpdesks[name]
        helpdesk = HELPDESKS[settings.kind].factory(settings, HelpdeskPlace(self.store, name))
        return Desk(name, helpdesk, Health(name, "helpdesk"), SystemClock())

    def _delivery(self) -> Delivery:
        limits = self.config.limits
        queue = QUEUES[self.config.queue.kind].factory(self.config.queue, dict.fromkeys(self.desks, limits.deliveries))
        return Delivery(self.store, queue, self.desks, Policy(max_tries=limits.max_tries), SystemClock())

    def _context(self, settings: ConnectorSettings, now: datetime) -> Context:
        """What the normalizer may know at this moment; a reload changes it under running connectors."""
        return self._knowledge.context(settings, now)

    def _route(self, envelope: Envelope, draft: Draft) -> tuple[Target, ...]:
        triage, language = draft.triage, draft.message.language
        traits = {
            "category": triage.category,
            "topic": triage.topic,
            "route": triage.route,
            "urgency": triage.urgency,
            "lane": triage.lane,
            "language": language.code if language else None,
            "channel": envelope.channel,
            "connector": envelope.connector,
        }
        return targets(traits, self.config.routes, self.config.also)

    async def _deliver(self) -> None:
        """Deliver until cancelled.

        With a queue in this process alone: who delivers holds a lock, and others wait to take over.
        """
        while True:
            lock = process_lock(self.config.data_dir / "locks", DELIVERY_LOCK)
            try:
                with nullcontext() if self.delivery.shared else lock:
                    await self.delivery.run()
            except Misconfigured as error:
                log.warning("delivery.waiting", reason=str(error))
            except Exception:
                log.exception("delivery.defect")
            await asyncio.sleep(LOCK_PAUSE.total_seconds())

    async def _sweep(self) -> None:
        """Let expire what has expired, every ten minutes."""
        keep = self.config.store.retention
        rules = Retention(
            messages=keep.messages,
            attachments=keep.attachments,
            originals=keep.originals,
            secrets=keep.secrets,
            dead_letters=keep.dead_letters,
        )
        while True:
            try:
                await self.store.expire(rules, datetime.now(UTC))
            except Transient as error:
                log.warning("retention.postponed", reason=str(error))
            except Exception:
                log.exception("retention.defect")
            await asyncio.sleep(SWEEP_EVERY.total_seconds())


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[App]:
    """The app of a configuration, its store open.  Raises Misconfigured if data_dir cannot be used."""
    store = await Store.open(
        config.data_dir,
        base_url=config.http.links,
        key=config.store.encryption_key.read() if config.store.encryption_key else None,
        min_free_disk=config.store.min_free_disk,
        helpdesks=frozenset(config.helpdesks),
        redact=redact,
    )
    app = App(config, store)
    try:
        yield app
    finally:
        await app.close()
        await store.close()


async def serve(config: Config, role: Role, load: Callable[[], Config], started: Callable[[], None]) -> None:
    """Run the daemon until SIGTERM or SIGINT; SIGHUP reads the configuration again."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, log.debug, "config.read_already")  # the file was read a moment ago
    async with opened(config) as app:
        reloads: set[asyncio.Task[None]] = set()

        def reload() -> None:
            task = loop.create_task(_reload(app, load))
            reloads.add(task)
            task.add_done_callback(reloads.discard)

        loop.add_signal_handler(signal.SIGHUP, reload)
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        await app.run(role, stop, started)
    log.info("daemon.stopped")


async def _reload(app: App, load: Callable[[], Config]) -> None:
    """Read the configuration again, one time after the other; a mistake in it changes nothing."""
    async with app.reloading:
        try:
            await app.reload(load())
        except Misconfigured as error:
            log.warning("config.refused", reason=str(error))
        except Exception:
            log.exception("config.defect")

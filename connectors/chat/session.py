"""Sessions: opened, found by their token, put off while they are used, ended.

A token is 256 random bits, and only its SHA-256 is kept, so that who reads the database can open no session.
A *thread* is what a conversation is known by here; the sessions of a proven user share the one that is open.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections import OrderedDict
from datetime import UTC, datetime, timedelta

import msgspec
import structlog
from msgspec import Struct

from connectors.base import State
from connectors.chat.identity import Person, line
from connectors.chat.problem import Refused
from connectors.chat.settings import ChatSettings
from connectors.chat.wire import Claims, OpenSession
from model.errors import Transient

log = structlog.get_logger()

REMEMBERED = 10_000
"""Sessions that are held in memory."""
GONE_FOR = timedelta(days=7)
"""How long an expired session is still told from an unknown one."""
PUT_OFF_EVERY = timedelta(days=1)
TRIES = 10
"""How often a value that another device changes at the same time is tried."""


class Session(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A session as it is kept."""

    id: str
    thread: str
    """What its conversation is known by."""
    app: str = ""
    person: Person
    alias: str | None = None
    """The name under which the person began the conversation, before the identity was proven."""
    about: dict[str, str] = {}
    """What the app said of itself, for agents."""
    language: str | None = None
    expires_at: datetime

    @property
    def name(self) -> str:
        """The name of the customer on this channel: a proven user id, else the thread."""
        return self.person.user_id or self.thread


class Opened(Struct, frozen=True, kw_only=True):
    """A session and its token, which is shown this once."""

    session: Session
    token: str


class Sessions:
    """The sessions of a chat."""

    def __init__(self, settings: ChatSettings, state: State) -> None:
        self._settings, self._state = settings, state
        self._remembered: OrderedDict[str, tuple[Session, int]] = OrderedDict()
        self._pepper: bytes | None = None
        self._fresh_for = settings.lifetime - min(PUT_OFF_EVERY, settings.lifetime / 2)
        """A session that lasts longer than this need not be put off."""

    async def open(self, wanted: OpenSession, person: Person, app: str) -> Opened:
        """Open a session.  Raises Refused if its proof was used before, Transient if the store cannot take it."""
        await self._use_once(person)
        former = await self._former(wanted.continues) if person.user_id and wanted.continues else None
        id_ = str(uuid.uuid4())
        thread = await self._thread(person, former[1].thread if former else id_)
        adopts = former is not None and former[1].thread == thread
        session = Session(
            id=id_,
            thread=thread,
            app=app,
            person=msgspec.structs.replace(person, token_id=None, token_expires=None),
            alias=former[1].name if former and adopts else None,
            about=_about(wanted, app),
            language=person.language or wanted.locale,
            expires_at=self._expiry(),
        )
        token = secrets.token_urlsafe(32)
        await self._keep(digest_of(token), session, None)
        if former and adopts:
            await self._forget(former[0])
        return Opened(session=session, token=token)

    async def find(self, token: str) -> Session:
        """The session of a token.  Raises Refused if there is none or it has expired."""
        return await self.known_by(digest_of(token))

    async def known_by(self, digest: str) -> Session:
        """The session of a token's digest, as `find` returns it."""
        found = self._remembered.get(digest) or await self._read(digest)
        if found is None:
            raise Refused("token_unknown", "there is no such session: open one")
        if digest in self._remembered:
            self._remembered.move_to_end(digest)  # who is there stays remembered
        session, version = found
        left = session.expires_at - datetime.now(UTC)
        if left <= timedelta():
            raise Refused("session_expired", "the session was not used for long: open another")
        if left < self._fresh_for:
            session = await self._put_off(digest, session, version)
        return session

    async def end(self, token: str, session: Session) -> None:
        """End a session; the next one of a proven user begins a conversation of its own."""
        await self._forget(digest_of(token))
        if session.person.user_id:
            await self._state.delete(await self._name("user", session.person.user_id))

    async def _use_once(self, person: Person) -> None:
        """Note that a proof with an id of its own was used."""
        if person.token_id is None or person.token_expires is None:
            return
        expires = datetime.fromtimestamp(person.token_expires, UTC) + timedelta(minutes=1)
        if not await self._state.put(await self._name("jti", person.token_id), True, expires=expires):
            raise Refused("identity_refused", "the token was used before: ask for another")

    async def _former(self, token: str) -> tuple[str, Session] | None:
        """The anonymous session that is to go on, with its digest; None where there is none."""
        digest = digest_of(token)
        found = self._remembered.get(digest) or await self._read(digest)
        if found is None or found[0].person.user_id or found[0].expires_at <= datetime.now(UTC):
            return None
        return digest, found[0]

    async def _thread(self, person: Person, wanted: str) -> str:
        """The thread of a person: that of the open conversation, else the one that is wanted."""
        if not person.user_id:
            return wanted
        name = await self._name("user", person.user_id)
        for _ in range(TRIES):
            found = await self._state.get(name)
            thread = str(found[0]) if found else wanted
            if await self._state.put(name, thread, version=found[1] if found else None, expires=self._expiry()):
                return thread
        raise Transient("too many devices open a session at once", retry_after=timedelta(seconds=1))

    async def _put_off(self, digest: str, session: Session, version: int) -> Session:
        later = msgspec.structs.replace(session, expires_at=self._expiry())
        try:
            await self._keep(digest, later, version)
            await self._thread(later.person, later.thread)
        except Transient as error:
            log.debug("session.not_put_off", reason=str(error))
        return later

    async def _keep(self, digest: str, session: Session, version: int | None) -> None:
        value, expires = msgspec.to_builtins(session), session.expires_at + GONE_FOR
        await self._state.put(_session(digest), value, version=version, expires=expires, secret=True)
        self._remembered.pop(digest, None)  # its version is the state's to tell

    async def _read(self, digest: str) -> tuple[Session, int] | None:
        found = await self._state.get(_session(digest))
        if found is None:
            return None
        session = msgspec.convert(found[0], Session)
        if session.app and session.app not in self._settings.apps:
            return None  # the app was taken out of the configuration
        self._remember(digest, session, found[1])
        return session, found[1]

    def _remember(self, digest: str, session: Session, version: int) -> None:
        self._remembered[digest] = (session, version)
        self._remembered.move_to_end(digest)
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)

    async def _forget(self, digest: str) -> None:
        await self._state.delete(_session(digest))
        self._remembered.pop(digest, None)

    def _expiry(self) -> datetime:
        return datetime.now(UTC) + self._settings.lifetime

    async def _name(self, kind: str, value: str) -> str:
        """The name of a kept value that is about somebody, from which nobody can tell whom."""
        if self._pepper is None:
            await self._state.put("pepper", secrets.token_hex(32), secret=True)
            stored = await self._state.get("pepper")
            assert stored is not None
            self._pepper = str(stored[0]).encode()
        return f"{kind}:{hmac.new(self._pepper, value.encode(), hashlib.sha256).hexdigest()}"


def _about(wanted: OpenSession, app: str) -> dict[str, str]:
    """What agents see of the app and the device."""
    said = {
        **{line(name, 40): line(value, 200) for name, value in wanted.metadata.items()},
        "app": app,
        "platform": wanted.channel,
        "version": line(wanted.app_version, 200),
        "device": line(wanted.device, 200),
        "page": line(wanted.page_url, 2000).partition("?")[0].partition("#")[0],
        "claimed_user": line(_merely_claimed(wanted.identity), 200),
    }
    return {name: value for name, value in said.items() if name and value}


def _merely_claimed(claims: Claims | None) -> str | None:
    """A user id that came without a proof."""
    return claims.user_id if claims and claims.jwt is None and claims.user_hash is None else None


def digest_of(token: str) -> str:
    """By what a token is known."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _session(digest: str) -> str:
    return f"session:{digest}"

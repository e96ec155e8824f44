"""The chat connector: what customers write in an app or on a page, and what they are answered there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta

import aiohttp
import jwt
from aiohttp import web

from connectors.base import Elsewhere, Health, Intake, State
from connectors.chat.api import Api
from connectors.chat.chat import Chat, was_seen
from connectors.chat.settings import ChatSettings
from model.errors import CredentialsRejected, Transient
from model.reply import Reply, SentRef

PULSE = timedelta(seconds=15)
"""How often the store is asked, so that an idle chat is known to be well."""
SHOW_LIMIT = timedelta(seconds=15)
"""How long an answer is shown to open sockets before it counts as waiting for the customer's return."""


class ChatConnector:
    """Serves the chat API; reads nothing by itself."""

    repeatable = True
    """An answer is in the store, and a socket is sent each place once."""

    def __init__(self, name: str, settings: ChatSettings, health: Health, *, pulse: timedelta = PULSE) -> None:
        self.name = name
        self._settings, self._health, self._pulse = settings, health, pulse
        self._chat: Chat | None = None

    def routes(self, intake: Intake, state: State) -> Iterable[web.RouteDef]:
        """The chat API (`docs/chat-api.md`)."""
        return Api(self._running(intake, state)).routes()

    async def run(self, intake: Intake, state: State) -> None:
        """Hand over what customers write, until cancelled; then their sockets are closed, to come again."""
        chat = self._running(intake, state)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(chat.batches.run())
                group.create_task(self._beat(state))
        except* Transient as several:
            raise several.exceptions[0] from None
        finally:
            await chat.rooms.close(aiohttp.WSCloseCode.SERVICE_RESTART, "restart")

    async def check(self) -> None:
        """Return if the keys by which identities are proven can be read.  Raises CredentialsRejected."""
        if self._settings.identity_secret:
            self._settings.identity_secret.read()
        if found := self._settings.jwt:
            try:
                jwt.get_algorithm_by_name(found.algorithm).prepare_key(found.key.read())
            except (jwt.InvalidKeyError, ValueError, TypeError) as error:
                raise CredentialsRejected(
                    f"the key of jwt is no key for {found.algorithm}: {type(error).__name__}",
                    remedy="give the public key as PEM, or for HS256 the shared secret",
                ) from None

    async def send(self, reply: Reply, state: State) -> SentRef:  # noqa: ARG002  the contract's
        """Show an answer to the customer's open sockets; it is in the store for when they come back."""
        if self._chat is not None:
            await self._chat.deliver(reply, SHOW_LIMIT)
        return SentRef(reply.id)

    @property
    def patience(self) -> timedelta | None:
        """How long an answer may be unread (see `connectors.base.Forwarding`)."""
        return self._settings.fallback.after if self._settings.fallback else None

    async def unread(self, reply: Reply, state: State) -> Elsewhere | None:
        """The other way for an answer that the customer has not read."""
        fallback = self._settings.fallback
        address = next((one.value for one in reply.requester.identities if one.kind == "email"), None)
        if fallback is None or address is None or await was_seen(state, reply):
            return None
        return Elsewhere(connector=fallback.connector, address=address)

    def _running(self, intake: Intake, state: State) -> Chat:
        if self._chat is None:
            self._chat = Chat(self.name, self._settings, intake, state, self._health.proven)
        return self._chat

    async def _beat(self, state: State) -> None:
        while True:
            await state.get("pulse")
            self._health.proven()
            await asyncio.sleep(self._pulse.total_seconds())

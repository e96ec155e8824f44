"""How long the access token lasts: Weibo gives no refresh tokens, so a person has to be told in time.

`POST /oauth2/get_token_info` tells whose the token is and when it ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog

from connectors.base import Health, State
from connectors.weibo.api import TOKEN, Api
from connectors.weibo.errors import AUTHORIZE, NotAllowed, Refused
from connectors.weibo.settings import WeiboSettings
from model.clock import Clock
from model.errors import CredentialsRejected, Transient, Uncertain

log = structlog.get_logger()

KEY = "token"
WEEK, DAY = timedelta(days=7), timedelta(days=1)


class Known(msgspec.Struct, frozen=True):
    """What Weibo said of a token, which is named by a digest."""

    token: str
    asked_at: datetime
    expires: datetime | None = None


class Watch:
    """Watches the token of one account."""

    def __init__(self, name: str, settings: WeiboSettings, api: Api, clock: Clock, health: Health) -> None:
        self._name, self._settings, self._api = name, settings, api
        self._clock, self._health = clock, health
        self._warned_at: datetime | None = None

    async def look(self, state: State) -> None:
        """Ask once a day, and for a new token at once; tell how long it lasts, and warn a week before its end.

        Raises CredentialsRejected if it is refused or another account's; Transient if Weibo cannot be asked.
        """
        known = await self._known(state)
        if known is None:
            known = await self.ask(state)
            stored = await state.get(KEY)
            await state.put(KEY, msgspec.to_builtins(known), version=stored[1] if stored else None)
        self._health.expires(known.expires)
        if known.expires:
            self._warn(known.expires)

    async def ask(self, state: State | None) -> Known:
        """What Weibo says of the token.  Raises like `look`."""
        now = self._clock.now()
        try:
            answer = await self._api.post(TOKEN, state)
        except Uncertain as error:  # asking changes nothing
            raise Transient(str(error)) from None
        except (NotAllowed, Refused):  # the interface is not for this application: the lists will tell
            return Known(self._digest(), now)
        uid, seconds = _field(answer, "uid"), _field(answer, "expire_in")
        if uid and uid != self._settings.uid:
            raise CredentialsRejected(
                f"the access token is that of the account {uid}", remedy="set uid, or " + AUTHORIZE
            )
        return Known(self._digest(), now, now + timedelta(seconds=int(seconds)) if seconds.isdecimal() else None)

    async def _known(self, state: State) -> Known | None:
        stored = await state.get(KEY)
        try:
            known = msgspec.convert(stored[0], Known) if stored else None
        except msgspec.ValidationError:
            return None
        is_current = known and known.token == self._digest() and self._clock.now() < known.asked_at + DAY
        return known if is_current else None

    def _warn(self, expires: datetime) -> None:
        now = self._clock.now()
        if expires - now > WEEK or (self._warned_at and now < self._warned_at + DAY):
            return
        self._warned_at = now
        log.warning("token.expires_soon", connector=self._name, expires=expires.isoformat(), remedy=AUTHORIZE)

    def _digest(self) -> str:
        return hashlib.sha256(self._api.token().encode()).hexdigest()[:16]


def _field(answer: Any, name: str) -> str:
    found = answer.get(name) if isinstance(answer, Mapping) else None
    return str(found) if isinstance(found, int | str) else ""

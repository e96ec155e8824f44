"""Access tokens of an account that consented (OAuth 2.0 with PKCE): renewed in time, the rotating token kept.

A refresh token of X works once, and its answer brings the next.  That one is kept in State, encrypted, together with
a digest of the configured token that it descends from: a new one in the configuration begins a new line.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import msgspec

from connectors.base import State
from connectors.x.errors import TOKEN_REMEDY, Broken, problem_of
from connectors.x.settings import OAuth
from model.clock import Clock
from model.errors import CredentialsRejected, Misconfigured, Transient
from model.settings import Secret

KEY = "oauth"
MARGIN = timedelta(minutes=5)
"""A token this near to its end is renewed first."""
LIFETIME = 7200
"""Seconds that an access token lasts where the answer does not say."""
_MOST = 64 << 10


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The newest tokens of a line."""

    access: str
    refresh: str
    expires: datetime
    origin: str
    """Digest of the configured refresh token that began the line."""
    scope: str = ""


class Tokens:
    """The access tokens of one account; several may ask at once, in several processes."""

    def __init__(self, settings: OAuth, api_base: str, clock: Clock) -> None:
        self._settings, self._url, self._clock = settings, api_base + "/2/oauth2/token", clock
        self._turn = asyncio.Lock()

    async def current(self, session: aiohttp.ClientSession, state: State, refused: str | None) -> Kept:
        """Return tokens whose access token lasts and is not the refused one.

        Raises CredentialsRejected if X gives none any more, Transient if it cannot be asked.
        """
        async with self._turn:
            origin = hashlib.sha256(read(self._settings.refresh_token).encode()).hexdigest()
            kept, version = await _load(state)
            if kept is not None and kept.origin == origin and self._lasts(kept, refused):
                return kept
            refresh = kept.refresh if kept and kept.origin == origin else read(self._settings.refresh_token)
            try:
                renewed = await self._renew(session, refresh, origin)
            except CredentialsRejected:
                other, _ = await _load(state)  # another process may have been first with the same token
                if other is not None and other != kept and other.origin == origin and self._lasts(other, refused):
                    return other
                raise
            await _save(state, renewed, version)
            return renewed

    def _lasts(self, kept: Kept, refused: str | None) -> bool:
        return kept.access != refused and self._clock.now() + MARGIN < kept.expires

    async def _renew(self, session: aiohttp.ClientSession, refresh: str, origin: str) -> Kept:
        form = {"grant_type": "refresh_token", "refresh_token": refresh, "client_id": self._settings.client_id}
        secret = self._settings.client_secret
        basic = aiohttp.BasicAuth(self._settings.client_id, read(secret)) if secret else None
        try:
            async with session.post(self._url, data=form, auth=basic, allow_redirects=False) as response:
                answer, status = _object(await response.content.read(_MOST)), response.status
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Broken(f"X's token endpoint does not answer ({type(error).__name__})", reached=True) from None
        if status == 429 or status >= 500:
            raise Transient(f"X's token endpoint answers {status}")
        access, following = answer.get("access_token"), answer.get("refresh_token", refresh)
        if status == 200 and isinstance(access, str) and access.isascii() and isinstance(following, str):
            return Kept(
                access=access,
                refresh=following,
                expires=self._clock.now() + timedelta(seconds=_seconds(answer.get("expires_in"))),
                origin=origin,
                scope=str(answer.get("scope", "")),
            )
        if status == 200:
            raise Transient("X's token endpoint answers without a token")
        problem = problem_of(answer) or str(answer.get("error", status))[:100]
        raise CredentialsRejected(f"X does not renew the account's consent: {problem}", remedy=TOKEN_REMEDY)


def read(secret: Secret) -> str:
    """A secret's text.  Raises CredentialsRejected where its file cannot be read."""
    try:
        return secret.read().strip()
    except Misconfigured as error:
        raise CredentialsRejected(str(error), remedy="put the token into its file") from None


async def _load(state: State) -> tuple[Kept | None, int | None]:
    stored = await state.get(KEY)
    if stored is None:
        return None, None
    try:
        return msgspec.convert(stored[0], Kept), stored[1]
    except msgspec.ValidationError:
        return None, stored[1]


async def _save(state: State, kept: Kept, version: int | None) -> None:
    """Keep what X just gave: nobody else can have newer tokens, for each works once."""
    while not await state.put(KEY, msgspec.to_builtins(kept), version=version, secret=True):
        _, version = await _load(state)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _seconds(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and 0 < value < 10**9 else LIFETIME

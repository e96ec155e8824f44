"""OAuth access tokens for a mailbox (RFC 6749): where they come from, and when they are renewed."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import msgspec
import structlog

from connectors.base import State
from connectors.email.settings import GoogleToken, MicrosoftToken, StaticToken, TokenCommand, XOAuth2
from model.errors import CredentialsRejected, Misconfigured, Transient
from model.settings import Secret

_log = structlog.get_logger()

MARGIN = timedelta(minutes=5)
"""A token this near to its end is renewed first."""
WEEK = timedelta(days=7)
KEY = "oauth"
"""Where the token is kept in State."""
_DEADLINE = 30.0
_ANSWER_LIMIT = 64 * 1024


class Token(msgspec.Struct, frozen=True):
    """An access token, when it ends, and what the next one can be had with."""

    value: str
    expires: datetime | None = None
    refresh: str | None = None

    def lasts(self, now: datetime) -> bool:
        """Whether it can still be used for a while."""
        return self.expires is None or now + MARGIN < self.expires


class Tokens:
    """The access tokens of one account; several connections may ask at once."""

    def __init__(self, settings: XOAuth2) -> None:
        self._settings = settings
        self._turn = asyncio.Lock()
        self._kept: Token | None = None

    async def current(self, state: State | None, *, refused: str | None = None) -> Token:
        """Return a token that lasts; `refused` is the value of one that the server did not take.

        Raises CredentialsRejected if the issuer refuses us, Transient if it cannot be reached.
        """
        async with self._turn:
            if isinstance(self._settings, StaticToken):
                return _static(self._settings)
            kept = self._kept or (await _load(state) if state else None)
            if kept and kept.value != refused and kept.lasts(datetime.now(UTC)):
                return kept
            self._kept = token = await _issue(self._settings, kept)
            if state:
                await _save(state, token)
            return token


def _static(settings: StaticToken) -> Token:
    value = _read(settings.token)
    expires = _expiry_of(value)
    if expires and expires < datetime.now(UTC) + WEEK:
        _log.warning("token.expires_soon", expires=expires.isoformat(), remedy="put a new token in source.xoauth2")
    return Token(value, expires)


async def _issue(settings: MicrosoftToken | GoogleToken | TokenCommand, kept: Token | None) -> Token:
    match settings:
        case TokenCommand():
            value = await _run(settings.command)
            return Token(value, _expiry_of(value) or datetime.now(UTC) + settings.lifetime)
        case MicrosoftToken():
            url = settings.token_url.replace("{tenant}", settings.tenant)
            return await _ask(url, settings, {"grant_type": "client_credentials", "scope": settings.scope})
        case GoogleToken():
            return await _refresh(settings, kept)


async def _refresh(settings: GoogleToken, kept: Token | None) -> Token:
    """Refresh with the newest token: the issuer may have replaced the configured one, or a person the kept one."""
    configured = _read(settings.refresh_token)
    if kept and kept.refresh and kept.refresh != configured:
        with suppress(CredentialsRejected):
            return await _ask(settings.token_url, settings, _grant(kept.refresh))
    return await _ask(settings.token_url, settings, _grant(configured))


def _grant(refresh: str) -> dict[str, str]:
    return {"grant_type": "refresh_token", "refresh_token": refresh}


async def _ask(url: str, client: MicrosoftToken | GoogleToken, form: dict[str, str]) -> Token:
    secret = {"client_id": client.client_id, "client_secret": _read(client.client_secret)}
    return _token(await _post(url, form | secret), form.get("refresh_token"))


def _token(answer: Mapping[str, Any], refresh: str | None) -> Token:
    value, lifetime = answer.get("access_token"), answer.get("expires_in", 3600)
    if not isinstance(value, str) or not value.isascii():
        raise Transient("the token endpoint answered without an access token")
    with suppress(TypeError, ValueError, OverflowError):
        return Token(
            value, datetime.now(UTC) + timedelta(seconds=float(lifetime)), answer.get("refresh_token", refresh)
        )
    return Token(value, None, refresh)


async def _post(url: str, form: Mapping[str, str]) -> Mapping[str, Any]:
    timeout = aiohttp.ClientTimeout(total=_DEADLINE)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.post(url, data=form) as response:
            body = await response.content.read(_ANSWER_LIMIT)
            status, retry_after = response.status, response.headers.get("Retry-After", "")
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Transient(f"the token endpoint cannot be reached ({type(error).__name__}): check the network") from None
    answer = _object(body)
    if status == 200:
        return answer
    if status in (429, 503) or status >= 500:
        pause = timedelta(seconds=min(int(retry_after), 3600)) if retry_after.isdigit() else None
        raise Transient(f"the token endpoint answered {status}", retry_after=pause)
    raise CredentialsRejected(
        f"the token endpoint refuses us: {str(answer.get('error', status))[:100]}",
        remedy="renew the client secret or the refresh token, and check client_id, tenant and scope in source.xoauth2",
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return answer if isinstance(answer, dict) else {}


async def _run(command: tuple[str, ...]) -> str:
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, limit=_ANSWER_LIMIT
        )
    except OSError as error:
        raise CredentialsRejected(
            f"the token command cannot be run: {error.strerror}", remedy="check source.xoauth2.command"
        ) from None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_DEADLINE):
            output = await process.stdout.read(_ANSWER_LIMIT)
            status = await process.wait()
    except TimeoutError:
        raise Transient("the token command did not end in time") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    value = output.decode("ascii", "replace").strip()
    if status or not value or not value.isascii():
        raise Transient(f"the token command printed no token (exit status {status})")
    return value


def _read(secret: Secret) -> str:
    try:
        return secret.read()
    except Misconfigured as error:
        raise CredentialsRejected(str(error), remedy="make the file readable, with the secret in it") from None


def _expiry_of(value: str) -> datetime | None:
    """The end that a JSON Web Token states of itself (RFC 7519 section 4.1.4); nothing is verified."""
    parts = value.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = _object(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (binascii.Error, KeyError, TypeError, ValueError, OverflowError, OSError):
        return None


async def _load(state: State) -> Token | None:
    found = await state.get(KEY)
    try:
        return msgspec.convert(found[0], Token) if found else None
    except msgspec.ValidationError:
        return None


async def _save(state: State, token: Token) -> None:
    found = await state.get(KEY)
    version = found[1] if found else None
    if not await state.put(KEY, msgspec.to_builtins(token), version=version, secret=True):
        _log.info("token.kept_by_another")

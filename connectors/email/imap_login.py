"""From a host name to a logged-in session: connect, encrypt, log in, introduce ourselves."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import structlog
from aioimaplib.aioimaplib import AioImapException, Response

from connectors.base import State
from connectors.email.imap_client import Client
from connectors.email.imap_errors import GRANT_REMEDY, LOGIN_REMEDY, Broken, broken, login_refusal, unreachable
from connectors.email.imap_session import Session
from connectors.email.oauth import WEEK, Token, Tokens
from connectors.email.settings import ImapSource
from model.errors import CredentialsRejected, Misconfigured, Transient

_log = structlog.get_logger()

SILENT = "silent-login"
"""Where State keeps that the last login was never answered."""
PATIENCE = timedelta(seconds=60)
"""How long a server may be silent before its connection is given up."""


class Silence(Broken):
    """The server took our credentials and said nothing."""


@asynccontextmanager
async def connect(
    settings: ImapSource, state: State | None, tokens: Tokens | None, *, patience: timedelta = PATIENCE
) -> AsyncIterator[Session]:
    """Open a session, and end it at once when the block is left.

    Raises Transient, naming what to look at, if the server cannot be reached or takes nobody now;
    CredentialsRejected if it refuses who we are.
    """
    context = _context(settings)
    client = Client(
        settings.host,
        settings.port,
        timeout=patience.total_seconds(),
        ssl_context=context if settings.tls is True else None,
    )
    try:
        await _greet(client, settings, context)
        token = await tokens.current(state) if tokens else None
        token = await _log_in(client, settings, state, tokens, token)
        await _introduce(client, settings)
        yield Session(client, settings, expires=token.expires if token else None)
    finally:
        client.disconnect()


def _context(settings: ImapSource) -> ssl.SSLContext | None:
    if settings.tls is False:
        return None
    path = settings.ca_file
    try:
        return _trusting(str(path) if path else None, path.stat().st_mtime_ns if path else 0)
    except (OSError, ssl.SSLError) as error:
        raise Transient(f"cannot read source.ca_file {path}: {error.strerror or error}") from None


@lru_cache(maxsize=16)
def _trusting(cafile: str | None, _changed: int) -> ssl.SSLContext:
    """A context holds a megabyte of certificates: all accounts that trust the same ones share it."""
    return ssl.create_default_context(cafile=cafile)


async def _greet(client: Client, settings: ImapSource, context: ssl.SSLContext | None) -> None:
    try:
        await client.wait_hello_from_server()
        if settings.tls == "starttls":
            assert context is not None
            await client.starttls(context)
    except (OSError, TimeoutError, AioImapException) as error:
        raise unreachable(error, settings.host, settings.port, encrypted=settings.tls is True) from None
    _warn_of_expiry(client)


def _warn_of_expiry(client: Client) -> None:
    certificate = client.protocol.transport.get_extra_info("peercert") or {}
    if end := certificate.get("notAfter"):
        left = timedelta(seconds=ssl.cert_time_to_seconds(end)) - timedelta(seconds=datetime.now(UTC).timestamp())
        if left < WEEK:
            _log.warning("certificate.expires_soon", days=left.days, remedy="renew it on the server")


async def _log_in(
    client: Client, settings: ImapSource, state: State | None, tokens: Tokens | None, token: Token | None
) -> Token | None:
    """Log in; an access token that is refused is renewed once, in case it was withdrawn early."""
    try:
        response = await _present(client, settings, token)
    except Silence:
        await _note_silence(state, by_token=token is not None)
        raise
    if state and await state.get(SILENT):
        await state.delete(SILENT)
    if response.result != "OK" and tokens and token:
        renewed = await tokens.current(state, refused=token.value)
        if renewed.value != token.value:
            token, response = renewed, await _present(client, settings, renewed)
    if response.result != "OK":
        raise login_refusal(response, by_token=token is not None)
    return token


async def _note_silence(state: State | None, *, by_token: bool) -> None:
    """Some servers never answer a token that they refuse; once may be the network, twice in a row is not."""
    if not (state and by_token):
        return
    if await state.get(SILENT):
        raise CredentialsRejected("the server never answers the access token", remedy=GRANT_REMEDY)
    await state.put(SILENT, value=True)


async def _present(client: Client, settings: ImapSource, token: Token | None) -> Response:
    remedy = GRANT_REMEDY if token else LOGIN_REMEDY
    try:
        if token:
            return await client.xoauth2(settings.user, token.value)
        assert settings.password is not None
        if client.has_capability("LOGINDISABLED"):
            raise CredentialsRejected("the server takes no password in clear", remedy="set source.tls")
        user = settings.user.replace("\\", "\\\\").replace('"', '\\"')
        return await client.login(f'"{user}"', settings.password.read())
    except TimeoutError:
        raise Silence("the server does not answer the login") from None
    except AioImapException as error:
        raise broken(str(error) or "the server does not answer") from None
    except (Misconfigured, ValueError) as error:
        reason = str(error) if isinstance(error, Misconfigured) else "user or password hold a line end or are not text"
        raise CredentialsRejected(reason, remedy=remedy) from None


async def _introduce(client: Client, settings: ImapSource) -> None:
    """Learn what the server can do after the login, and say who we are where it asks for that (RFC 2971)."""
    try:
        await client.capability()
        if settings.id and client.has_capability("ID"):
            await client.id(**settings.id)
    except (TimeoutError, AioImapException) as error:
        raise broken(str(error) or "the server does not answer") from None

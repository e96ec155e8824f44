"""Connections to Redis: by URL, over TLS, as an ACL user, by way of Sentinel; never without a deadline."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

from redis.asyncio import ConnectionPool, Redis, Sentinel
from redis.asyncio.connection import AbstractConnection
from redis.credentials import CredentialProvider
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError
from redis.exceptions import TimeoutError as RedisTimeout

from delivery.settings import RedisSettings
from model.errors import CredentialsRejected, FaninError, Misconfigured, Transient
from model.settings import Secret

R = TypeVar("R", bound=Redis)


def connect(settings: RedisSettings, client: type[R], **more: Any) -> R:
    """A client that opens its connections when it needs them.

    Every connection has a deadline for each command, so that a Redis that hangs is noticed.
    """
    seconds = settings.timeout.total_seconds()
    common: dict[str, Any] = {
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        "health_check_interval": 0,
    }
    if not settings.url.startswith("unix:"):
        common["socket_keepalive"] = True
    if settings.password is not None:
        common["credential_provider"] = _Credentials(settings.user, settings.password)
    tls: dict[str, Any] = {}
    if settings.url.startswith("rediss:"):
        tls = {"ssl_cert_reqs": "required", "ssl_check_hostname": True, "ssl_min_version": ssl.TLSVersion.TLSv1_2}
        if settings.ca_file is not None:
            tls["ssl_ca_certs"] = str(settings.ca_file)
    if settings.sentinels:
        places = [(one.host, one.port) for one in settings.sentinels]
        guards = Sentinel(places, sentinel_kwargs=_without_credentials(common) | tls, **common, **tls)  # type: ignore[no-untyped-call]
        database = int(urlsplit(settings.url).path.strip("/") or 0)
        made: R = guards.master_for(settings.master, redis_class=client, db=database, ssl=bool(tls))
        for name, value in more.items():
            setattr(made, name, value)
    else:
        made = client(connection_pool=ConnectionPool.from_url(settings.url, **common, **tls), **more)
    pool = made.connection_pool
    pool.connection_class = type("Connection", (_Prompt, pool.connection_class), {})
    return made


async def close(client: Redis) -> None:
    """Close the connections of a client that `connect` made."""
    await client.aclose(close_connection_pool=True)


@contextmanager
def named_errors() -> Iterator[None]:
    """Turn the library's errors into those that are named by what helps."""
    try:
        yield
    except FaninError:
        raise
    except (AuthenticationError, NoPermissionError) as error:
        raise CredentialsRejected(
            f"Redis refuses: {error}", remedy="correct user and password_file, or the rights of that user in Redis"
        ) from None
    except (RedisError, OSError, TimeoutError) as error:
        raise Transient(f"Redis cannot be used: {type(error).__name__}: {error}") from None


class _Prompt(AbstractConnection):
    """Sends under `asyncio.timeout`.

    redis-py takes `asyncio.wait_for`, which costs a task for each command and, until Python 3.12, swallows a
    cancellation now and then (https://github.com/python/cpython/issues/86296).
    """

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:  # noqa: FBT001, FBT002  overrides
        """Send within the connection's time-out."""
        limit, self.socket_timeout = self.socket_timeout, None
        try:
            async with asyncio.timeout(limit):
                await super().send_packed_command(command, check_health)
        except TimeoutError:
            raise RedisTimeout(f"nothing can be sent within {limit} s") from None
        finally:
            self.socket_timeout = limit


class _Credentials(CredentialProvider):
    """Reads the password at each connection, so that one that was exchanged is found without a restart."""

    def __init__(self, user: str | None, password: Secret) -> None:
        self._user, self._password = user, password

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """User and password, as redis-py asks for them."""
        try:
            password = self._password.read()
        except Misconfigured as error:
            raise AuthenticationError(str(error)) from None
        return (password,) if self._user is None else (self._user, password)

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        """The same; redis-py's own of this name logs a warning at each connection."""
        return self.get_credentials()


def _without_credentials(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name != "credential_provider"}

"""What helpdesks that are reached over HTTP have in common: connections, certificates and pauses."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import aiohttp
from aiohttp.connector import AddrInfoType

from model.addresses import is_public
from model.errors import CredentialsRejected

LONGEST_PAUSE = timedelta(days=1)
_REFUSED = "is not an address of the public internet"


class PrivateAddress(OSError):
    """A connection that was not made: it would have gone into a private network."""


def connector(ca_file: Path | None, *, public_only: bool = False) -> aiohttp.TCPConnector:
    """A connector that opens a connection for each request, so that none is found broken after a rest.

    With `public_only` the very address that is connected to is looked at, after every name is resolved: a
    name that resolves to something else the next time gains nothing.  Raises CredentialsRejected if the
    certificates cannot be read.
    """
    return aiohttp.TCPConnector(
        force_close=True, ssl=_trust(ca_file), socket_factory=_public_socket if public_only else None
    )


def is_private(error: aiohttp.ClientConnectorError) -> bool:
    """Whether the connection failed because every address of the host is a private one."""
    return isinstance(error.os_error, PrivateAddress) or _REFUSED in str(error.os_error)


def asked_pause(headers: Mapping[str, str]) -> timedelta | None:
    """The pause that a Retry-After field asks for (RFC 9110 section 10.2.3): seconds, or a date."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return min(timedelta(seconds=int(value[:9])), LONGEST_PAUSE)
    try:
        wait = parsedate_to_datetime(value).astimezone(UTC) - datetime.now(UTC)
    except (ValueError, OverflowError):
        return None
    return min(max(wait, timedelta(0)), LONGEST_PAUSE)


def _trust(ca_file: Path | None) -> ssl.SSLContext | bool:
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # what OpenSSL says is one too
        raise CredentialsRejected(
            f"cannot read the certificates in {ca_file}: {error.strerror or error}",
            remedy="correct ca_file, or the file that it names",
        ) from None


def _public_socket(address: AddrInfoType) -> socket.socket:
    """The socket for an address to which a name resolved.  Raises PrivateAddress."""
    family, type_, protocol, _, target = address
    if family not in (socket.AF_INET, socket.AF_INET6) or not is_public(str(target[0])):
        raise PrivateAddress(f"{target[0]} {_REFUSED}")
    return socket.socket(family, type_, protocol)

"""Whose address a request has that comes by way of a proxy.

`X-Forwarded-For` is believed only from proxies that are configured: anybody else can write it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Protocol

from aiohttp import web

Network = IPv4Network | IPv6Network
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Middleware(Protocol):
    """What aiohttp lets a request pass through."""

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse: ...


def client_address(peer: str | None, forwarded_for: Sequence[str], proxies: Sequence[Network]) -> str | None:
    """The address of the client behind trusted proxies: the last one named that is no proxy itself.

    `forwarded_for` are the values of X-Forwarded-For in their order.  What a client wrote there itself stands
    before what the first trusted proxy added, so it is never reached.
    """
    address = peer
    for named in reversed([one.strip() for value in forwarded_for for one in value.split(",")]):
        if not _is_among(address, proxies) or not _is_address(named):
            break
        address = named
    return address


def behind(proxies: Sequence[Network]) -> Middleware:
    """A middleware that gives requests from trusted proxies the address of their client."""

    @web.middleware
    async def addressed(request: web.Request, handler: Handler) -> web.StreamResponse:
        address = client_address(request.remote, request.headers.getall("X-Forwarded-For", []), proxies)
        return await handler(request if address == request.remote else request.clone(remote=address or ""))

    return addressed


def _is_among(address: str | None, proxies: Sequence[Network]) -> bool:
    if not address or not _is_address(address):
        return False
    known = ip_address(address)
    mapped = getattr(known, "ipv4_mapped", None) or known
    return any(mapped in network for network in proxies if network.version == mapped.version)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True

"""Which addresses lie on the public internet."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_NAT64 = ip_network("64:ff9b::/96")
"""RFC 6052: an IPv4 address in its last 32 bits."""


def is_public(ip: str) -> bool:
    """Whether an IP address (v4 or v6, without brackets) belongs to the public internet.

    False for what reaches this machine, its network or its cloud's metadata (RFC 6890), for multicast, and for what
    is no address.  An IPv6 address that carries an IPv4 one (mapped, 6to4, Teredo, NAT64) is as public as that is.
    """
    try:
        address = ip_address(ip)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and (inner := _carried(address)) is not None:
        address = inner
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _carried(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour

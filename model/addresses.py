"""Which network addresses belong to the public internet (RFC 6890, and the IANA special-purpose registries).

An address that somebody else chose, in a link or by a name server, must not lead into the operator's own
network.  Pure: whoever connects asks about the very address that it connects to.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
"""NAT64 (RFC 6052, RFC 8215): the last 32 bits are an IPv4 address."""


def is_public(address: str) -> bool:
    """Whether the address (no name; a zone as in `fe80::1%eth0` is allowed) is one of the public internet.

    False for private, shared, loopback, link-local, multicast, reserved and unspecified ones, and for what
    embeds such an IPv4 address (mapped, 6to4, Teredo, NAT64), and for what is no address.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        return _is_unicast(found) and all(_is_unicast(inner) for inner in _embedded(found))
    return _is_unicast(found)


def _is_unicast(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and (
        address.ipv4_mapped or address.sixtofour or any(address in net for net in _TRANSLATED)
    ):
        return True  # decided by the address that it embeds, of which Pythons differ in what they say
    return address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: IPv6Address) -> list[IPv4Address]:
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in _TRANSLATED):
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [inner for inner in found if inner is not None]

"""Public addresses are told from those that lead inside."""

from __future__ import annotations

import pytest

from model.addresses import is_public


@pytest.mark.parametrize("ip", ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808", "2002:808:808::1"])
def test_addresses_of_the_internet_are_public(ip: str) -> None:
    """Also where an IPv6 address carries a public IPv4 one."""
    assert is_public(ip)


@pytest.mark.parametrize(
    "ip",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1"),
        *("::", "::1", "fe80::1", "fc00::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a00:1::"),
        *("", "example.com", "127.1", "2130706433", "1.1.1.1:80"),
    ],
)
def test_addresses_that_lead_inside_are_not(ip: str) -> None:
    """This machine, its network, its cloud's metadata, multicast, and what is no address."""
    assert not is_public(ip)

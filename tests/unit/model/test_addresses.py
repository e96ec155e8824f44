"""Which addresses are of the public internet."""

from __future__ import annotations

import pytest

from model.addresses import is_public


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"]
)
def test_public_addresses_are_public(address: str) -> None:
    """What anybody can be reached at is public, also in the forms that embed it."""
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.1.2.3",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::169.254.169.254",
        "2002:7f00:1::",
        "2002:a00:1::1",
    ],
)
def test_private_addresses_are_not(address: str) -> None:
    """What leads into this machine or a private network is not public, however it is written."""
    assert not is_public(address)


@pytest.mark.parametrize("text", ["localhost", "", "127.1", "1.1.1.1:80", "2130706433"])
def test_a_name_is_no_address(text: str) -> None:
    """A name has to be resolved first, and what is no address is never taken for a public one."""
    assert not is_public(text)

"""The types in which settings are written."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from config.settings import Config, Http, Store
from connectors.chat.settings import Origin
from connectors.email.settings import EmailSettings
from connectors.settings import Start
from delivery.settings import RedisUrl
from model.settings import ByteSize, Duration, Host, Listen, Secret, WebUrl, duration_text, size_text

DURATION, SIZE, START, URL = map(TypeAdapter, (Duration, ByteSize, Start, WebUrl))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500 ms", 0.5), ("30s", 30), ("1.5 min", 90), ("12 h", 43200), (" 90 d ", 7776000)],
)
def test_durations(text, seconds):
    """A duration is a number with its unit."""
    assert DURATION.validate_python(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["5", 5, "0 s", "-1 s", "1 y", "1e3 s", "٣ s", "9" * 400 + " d", None, True])
def test_what_is_no_duration(value):
    """A duration without a unit, of nothing or beyond reason is refused."""
    with pytest.raises(ValidationError, match="expected a duration"):
        DURATION.validate_python(value)


@given(st.integers(1, 10**9).map(lambda count: timedelta(milliseconds=count)))
def test_durations_are_read_as_they_are_written(value):
    """A duration that was written by us reads as the same one."""
    assert DURATION.validate_python(duration_text(value)) == value


@pytest.mark.parametrize(
    ("text", "size"),
    [("50 MiB", 50 << 20), ("1.5 kB", 1500), ("2GiB", 2 << 30), ("123 B", 123), ("123", 123), (123, 123), (0, 0)],
)
def test_sizes(text, size):
    """A size is a number with its unit, or bytes."""
    assert SIZE.validate_python(text) == size


@pytest.mark.parametrize("value", ["50 MiBs", "-1", -1, 1.5, True, "9" * 400, "1e9", None, ""])
def test_what_is_no_size(value):
    """A size with an unknown unit, below nothing or beyond reason is refused."""
    with pytest.raises(ValidationError, match="expected a size"):
        SIZE.validate_python(value)


@given(st.integers(0, 10**15))
def test_sizes_are_read_as_they_are_written(value):
    """A size that was written by us reads as the same one."""
    assert SIZE.validate_python(size_text(value)) == value


@pytest.mark.parametrize(
    ("text", "listen"),
    [
        ("127.0.0.1:8080", Listen("127.0.0.1", 8080)),
        ("[::1]:0", Listen("::1", 0)),
        ("localhost:65535", Listen("localhost", 65535)),
    ],
)
def test_addresses(text, listen):
    """A listener's address is a host and a port, and is written as it was read."""
    assert Listen.parse(text) == listen
    assert str(listen) == text
    assert listen.loopback


def test_only_this_machine_is_a_loopback():
    """An address of all interfaces, of another machine or of a name is not taken for this machine's alone."""
    hosts = ("127.1.2.3", "0.0.0.0", "::", "10.0.0.1", "127.example.com", "support.example.com")
    assert [Listen(host, 1).loopback for host in hosts] == [True, False, False, False, False, False]


@pytest.mark.parametrize(
    "value", ["8080", ":8080", "::1:8080", "host:99999", "host:", "a..b:1", "a b:1", "http://a:1", 8080]
)
def test_what_is_no_address(value):
    """An address without host or port is refused."""
    with pytest.raises(ValueError, match="expected an address and a port"):
        Listen.parse(value)


def test_web_addresses():
    """A web address loses the slash at its end, and may have no user, query or fragment."""
    assert URL.validate_python("https://support.example.com/help/") == "https://support.example.com/help"
    for wrong in ("support.example.com", "ftp://a", "https://", "https://user@host", "https://a/?b", "https://a/#b"):
        with pytest.raises(ValidationError, match="expected an address"):
            URL.validate_python(wrong)


@pytest.mark.parametrize("host", ["a:99999", "a:b", ":443", "[::1", "a:0", "a:1:2", "a b", "a..b", "x" * 64, "[a]", ""])
def test_what_is_no_host_and_port(host):
    """Nobody could connect to it, so that it is refused with the example and not only when it is used."""
    for settings, scheme in ((URL, "https"), (TypeAdapter(RedisUrl), "redis"), (TypeAdapter(Origin), "app")):
        with pytest.raises(ValidationError, match=r"expected an (address|origin) such as"):
            settings.validate_python(f"{scheme}://{host}")


@pytest.mark.parametrize("host", ["imap.example.com", "a_b", "localhost", "127.0.0.1", "::1", "bücher.example", "例え"])
def test_hosts(host):
    """A name in any script, or an address, is kept as it stands."""
    assert TypeAdapter(Host).validate_python(host) == host


@pytest.mark.parametrize("host", ["a b", "a..b", "x" * 64, "imaps://a", "a:993", "[::1]", "a/b", "u@a", "a\0", "a\n"])
def test_what_is_no_host(host):
    """It is refused with the configuration; the system would not even look it up."""
    with pytest.raises(ValidationError, match=r"expected a server's name or address such as mail\.example"):
        TypeAdapter(Host).validate_python(host)


@pytest.mark.parametrize("url", ["redis://[::1]:6379/0", "rediss://redis", "unix:///run/redis.sock?db=3"])
def test_addresses_of_redis(url):
    """They are kept as they stand."""
    assert TypeAdapter(RedisUrl).validate_python(url) == url


def test_start():
    """A start is now, all, or a time that is taken for UTC where it has no zone."""
    assert [START.validate_python(each) for each in ("now", "all")] == ["now", "all"]
    midnight = datetime(2026, 11, 1, tzinfo=UTC)
    for text in ("2026-11-01", "2026-11-01T00:00:00Z", "2026-11-01T08:00:00+08:00"):
        assert START.validate_python(text) == midnight
    for wrong in ("yesterday", "", 5, None):
        with pytest.raises(ValidationError, match="expected now, all or a time"):
            START.validate_python(wrong)


def test_the_port_follows_from_tls():
    """Without a port, 993 is taken for TLS from the first byte and 143 otherwise."""
    source = {"type": "imap", "host": "h", "user": "u", "password": "p"}
    ports = [
        EmailSettings.model_validate({"kind": "email", "source": source | {"tls": tls}}).source.port
        for tls in (True, "starttls", "false")
    ]
    assert ports == [993, 143, 143]


def test_the_account_is_what_customers_write_to():
    """An account is named by our first address, else by the user of the IMAP server, else not at all."""
    imap = {"type": "imap", "host": "h", "user": "support@example.com", "password": "p"}
    named = EmailSettings(kind="email", source=imap, own_addresses=["Help@example.com", "a@example.com"])
    maildir = {"type": "maildir", "path": "inbox"}
    unnamed = [EmailSettings(kind="email", source=source).account for source in (imap, maildir)]
    assert [named.account, *unnamed] == ["help@example.com", "support@example.com", ""]


def test_the_private_listener_is_protected():
    """The private listener may leave this machine only with a token."""
    assert Http(private="0.0.0.0:9090", private_token="t").private == Listen("0.0.0.0", 9090)
    with pytest.raises(ValidationError, match="other machines can reach this address"):
        Http(private="[::]:9090")


def test_links_begin_with_the_outer_address():
    """Links begin with the address that customers reach, without a slash at its end."""
    assert Http(base_url="https://support.example.com/").links == "https://support.example.com"


def test_the_encryption_key_is_long_enough():
    """The secret of the store has at least 32 characters."""
    assert Store(encryption_key="k" * 32).encryption_key.read() == "k" * 32
    with pytest.raises(ValidationError, match="expected at least 32 characters"):
        Store(encryption_key="k" * 31)


def test_settings_do_not_change():
    """Settings cannot be changed once they are made."""
    with pytest.raises(ValidationError, match="frozen"):
        Config().data_dir = Path("elsewhere")


def test_a_secret_is_read_up_to_a_bound():
    """A secret file without an end does not fill the memory."""
    assert len(Secret(path=Path("/dev/zero")).read()) == 64 << 10

"""Who we are, and what a person is told when the server will not have us."""

from __future__ import annotations

import asyncio
import sys
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from model.errors import CredentialsRejected, FaninError, Transient
from tests.integration.imap.conftest import Desk
from tests.support.dovecot import PASSWORD, Dovecot, sample, started
from tests.support.oauth import Issuer


async def test_a_wrong_password_is_rejected_and_a_new_file_accepted(
    dovecot: Dovecot, desk: Desk, user: str, tmp_path: Path
) -> None:
    """The password is read at each login: once the file is right, the next run reads."""
    secret = tmp_path / "password"
    secret.write_text("wrong\n")
    settings = desk.settings(dovecot, user, source_password_file=str(secret))
    with pytest.raises(CredentialsRejected) as raised:
        await desk.run(settings)
    assert "password" in raised.value.remedy
    assert user not in str(raised.value)

    secret.write_text(PASSWORD + "\n")
    await asyncio.to_thread(dovecot.deliver, user, [sample(1)])
    async with desk.running(settings):
        await desk.intake.until_accepted(1)


async def test_starttls_and_clear_text_read_as_tls_does(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """The three values of `tls` all lead to the mail."""
    await asyncio.to_thread(dovecot.deliver, user, [sample(1)])
    for tls in ("starttls", False):
        settings = desk.settings(dovecot, user, port=dovecot.imap, source_tls=tls)
        async with desk.running(settings):
            await desk.health.until(lambda health: health.reads >= 2)
    assert len(desk.intake.accepted) == 1


async def test_check_names_what_is_wrong_and_what_helps(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """Each mistake is one line with its remedy; what is right passes without a trace."""
    await desk.reader(desk.settings(dovecot, user)).check()
    plain = {"port": dovecot.imap, "source_tls": False}
    cases = [
        ({"source_password": "wrong"}, "refuses the user or password"),
        ({"source_host": "no-such-host.invalid"}, "check source.host and the DNS"),
        ({"port": 1}, "nothing listens at 127.0.0.1:1"),
        ({"source_ca_file": None}, "source.ca_file"),
        ({"source_host": "localhost"}, "is not for localhost"),
        ({"port": dovecot.imap}, "check source.port and source.tls"),
        ({"port": dovecot.imaps, "source_tls": False}, "source.tls"),
        ({"folders": ["INBOX", "客户"]}, "there is no folder '客户'"),
        (plain | {"folders": ["客户"]}, "there are: INBOX"),
        ({"source_ca_file": "/nonexistent"}, "cannot read source.ca_file"),
    ]
    for options, expected in cases:
        with pytest.raises(FaninError) as raised:
            await desk.reader(desk.settings(dovecot, user, **options), patience=2).check()
        assert expected in str(raised.value)
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize("days", [-1, 3])
async def test_a_certificate_at_its_end_is_named(server_folder: Path, desk: Desk, days: int) -> None:
    """An expired certificate is refused with the remedy; one that ends within a week is warned of."""
    server = started(server_folder / uuid.uuid4().hex[:8], valid=timedelta(days=days, hours=1))
    try:
        check = desk.reader(desk.settings(server, "a")).check
        with capture_logs() as logs:
            if days < 0:
                with pytest.raises(Transient, match="has expired: renew it"):
                    await check()
            else:
                await check()
                assert [log["days"] for log in logs if log["event"] == "certificate.expires_soon"] == [3]
    finally:
        server.kill()


async def test_too_many_connections_ask_for_a_pause(server_folder: Path, desk: Desk) -> None:
    """A server that allows one connection sends the second away, and the reader asks for a pause."""
    server = started(server_folder / uuid.uuid4().hex[:8], connections=1)
    try:
        settings = desk.settings(server, "a")
        async with desk.running(settings):
            await desk.health.until(lambda health: health.reads >= 2)
            with pytest.raises(Transient) as raised:
                await Desk().run(settings)
        assert raised.value.retry_after
    finally:
        server.kill()


class TestXoauth2:
    """Access tokens, against a Dovecot that asks the issuer about each."""

    @pytest.fixture
    async def issuer(self, user: str):
        """An issuer of tokens."""
        async with Issuer(user).serving() as issuer:
            yield issuer

    @pytest.fixture
    async def server(self, server_folder: Path, issuer: Issuer):
        """A server that trusts the issuer."""
        server = started(server_folder / uuid.uuid4().hex[:8], introspection=f"{issuer.url}/introspect")
        yield server
        await asyncio.to_thread(server.kill)

    @pytest.fixture
    def google(self, issuer: Issuer) -> dict[str, str]:
        """Settings of a refresh token."""
        return {
            "provider": "google",
            "client_id": "id",
            "client_secret": "secret",
            "refresh_token": "refresh-0",
            "token_url": f"{issuer.url}/token",
        }

    async def test_microsoft_client_credentials(self, server: Dovecot, desk: Desk, user: str, issuer: Issuer) -> None:
        """A token is asked for with client credentials and the tenant in the address, and logs in."""
        source = {
            "provider": "microsoft",
            "tenant": "token",
            "client_id": "id",
            "client_secret": "secret",
            "token_url": f"{issuer.url}/{{tenant}}",
        }
        await asyncio.to_thread(server.deliver, user, [sample(1)])
        async with desk.running(desk.settings(server, user, source_xoauth2=source)):
            await desk.intake.until_accepted(1)

        assert issuer.requests == [
            {
                "grant_type": "client_credentials",
                "scope": "https://outlook.office365.com/.default",
                "client_id": "id",
                "client_secret": "secret",
            }
        ]
        assert "oauth" in desk.state.secrets

    async def test_a_token_is_kept_and_renewed_when_withdrawn(
        self, server: Dovecot, desk: Desk, user: str, issuer: Issuer, google: dict[str, str]
    ) -> None:
        """A second run uses the kept token; one that the server no longer takes is renewed at once."""
        settings = desk.settings(server, user, source_xoauth2=google)
        issuer.next_refresh_token = "refresh-1"
        for expected in (1, 1, 2):
            if expected == 2:
                issuer.withdraw()
            async with desk.running(settings):
                reads = desk.health.reads
                await desk.health.until(lambda health, reads=reads: health.reads >= reads + 2)
            assert len(issuer.requests) == expected

        assert [request["refresh_token"] for request in issuer.requests] == ["refresh-0", "refresh-1"]

    async def test_a_token_is_renewed_before_its_end(
        self, server: Dovecot, desk: Desk, user: str, issuer: Issuer, google: dict[str, str]
    ) -> None:
        """A session ends by itself some minutes before its token does, and the next has a new one."""
        issuer.lifetime = 301
        async with desk.running(desk.settings(server, user, source_xoauth2=google)):
            await desk.health.until(lambda health: health.reads >= 2)
            await asyncio.to_thread(server.deliver, user, [sample(1)])
            await desk.intake.until_accepted(1)
            async with asyncio.timeout(10):
                while len(issuer.requests) < 2:
                    await asyncio.sleep(0.05)

    async def test_a_refused_grant_is_rejected(
        self, server: Dovecot, desk: Desk, user: str, issuer: Issuer, google: dict[str, str]
    ) -> None:
        """invalid_grant is a matter for a person; an overloaded issuer is a pause."""
        settings = desk.settings(server, user, source_xoauth2=google)
        issuer.failure = (400, {"error": "invalid_grant"}, {})
        with pytest.raises(CredentialsRejected, match="invalid_grant") as raised:
            await desk.run(settings)
        assert "refresh token" in raised.value.remedy

        issuer.failure = (503, {}, {"Retry-After": "17"})
        with pytest.raises(Transient) as busy:
            await desk.run(settings)
        assert busy.value.retry_after == timedelta(seconds=17)

    async def test_a_token_that_the_server_refuses_is_rejected(
        self, server: Dovecot, desk: Desk, user: str, issuer: Issuer
    ) -> None:
        """The server's challenge is answered, so that a static token of no worth is rejected at once."""
        settings = desk.settings(server, user, source_xoauth2={"provider": "token", "token": "worthless"})
        async with asyncio.timeout(8):
            with pytest.raises(CredentialsRejected, match="access token"):
                await desk.run(settings)

        issuer.active.add("worthless")
        async with desk.running(settings):
            await desk.health.until(lambda health: health.reads >= 2)

    async def test_a_command_prints_the_token(self, server: Dovecot, desk: Desk, user: str, issuer: Issuer) -> None:
        """A program's output is the token; a program that fails is a passing trouble that says so."""
        issuer.active.add("printed")
        source = {"provider": "command", "command": [sys.executable, "-c", "print('printed')"]}
        async with desk.running(desk.settings(server, user, source_xoauth2=source)):
            await desk.health.until(lambda health: health.reads >= 2)

        source = {"provider": "command", "command": [sys.executable, "-c", "raise SystemExit(3)"]}
        with pytest.raises(Transient, match="exit status 3"):
            await Desk().run(desk.settings(server, user, source_xoauth2=source))

"""Tokens: renewed in time, kept, and refused with a remedy."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from model.errors import CredentialsRejected, Misconfigured
from tests.integration.x.conftest import CONSENT, Reader


async def test_a_refused_bearer_token_ends_the_reading_with_its_remedy(reader: Reader) -> None:
    """Within one poll, and without hammering."""
    async with reader.running() as task:
        await reader.health.until(lambda health: health.reads > 0)
        reader.emulator.bearer = "another"
        asked = len(reader.emulator.asked)
        with pytest.raises(CredentialsRejected) as caught:
            await task

    assert "bearer_token_file" in caught.value.remedy
    assert len(reader.emulator.asked) <= asked + 3


async def test_a_token_file_is_read_at_each_use(reader: Reader, tmp_path: Path) -> None:
    """A new token in the file is used without a restart."""
    file = tmp_path / "token"
    file.write_text("app-token\n")
    async with reader.running(bearer_token=None, bearer_token_file=str(file)):
        await reader.health.until(lambda health: health.reads > 0)
        file.write_text("second-token\n")
        reader.emulator.bearer = "second-token"
        reader.world.mention("hello")
        await reader.intake.until_accepted(1)

    assert reader.emulator.statuses[401] == 0


async def test_access_is_renewed_in_time_and_the_rotating_token_kept(reader: Reader) -> None:
    """Each refresh token is used once; the newest outlives the process, encrypted."""
    clock = reader.stop_time()
    for _ in range(2):
        async with reader.running(oauth=CONSENT, bearer_token=None):
            await clock.move(timedelta(hours=4), timedelta(minutes=2))

    assert 4 <= reader.emulator.renewals <= 5
    assert "oauth" in reader.state.secrets
    assert reader.emulator.statuses[401] == 0


async def test_a_withdrawn_token_is_renewed_at_once(reader: Reader) -> None:
    """A token that X refuses before its end is exchanged, and the request repeated."""
    async with reader.running(oauth=CONSENT, bearer_token=None):
        await reader.health.until(lambda health: health.reads > 1)
        reader.emulator.access.clear()
        reads = reader.health.reads
        await reader.health.until(lambda health: health.reads > reads + 1)

    assert reader.emulator.renewals == 2


async def test_many_at_once_use_a_refresh_token_once(reader: Reader) -> None:
    """Two processes and several readers share what the first of them got."""
    reader.world.message("hello")
    async with reader.running(oauth=CONSENT, bearer_token=None), reader.running(oauth=CONSENT, bearer_token=None):
        await reader.intake.until_accepted(1)
        await reader.health.until(lambda health: health.reads > 4)

    assert reader.emulator.renewals == 1


async def test_a_spent_consent_is_rejected_until_there_is_a_new_one(reader: Reader) -> None:
    """A new refresh token in the configuration begins anew, although an older line is kept."""
    async with reader.running(oauth=CONSENT, bearer_token=None):
        await reader.health.until(lambda health: health.reads > 1)
    reader.emulator.refresh = "renewed"
    reader.emulator.access.clear()
    with pytest.raises(CredentialsRejected, match="does not renew") as caught:
        await reader.connector(oauth=CONSENT, bearer_token=None).run(reader.intake, reader.state)
    reader.world.mention("hello")
    await reader.read(1, oauth={**CONSENT, "refresh_token": "renewed"}, bearer_token=None)

    assert "consent anew" in caught.value.remedy


async def test_a_check_tells_account_money_and_scopes(reader: Reader) -> None:
    """What may still be spent, what the app used, whose consent it is; a missing scope or another account is named."""
    told = await reader.connector(oauth=CONSENT).prove(reader.state)
    with pytest.raises(CredentialsRejected, match="the account that consented is 7, not 8"):
        await reader.connector(oauth=CONSENT, user_id="8").prove(reader.state)
    reader.emulator.scope = "tweet.read users.read offline.access"
    reader.emulator.access.clear()
    with pytest.raises(CredentialsRejected, match=r"lacks the scopes dm.read, dm.write, tweet.write"):
        await reader.connector(oauth=CONSENT).prove(reader.state)
    with pytest.raises(CredentialsRejected):
        await reader.connector(bearer_token="wrong").prove(reader.state)
    assert "@acme" in await reader.connector().prove(reader.state)
    with pytest.raises(Misconfigured, match="there is no account 99"):
        await reader.connector(user_id="99").prove(reader.state)

    assert "1234 of 3000000 posts this month" in told
    assert "@acme" in told
    assert "0.01 of 1000 USD this day" in told


async def test_messages_that_are_not_allowed_are_said_with_the_scope(reader: Reader) -> None:
    """403 names the permission that is missing."""
    reader.emulator.limits["dm_events"] = [0, 0]
    with pytest.raises(CredentialsRejected) as caught:
        await reader.connector(oauth=CONSENT).run(reader.intake, reader.state)

    assert "dm.read" in caught.value.remedy


async def test_no_token_is_ever_logged(reader: Reader, caplog: pytest.LogCaptureFixture) -> None:
    """Also at the level debug, at which tweepy would write header fields."""
    caplog.set_level(logging.DEBUG)
    reader.world.mention("hello")
    reader.world.message("hello")
    await reader.read(2, oauth=CONSENT)

    assert "app-token" not in caplog.text
    assert "access-1" not in caplog.text
    assert "refresh-0" not in caplog.text

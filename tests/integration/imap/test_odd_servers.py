"""Servers that misbehave, are busy, or are hostile."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from model.errors import CredentialsRejected, Transient
from tests.integration.imap.conftest import Desk
from tests.support.imap_script import Script, settings_for


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("{tag} NO [AUTHENTICATIONFAILED] no\r\n", CredentialsRejected),
        ("{tag} NO Invalid login or password\r\n", CredentialsRejected),
        ("{tag} NO [CONTACTADMIN] locked\r\n", CredentialsRejected),
        ("{tag} NO [UNAVAILABLE] later\r\n", Transient),
        ("{tag} NO [LIMIT] too much\r\n", Transient),
        ("{tag} NO [THROTTLED] slow down\r\n", Transient),
        ("{tag} NO [INUSE] locked by another\r\n", Transient),
        ("{tag} NO Too many simultaneous connections. (Failure)\r\n", Transient),
        ("{tag} BAD User is authenticated but not connected.\r\n", Transient),
    ],
)
async def test_a_refused_login_is_a_refusal_or_a_pause(desk: Desk, answer: str, error: type[Exception]) -> None:
    """What says who we are not is rejected with a remedy; what says not now asks for a pause."""
    async with Script([("LOGIN", answer)]).serving() as script:
        with pytest.raises(error) as raised:
            await desk.run(settings_for(script))

    if isinstance(raised.value, CredentialsRejected):
        assert "password" in raised.value.remedy
    else:
        assert raised.value.retry_after.total_seconds() >= 8


async def test_pauses_are_never_the_same(desk: Desk) -> None:
    """Readers that are sent away together do not come back together."""
    pauses = set()
    async with Script([("LOGIN", "{tag} NO [UNAVAILABLE] later\r\n")]).serving() as script:
        for _ in range(3):
            with pytest.raises(Transient) as raised:
                await desk.run(settings_for(script))
            pauses.add(raised.value.retry_after)

    assert len(pauses) == 3


async def test_a_server_that_greets_with_bye_is_busy(desk: Desk) -> None:
    """BYE as the greeting is a pause with the server's words, without addresses."""
    async with Script(greeting="* BYE Too many connections from me@example.com\r\n!").serving() as script:
        with pytest.raises(Transient, match=r"Too many connections from \(address\)") as raised:
            await desk.run(settings_for(script))

    assert raised.value.retry_after


@pytest.mark.parametrize("answer", ["+ eyJzdGF0dXMiOiI0MDEifQ==\r\n", None])
async def test_a_token_that_hangs_is_rejected(desk: Desk, answer: str | None) -> None:
    """A challenge is answered so that the server says NO; silence is believed the second time."""
    rules = [("AUTHENTICATE", answer), ("$", "{last} NO refused\r\n")]
    source = {"xoauth2": {"provider": "token", "token": "t"}}
    async with Script(rules).serving() as script:
        settings = settings_for(script, source=source)
        if answer is None:
            with pytest.raises(Transient):
                await desk.run(settings, patience=0.3)
        with pytest.raises(CredentialsRejected) as raised:
            await desk.run(settings, patience=0.3)

    assert "source.xoauth2" in raised.value.remedy


async def test_a_message_that_the_server_cannot_give_becomes_a_stub(desk: Desk) -> None:
    """After three refusals of one message its header stands for it, and the others go on."""
    rules = [
        ("UID SEARCH", "* SEARCH 1 2\r\n{tag} OK done\r\n"),
        (
            "UID FETCH .*SIZE",
            "* 1 FETCH (UID 1 RFC822.SIZE 500)\r\n* 2 FETCH (UID 2 RFC822.SIZE 5)\r\n{tag} OK done\r\n",
        ),
        (
            r"UID FETCH 1 \(UID BODY.PEEK\[HEADER",
            "* 1 FETCH (UID 1 BODY[HEADER]<0> {{4}}\r\nA: b)\r\n{tag} OK done\r\n",
        ),
        (r"UID FETCH 1[ :]", "{tag} NO [SERVERBUG] Internal error\r\n"),
        ("UID FETCH 2", "* 2 FETCH (UID 2 BODY[] {{5}}\r\nhello)\r\n{tag} OK done\r\n"),
    ]
    async with Script(rules).serving() as script, desk.supervised(settings_for(script)):
        await desk.intake.until_accepted(2)

    assert desk.bodies() == [b"A: b", b"hello"]
    assert desk.intake.accepted[0].size == 500


async def test_a_message_that_kills_the_connection_becomes_a_stub(desk: Desk) -> None:
    """A server that dies of one message does so a few times; then even without a header it is let go."""
    rules = [
        ("UID SEARCH UID 2", "* SEARCH 2\r\n{tag} OK done\r\n"),
        ("UID SEARCH", "* SEARCH 1 2\r\n{tag} OK done\r\n"),
        ("UID FETCH 2 .*SIZE", "* 2 FETCH (UID 2 RFC822.SIZE 5)\r\n{tag} OK done\r\n"),
        (
            "UID FETCH .*SIZE",
            "* 1 FETCH (UID 1 RFC822.SIZE 500)\r\n* 2 FETCH (UID 2 RFC822.SIZE 5)\r\n{tag} OK done\r\n",
        ),
        ("UID FETCH 1", "* 1 FETCH (UID 1 BODY!"),
        ("UID FETCH 2", "* 2 FETCH (UID 2 BODY[] {{5}}\r\nhello)\r\n{tag} OK done\r\n"),
    ]
    async with Script(rules).serving() as script, desk.supervised(settings_for(script)):
        await desk.intake.until_accepted(2)

    assert desk.bodies() == [b"", b"hello"]
    assert desk.intake.accepted[0].size == 500


async def test_a_throttled_download_is_no_fault_of_the_message(desk: Desk) -> None:
    """However often the server says THROTTLED, no message is given up for it."""
    async with Script([(r"UID FETCH 1 \(UID BODY", "{tag} NO [THROTTLED] slow down\r\n")]).serving() as script:
        for _ in range(8):
            with pytest.raises(Transient):
                await desk.run(settings_for(script))

    assert not desk.intake.accepted


async def test_uidvalidity_zero_is_a_numbering_like_any(desk: Desk) -> None:
    """A server that states 0 is read once; UIDs that go back begin a new numbering."""
    from tests.support.imap_script import SELECTED

    async with Script([("EXAMINE", SELECTED.replace("{validity}", "0"))]).serving() as script:
        for _ in range(2):
            async with desk.running(settings_for(script)):
                reads = desk.health.reads
                await desk.health.until(lambda health, reads=reads: health.reads >= reads + 2)
        assert len(desk.intake.accepted) == 1
        desk.intake.cursors["INBOX"] = {"uidvalidity": 0, "uid": 9}
        async with desk.running(settings_for(script)):
            await desk.intake.until_accepted(2)

    assert [envelope.source_id for envelope in desk.intake.accepted] == ["INBOX:0:1", "INBOX:0.1:1"]


@pytest.mark.parametrize(
    "answer",
    [
        "* 1 FETCH (UID 1 BODY[] {{99999999999}}\r\n",
        "* 1 FETCH (UID 1 BODY[] {{999999999999999999999999}}\r\n{tag} OK done\r\n",
        "wrong OK done\r\n",
        "* 1 FETCH (UID x BODY[] {{1}}\r\na)\r\n{tag} OK done\r\n",
        "* 1 FETCH ((((((((\r\n)))))\r\n{tag} OK done\r\n",
        '* 1 FETCH (UID 1 BODY[] "unclosed\r\n{tag} OK done\r\n',
        "\r\n\r\n* \r\n* 1\r\n* FETCH\r\n{tag} OK done\r\n",
    ],
)
async def test_nonsense_is_an_error_and_never_a_hang(desk: Desk, answer: str) -> None:
    """A server that breaks the protocol in an answer is left, or its message is tried again."""
    async with Script([(r"UID FETCH 1 \(UID BODY", answer)]).serving() as script:
        with pytest.raises(Transient):
            async with asyncio.timeout(5):
                await desk.run(settings_for(script), patience=1)


async def test_the_body_may_come_before_the_uid_and_as_a_string(desk: Desk) -> None:
    """Items may stand in any order, a body may be a quoted string, and other FETCH data may come between."""
    body = '* 7 FETCH (FLAGS (\\Seen))\r\n* 1 FETCH (BODY[] "say \\"hi\\"" FLAGS () UID 1)\r\n{tag} OK done\r\n'
    async with Script([(r"UID FETCH 1 \(UID BODY", body)]).serving() as script, desk.running(settings_for(script)):
        await desk.intake.until_accepted(1)

    assert desk.bodies() == [b'say "hi"']


async def test_an_exists_beside_the_end_of_idle_is_not_lost(desk: Desk) -> None:
    """A push in the same segment as the answer to DONE leads to a read at once."""
    rules = [
        ("DONE", "{last} OK done\r\n* 2 EXISTS\r\n"),
        ("UID SEARCH", "* SEARCH\r\n{tag} OK done\r\n"),
    ]
    async with Script(rules).serving() as script:
        settings = settings_for(script, source={"password": "p", "poll": "300 ms"})
        async with desk.running(settings):
            await desk.health.until(lambda health: health.reads >= 12)

    behind = [after for line, after in pairwise(script.lines) if line == "DONE"]
    assert behind
    assert all("SEARCH" in line for line in behind)


async def test_a_server_that_hangs_up_instead_of_idling_is_noticed(desk: Desk) -> None:
    """A connection that closes before the continuation of IDLE ends the run at once."""
    async with Script([("IDLE", "!")]).serving() as script:
        with pytest.raises(Transient):
            async with asyncio.timeout(5):
                await desk.run(settings_for(script))


async def test_mail_from_163_needs_an_introduction(desk: Desk) -> None:
    """Where the server knows ID, it is told who we are before a folder is opened (RFC 2971)."""
    capability = "* CAPABILITY IMAP4rev1 IDLE ID\r\n{tag} OK done\r\n"
    async with Script([("CAPABILITY", capability)]).serving() as script, desk.running(settings_for(script)):
        await desk.intake.until_accepted(1)

    commands = [line.partition(" ")[2] for line in script.lines]
    assert commands.index('ID ( "name" "fanin" )') < commands.index('EXAMINE "INBOX"')


async def test_unsafe_login_names_the_authorization_code(desk: Desk) -> None:
    """163's refusal to open a folder is a matter of credentials, and the remedy says so."""
    async with Script([("EXAMINE", "{tag} NO EXAMINE Unsafe Login. Please contact kefu\r\n")]).serving() as script:
        with pytest.raises(CredentialsRejected) as raised:
            await desk.run(settings_for(script))

    assert "authorization code" in raised.value.remedy


async def test_a_refused_second_connection_leaves_its_folder_to_the_first(desk: Desk) -> None:
    """Where the server allows one connection only, both folders are read on it."""
    async with Script().serving() as script:
        script.rules.insert(0, ("LOGIN", "{tag} OK welcome\r\n"))
        settings = settings_for(script, folders=["INBOX", "Two"], source={"password": "p", "poll": "200 ms"})

        original = script._answer

        def only_first(command: str) -> str | None:
            if command.startswith("LOGIN") and script.connections > 1:
                return "{tag} NO [LIMIT] too many connections\r\n"
            return original(command)

        script._answer = only_first  # type: ignore[method-assign]
        async with desk.running(settings):
            await desk.intake.until_accepted(2)

    assert {envelope.source_id for envelope in desk.intake.accepted} == {"INBOX:7:1", "Two:7:1"}


async def test_where_idle_is_refused_the_poll_is_left(desk: Desk) -> None:
    """A server that offers IDLE and refuses it is read by the poll, on the same connection."""
    async with Script([("IDLE", "{tag} NO not now\r\n")]).serving() as script:
        settings = settings_for(script, source={"password": "p", "poll": "100 ms"})
        async with desk.running(settings):
            await desk.health.until(lambda health: health.reads >= 10)

        assert script.connections == 1
        assert sum(line.endswith("IDLE") for line in script.lines) == 1

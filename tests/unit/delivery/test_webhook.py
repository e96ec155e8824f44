"""What the helpdesk webhook does with answers, secrets and addresses."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook

from delivery.helpdesks import webhook
from delivery.helpdesks.webhook import WebhookHelpdesk, content, signature
from delivery.helpdesks.webhook_settings import WebhookSettings, signing_key
from model.errors import CredentialsRejected, Transient
from model.settings import Secret
from tests.support.events import event
from tests.support.http_desk import Trouble
from tests.support.webhook import OTHER, SECRET, Receiver

Make = Callable[..., WebhookHelpdesk]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver that knows SECRET."""
    async with Receiver().serving() as one:
        yield one


@pytest.fixture
def make(receiver: Receiver) -> Make:
    """Makes helpdesks that post to it."""

    def made(**settings: Any) -> WebhookHelpdesk:
        given = {"url": receiver.url, "secret": Secret(SECRET), "allow_private": True, **settings}
        return WebhookHelpdesk(WebhookSettings(kind="webhook", **given))

    return made


def test_the_signature_is_that_of_the_reference_implementation() -> None:
    """Our signature is what the specification's own library computes."""
    body, at = content(event(1)), datetime(2026, 11, 1, tzinfo=UTC)
    expected = Webhook(SECRET).sign(event(1).id, at, body.decode())

    assert signature([signing_key(Secret(SECRET))], event(1).id, int(at.timestamp()), body) == expected


async def test_while_secrets_change_both_sign(make: Make, receiver: Receiver) -> None:
    """A receiver that knows the old secret and one that knows the new one both accept."""
    desk = make(secret=Secret(OTHER), old_secret=Secret(SECRET))
    await desk.submit(event(1), None, {})
    receiver.secret = OTHER

    await desk.submit(event(2), None, {})

    assert list(receiver.events) == [event(1).id, event(2).id]


async def test_the_body_is_a_cloudevent_and_a_webhook(make: Make, receiver: Receiver) -> None:
    """Receivers of either find what they look for."""
    await make().submit(event(1), None, {})

    [body] = receiver.bodies
    assert body["type"] == "fanin.message.received.v1"
    assert body["timestamp"] == body["time"]
    assert body["specversion"] == "1.0"
    assert body["data"]["tracking_number"] == event(1).data.tracking_number


async def test_failures_follow_the_schedule(make: Make, receiver: Receiver) -> None:
    """Each failed attempt of an event is followed by a longer pause, and each event has its own count."""
    receiver.fail_all(Trouble(status=500))
    desk = make()

    pauses = [await _pause(desk, 1) for _ in range(12)]

    assert all(asked <= pause <= asked * 1.1 for asked, pause in zip(webhook.SCHEDULE, pauses, strict=False))
    assert pauses[-1] >= webhook.SCHEDULE[-1]
    assert await _pause(desk, 2) <= webhook.SCHEDULE[0] * 1.1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("as_date", [False, True])
async def test_retry_after_is_obeyed(make: Make, receiver: Receiver, status: int, as_date: bool) -> None:  # noqa: FBT001
    """A pause that the receiver asks for is kept, in either form."""
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=400), usegmt=True)
    receiver.fail_all(Trouble(status=status, headers={"Retry-After": when if as_date else "400"}))

    assert timedelta(seconds=390) <= await _pause(make(), 1) <= timedelta(seconds=401)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(make: Make, receiver: Receiver, status: int) -> None:
    """A redirect is a failure that says what to do, and nobody else sees the event."""
    receiver.fail_all(Trouble(status=status, headers={"Location": f"{receiver.url}/elsewhere"}))

    with pytest.raises(Transient, match="redirect"):
        await make().submit(event(1), None, {})
    assert receiver.asked == [("POST", "/")]


async def test_gone_disables(make: Make, receiver: Receiver) -> None:
    """After 410 nothing is posted any more, and the check says why."""
    receiver.fail_all(Trouble(status=410))
    desk = make()
    with pytest.raises(CredentialsRejected, match="410"):
        await desk.submit(event(1), None, {})
    receiver.fail_all(None)

    with pytest.raises(CredentialsRejected, match="410"):
        await desk.check()
    with pytest.raises(CredentialsRejected, match="410"):
        await desk.submit(event(2), None, {})
    assert len(receiver.asked) == 1


async def test_a_refused_secret_waits_for_another(make: Make, receiver: Receiver, tmp_path: Path) -> None:
    """A receiver that refuses the signature is not asked again until the secret has changed."""
    (tmp_path / "secret").write_text(OTHER)
    desk = make(secret=Secret(path=tmp_path / "secret"))
    with pytest.raises(CredentialsRejected, match="401"):
        await desk.submit(event(1), None, {})
    with pytest.raises(CredentialsRejected, match="401"):
        await desk.check()

    (tmp_path / "secret").write_text(SECRET)

    await desk.check()
    await desk.submit(event(1), None, {})
    assert list(receiver.events) == [event(1).id]


async def test_an_answer_that_comes_too_late_makes_no_second_event(make: Make, receiver: Receiver) -> None:
    """What the receiver took after our time-out comes again under the same id, and is there once."""
    receiver.fail_next(Trouble(late=0.3))
    desk = make(timeout=timedelta(seconds=0.1))
    with pytest.raises(Transient, match="in time"):
        await desk.submit(event(1), None, {})
    await receiver.settled()

    await desk.submit(event(1), None, {})

    assert len(receiver.bodies) == 2
    assert list(receiver.events) == [event(1).id]


@pytest.mark.parametrize(
    "trouble", [Trouble(status=500), Trouble(status=503), Trouble(drops=True), Trouble(hangs=True)]
)
async def test_a_server_in_trouble_fails_the_check(make: Make, receiver: Receiver, trouble: Trouble) -> None:
    """A server that answers nothing but errors is down as a whole."""
    receiver.fail_all(trouble)

    with pytest.raises(Transient):
        await make(timeout=timedelta(seconds=0.2)).check()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"])
async def test_private_addresses_are_refused(receiver: Receiver, host: str) -> None:
    """However this machine is named, nothing is sent to it unless that is allowed."""
    settings = WebhookSettings(kind="webhook", url=f"https://{host}:{receiver.port}", secret=Secret(SECRET))

    with pytest.raises((CredentialsRejected, Transient)) as caught:
        await WebhookHelpdesk(settings).submit(event(1), None, {})

    assert "private" in str(caught.value) or "cannot be reached" in str(caught.value)
    assert receiver.asked == []


async def test_the_address_that_is_connected_to_decides(
    make: Make, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that answers differently every time gains nothing."""
    answers = iter(["93.184.216.34", "127.0.0.1", "127.0.0.1"])

    def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), receiver.port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    socket.getaddrinfo("rebinding.example.com", 443)  # what a check before the request would have seen
    desk = make(url=f"https://rebinding.example.com:{receiver.port}", allow_private=False)

    with pytest.raises(CredentialsRejected, match="private network"):
        await desk.submit(event(1), None, {})
    assert receiver.asked == []


@pytest.mark.parametrize(
    "secret", ["plain", "whsec_short", "whsec_" + "A" * 24, "whsk_" + "A" * 64, "whsec_" + "A" * 120]
)
def test_a_secret_of_another_form_is_refused(secret: str) -> None:
    """What is no signing secret is refused at the start, without being shown."""
    with pytest.raises(ValidationError, match="expected whsec_ and 24 to 64 bytes") as caught:
        WebhookSettings(kind="webhook", url="https://example.com", secret=secret)
    assert secret not in str(caught.value).replace("whsec_ and", "")


def test_http_needs_permission() -> None:
    """Tickets do not travel unencrypted over the internet."""
    with pytest.raises(ValidationError, match="expected an https address"):
        WebhookSettings(kind="webhook", url="http://example.com", secret=SECRET)


async def _pause(desk: WebhookHelpdesk, number: int) -> timedelta:
    with pytest.raises(Transient) as caught:
        await desk.submit(event(number), None, {})
    assert caught.value.retry_after is not None
    return caught.value.retry_after

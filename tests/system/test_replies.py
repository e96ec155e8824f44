"""There and back: a customer writes, an agent answers in Request Tracker, and the customer's client threads it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.daemon import Daemon, until
from tests.support.rt import Rt
from tests.support.smtp import served

pytestmark = [pytest.mark.xdist_group("rt"), pytest.mark.timeout(240)]

QUESTION = (
    b"From: Ann <ann@customer.example>\r\nTo: support@wallet.example\r\nSubject: Where is my transfer?\r\n"
    b"Message-ID: <question@customer.example>\r\nDate: Sun, 01 Nov 2026 10:00:00 +0000\r\n\r\nIt did not arrive.\r\n"
)


def test_a_mail_thread_goes_through_request_tracker(make_daemon: Callable[..., Daemon], rt: Rt) -> None:
    """Mail in, ticket in RT, the agent's answer in the customer's thread, and a reply to it in the same ticket."""
    # The reply comes from another address: it quotes our Message-ID, which nobody could guess.
    desk = {"kind": "rt", "url": rt.url, "token": rt.tokens["fanin"], "queue": "Support", "server_limit": "2 s"}
    with served() as smtp:
        send = {"host": "127.0.0.1", "port": smtp.port, "tls": False, "from": "Support <support@wallet.example>"}
        daemon = make_daemon(helpdesks={"desk": desk})
        source = {"type": "maildir", "path": str(daemon.inbox)}
        daemon.configuration["connectors"] = {"mail": {"kind": "email", "source": source, "send": send}}
        daemon.start()
        daemon.wait_ready()
        daemon.drop("1", QUESTION)
        until(lambda: rt.count() == 1, within=60, what="the question in RT")
        [(ticket, event)] = rt.events()

        rt.ask("POST", f"/ticket/{ticket}/comment", {"Content": "is this fraud?", "ContentType": "text/plain"})
        rt.ask("POST", f"/ticket/{ticket}/correspond", {"Content": "We are looking.", "ContentType": "text/plain"})
        until(lambda: len(smtp.received) == 1, within=60, what="the answer by mail")
        [(_, recipients, mail)] = smtp.received
        reply = (
            b"From: Ann at work <ann@work.example>\r\nTo: support@wallet.example\r\nSubject: Re: Where?\r\n"
            b"Message-ID: <again@work.example>\r\nDate: Sun, 01 Nov 2026 11:00:00 +0000\r\n"
            b"In-Reply-To: " + mail["Message-ID"].encode() + b"\r\n\r\nThank you!\r\n"
        )
        daemon.drop("2", reply)
        until(lambda: rt.count() == 2, within=60, what="the reply in RT")

    assert recipients == ["ann@customer.example"]
    assert mail["In-Reply-To"] == "<question@customer.example>"
    assert event.subject in mail["Subject"]
    assert "We are looking." in mail.get_content()
    assert {one for one, _ in rt.events()} == {ticket}
    assert daemon.run("audit").returncode == 0
    daemon.terminate()

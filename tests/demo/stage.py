"""The servers of the demonstration, the daemon between them, and what its customers wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from msgspec import Struct

from tests.demo.customers import COUNT, MAILS, PRIVATE, picture, write_in_chat, write_on_weibo, write_on_x
from tests.support import smtp, weibo_server, x_server
from tests.support.daemon import Daemon, until
from tests.support.dovecot import PASSWORD, Dovecot
from tests.support.redis import RedisServer
from tests.support.rt import Rt
from tests.support.smtp import MailServer
from tests.support.weibo_emulator import Emulator as Weibo
from tests.support.weibo_world import World
from tests.support.x_emulator import Emulator as X

ACCOUNT = "support@wallet.example"
WITHIN = 120
"""Seconds in which everything is a ticket; a machine that does much else is slow."""


class Stage(Struct, frozen=True):
    """Everything that runs."""

    daemon: Daemon
    rt: Rt
    x: x_server.Server
    weibo: weibo_server.Server
    smtp: MailServer
    mail: str
    """How mail arrives."""

    def answers(self) -> list[str]:
        """What has gone back to customers, as far as their channels show it."""
        mails = [
            f"by mail to {', '.join(to)}: {mail.get_body(('plain', 'html')).get_content()}"
            for _, to, mail in self.smtp.received
        ]
        posts = [f"on X ({one['kind']}): {one['text']}" for one in self.x.emulator.world.sent]
        said = [f"on Weibo ({what}): {form.get('comment') or form.get('text')}" for what, form in self._written()]
        return [" ".join(one.split()) for one in (*mails, *posts, *said)]

    def _written(self) -> list[tuple[str, dict[str, str]]]:
        return self.weibo.emulator.world.written


@contextmanager
def staged(folder: Path, say: Callable[[str], None]) -> Iterator[Stage]:
    """Start everything, let the customers write, and wait until they have their tickets."""
    with ExitStack() as stack:
        say("starting Request Tracker, Redis, a mail server, and what stands in for X and Weibo …")
        x = stack.enter_context(x_server.serving(X()))
        weibo = stack.enter_context(weibo_server.serving(Weibo(World(), limit=1000)))
        weibo.emulator.picture = picture()
        outgoing = stack.enter_context(smtp.served())
        rt = Rt(folder / "rt")
        rt.initialise()
        stack.callback(rt.stop)
        rt.start()
        redis = RedisServer(folder / "redis")
        stack.callback(redis.kill)
        redis.start()
        (folder / "fanin").mkdir()
        daemon = Daemon(folder / "fanin", queue={"kind": "arq", "url": redis.url}, helpdesks=_helpdesks(rt))
        daemon.configuration["routes"] = [
            {"when": {"category": "security"}, "to": ["desk"], "options": {"queue": "Security", "priority": "80"}},
            {"to": ["desk"]},
        ]
        source, deliver, mail = _mailbox(stack, folder, daemon)
        daemon.configuration["connectors"] = {
            "support_mail": {"kind": "email", "source": source, "start": "all", "send": _send(outgoing)},
            "web_chat": {"kind": "chat"},
            "x_official": x.settings(oauth={"client_id": "client", "refresh_token": "refresh-0"}, poll="1 s"),
            "weibo_official": weibo.settings(poll="1 s"),
        }
        say("starting fanin …")
        daemon.start()
        stack.callback(_stop, daemon)
        daemon.wait_ready()
        public = f"http://{daemon.configuration['http']['public']}"
        say(f"letting customers write {COUNT} messages …")
        deliver([one.content() for one in MAILS])
        x.do(write_on_x)
        weibo.do(write_on_weibo)
        if (status := weibo.wait_for(weibo.emulator.push(f"{public}/hooks/weibo_official/", PRIVATE))) != 200:
            raise RuntimeError(f"the push of Weibo is answered with {status}")
        write_in_chat(f"{public}/v1/chat")
        until(lambda: rt.count() >= COUNT, within=WITHIN, what=f"{COUNT} messages in Request Tracker")
        yield Stage(daemon, rt, x, weibo, outgoing, mail)


def missing() -> str | None:
    """What is not installed that nothing can stand in for."""
    found = [one for one in (Rt.missing(), RedisServer.missing()) if one]
    return "; ".join(found) or None


def _helpdesks(rt: Rt) -> dict[str, object]:
    return {"desk": {"kind": "rt", "url": rt.url, "token": rt.tokens["fanin"], "queue": "Support"}}


def _send(outgoing: MailServer) -> dict[str, object]:
    return {"host": "127.0.0.1", "port": outgoing.port, "tls": False, "from": f"Support <{ACCOUNT}>"}


def _mailbox(
    stack: ExitStack, folder: Path, daemon: Daemon
) -> tuple[dict[str, object], Callable[[list[bytes]], None], str]:
    """Where mail is read, how it gets there, and what that is called: Dovecot, which only root may start."""
    if why := Dovecot.missing():
        source: dict[str, object] = {"type": "maildir", "path": str(daemon.inbox), "rest": "10 ms"}

        def drop(mails: list[bytes]) -> None:
            for number, content in enumerate(mails):
                daemon.drop(str(number), content)

        return source, drop, f"the Maildir {daemon.inbox}, for want of {why}"
    (folder / "dovecot").mkdir()
    dovecot = Dovecot(folder / "dovecot")
    stack.callback(dovecot.stop)
    dovecot.start()
    account = {"host": "127.0.0.1", "port": dovecot.imaps, "user": ACCOUNT, "password": PASSWORD}
    source = {"type": "imap", **account, "ca_file": str(dovecot.certificate.certificate), "poll": "2 s"}
    return source, lambda mails: dovecot.deliver(ACCOUNT, mails), f"IMAP on 127.0.0.1:{dovecot.imaps} (Dovecot)"


def _stop(daemon: Daemon) -> None:
    """End the daemon; one that is still being loaded ends by the signal itself."""
    if daemon.process is not None and daemon.process.poll() is None:
        daemon.process.terminate()
        daemon.process.wait(60)

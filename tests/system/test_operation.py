"""The daemon as an operator meets it: stopping, full disks, lost databases, mistakes."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from tests.support.daemon import Daemon, until
from tests.support.lacking import lacking
from tests.support.mail import conversation_mails, mail
from tests.system.books import assert_complete


def test_a_copied_file_becomes_a_ticket(daemon: Daemon, tmp_path: Path) -> None:
    """`cp some.eml inbox/new/` on the running daemon gives a ticket; the mail moves to cur/."""
    (tmp_path / "some.eml").write_bytes(mail(1))
    daemon.start()
    daemon.wait_ready()

    shutil.copy(tmp_path / "some.eml", daemon.inbox / "new")

    daemon.wait_for_tickets(1)
    until(lambda: daemon.waiting() == 0, within=60, what="the mail in cur/")


def test_sigterm_in_mid_work_stops_clean(daemon: Daemon) -> None:
    """SIGTERM while hundreds of mails wait: exit 0 in under ten seconds, and the next start does the rest."""
    mails = conversation_mails(100, 30, attached_every=50)
    for number, content in enumerate(mails):
        daemon.drop(f"{number:05d}", content)
    daemon.start()
    daemon.wait_for_tickets(1)

    assert daemon.terminate() < 10

    assert len(daemon.tickets()) < len(mails)
    daemon.start()
    daemon.wait_for_tickets(len(mails))
    daemon.terminate()
    assert_complete(daemon, len(mails))


def test_a_file_that_is_still_being_written_is_left_alone(daemon: Daemon) -> None:
    """A mail that grows for a while in new/ is read once, when it is whole."""
    daemon.start()
    daemon.wait_ready()
    content = mail(0, attached=300_000)
    with (daemon.inbox / "new" / "growing").open("wb", buffering=0) as file:
        for start in range(0, len(content), len(content) // 15):
            file.write(content[start : start + len(content) // 15])
            time.sleep(0.1)  # the pace of a slow copy, which is what is tried here

    [event] = daemon.wait_for_tickets(1)

    assert [one["size"] for one in event["data"]["attachments"]] == [300_000]
    daemon.terminate()


def test_a_lost_database_makes_no_second_ticket(daemon: Daemon) -> None:
    """With the database gone and every mail delivered again, the helpdesk has each once."""
    mails = conversation_mails(5, 4)
    _deliver_all(daemon, mails)
    for path in daemon.data.glob("fanin.db*"):
        path.unlink()

    _move_back(daemon)
    daemon.start()
    until(lambda: daemon.waiting() == 0, within=30, what="everything read again")
    daemon.wait_for_tickets(len(mails))
    daemon.terminate()

    assert_complete(daemon, len(mails))


def test_a_restored_older_database_makes_no_second_ticket(daemon: Daemon, tmp_path: Path) -> None:
    """After the restore of an older copy, mails that are read again are found at the helpdesk."""
    mails = conversation_mails(5, 6)
    _deliver_all(daemon, mails[:15])
    copies = [shutil.copy(path, tmp_path) for path in daemon.data.glob("fanin.db*")]
    _deliver_all(daemon, mails[15:], first=15)
    for path in daemon.data.glob("fanin.db*"):
        path.unlink()
    for copy in copies:
        shutil.copy(copy, daemon.data)

    _move_back(daemon)
    daemon.start()
    until(lambda: daemon.waiting() == 0, within=30, what="everything read again")
    daemon.terminate()

    assert_complete(daemon, len(mails))


def _deliver_all(daemon: Daemon, mails: list[bytes], first: int = 0) -> None:
    for number, content in enumerate(mails, first):
        daemon.drop(f"{number:05d}", content)
    daemon.start()
    daemon.wait_for_tickets(first + len(mails))
    until(lambda: daemon.waiting() == 0, within=60, what="everything acknowledged")
    daemon.terminate()


def _move_back(daemon: Daemon) -> None:
    for path in sorted((daemon.inbox / "cur").iterdir()):
        path.rename(daemon.inbox / "new" / path.name.partition(":")[0])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], check=False).returncode == 0
    if not mounted:
        lacking("a small tmpfs: it takes root to mount one")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("reserve", ["8 MiB", "1 B"])
def test_a_full_disk_refuses_says_so_and_recovers(
    make_daemon: Callable[..., Daemon], small_disk: Path, tmp_path: Path, reserve: str
) -> None:
    """On a disk that fills up, with and without a reserve, mails wait, and go through when there is room."""
    daemon = make_daemon(tmp_path)
    daemon.data = small_disk / "data"
    daemon.configuration["data_dir"] = str(daemon.data)
    daemon.configuration["store"] = {"min_free_disk": reserve}
    daemon.configuration["connectors"] = {
        "drop": {"kind": "email", "source": {"type": "maildir", "path": str(daemon.inbox), "poll": "500 ms"}}
    }
    mails = [mail(number, attached=100_000) for number in range(20)]
    ballast = small_disk / "ballast"
    with ballast.open("wb") as file:
        free = shutil.disk_usage(small_disk).free
        file.write(bytes(free - 2 * 1024 * 1024))
    for number, content in enumerate(mails):
        daemon.drop(f"{number:05d}", content)
    daemon.start()
    until(lambda: _complains(daemon.log), within=30, what="a word about the disk")
    assert daemon.waiting() > 0

    ballast.unlink()

    daemon.wait_for_tickets(len(mails), within=120)
    until(lambda: daemon.waiting() == 0, within=60, what="everything acknowledged")
    daemon.terminate()
    assert_complete(daemon, len(mails))


def _complains(log: str) -> bool:
    return any(word in log for word in ("min_free_disk", "No space left", "disk is full"))


def test_a_second_daemon_does_not_read_the_same_connector(
    make_daemon: Callable[..., Daemon], daemon: Daemon, tmp_path: Path
) -> None:
    """A second daemon on the same data_dir says who reads the connector, and leaves it to that one."""
    daemon.start()
    daemon.wait_ready()
    second = make_daemon(tmp_path / "second")
    second.configuration["data_dir"] = str(daemon.data)
    second.configuration["connectors"] = {
        "drop": {"kind": "email", "source": {"type": "maildir", "path": str(daemon.inbox)}}
    }

    second.start()

    assert daemon.process is not None
    refused = f"being done by another fanin (process {daemon.process.pid})"
    until(lambda: refused in second.log, within=20, what="the refusal")
    second.terminate()


def test_two_daemons_on_one_address_is_a_mistake_with_a_remedy(
    make_daemon: Callable[..., Daemon], daemon: Daemon, tmp_path: Path
) -> None:
    """An address that is in use ends the start with one line that names the setting."""
    daemon.start()
    daemon.wait_ready()
    second = make_daemon(tmp_path / "second", http=daemon.configuration["http"])

    second.start()

    assert second.process is not None
    assert second.process.wait(20) == 1
    assert "fanin: http.private: cannot listen on" in second.log
    assert "Traceback" not in second.log


def test_sighup_exchanges_connectors_that_changed(daemon: Daemon, tmp_path: Path) -> None:
    """After SIGHUP a new connector is read, and the others did not notice; a mistake changes nothing."""
    other = tmp_path / "other"
    first = {"kind": "email", "source": {"type": "maildir", "path": str(daemon.inbox)}}
    daemon.configuration["connectors"] = {"drop": first}
    daemon.start()
    daemon.wait_ready()
    daemon.configuration["connectors"] = {
        "drop": first,
        "second": {"kind": "email", "source": {"type": "maildir", "path": str(other)}},
    }
    _reload(daemon)
    until((other / "new").exists, within=60, what="the new connector")
    daemon.configuration["connectors"]["drop"] = {"kind": "pigeon"}
    _reload(daemon)
    until(lambda: "config.refused" in daemon.log, within=60, what="the refusal")

    daemon.drop("1", mail(1))
    (other / "new" / "2").write_bytes(mail(2))

    daemon.wait_for_tickets(2)
    assert daemon.log.count('"connector.started"') == 2
    daemon.terminate()


def _reload(daemon: Daemon) -> None:
    daemon.write_configuration()
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGHUP)


def test_the_listeners_say_what_they_may(daemon: Daemon) -> None:
    """Health and readiness need no token; metrics name every connector's and helpdesk's state."""
    daemon.start()
    daemon.wait_ready()
    daemon.drop("1", mail(1, attached=100_000))
    [event] = daemon.wait_for_tickets(1)

    assert _get(daemon, "/healthz") == b"ok\n"
    assert _get(daemon, "/readyz") == b"ok\n"
    assert b'fanin_state{kind="connector",name="drop",state="running"} 1.0' in _get(daemon, "/metrics")
    attachment = event["data"]["attachments"][0]
    assert len(_get(daemon, f"/v1/attachments/{attachment['id']}")) == attachment["size"]
    transcript = orjson.loads(_get(daemon, f"/v1/tickets/{event['subject'].lower()}/transcript"))
    assert [said["text"] for said in transcript["messages"]] == [event["data"]["message"]["text"]]
    daemon.terminate()


def test_the_public_listener_gives_nothing_without_a_token(daemon: Daemon, tmp_path: Path) -> None:
    """Links in a ticket are for whoever brings the token: a tracking number alone opens nothing."""
    (tmp_path / "token").write_text("t0ken-" * 8)
    daemon.configuration["http"]["private_token_file"] = str(tmp_path / "token")
    daemon.start()
    daemon.wait_ready()
    daemon.drop("1", mail(1))
    [event] = daemon.wait_for_tickets(1)
    link = event["data"]["conversation"]["transcript_url"]

    for token, status in (("", 401), ("Bearer wrong", 401), ("Bearer " + "t0ken-" * 8, 200)):
        assert _status(link, token) == status
    assert _status(f"http://{daemon.private}/metrics", "") == 401
    daemon.terminate()


def _status(url: str, token: str) -> int:
    request = urllib.request.Request(url, headers={"Authorization": token} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def _get(daemon: Daemon, path: str) -> bytes:
    with urllib.request.urlopen(f"http://{daemon.private}{path}", timeout=60) as answer:
        return answer.read()


def test_nothing_private_is_logged(daemon: Daemon) -> None:
    """No line of the log holds an address, a subject or a text of a message."""
    daemon.configuration["log"] = {"level": "debug"}
    daemon.start()
    daemon.wait_ready()
    daemon.drop("1", mail(1))
    daemon.wait_for_tickets(1)
    daemon.terminate()

    for word in ("customer@example.com", "no. 1", "mail number"):
        assert word not in daemon.log


def test_the_audit_counts_what_lies_in_new(daemon: Daemon) -> None:
    """Of the mails in new/, those that were accepted and not yet moved do not wait; the others do."""
    mails = conversation_mails(3, 1)
    _deliver_all(daemon, mails)
    _move_back(daemon)
    daemon.drop("later", mail(9))
    daemon.drop("large", mail(10, attached=2_000_000))

    audit = daemon.run("audit")

    assert audit.returncode == 0, audit.stdout
    assert ["messages", "drop", "waiting", "at", "the", "source", "2"] in map(str.split, audit.stdout.splitlines())


def test_backfill_reads_again_without_a_second_ticket(daemon: Daemon) -> None:
    """What lies in cur/ is handed over again and stays one ticket each."""
    mails = conversation_mails(3, 2)
    _deliver_all(daemon, mails)

    again = daemon.run("backfill", "drop", "--since", "2020-01-01")

    assert again.returncode == 0, again.stderr
    assert "6 messages handed over" in again.stdout
    assert_complete(daemon, len(mails))


def test_two_processes_that_deliver_take_turns(
    make_daemon: Callable[..., Daemon], daemon: Daemon, tmp_path: Path
) -> None:
    """Of two delivering processes on one data_dir one waits, and takes over when the other has ended."""
    daemon.start()
    daemon.wait_ready()
    second = make_daemon(tmp_path / "second")
    second.configuration["data_dir"] = str(daemon.data)
    second.start({}, "--role", "deliver")
    until(lambda: "delivery.waiting" in second.log, within=20, what="the second to wait")
    daemon.drop("1", mail(1))
    daemon.wait_for_tickets(1)
    daemon.kill()
    daemon.start({}, "--role", "intake")
    daemon.wait_ready()

    daemon.drop("2", mail(2))

    until(lambda: len(daemon.tickets()) == 2, within=30, what="the second to take over")
    second.terminate()
    daemon.terminate()

"""What the operator reads of a mistake, and what `fanin check` proves."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from tests.support.daemon import Daemon, free_port


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"data_dir": "/proc/nowhere"}, "data_dir: /proc/nowhere cannot be written"),
        ({"helpdesk": {}}, "helpdesk: unknown key; did you mean helpdesks?"),
        ({"log": {"level": 7}}, "log.level"),
    ],
)
def test_a_mistake_is_a_line_and_not_a_traceback(daemon: Daemon, change: dict, says: str) -> None:
    """Unknown keys, wrong types and unwritable folders end the start with what and where."""
    daemon.configuration |= change
    daemon.start()

    assert daemon.process is not None
    assert daemon.process.wait(20) == 1
    assert says in daemon.log
    assert "Traceback" not in daemon.log


def test_an_unknown_variable_is_refused(daemon: Daemon) -> None:
    """A FANIN_ variable that names no setting is a mistake, not silence."""
    daemon.start({"FANIN_CONECTORS__DROP__KIND": "email"})

    assert daemon.process is not None
    assert daemon.process.wait(20) == 1
    assert "FANIN_CONECTORS__DROP__KIND" in daemon.log


def test_check_says_what_works(daemon: Daemon) -> None:
    """`fanin check` has a line for the store, each connector, the queue and each helpdesk, and exits with 0."""
    checked = daemon.run("check")

    assert checked.returncode == 0, checked.stderr
    assert [line.split()[:2] for line in checked.stdout.splitlines()[:5]] == [
        ["ok", "store"],
        ["ok", "connector"],
        ["ok", "connector"],
        ["ok", "queue"],
        ["ok", "helpdesk"],
    ]


def test_check_fails_where_something_is_missing(daemon: Daemon) -> None:
    """A helpdesk that cannot be written is one line with the path, and exit 1."""
    (daemon.data / "tickets").write_text("in the way")

    checked = daemon.run("check")

    assert checked.returncode == 1
    assert "FAIL  helpdesk archive: cannot write" in checked.stdout


def test_check_fails_where_no_redis_answers(make_daemon: Callable[..., Daemon]) -> None:
    """A queue that nobody could deliver from is a line, and exit 1."""
    checked = make_daemon(queue={"kind": "arq", "url": f"redis://127.0.0.1:{free_port()}/0"}).run("check")

    assert checked.returncode == 1
    assert "FAIL  queue: Redis cannot be used: " in checked.stdout


def test_check_fails_where_a_maildir_cannot_be_made(daemon: Daemon) -> None:
    """So it does where the daemon would say so only when it runs."""
    shutil.rmtree(daemon.inbox)
    daemon.inbox.write_text("in the way")

    checked = daemon.run("check")

    assert checked.returncode == 1
    assert f"{daemon.inbox} is not a folder that can be read and written" in checked.stdout


def test_backfill_of_a_folder_that_a_maildir_has_not_is_a_mistake(daemon: Daemon) -> None:
    """It is said, and not taken for everything."""
    asked = daemon.run("backfill", "drop", "--since", "2020-01-01", "--folder", "Archive")

    assert asked.returncode == 1
    assert "fanin: drop: there is no folder Archive: a Maildir has but its own" in asked.stderr
    assert "Traceback" not in asked.stderr

"""The demonstration: one command starts everything, and leaves tickets from every channel to look at."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.demo.customers import PHRASE
from tests.demo.stage import missing
from tests.support.daemon import until
from tests.support.lacking import lacking

pytestmark = [pytest.mark.xdist_group("rt"), pytest.mark.slow, pytest.mark.timeout(300)]
LOGIN = base64.b64encode(b"root:password").decode()


class Demo:
    """The command in a terminal of its own, so that Ctrl-C reaches all that it started."""

    def __init__(self, out: Path) -> None:
        self._out = out
        with out.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-u", "-m", "tests.demo"], stdout=file, stderr=file, start_new_session=True
            )

    @property
    def said(self) -> str:
        """What it has said so far."""
        return self._out.read_text()

    def interrupt(self) -> int:
        """Press Ctrl-C; its exit status."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(60)

    def left(self) -> list[str]:
        """What still runs of it; what has ended waits for whatever is the first process of the machine."""
        command = ["ps", "-o", "stat=,args=", "-s", str(self.process.pid)]
        listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
        return [one for one in listed if not one.startswith("Z")]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """It runs until the test ends."""
    if (what := missing()) is not None:
        lacking(what)
    started = Demo(tmp_path / "out")
    yield started
    if started.process.poll() is None:
        started.interrupt()


def _ask(url: str) -> Any:
    """One request to REST 2 with the login that is printed."""
    request = urllib.request.Request(url, headers={"Authorization": f"Basic {LOGIN}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def _messages(rt: str, ticket: str) -> list[dict[str, Any]]:
    """The events that stand in a ticket."""
    listed = _ask(f"{rt}/REST/2.0/ticket/{ticket}/attachments?fields=Filename&per_page=100")["items"]
    markers = [one["id"] for one in listed if one["Filename"].startswith("fanin-")]
    return [json.loads(base64.b64decode(_ask(f"{rt}/REST/2.0/attachment/{id_}")["Content"])) for id_ in markers]


def test_one_command_leaves_tickets_from_every_channel(demo: Demo) -> None:
    """Where it says they are, with the theft in the queue for it, a picture, and no seed phrase; Ctrl-C ends it all."""
    until(lambda: "Ctrl-C" in demo.said or demo.process.poll() is not None, within=200, what="the demonstration")
    found = re.search(r"^Tickets +(http://\S+)", demo.said, re.MULTILINE)
    assert found is not None, demo.said
    rt = found[1]
    tickets = _ask(f"{rt}/REST/2.0/tickets?query=id>0&fields=Subject,Queue&fields[Queue]=Name&per_page=100")["items"]
    events = {one["id"]: _messages(rt, one["id"]) for one in tickets}
    status = _ask(re.search(r"http://\S+/v1/status", demo.said)[0])  # type: ignore[index]
    exit_status = demo.interrupt()

    channels = Counter(said[0]["data"]["channel"]["kind"] for said in events.values())
    assert channels == {"email": 3, "chat": 2, "x": 3, "weibo": 3}
    assert {one["state"] for one in status} == {"running"}
    drained = next(one for one in tickets if "drained" in one["Subject"])
    assert drained["Queue"]["Name"] == "Security"
    everything = json.dumps(list(events.values()), ensure_ascii=False)
    assert "[seed phrase removed]" in everything
    assert not any(
        " ".join(three) in everything for three in zip(*(PHRASE.split()[n:] for n in range(3)), strict=False)
    )
    assert {"screenshot.png", "a.png"} <= set(re.findall(r'"filename": "([^"]+)"', everything))
    assert exit_status == 0, demo.said
    assert demo.left() == []
    assert not Path(re.search(r"are in (\S+);", demo.said)[1]).exists()  # type: ignore[index]


def test_it_can_be_ended_while_it_starts(demo: Demo) -> None:
    """Ctrl-C before there is anything to see leaves nothing behind either."""
    until(lambda: "starting fanin" in demo.said or demo.process.poll() is not None, within=120, what="the start")

    assert demo.interrupt() == 0, demo.said
    assert "Traceback" not in demo.said
    assert demo.left() == []

"""Every call in docs/chat-api.md does what the page says, run as it is printed there."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemon import Daemon

PAGE = Path("docs/chat-api.md")
CALLS = re.compile(r"^curl(?:.*\\\n)*.*$", re.MULTILINE)
STATUS = " -w '\\n%{http_code}'"


def _calls() -> list[str]:
    """The curl commands of the page, in order."""
    blocks = re.findall(r"```bash\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return [call for block in blocks for call in CALLS.findall(block)]


class Reader:
    """Somebody who types in one call after the other, in a folder with a picture."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder, self.variables = folder, variables
        (folder / "screen.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))

    def run(self, call: str) -> tuple[int, Any]:
        """The status of a call and its answer, which is JSON where there is one."""
        done = subprocess.run(
            ["bash", "-euc", call.replace("curl -s", f"curl -s{STATUS}", 1)],
            cwd=self.folder,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", **self.variables},
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        body, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(body) if body else None


@pytest.mark.slow
def test_each_call_of_the_page_works(make_daemon: Callable[..., Daemon], tmp_path: Path) -> None:
    """A session is opened, written in, read, given a file that comes back as it was, and ended."""
    daemon = make_daemon(connectors={"web": {"kind": "chat"}})
    daemon.start()
    daemon.wait_ready()
    reader = Reader(tmp_path, API=f"http://{daemon.configuration['http']['public']}/v1/chat")
    opening, writing, reading, seen, raw, multipart, naming, getting, ending = _calls()

    status, session = reader.run(opening)
    assert (status, session["verified"]) == (201, False)
    reader.variables |= {"SESSION": session["session_id"], "AUTH": f"Authorization: Bearer {session['session_token']}"}
    status, first = reader.run(writing)
    assert (status, first["seq"]) == (201, 1)
    assert reader.run(writing) == (200, {**first, "replayed": True})
    status, history = reader.run(reading)
    assert (status, [one["text"] for one in history["messages"]]) == (200, ["My transfer is pending since noon."])
    assert reader.run(seen) == (204, None)

    for call in (raw, multipart):
        status, upload = reader.run(call)
        assert (status, upload["media_type"], upload["filename"]) == (201, "image/png", "screen.png")
    reader.variables["UPLOAD"] = upload["upload_id"]
    status, second = reader.run(naming)
    assert (status, second["seq"]) == (201, 2)
    _, history = reader.run(reading)
    reader.variables["ATTACHMENT"] = history["messages"][1]["attachments"][0]["id"]
    sent = (reader.folder / "screen.png").read_bytes()
    (reader.folder / "screen.png").unlink()
    assert reader.run(getting) == (200, None)
    assert (reader.folder / "screen.png").read_bytes() == sent

    assert reader.run(ending) == (204, None)
    assert reader.run(reading)[0] == 401

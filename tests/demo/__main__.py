"""Run the demonstration until Ctrl-C: `python -m tests.demo`."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import NoReturn

from tests.demo.stage import Stage, missing, staged

GUIDE = """\
Tickets   {rt}        log in as root, password: password
            {rt}/Search/Results.html?Query=id%20%3E%200&Order=ASC&OrderBy=id   (all of them)
Chat      {public}/   write as a customer, answer the ticket in RT (Reply), and see it arrive
Status    http://{private}/v1/status       Metrics  http://{private}/metrics
X         {x}   a mention:  curl -d text='my wallet is empty' -d author=104 {x}/emulator/mention
Weibo     {weibo}   a mention:  curl -d '{{"uid": "2004", "text": "@钱包客服 你好"}}' {weibo}/emulator/mention
Mail      {mail}
Logs and configuration are in {folder}; answers that go back are shown here.  Ctrl-C ends everything.
"""


def main() -> int:
    """Start everything, say where it is, and show what goes back, until told to end."""
    if (lacking := missing()) is not None:
        print(f"missing: {lacking}; `make servers` installs it where apt can", file=sys.stderr)
        return 1
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="fanin-demo-"))
    try:
        with staged(folder, partial(print, flush=True)) as stage:
            print(_guide(stage, folder), flush=True)
            _follow(stage)
    except KeyboardInterrupt:
        print("stopped")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _guide(stage: Stage, folder: Path) -> str:
    cases = stage.rt.rows(
        "SELECT Tickets.id, Queues.Name, Tickets.Priority, Tickets.Subject FROM Tickets "
        "JOIN Queues ON Queues.id = Tickets.Queue ORDER BY Tickets.id"
    )
    listed = [f"  {number:>3}  {queue:<9} {priority:>3}  {subject}" for number, queue, priority, subject in cases]
    where = GUIDE.format(
        rt=stage.rt.url,
        public=f"http://{stage.daemon.configuration['http']['public']}",
        private=stage.daemon.private,
        x=stage.x.emulator.url,
        weibo=stage.weibo.emulator.world.base,
        mail=stage.mail,
        folder=folder,
    )
    return "\n".join(["", f"{len(listed)} tickets:", *listed, "", where])


def _follow(stage: Stage) -> NoReturn:
    """Show what goes back to customers."""
    shown = Counter[str]()
    while True:
        answers = Counter(stage.answers())
        for one in (answers - shown).elements():
            print(f"answered {one}", flush=True)
        shown = answers
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())

"""The whole daemon: Maildir to ticket delivered, start to ready, and memory at rest.

`python -m benchmarks.daemon [COUNT]` prints figures and ratios.  The baselines only parse: node
mailparser and the standard library's policy.default, on the same mails in the same run.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any, Self

import yaml

from benchmarks.mail import Mail, generate
from benchmarks.parsing import _node, _seconds, _standard

SCRIPT = Path(sys.executable).with_name("fanin")
PRIVATE = "127.0.0.1:19090"


def main(count: int = 2000) -> None:
    """Measure the start, the rest, and the way of many mails."""
    with tempfile.TemporaryDirectory() as folder:
        _measure_start(Path(folder))
    mails = generate(count, attachments=True)
    rate = _measure_throughput(mails)
    few = [mail.raw for mail in mails[: count // 10]]
    baselines = {"policy.default, parse alone": len(few) / _seconds(_standard, few)}
    if (node := _node(mails)) is not None:
        baselines["node mailparser, parse alone"] = count / node
    for name, other in baselines.items():
        print(f"  {name:32}{other:8.0f}/s   Maildir to ticket is {rate / other:.1f}x")


def _measure_start(folder: Path) -> None:
    times, memory, delay = [], 0, 0.0
    for _ in range(4):
        begun = time.perf_counter()
        with Daemon(folder) as daemon:
            daemon.wait_ready()
            times.append(time.perf_counter() - begun)
            time.sleep(2)
            memory = daemon.memory("VmRSS")
            delay = _delay(folder)
    print(f"  start to ready, first           {times[0]:8.2f} s")
    print(f"  start to ready, median of more  {statistics.median(times[1:]):8.2f} s   (at most 1.5, aim for 0.8)")
    print(f"  copied file to ticket           {delay:8.2f} s   (at most 2, of which 0.5 is the size's rest)")
    print(f"  memory at rest                  {memory / 1e6:8.0f} MB  (at most 160, aim for 130)")


def _delay(folder: Path) -> float:
    """Seconds from a copied file to its ticket, of which its size has to rest for half a second."""
    tickets = folder / "data" / "tickets" / "tickets.jsonl"
    before = tickets.stat().st_size if tickets.exists() else 0
    begun = time.perf_counter()
    (folder / "data" / "inbox" / "new" / str(time.time_ns())).write_bytes(f"Subject: {begun}\n\nhello\n".encode())
    while not tickets.exists() or tickets.stat().st_size == before:
        time.sleep(0.005)
    return time.perf_counter() - begun


def _measure_throughput(mails: list[Mail]) -> float:
    """Mails a second, from the first look at the folder to the last ticket that is durable at the helpdesk."""
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder) / "data" / "inbox" / "new"
        new.mkdir(parents=True)
        for number, mail in enumerate(mails):
            (new / f"{number:06d}").write_bytes(mail.raw)
        time.sleep(1)  # sizes have rested by now
        with Daemon(Path(folder)) as daemon:
            daemon.wait_ready()
            begun = time.perf_counter()
            tickets = Path(folder) / "data" / "tickets" / "tickets.jsonl"
            while not tickets.exists() or tickets.read_bytes().count(b"\n") < len(mails):
                time.sleep(0.1)
            seconds = time.perf_counter() - begun
            peak, used = daemon.memory("VmHWM"), daemon.processor()
    rate = len(mails) / seconds
    megabytes = sum(len(mail.raw) for mail in mails) / 1e6
    print(f"  Maildir to ticket               {rate:8.0f}/s   {megabytes / seconds:.0f} MB/s, peak {peak / 1e6:.0f} MB,"
          f" {1e3 * used / len(mails):.2f} ms of processor a mail")  # fmt: skip
    return rate


class Daemon:
    """The console script on the embedded default, or on other connectors, in a folder."""

    def __init__(self, folder: Path, **more: Any) -> None:
        http = {"public": "127.0.0.1:18080", "private": PRIVATE}
        settings = {"data_dir": str(folder / "data"), "http": http} | more
        (folder / "fanin.yaml").write_text(yaml.safe_dump(settings))
        self._command = [SCRIPT, "run", "--config", folder / "fanin.yaml"]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)

    def wait_ready(self) -> None:
        """Ask until it answers."""
        while self._process.poll() is None:
            try:
                urllib.request.urlopen(f"http://{PRIVATE}/readyz", timeout=1).close()
            except OSError:
                time.sleep(0.005)
            else:
                return
        raise SystemExit("the daemon did not start: is another one running?")

    def memory(self, name: str) -> int:
        """Bytes of the daemon and of the processes beside it, as Linux counts them: what they share counts twice."""
        return sum(_memory(pid, name) for pid in self._processes())

    def processor(self) -> float:
        """Seconds of processor time so far, those of the processes beside it included."""
        return sum(map(_processor, self._processes()))

    def _processes(self) -> list[int]:
        pid = self._process.pid
        tasks = Path(f"/proc/{pid}/task").iterdir()
        return [pid, *(int(child) for one in tasks for child in (one / "children").read_text().split())]


def _memory(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def _processor(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / 100  # and what the processes used that it has seen end


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

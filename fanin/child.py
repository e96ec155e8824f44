"""Understands messages in a process of its own, which may crash or be killed without harm.

Run as `python -m fanin.child` by `fanin.children`: reads a `Task` from standard input, writes what became of its
messages to standard output, and goes on with the next.  It ends when there is no more input, and when nothing came
for a while.
"""

from __future__ import annotations

import resource
import select
import sys
import time
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from fanin.children import LENGTH
from fanin.reading import Outcome, understand
from model.draft import Context
from model.envelope import Envelope
from normalizer.precheck import suspicious

PATIENCE = 60
"""Seconds after which a process without work gives its memory back."""


class Task(Struct, frozen=True, kw_only=True):
    """What the child is to understand, and the most memory (bytes) and processor time (s) that it may use."""

    messages: Sequence[tuple[Envelope, bytes]]
    """Each message beside its envelope, which holds nothing of it."""
    context: Context
    memory: int
    seconds: int
    alone: bool
    """Whether the process may be lost to its message: otherwise one that looks dangerous is handed back unread."""


ENCODE = msgspec.msgpack.Encoder().encode
DECODE = msgspec.msgpack.Decoder(list[Outcome]).decode
_DECODE_TASK = msgspec.msgpack.Decoder(Task).decode


def main() -> None:
    """Understand what is handed over, one task after the other, each within its limits."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while select.select([sys.stdin], [], [], PATIENCE)[0] and (head := sys.stdin.buffer.read(LENGTH.size)):
        task = _DECODE_TASK(sys.stdin.buffer.read(*LENGTH.unpack(head)))
        _limit(task)
        outcomes = ENCODE([_outcome(task, envelope, raw) for envelope, raw in task.messages])
        sys.stdout.buffer.write(LENGTH.pack(len(outcomes)) + outcomes)
        sys.stdout.buffer.flush()


def _outcome(task: Task, envelope: Envelope, raw: bytes) -> Outcome:
    return (not task.alone and suspicious(raw)) or understand(envelope, raw, task.context)


def _limit(task: Task) -> None:
    """Set the limits for one task; the processor's time counts from the start of the process."""
    resource.setrlimit(resource.RLIMIT_AS, (task.memory, task.memory))
    used = int(time.process_time()) + 1
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (used + task.seconds, most))


if __name__ == "__main__":
    main()

"""Understands messages in a process of its own, which may crash or be killed without harm.

Run as `python -m fanin.child` by `fanin.children`: reads a `Task` from standard input, writes the draft to standard
output, and goes on with the next.  It ends when there is no more input, and when nothing came for a while.
"""

from __future__ import annotations

import resource
import select
import sys
import time

import msgspec
from msgspec import Struct

from fanin.children import LENGTH
from model.draft import Context, Draft
from model.envelope import Envelope
from normalizer.normalize import normalize

PATIENCE = 60
"""Seconds after which a process without work gives its memory back."""


class Task(Struct, frozen=True, kw_only=True):
    """What the child is to understand, and the most memory (bytes) and processor time (s) that it may use."""

    envelope: Envelope
    raw: bytes
    context: Context
    memory: int
    seconds: int


ENCODE = msgspec.msgpack.Encoder().encode
DECODE_DRAFT = msgspec.msgpack.Decoder(Draft).decode
_DECODE_TASK = msgspec.msgpack.Decoder(Task).decode


def main() -> None:
    """Understand what is handed over, one message after the other, each within its limits."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while select.select([sys.stdin], [], [], PATIENCE)[0] and (head := sys.stdin.buffer.read(LENGTH.size)):
        task = _DECODE_TASK(sys.stdin.buffer.read(*LENGTH.unpack(head)))
        _limit(task)
        draft = ENCODE(normalize(task.envelope, task.raw, task.context))
        sys.stdout.buffer.write(LENGTH.pack(len(draft)) + draft)
        sys.stdout.buffer.flush()


def _limit(task: Task) -> None:
    """Set the limits for one message; the processor's time counts from the start of the process."""
    resource.setrlimit(resource.RLIMIT_AS, (task.memory, task.memory))
    used = int(time.process_time()) + 1
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (used + task.seconds, most))


if __name__ == "__main__":
    main()

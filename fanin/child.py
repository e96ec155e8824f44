"""Understands one message in a process of its own, which may crash or be killed without harm.

Run as `python -m fanin.child` with a `Task` on standard input; writes the draft to standard output.
"""

from __future__ import annotations

import resource
import sys

import msgspec
from msgspec import Struct

from model.draft import Context, Draft
from model.envelope import Envelope
from normalizer.normalize import normalize


class Task(Struct, frozen=True, kw_only=True):
    """What the child is to understand, and the most memory (bytes) and processor time (s) that it may use."""

    envelope: Envelope
    raw: bytes
    context: Context
    memory: int
    seconds: int


ENCODE = msgspec.msgpack.Encoder().encode
DECODE_DRAFT = msgspec.msgpack.Decoder(Draft).decode


def main() -> None:
    """Read the task, work within its limits, write the draft."""
    task = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Task)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (task.memory, task.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (task.seconds, task.seconds))
    draft = normalize(task.envelope, task.raw, task.context)
    sys.stdout.buffer.write(ENCODE(draft))


if __name__ == "__main__":
    main()

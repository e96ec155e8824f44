"""What becomes of a message when it is understood, in whichever process that is."""

from __future__ import annotations

import hashlib
import traceback
from pathlib import Path

from msgspec import Struct

from model.draft import Context, Draft
from model.envelope import Envelope
from normalizer.normalize import normalize


class Reading(Struct, frozen=True):
    """A message understood: its draft, and whether that is a mere stub."""

    draft: Draft
    sha256: str
    """The digest of the message as it came."""
    is_stub: bool = False


DEFECT = "the normalizer has a defect"
"""With what the reason begins where nothing but that is to blame."""
Outcome = Reading | str
"""What became of a message, or why it must be read in a process of its own."""


def understand(envelope: Envelope, raw: bytes, context: Context) -> Outcome:
    """Understand one message; where the normalizer itself has a defect, say where it is.

    Raises MemoryError: a process that is full understands nothing any more, and another one may.
    """
    try:
        return Reading(normalize(envelope, raw, context), digest(raw))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  whatever it is, the other messages go on
        return f"{DEFECT}: {_place(error)}"


def digest(raw: bytes) -> str:
    """By which the original of a message is known: its SHA-256, in hexadecimal."""
    return hashlib.sha256(raw).hexdigest()


def _place(error: Exception) -> str:
    """The kind of an error and where it was raised; what it says may quote the message."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"

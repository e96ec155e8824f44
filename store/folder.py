"""The data_dir as a folder: made where there is none, and proven to be writable."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from model.errors import Misconfigured


def make_data_dir(path: Path) -> None:
    """Make the folder unless it is there.  Raises Misconfigured if nothing can be written into it."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryFile(dir=path):  # which has no name, so that those who start at once do not meet
            pass
    except OSError as error:
        raise Misconfigured(
            f"data_dir: {path} cannot be written: {error.strerror}; "
            "choose another folder, or give it to the user that fanin runs as"
        ) from None


def prove_writable(file: Path) -> None:
    """Raise PermissionError if this process cannot write the file, which SQLite says at the first write only."""
    if not os.access(file, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(file))


@contextmanager
def usable(data_dir: Path) -> Iterator[None]:
    """Raise Misconfigured where the block meets something in the data_dir that this process cannot use."""
    try:
        yield
    except OSError as error:
        remedy = "give data_dir and all that is in it to the user that fanin runs as, and run its commands as that user"
        raise Misconfigured(
            f"data_dir: {error.filename or data_dir} cannot be used: {error.strerror}"
            f"{f'; {remedy}' if isinstance(error, PermissionError) else ''}"
        ) from None

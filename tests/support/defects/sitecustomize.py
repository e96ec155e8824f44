"""Defects that carry what they were about in their words: a parser that fails, and a helpdesk that quotes a message.

Python imports this module by itself where its folder is on PYTHONPATH; the product knows nothing of it.
"""

from __future__ import annotations

import os
from typing import Any

DEFECT = b"x-defect:"
"""A mail with this field cannot be read, and what fails says all that is in it."""
REFUSED = "refuse this"
"""A message with this subject is refused by the helpdesk, which quotes `QUOTED`."""


def _parser() -> None:
    from normalizer import normalize

    original = normalize.parse

    def parse(raw: bytes) -> Any:
        if DEFECT in raw.lower():
            raise RuntimeError(raw.decode("utf-8", "replace"))
        return original(raw)

    normalize.parse = parse  # type: ignore[attr-defined]


def _helpdesk() -> None:
    from delivery.helpdesks.file import FileHelpdesk
    from model.errors import Permanent

    original = FileHelpdesk.submit

    async def submit(self: Any, event: Any, *arguments: Any) -> Any:
        if event.data.message.subject == REFUSED:
            raise Permanent(f"the server said: {os.environ['QUOTED']}")
        return await original(self, event, *arguments)

    FileHelpdesk.submit = submit  # type: ignore[method-assign]


if "QUOTED" in os.environ:
    _parser()
    _helpdesk()

"""Whole mails and their whole drafts.

`FANIN_UPDATE_GOLDEN=1 pytest tests/unit/normalizer/test_golden.py` writes the drafts anew; review the difference.
"""

import os
from pathlib import Path

import msgspec
import pytest

from tests.unit.normalizer.understood import understand

FOLDER = Path(__file__).parents[2] / "data" / "mail"


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.eml")), ids=lambda file: file.stem)
def test_the_draft_is_the_one_that_was_reviewed(file):
    """Nothing in how a mail is understood changes unseen."""
    draft = understand(file.read_bytes())
    files = [msgspec.to_builtins(one) | {"content": len(one.content)} for one in draft.files]
    seen = msgspec.json.format(msgspec.json.encode(msgspec.to_builtins(draft) | {"files": files})).decode() + "\n"
    golden = file.with_suffix(".json")
    if os.environ.get("FANIN_UPDATE_GOLDEN"):
        golden.write_text(seen)
    assert golden.read_text() == seen

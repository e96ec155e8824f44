"""Names and ids that are shown in the clear."""

from __future__ import annotations

import pytest

from normalizer.safety.name import safe_id

CARD = "5100000000000057"


@pytest.mark.parametrize("source_id", [f"comment:{CARD}", f"status:{CARD}", "post:1890000000000000002"])
def test_what_a_channel_counts_keeps_its_number(source_id: str) -> None:
    """An answer names the post or comment, whatever its number looks like."""
    assert safe_id(source_id) == source_id


@pytest.mark.parametrize("source_id", [f"{CARD}.eml:2,S", f"my card {CARD}", f"Card:{CARD} 12/27"])
def test_a_card_in_a_file_s_name_is_hidden(source_id: str) -> None:
    """What somebody named is shown without the secret in it."""
    assert CARD not in safe_id(source_id)
    assert "[card number removed]" in safe_id(source_id)

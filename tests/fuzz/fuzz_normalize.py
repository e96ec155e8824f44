"""Coverage-guided fuzzing of the normalizer.

    uv run --with atheris python tests/fuzz/fuzz_normalize.py CORPUS_FOLDER -max_total_time=600

A crash is any exception, any draft that is no JSON, and any input that takes longer than libFuzzer's -timeout.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import atheris

with atheris.instrument_imports(include=["normalizer"]):
    import msgspec

    from model.draft import Context
    from model.envelope import Envelope
    from normalizer.normalize import normalize
    from normalizer.precheck import suspicious
    from normalizer.stub import stub

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def understand(raw: bytes) -> None:
    """One input: it is checked, understood, stubbed and written down."""
    envelope = Envelope(
        connector="fuzz", channel="email", account="fuzz", source_id="1", received_at=NOW, raw=b"", size=len(raw)
    )
    context = Context(now=NOW, trusted_authserv=("mx",))
    suspicious(raw)
    msgspec.json.encode(normalize(envelope, raw, context).message)
    msgspec.json.encode(stub(envelope, raw, "it is fuzz", context).message)


if __name__ == "__main__":
    atheris.Setup(sys.argv, understand)
    atheris.Fuzz()

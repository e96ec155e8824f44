"""`python -m benchmarks [NAME...]`: every measurement, or those that are named, as ratios of one run."""

from __future__ import annotations

import sys
from importlib import import_module

NAMES = ("accept", "chat", "queue", "daemon", "parsing", "facts", "triage", "guard", "imap_fetch", "imap_way")


def main(wanted: list[str]) -> None:
    """Run the measurements, one after the other."""
    sys.argv[1:] = []
    for name in wanted or NAMES:
        print(f"\n== {name}", flush=True)
        import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main(sys.argv[1:])

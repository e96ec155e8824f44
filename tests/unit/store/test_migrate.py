"""A database comes to its version, whoever opens it first."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

_OPEN = """
import asyncio, pathlib, sys
from store.store import Store

async def main():
    await (await Store.open(pathlib.Path(sys.argv[1]))).close()

asyncio.run(main())
"""


async def test_several_that_open_a_new_store_migrate_it_once(tmp_path: Path) -> None:
    """Of the processes that open a data_dir for the first time at once, one makes the tables and the others wait."""
    commands = [
        asyncio.create_subprocess_exec(sys.executable, "-c", _OPEN, tmp_path, stdout=asyncio.subprocess.PIPE)
        for _ in range(3)
    ]
    processes = await asyncio.gather(*commands)
    said = await asyncio.gather(*(process.communicate() for process in processes))

    assert [process.returncode for process in processes] == [0, 0, 0]
    assert b"".join(output for output, _ in said).count(b"store.migrated") == 1

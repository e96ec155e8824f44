"""What the operator reads where the data_dir cannot be used."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fanin.isolation import Journal
from model.errors import Misconfigured
from store.folder import make_data_dir, usable
from store.locks import process_lock
from store.store import Store


def test_those_who_start_at_once_do_not_meet(tmp_path: Path) -> None:
    """However many processes prove at the same time that the folder can be written, it can."""
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(make_data_dir, [tmp_path / "data"] * 400))

    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize("name", ["keys", "locks", "blobs"])
async def test_what_is_in_the_way_is_named(tmp_path: Path, name: str) -> None:
    """A file where a folder of the data_dir should be is a mistake with its path."""
    (tmp_path / name).write_text("in the way")

    with pytest.raises(Misconfigured, match=rf"^data_dir: {tmp_path / name}\S* cannot be used: "):
        await Store.open(tmp_path)


def test_a_lock_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    """So it is where a connector, the delivery or the pipeline begins only later."""
    (tmp_path / "locks" / "mail").mkdir(parents=True)
    (tmp_path / "parsing").touch()

    with (
        pytest.raises(Misconfigured, match=f"^data_dir: {tmp_path / 'locks' / 'mail'} cannot be used: Is a directory"),
        process_lock(tmp_path / "locks", "mail"),
    ):
        pass
    with pytest.raises(Misconfigured, match=f"^data_dir: {tmp_path / 'parsing'} cannot be used: File exists"):
        Journal(tmp_path / "parsing")


def test_what_another_user_left_has_a_remedy() -> None:
    """Where a command ran as root, the daemon says whose the files have to be."""
    with (
        pytest.raises(Misconfigured, match="/locks/mail cannot be used: Permission denied; give data_dir and all"),
        usable(Path("/data")),
    ):
        raise PermissionError(13, "Permission denied", "/data/locks/mail")


async def test_a_database_that_can_only_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said at the start, and not at the first message."""
    await (await Store.open(tmp_path)).close()
    monkeypatch.setattr(os, "access", lambda *_: False)  # root can write everything

    with pytest.raises(Misconfigured, match=r"/fanin\.db cannot be used: Permission denied; give data_dir"):
        await Store.open(tmp_path)

"""What an operator is told about a wrong configuration: one small file for each situation.

A file ends with what must be said about it, a line after each `#=`; `#$` sets an environment variable.
"""

from pathlib import Path

import pytest

from config.loader import load
from model.errors import Misconfigured

DATA = Path(__file__).parents[2] / "data" / "config"
FILES = sorted(path.name for path in (DATA / "wrong").glob("*.yaml"))


def marked(file: Path, mark: str) -> list[str]:
    lines = file.read_text("utf-8", errors="replace").splitlines()
    return [line.removeprefix(mark) for line in lines if line.startswith(mark)]


@pytest.mark.parametrize("name", FILES)
def test_mistakes_are_named(name, monkeypatch):
    """Each mistake is one line with its place, its key and the remedy."""
    monkeypatch.chdir(DATA)
    file = Path("wrong") / name
    expected = marked(file, "#= ")
    assert expected, "the file does not say what must be said about it"
    with pytest.raises(Misconfigured) as caught:
        load(file, dict(line.split("=", 1) for line in marked(file, "#$ ")))
    assert str(caught.value).splitlines() == expected

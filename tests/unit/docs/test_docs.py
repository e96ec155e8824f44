"""The documents say what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fanin import metrics

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "connectors/**/*.md", "delivery/**/*.md")
    for page in ROOT.glob(pattern)
)
_LINK = re.compile(r"\]\(([^)\s#]+)")
_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
_LOGGED = re.compile(r"\b_?log\.(?:info|warning|error|exception)\(\s*\"([a-z_.]+)\"")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page: Path) -> None:
    """What a page links to within the repository is there."""
    targets = [link for link in _LINK.findall(page.read_text()) if "://" not in link]

    assert [link for link in targets if not (page.parent / link).exists()] == []


@pytest.mark.parametrize(
    ("page", "example"),
    [("adding-a-connector.md", "archive.py"), ("adding-a-helpdesk.md", "tracker.py")],
)
def test_the_code_of_a_walk_through_is_that_of_its_example(page: str, example: str) -> None:
    """Each block stands in the example, which other tests run, as it is shown."""
    blocks = _BLOCK.findall((ROOT / "docs" / page).read_text())
    source = (ROOT / "examples" / example).read_text()

    assert blocks
    assert [block for block in blocks if block not in source] == []


def test_every_metric_is_explained() -> None:
    """Each metric stands in the operator's table."""
    text = (ROOT / "docs" / "operations.md").read_text()
    names = {name.removesuffix("_total") for metric in _metrics() for name in (metric.describe()[0].name,)}

    assert names
    assert sorted(name for name in names if f"`{name}`" not in text and f"`{name}_total`" not in text) == []


def test_every_log_line_is_explained() -> None:
    """Each event that is logged at info or above stands in the operator's table."""
    text = (ROOT / "docs" / "operations.md").read_text()
    parts = ("connectors", "delivery", "fanin", "normalizer", "store")
    logged = {
        event for part in parts for file in (ROOT / part).rglob("*.py") for event in _LOGGED.findall(file.read_text())
    }

    assert logged
    assert sorted(event for event in logged if f"`{event}`" not in text) == []


def test_every_decision_is_in_the_index() -> None:
    """The index of decisions links each of them."""
    index = (ROOT / "docs" / "adr" / "README.md").read_text()
    pages = [page.name for page in (ROOT / "docs" / "adr").glob("[0-9]*.md")]

    assert pages
    assert [name for name in pages if f"]({name})" not in index] == []


def _metrics() -> list[metrics.Counter | metrics.Gauge | metrics.Histogram]:
    kinds = (metrics.Counter, metrics.Gauge, metrics.Histogram)
    return [value for value in vars(metrics).values() if isinstance(value, kinds)]

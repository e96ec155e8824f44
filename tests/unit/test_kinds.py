"""Each kind of connector, queue and helpdesk has what belongs to one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors import CONNECTORS
from delivery import HELPDESKS, QUEUES

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "config" / "fanin.example.yaml").read_text()
PARAGRAPHS = ("Set-up", "Permissions", "Delivery guarantee", "Limits", "Failures")
CONTRACTS = {"ConnectorContract": CONNECTORS, "QueueContract": QUEUES, "HelpdeskContract": HELPDESKS}


def _page(contract: str, kind: str) -> str:
    """What is written about a kind, or nothing."""
    if contract == "ConnectorContract":
        page = ROOT / "connectors" / kind / "README.md"
        return page.read_text() if page.exists() else ""
    folder = "queues" if contract == "QueueContract" else "helpdesks"
    sections = re.split(r"^## ", (ROOT / "delivery" / folder / "README.md").read_text(), flags=re.MULTILINE)
    return next((text for text in sections if text.partition("\n")[0].strip() == kind), "")


def _held() -> Iterator[tuple[str, str]]:
    """Which contracts are inherited by the tests of which kinds."""
    for file in (ROOT / "tests" / "contract").glob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef):
                yield from ((ast.unparse(base), kind) for base in node.bases for kind in _marks(node))


def _marks(node: ast.ClassDef) -> Iterator[str]:
    for line in node.body:
        match line:
            case ast.Assign(targets=[ast.Name("kind")], value=ast.Constant(str(kind))):
                yield kind


KINDS = [(contract, kind) for contract, table in CONTRACTS.items() for kind in table]
each_kind = pytest.mark.parametrize(("contract", "kind"), KINDS, ids=["-".join(pair) for pair in KINDS])


@each_kind
def test_a_kind_is_described(contract: str, kind: str) -> None:
    """Set-up, permissions, delivery guarantee, limits and what each failure looks like are written down."""
    page = _page(contract, kind)

    assert [name for name in PARAGRAPHS if f"**{name}" not in page] == []


@each_kind
def test_a_kind_is_in_the_example(contract: str, kind: str) -> None:
    """The annotated example shows how it is configured, be it in a comment."""
    assert re.search(rf"\bkind: {kind}\b", EXAMPLE), f"{contract}: {kind}"


@each_kind
def test_a_kind_is_held_to_its_contract(contract: str, kind: str) -> None:
    """A test class of its own, marked by its kind, inherits the contract."""
    assert (contract, kind) in set(_held())


@pytest.mark.parametrize("contract", CONTRACTS)
def test_no_test_is_of_a_kind_that_is_gone(contract: str) -> None:
    """The kinds that tests are marked by are in the tables."""
    held = {kind for inherited, kind in _held() if inherited == contract}

    assert held
    assert held <= set(CONTRACTS[contract])

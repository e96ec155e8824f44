"""The house is in order: names that are ours alone, documented, in small pieces."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PARTS: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
OTHERS = {"web", "benchmarks", "examples", "tests"}
"""Packages at the root that are not shipped."""
REVISIONS = ROOT / "store" / "migrations" / "versions"
"""Steps of the database's schema: lists of tables in a form that Alembic prescribes."""
MOST_LINES_OF_A_FUNCTION = 60
MOST_LINES_OF_A_FILE = 400

Function = ast.FunctionDef | ast.AsyncFunctionDef
Named = Function | ast.ClassDef

PRODUCT = sorted(file for part in PARTS for file in (ROOT / part).rglob("*.py") if REVISIONS not in file.parents)
CODE = [*PRODUCT, *sorted(file for other in OTHERS for file in (ROOT / other).rglob("*.py"))]


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def _place(file: Path, node: Named) -> str:
    return f"{file.relative_to(ROOT)}:{node.lineno} {node.name}"


def _classes() -> Iterator[ast.ClassDef]:
    for file in PRODUCT:
        yield from (node for node in ast.walk(_tree(file)) if isinstance(node, ast.ClassDef))


def _is_protocol(node: ast.Module | ast.ClassDef) -> bool:
    return isinstance(node, ast.ClassDef) and any(ast.unparse(base).startswith("Protocol") for base in node.bases)


def _documented_methods(*, of_protocols: bool) -> set[str]:
    return {
        method.name
        for node in _classes()
        if _is_protocol(node) is of_protocols
        for method in node.body
        if isinstance(method, Function) and ast.get_docstring(method)
    }


def _public(node: ast.Module | ast.ClassDef) -> Iterator[tuple[ast.Module | ast.ClassDef, Named]]:
    """Each public class, function and method below a node, with what it stands in."""
    for inner in node.body:
        if isinstance(inner, Named) and not inner.name.startswith("_"):
            yield node, inner
            if isinstance(inner, ast.ClassDef):
                yield from _public(inner)


def _lines(function: Function) -> int:
    """How many lines it has, those of its docstring aside."""
    assert function.end_lineno is not None
    prose = function.body[0] if ast.get_docstring(function) else None
    return function.end_lineno - function.lineno + 1 - (prose.end_lineno - prose.lineno + 1 if prose else 0)  # type: ignore[operator]


def test_our_top_level_names_are_ours_alone() -> None:
    """No other installed distribution provides a package of a name of ours."""
    providers = packages_distributions()

    assert PARTS
    assert {name: others for name in PARTS if (others := set(providers.get(name, ())) - {"fanin"})} == {}


def test_every_part_is_shipped_and_checked() -> None:
    """The packages at the root are those of the wheel, of mypy and of import-linter."""
    at_root = {file.parent.name for file in ROOT.glob("*/__init__.py")}

    assert at_root - OTHERS == set(PARTS)
    assert set(PROJECT["tool"]["mypy"]["packages"]) == set(PARTS)
    assert set(PROJECT["tool"]["importlinter"]["root_packages"]) == set(PARTS)


def test_everything_public_is_documented() -> None:
    """Each public class, function and method says what it means, or keeps a contract that says so."""
    promised = _documented_methods(of_protocols=True)
    kept = _documented_methods(of_protocols=False)

    assert promised
    assert [
        _place(file, node)
        for file in PRODUCT
        for owner, node in _public(_tree(file))
        if ast.get_docstring(node) is None
        and not (isinstance(owner, ast.ClassDef) and node.name in (kept if _is_protocol(owner) else promised))
    ] == []


def test_every_module_is_documented() -> None:
    """Each module that holds anything says what is in it."""
    assert [
        str(file.relative_to(ROOT)) for file in CODE if _tree(file).body and not ast.get_docstring(_tree(file))
    ] == []


def test_functions_are_short() -> None:
    """No function is longer than can be read at once."""
    functions = [(file, node) for file in CODE for node in ast.walk(_tree(file)) if isinstance(node, Function)]

    assert functions
    assert [_place(file, node) for file, node in functions if _lines(node) > MOST_LINES_OF_A_FUNCTION] == []


def test_files_are_short() -> None:
    """No file has grown into several."""
    lengths = {file: len(file.read_text().splitlines()) for file in CODE}

    assert {str(file.relative_to(ROOT)): n for file, n in lengths.items() if n > MOST_LINES_OF_A_FILE} == {}


def test_every_test_names_a_behaviour() -> None:
    """Each test has one line that says what holds."""
    tests = [
        (file, node)
        for file in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(_tree(file))
        if isinstance(node, Function) and node.name.startswith("test_")
    ]

    assert tests
    assert [
        _place(file, node) for file, node in tests if len((ast.get_docstring(node) or "").strip().splitlines()) != 1
    ] == []


def test_patterns_repeat_groups_as_every_python_does() -> None:
    """No group has a possessive quantifier, with which Python before 3.11.5, that is Debian 12's, matches wrongly."""
    possessive = re.compile(r"\)(?:[*+?]|\{{1,2}[\d,]+\}{1,2})\+(?!\+)")  # (?>(?:…)*) is the same and matches rightly

    assert possessive.search(r"(?:a|b)*+c")
    assert [
        f"{file.relative_to(ROOT)}:{number}"
        for file in PRODUCT
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if possessive.search(line)
    ] == []


def test_the_version_is_in_the_changelog() -> None:
    """What is built is what the changelog tells about last, or what it is collecting."""
    versions = re.findall(r"^## \[([^]]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    released = [version for version in versions if version != "Unreleased"]

    assert released[:1] == [PROJECT["project"]["version"]]


@pytest.mark.parametrize("name", [*PARTS, "pyproject.toml", "uv.lock", "README.md", "LICENSE", "CHANGELOG.md"])
def test_the_image_is_built_from_what_is_shipped(name: str) -> None:
    """Each part of the distribution passes .dockerignore, which lets nothing else through."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()

    assert "*" in lines
    assert f"!{name}" in lines
    assert (ROOT / name).exists()

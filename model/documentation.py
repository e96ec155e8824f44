"""What the source says about the attributes of a class."""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from itertools import pairwise

_FOREIGN = ("builtins", "msgspec", "pydantic", "pydantic_settings", "typing")


def attribute_docs(cls: type) -> dict[str, str]:
    """The text literal below each attribute of a class and of its bases of ours, in one line each.

    Read from the source when it is asked for: no start of the daemon pays for it.
    """
    ours = [base for base in reversed(cls.__mro__) if base.__module__.partition(".")[0] not in _FOREIGN]
    return {name: doc for base in ours for name, doc in _module_docs(base.__module__).get(base.__name__, {}).items()}


@cache
def _module_docs(module: str) -> dict[str, dict[str, str]]:
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except OSError:  # only the compiled modules were shipped
        return {}
    return {node.name: _class_docs(node) for node in tree.body if isinstance(node, ast.ClassDef)}


def _class_docs(node: ast.ClassDef) -> dict[str, str]:
    docs = {}
    for statement, following in pairwise(node.body):
        match statement, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                docs[name] = " ".join(text.split())
            case _:
                pass
    return docs

"""What a source file may say: the texts of its refusals, read from its syntax tree, with 7 where something varies."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from itertools import product
from pathlib import Path

__all__ = ["sentences"]

_SAMPLE = "7"
Names = Mapping[str, list[ast.expr]]


def sentences(
    path: Path, calls: Mapping[str, tuple[int, ...]], keywords: Collection[str] = ()
) -> set[str]:
    """Every text that stands at one of these places of calls.

    Args:
        path: A Python source.
        calls: Positions of the texts, from 0, by the name of what is called.
        keywords: Names of arguments that are such texts in any call.
    """
    tree = ast.parse(path.read_text("utf-8"))
    found: set[str] = set()
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        names = _assigned(function)
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            places = calls.get(name, ())
            for each in [*call.args[: max(places, default=-1) + 1]]:
                if call.args.index(each) in places:
                    found.update(_texts(each, names))
            for keyword in call.keywords:
                if keyword.arg in keywords:
                    found.update(_texts(keyword.value, names))
    return found - {_SAMPLE}


def _assigned(function: ast.FunctionDef) -> Names:
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
    return found


def _texts(node: ast.expr, names: Names) -> Iterator[str]:
    """What an expression of text may come to."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield from _joined([list(_texts(part, names)) for part in node.values])
    elif isinstance(node, ast.FormattedValue):
        yield from _texts(node.value, names)
    elif isinstance(node, ast.BinOp):
        yield from _joined([list(_texts(part, names)) for part in (node.left, node.right)])
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body, names)
        yield from _texts(node.orelse, names)
    elif isinstance(node, ast.Name) and node.id in names:
        others = {name: values for name, values in names.items() if name != node.id}
        for each in names[node.id]:
            yield from _texts(each, others)
    else:
        yield _SAMPLE


def _joined(parts: list[list[str]]) -> Iterator[str]:
    return map("".join, product(*parts))

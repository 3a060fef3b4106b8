"""Laws of this code base that no general tool knows.

Money is exact: no floating point in the modules that compute it. Time and chance come from one module each,
so that a test can give both. SQL is never put together from text.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (ROOT / "platform" / "usufruct", ROOT / "oracles" / "usufruct_oracles")

MONEY = ("usufruct/money.py", "usufruct/core/*.py")
MAY_USE_FLOATS: set[str] = set()
MAY_READ_THE_CLOCK = {"usufruct/clock.py"}
MAY_USE_CHANCE = {"usufruct/entropy.py"}

CLOCKS = {
    "date.today",
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "time.time",
    "time.time_ns",
}

Finding = Iterator[ast.AST]


@cache
def sources() -> dict[str, ast.Module]:
    """The syntax trees of our packages by path, generated modules aside."""
    return {
        path.relative_to(package.parent).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for package in PACKAGES
        for path in sorted(package.rglob("*.py"))
    }


def dotted(node: ast.expr) -> str:
    """`a.b.c` for a chain of names, else an empty string."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (start := dotted(node.value)):
        return f"{start}.{node.attr}"
    return ""


def floats(tree: ast.AST) -> Finding:
    """Float literals, float(…) and true division."""
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=float()) | ast.Call(func=ast.Name(id="float")):
                yield node
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                yield node


def clock_readings(tree: ast.AST) -> Finding:
    """datetime.now(), time.time() and their like, called or passed on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if ".".join(dotted(node).split(".")[-2:]) in CLOCKS:
                yield node
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (alias for alias in node.names if alias.name in {"time", "time_ns"})


def chance(tree: ast.AST) -> Finding:
    """Imports of `random`, whose state is global."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) if "random" in {alias.name for alias in names}:
                yield node
            case ast.ImportFrom(module="random"):
                yield node


def composed_sql(tree: ast.AST) -> Finding:
    """text(f"…"), text("…" + x), text("…" % x) and text("…".format(x))."""
    for node in ast.walk(tree):
        if not (
            isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] == "text" and node.args
        ):
            continue
        match node.args[0]:
            case ast.JoinedStr() | ast.BinOp() | ast.Call(func=ast.Attribute(attr="format")):
                yield node


def findings(
    law: Callable[[ast.AST], Finding], allowed: set[str], only: tuple[str, ...] = ("**/*.py",)
) -> list[str]:
    """Where the law is broken, as path:line."""
    return [
        f"{name}:{getattr(node, 'lineno', 0)}"
        for name, tree in sources().items()
        if name not in allowed and any(Path(name).match(pattern) for pattern in only)
        for node in law(tree)
    ]


def test_money_is_computed_without_floats() -> None:
    assert findings(floats, MAY_USE_FLOATS, MONEY) == []


def test_only_the_clock_module_reads_the_clock() -> None:
    assert findings(clock_readings, MAY_READ_THE_CLOCK) == []


def test_only_the_entropy_module_uses_chance() -> None:
    assert findings(chance, MAY_USE_CHANCE) == []


def test_no_sql_is_composed_of_text() -> None:
    assert findings(composed_sql, set()) == []


@pytest.mark.parametrize(
    ("law", "bad", "good"),
    [
        (floats, "x = 1.5", "x = 3 // 2"),
        (floats, "x = float(y)", "x = int(y)"),
        (floats, "x = y / 2", "x = y // 2"),
        (floats, "x /= 2", "x //= 2"),
        (clock_readings, "datetime.datetime.now(UTC)", "clock.now()"),
        (clock_readings, "date.today()", "day.today"),
        (clock_readings, "f(now=time.time)", "time.monotonic()"),
        (clock_readings, "from time import time", "from time import sleep"),
        (chance, "import random", "import secrets"),
        (chance, "from random import choice", "from entropy import choice"),
        (composed_sql, "text(f'select {x}')", "text('select :x')"),
        (composed_sql, "sa.text('select ' + x)", "sa.text('select 1')"),
        (composed_sql, "text('{}'.format(x))", "text(QUERY)"),
    ],
)
def test_each_law_tells_bad_from_good(
    law: Callable[[ast.AST], Finding], bad: str, good: str
) -> None:
    assert list(law(ast.parse(bad)))
    assert not list(law(ast.parse(good)))

"""No program needs a development node: every use of its own methods is listed, and there is none outside tests."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
PACKAGES = (ROOT / "platform" / "usufruct", ROOT / "oracles" / "usufruct_oracles")
DEV_HELPERS: frozenset[str] = frozenset()
"""Modules that only development uses and that may know Anvil's methods."""
DEV_TOOLING = ("scripts", "tests")
_METHOD = re.compile(r"\b(?:anvil|evm|hardhat|ganache)_[A-Za-z]\w*")
_STANDARD = re.compile(r"\b(?:eth|web3)_[a-z][A-Za-z]+\b")
KNOWN = {
    "eth_blockNumber",
    "eth_call",
    "eth_chainId",
    "eth_estimateGas",
    "eth_getBalance",
    "eth_getBlockByHash",
    "eth_getBlockByNumber",
    "eth_getCode",
    "eth_getLogs",
    "eth_getStorageAt",
    "eth_getTransactionByHash",
    "eth_getTransactionCount",
    "eth_getTransactionReceipt",
    "eth_maxPriorityFeePerGas",
    "eth_sendRawTransaction",
    "eth_subscribe",
    "eth_subscription",
    "eth_syncing",
    "eth_unsubscribe",
    "web3_clientVersion",
}
"""Methods of the execution API specification that any client serves."""


@cache
def texts(path: Path) -> set[str]:
    """All literals of a module that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in documented
    }


def uses(folder: Path, pattern: re.Pattern[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*.py")):
        if "contracts" in path.relative_to(folder).parts[:1]:
            continue  # generated bindings
        methods = {name for text in texts(path) for name in pattern.findall(text)}
        if methods:
            found[path.relative_to(ROOT).as_posix()] = methods
    return found


def test_no_program_knows_a_development_node() -> None:
    found = {name: made for folder in PACKAGES for name, made in uses(folder, _METHOD).items()}
    assert {name: made for name, made in found.items() if name not in DEV_HELPERS} == {}


def test_every_method_that_a_program_asks_is_a_standard_one() -> None:
    asked = set().union(*(made for folder in PACKAGES for made in uses(folder, _STANDARD).values()))
    assert asked - KNOWN == set()
    assert {"eth_call", "eth_getLogs", "eth_sendRawTransaction"} <= asked


def test_development_tools_do_and_are_all_in_their_folders() -> None:
    found = {
        name: made for each in DEV_TOOLING for name, made in uses(ROOT / each, _METHOD).items()
    }
    assert any("evm_mine" in made for made in found.values())
    assert all(name.startswith(DEV_TOOLING) for name in found)

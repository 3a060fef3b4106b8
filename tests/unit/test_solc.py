"""scripts/solc answers like a compiler, and reads nothing that it was not given."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import solcx

ROOT = Path(__file__).resolve().parents[2]
SOLC = ROOT / "scripts" / "solc"
PINNED = json.loads((ROOT / "package.json").read_text())["devDependencies"]["solc"]
SOURCE = 'pragma solidity ^0.8.0; import "{path}"; contract Main is Part {{}}'
PART = "pragma solidity ^0.8.0; contract Part { uint256 public value = 7; }"


def request(path: str) -> dict[str, Any]:
    return {
        "language": "Solidity",
        "sources": {"Main.sol": {"content": SOURCE.format(path=path)}},
        "settings": {"outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"]}}},
    }


def errors(path: str, base: Path) -> list[str]:
    command = [SOLC, "--standard-json", "--allow-paths", "/", "--base-path", base]
    run = subprocess.run(
        command, input=json.dumps(request(path)), capture_output=True, text=True, check=True
    )
    found = json.loads(run.stdout).get("errors", [])
    return [each["message"] for each in found if each["severity"] == "error"]


def answer(wanted: dict[str, Any], threads: int) -> Any:
    """What the npm package makes of it in so many threads."""
    settings = {"USUFRUCT_SOLC": "npm", "USUFRUCT_SOLC_THREADS": str(threads)}
    run = subprocess.run(
        [SOLC, "--standard-json"],
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | settings,
    )
    return json.loads(run.stdout)


def test_the_version_is_the_pinned_one() -> None:
    answer = subprocess.run([SOLC, "--version"], capture_output=True, text=True, check=True).stdout
    assert answer.startswith("solc, the solidity compiler commandline interface")
    assert re.search(rf"^Version: {re.escape(PINNED)}\+commit\.", answer, re.MULTILINE)


def test_py_solc_x_compiles_with_it_and_reads_imports_below_the_base(tmp_path: Path) -> None:
    (tmp_path / "Part.sol").write_text(PART)
    output = solcx.compile_standard(request("Part.sol"), solc_binary=SOLC, base_path=tmp_path)
    assert output["contracts"]["Main.sol"]["Main"]["evm"]["bytecode"]["object"]


@pytest.mark.parametrize("path", ["../Part.sol", "link/Part.sol", "Missing.sol"])
def test_nothing_is_read_outside_the_base(tmp_path: Path, path: str) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (tmp_path / "Part.sol").write_text(PART)
    (base / "link").symlink_to(tmp_path)
    assert any("not found" in message for message in errors(path, base))


def test_many_files_compiled_in_shares_give_the_bytes_of_one_run() -> None:
    sources = {
        f"N{number}.sol": {
            "content": "pragma solidity ^0.8.0;"
            + (f'import "N{number - 1}.sol";' if number else "")
            + f"contract C{number} {{ uint256 immutable a = {number}; uint256 unused;"
            + f" function f() external view returns (uint256) {{ return a; }} {'' if number % 7 else 'event E();'} }}"
        }
        for number in range(45)
    }
    outputs = ["abi", "evm.bytecode.object", "evm.deployedBytecode.immutableReferences", "metadata"]
    wanted = {
        "language": "Solidity",
        "sources": sources,
        "settings": {"outputSelection": {"*": {"*": outputs, "": ["ast"]}}},
    }
    one, shared = (answer(wanted, threads) for threads in (1, 2))
    assert len(one["contracts"]) == 45
    assert shared == one


def test_shares_report_an_error_once() -> None:
    sources = {
        f"N{number}.sol": {"content": f"contract C{number} {{ Missing x; }}" if number == 3 else ""}
        for number in range(45)
    }
    wanted = {
        "language": "Solidity",
        "sources": sources,
        "settings": {"outputSelection": {"*": {"*": ["abi"]}}},
    }
    found = [each for each in answer(wanted, 2)["errors"] if each["severity"] == "error"]
    assert [each["type"] for each in found] == ["DeclarationError"]

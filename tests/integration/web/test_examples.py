"""The stand-alone verifiers in examples/: short, without Usufruct, and right about what they say they check."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.settled import Settled

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
_COMMANDS = {
    "python": [sys.executable, "-I", str(EXAMPLES / "verify.py")],
    "javascript": [shutil.which("node") or "node", str(EXAMPLES / "verify.mjs")],
}
Change = Callable[[dict[str, Any]], object]
_CHANGES: dict[str, Change] = {
    "batches": lambda p: p["batches"][0]["manifest"].update(covered=1),
    "batches closed": lambda p: p["batches"][0].update(closes=True),
    "readings": lambda p: p["readings"][0]["some"][1]["path"].reverse(),
    "readings left out": lambda p: p["readings"].clear(),
    "statement that nobody signed": lambda p: p["statement"].update(signatures="0x", signers="0"),
    "statement with a signature left out": lambda p: p["statement"].update(
        signatures=p["statement"]["signatures"][:-128]
    ),
    "lines": lambda p: p["tariff"]["rows"][0].update(price=1),
    "corrections": lambda p: p["corrections"]["document"].update(total="5"),
    "statement": lambda p: p["statement"].update(coverage_bp=1),
    "waterfall": lambda p: p["settlement"]["lines"][0].update(paid="1"),
    "payout": lambda p: p["payout"].update(amount="1"),
}


def run(language: str, proof: bytes) -> subprocess.CompletedProcess[str]:
    """A verifier's answer."""
    return subprocess.run(
        _COMMANDS[language], input=proof.decode(), capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("language", _COMMANDS)
@pytest.mark.parametrize("readings", ["sample", "day", "all"])
def test_a_good_proof_holds_and_the_signers_are_told(
    village: Settled, language: str, readings: Any
) -> None:
    for number in (1, 2):
        done = run(language, village.proof(number, village.holders[0], readings))
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.splitlines()[-1] == "payout: holds"
        signers = [each.split()[-1] for each in done.stdout.splitlines() if "signed by" in each]
        table = [each.lower() for each in village.village.table]
        assert len(signers) >= 2
        assert all(each.lower() in table for each in signers)


@pytest.mark.parametrize("language", _COMMANDS)
@pytest.mark.parametrize("change", _CHANGES)
def test_a_broken_proof_is_refused_by_name(village: Settled, language: str, change: str) -> None:
    proof = json.loads(village.proof(2, village.holders[1]))
    _CHANGES[change](proof)
    done = run(language, json.dumps(proof).encode())
    assert done.returncode == 1
    last = (done.stdout + done.stderr).strip().splitlines()[-1]
    assert "BROKEN" in last
    assert change.split(maxsplit=1)[0] in last


_HOSTILE: dict[str, Change] = {
    "another chain": lambda p: p.update(chain_id=p["chain_id"] + 1),
    "a section is missing": lambda p: p.pop("settlement"),
    "a value is missing": lambda p: p["payout"].pop("numerator_after"),
    "a batch is missing": lambda p: p["batches"].pop(),
    "huge": lambda p: p["payout"].update(amount=str(2**256 + int(p["payout"]["amount"]))),
    "huge and rounded": lambda p: p["batches"][0]["manifest"].update(count=2**53 + 1),
    "nested": lambda p: p["tariff"].update(rows=[[[[[[[[[[]]]]]]]]]]),
    "another kind": lambda p: p["statement"].update(digest=None),
}


@pytest.mark.parametrize("language", _COMMANDS)
@pytest.mark.parametrize("change", _HOSTILE)
def test_a_hostile_proof_is_never_said_to_hold(
    village: Settled, language: str, change: str
) -> None:
    proof = json.loads(village.proof(2, village.holders[1]))
    _HOSTILE[change](proof)
    done = run(language, json.dumps(proof).encode())
    assert done.returncode != 0
    assert "payout: holds" not in done.stdout


def test_they_are_short_and_need_no_usufruct() -> None:
    python, javascript = ((EXAMPLES / f"verify.{each}").read_text() for each in ("py", "mjs"))
    body = python.removeprefix(f'"""{ast.get_docstring(ast.parse(python), clean=False)}"""')
    code = [line for line in body.splitlines() if line.strip()]
    script = [
        line for line in javascript.splitlines() if line.strip() and not line.startswith("//")
    ]
    assert len(code) <= 60
    assert len(script) <= 60
    assert "usufruct." not in body
    assert "../" not in javascript

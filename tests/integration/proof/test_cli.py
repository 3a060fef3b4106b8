"""`usufruct verify` as a reader uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.anvil import Anvil
from tests.support.settled import Settled, settle_periods
from typer.testing import CliRunner

from usufruct.cli import build
from usufruct.errors import InputError


@pytest.fixture(scope="module")
def settled(anvil: Anvil, tmp_path_factory: pytest.TempPathFactory) -> Settled:
    """One settled period."""
    return settle_periods(anvil, tmp_path_factory.mktemp("cli"), committed=True, periods=1)


@pytest.fixture
def proof_file(settled: Settled, tmp_path: Path) -> Path:
    """A proof on disk."""
    path = tmp_path / "proof.json"
    path.write_bytes(settled.proof(1, settled.holders[0], "day"))
    return path


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and output of `usufruct verify`; errors a person can put right are raised."""
    result = CliRunner().invoke(build("verify"), ["verify", *arguments])
    if isinstance(result.exception, InputError):
        raise result.exception
    return result.exit_code, result.stdout


def test_a_sound_proof_ends_with_0_and_says_that_nothing_was_pinned(
    anvil: Anvil, proof_file: Path
) -> None:
    code, shown = run(str(proof_file), "--rpc", anvil.url)
    assert code == 0
    assert "Every link holds" in shown
    assert "not pinned" in shown


def test_a_changed_proof_ends_with_1_and_names_the_link(anvil: Anvil, proof_file: Path) -> None:
    changed = json.loads(proof_file.read_text())
    changed["payout"]["amount"] = str(int(changed["payout"]["amount"]) + 1)
    proof_file.write_text(json.dumps(changed))
    code, shown = run(str(proof_file), "--rpc", anvil.url, "--json")
    assert code == 1
    found = {check["name"]: check["ok"] for check in json.loads(shown)["checks"]}
    assert found["distribution"] is True
    assert found["payout"] is False
    assert found["settlement"] is None


@pytest.mark.parametrize(
    "text", ["", "[]", "nonsense", "[" * 200_000, '{"version": 1, "version": 1}']
)
def test_what_is_no_proof_is_refused_in_one_line(anvil: Anvil, proof_file: Path, text: str) -> None:
    proof_file.write_text(text)
    with pytest.raises(InputError) as refused:
        run(str(proof_file), "--rpc", anvil.url)
    assert "\n" not in refused.value.one_line()


def test_a_missing_file_is_named(anvil: Anvil, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        run(str(tmp_path / "none.json"), "--rpc", anvil.url)

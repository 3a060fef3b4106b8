"""The program's words: what it prints, and how it fails."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tests.unit.oracles_worker.fakes import ROOT
from tests.unit.oracles_worker.test_config import GOOD, SECRET
from typer.testing import CliRunner

from usufruct.errors import InputError
from usufruct_oracles import cli
from usufruct_oracles.config import load_worker_config


def program(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["usufruct-oracle", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "--config", "absent.toml"], "absent.toml: "),
        (["run", "--config", "x", "--reattest", "1:1"], "--reattest=1:1: STREAM:PERIOD:VERSION"),
        (["status"], "--config=nothing: "),
        (["status", "--url", "http://127.0.0.1:9"], "url=http://127.0.0.1:9/v1/status: "),
        (["status", "--url", "nonsense"], "url=nonsense/v1/status: "),
        (["simulate", "absent.toml", "--month", "2026-09", "--out", "x"], "absent.toml"),
        (["convert", "--data", "absent", "--out", "x"], "absent"),
    ],
)
def test_an_error_is_one_line_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert program(monkeypatch, *arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("usufruct-oracle: ")
    assert told in said.err
    assert said.err.count("\n") == 1


def test_a_node_that_does_not_answer_is_told_without_its_credentials(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("WORKER_SECRET", SECRET)
    community = (ROOT / "examples" / "community.toml").read_text()
    (tmp_path / "community.toml").write_text(community)
    record = {
        "version": 1,
        "chain_id": 31337,
        "genesis": "0x" + "00" * 32,
        "project": "LINDENCOURT",
        "block": 1,
        "contracts": {},
        "series": {},
    }
    (tmp_path / "state" / "deployments").mkdir(parents=True)
    (tmp_path / "state" / "deployments" / "31337.json").write_text(json.dumps(record))
    path = tmp_path / "worker.toml"
    path.write_text(GOOD.replace("127.0.0.1:8545", "127.0.0.1:9"))
    assert program(monkeypatch, "run", "--config", str(path)) == 2
    said = capsys.readouterr().err
    assert "http://127.0.0.1:9" in said
    assert "hidden" not in said


def test_a_simulated_month_is_written(tmp_path: Path) -> None:
    arguments = ["simulate", str(ROOT / "examples" / "community.toml"), "--month", "2026-09"]
    done = CliRunner().invoke(cli.app, [*arguments, "--out", str(tmp_path), "--faults"])
    assert done.exit_code == 0, done.output
    assert "120 files" in done.output.splitlines()[0]
    assert "(synthetic)" in done.output
    assert len(list(tmp_path.glob("*/*.csv"))) == 120


def test_a_wildcard_address_is_asked_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WORKER_SECRET", SECRET)
    path = tmp_path / "worker.toml"
    for listen, url in (
        ("0.0.0.0:7001", "http://127.0.0.1:7001"),
        ("[::]:7001", "http://[::1]:7001"),
        ("10.0.0.7:7001", "http://10.0.0.7:7001"),
    ):
        path.write_text(GOOD.replace("127.0.0.1:7001", listen))
        assert load_worker_config(path).port == 7001
        assert cli._address(path, None) == url


def test_versions_to_attest_again_are_three_numbers() -> None:
    assert cli._version("1:12:3") == (1, 12, 3)
    for text in ("", "1:1", "1:1:0", "0:1:1", "1:1:1:1", "a:1:1", "1:1:-1", "１:1:1"):
        with pytest.raises(InputError):
            cli._version(text)

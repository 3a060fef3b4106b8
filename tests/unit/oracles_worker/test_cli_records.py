"""The commands about records: list, retract, compact, restore."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.unit.oracles import kit
from tests.unit.oracles_worker.fakes import ROOT
from tests.unit.oracles_worker.test_config import GOOD, SECRET, write
from typer.testing import CliRunner, Result

from usufruct.clock import FixedClock
from usufruct.core.typed_data import head_of, statement_digest
from usufruct.errors import ConfigError, InputError
from usufruct_oracles import cli, cli_records
from usufruct_oracles.chainstate import Account, Attested
from usufruct_oracles.config import load_worker_config
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.simulate import day_files, month_days

CODE = "PARKING"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKER_SECRET", SECRET)
    (tmp_path / "community.toml").write_text((ROOT / "examples" / "community.toml").read_text())
    return write(tmp_path, GOOD)


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli.app, [*arguments, "--config", str(config)])


@pytest.fixture
def journal(config: Path) -> Journal:
    """A month of parking, anchored and attested, in the journal that the configuration names."""
    found = Journal(
        load_worker_config(config).journal, kit.community(), clock=FixedClock(kit.LATER)
    )
    for day in month_days("2026-09"):
        for file in day_files(kit.community(), day, 7, faults=False):
            if file.stream == CODE:
                found.ingest(file)
    first, last = kit.anchor_period(found, CODE)
    number = kit.stream(CODE).id
    heads = head_of(first), head_of(last)
    built = found.build_statement(number, 1, 1, heads)
    found.record_statement(built, 3, b"", kit.TX)
    return found


def settle(monkeypatch: pytest.MonkeyPatch, config: Path, journal: Journal, version: int) -> None:
    """What the chain says: the first period of parking is settled in this version."""
    recorded = journal.statement(kit.stream(CODE).id, 1, 1)
    assert recorded is not None
    statement = recorded.built.statement
    attested = Attested(statement, statement_digest(kit.DOMAIN, statement), 3, kit.TX, 1)
    account = Account(statement.from_, {}, {1: (attested,) * version}, set(), {1})
    view = SimpleNamespace(
        account=lambda stream: account if stream == kit.stream(CODE).id else Account()
    )
    ground = SimpleNamespace(
        config=load_worker_config(config), community=kit.community(), view=view
    )
    monkeypatch.setattr(cli_records, "lay_ground", lambda _: ground)


def test_settled_periods_are_compacted_and_put_back(
    config: Path, journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(monkeypatch, config, journal, 1)
    archive = ["--archive", str(tmp_path / "archive")]
    early = run(config, "compact", "--before", "2026-09-30", *archive)
    assert f"{CODE}: no settled period ends before 2026-09-30" in early.output
    dry = run(config, "compact", "--before", "2026-10-01", "--dry-run", *archive)
    assert f"{CODE}: would move 60 records" in dry.output
    assert "up to 2026-09-30 into 1 objects" in dry.output
    assert "VPP: no settled period" in dry.output
    assert not (tmp_path / "archive").exists()
    done = run(config, "compact", "--before", "2026-10-01", *archive)
    assert f"{CODE}: moved 60 records" in done.output
    assert f"{CODE}: 60 records" in run(config, "restore", *archive).output


def test_a_period_whose_statement_is_not_here_stays(
    config: Path, journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(monkeypatch, config, journal, 2)
    found = run(config, "compact", "--before", "2026-10-01", "--archive", str(tmp_path / "a"))
    assert isinstance(found.exception, ConfigError)
    assert "let the worker catch up" in found.exception.one_line()


def test_records_are_listed_and_retracted_with_a_reason(config: Path) -> None:
    journal = Journal(
        load_worker_config(config).journal, kit.community(), clock=FixedClock(kit.LATER)
    )
    day = "2026-09-01"
    files = [e for e in day_files(kit.community(), day, 7, faults=False) if e.stream == CODE]
    journal.ingest_all([*files, replace(files[0], day="2026-09-02")])
    journal.close()
    listed = run(config, "records", CODE, day).output.splitlines()
    assert len(listed) == 2
    digest, meter = listed[0].split()[:2]
    reason = ["--reason", "read twice"]
    done = run(config, "retract", digest, *reason).output
    assert done.startswith(f"retracted {digest} of {meter}: ")
    assert "0 other records were judged again" in done
    assert "nothing was changed" in run(config, "retract", digest, *reason).output
    assert "RETRACTED: read twice" in run(config, "records", CODE, day).output
    assert run(config, "records", CODE, "2026-08-01").output == "nothing was received\n"
    assert isinstance(run(config, "records", "NONE", day).exception, InputError)
    assert isinstance(run(config, "retract", "0x12", *reason).exception, InputError)

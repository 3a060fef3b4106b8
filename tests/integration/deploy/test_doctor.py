"""The doctor on a deployed community: all is well, or it names what is not, with the remedy."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from tests.integration.deploy.conftest import TEXT, Town
from typer.testing import CliRunner

from usufruct.chain.profiles import VARIABLE
from usufruct.cli import build
from usufruct.clock import FixedClock
from usufruct.contracts import usufruct_access_manager as am
from usufruct.deploy.access import role_number
from usufruct.deploy.record import record_path
from usufruct.index.settings import Settings
from usufruct.index.site import open_site
from usufruct.keys import create_keystore, dev_address
from usufruct.ledger.database import Database
from usufruct.ops.doctor import Patient, examine


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "community.toml"
    path.write_text(TEXT)
    return path


def index(town: Town) -> Database:
    """Takes the chain into the town's ledger."""
    site = open_site(Settings.load(None, rpc=town.anvil.url, state=town.state))
    site.database.migrate()
    site.indexer().catch_up()
    return site.database


def examined(town: Town, *options: str) -> tuple[int, list[dict[str, Any]]]:
    arguments = ["doctor", "--rpc", town.anvil.url, "--state", str(town.state), "--json", *options]
    outcome = CliRunner().invoke(build("doctor"), arguments, catch_exceptions=False)
    return outcome.exit_code, json.loads(outcome.output)["findings"]


def wrong(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    for each in found:
        assert (each["level"] == "FAIL") == bool(each["remedy"]), each
    return [(each["part"], each["what"]) for each in found if each["level"] == "FAIL"]


def test_a_sound_community_has_nothing_to_be_done(town: Town, file: Path) -> None:
    index(town)
    options = ("--community", str(file), "--key", "dev:8", "--alert-after", "520w")
    code, found = examined(town, *options)
    assert (code, wrong(found)) == (0, [])
    looked = {(each["part"], each["what"]) for each in found}
    for part, what in (
        ("node", "chain"), ("node", "log range"), ("node", "batch"), ("node", "fees"), ("node", "headers"),
        ("node", "finality"), ("clock", "newest block"), ("database", "schema"), ("database", "integrity"),
        ("database", "chain"), ("keys", "dev:8"), ("contracts", "code"), ("contracts", "HealthCheck"),
        ("roles", "offices"), ("lag", "ledger"), ("lag", "due"),
    ):  # fmt: skip
        assert (part, what) in looked
    plain = CliRunner().invoke(
        build("doctor"), ["doctor", "--rpc", town.anvil.url, "--state", str(town.state), *options]
    )
    assert plain.output.splitlines()[-1] == "all is well"


def test_an_office_that_the_file_does_not_give_is_named(town: Town, file: Path) -> None:
    index(town)
    grant = am.grant_role(role_number("pauser"), dev_address(15), 0)
    admin, manager = dev_address(0), town.deployment.contracts["AccessManager"]
    town.send(admin, manager, grant)
    code, found = examined(town, "--community", str(file), "--alert-after", "520w")
    assert code == 1
    (office,) = [each for each in found if each["part"] == "roles"]
    assert f"pauser {dev_address(15)}" in office["text"]
    assert "usufruct plan" in office["remedy"]


def test_another_contract_s_code_is_named(town: Town) -> None:
    index(town)
    where = town.deployment.contracts["StreamRegistry"]
    code = town.client.code(where)
    town.anvil.rpc("anvil_setCode", where, "0x" + (code[:-60] + b"\xfe" + code[-59:]).hex())
    _, found = examined(town, "--alert-after", "520w")
    assert ("contracts", "StreamRegistry") in wrong(found)
    town.anvil.rpc("anvil_setCode", where, "0x")
    _, found = examined(town, "--alert-after", "520w")
    assert any("there is no contract" in each["text"] for each in found)


def test_keys_that_others_may_read_or_that_do_not_open_are_named(
    town: Town, tmp_path: Path
) -> None:
    open_file = tmp_path / "keystore.json"
    open_file.write_text("{}")
    open_file.chmod(0o640)
    (town.state / "agent.key").write_text("00")
    (town.state / "agent.key").chmod(0o644)
    keys = ("--key", f"keystore:{open_file}:NOWHERE", "--key", "env:NOWHERE_AT_ALL")
    _, found = examined(town, *keys)
    named = {each["what"]: each for each in found if each["part"] == "keys"}
    assert "mode 0640" in named[str(open_file)]["text"]
    assert named[str(open_file)]["remedy"] == f"chmod 600 {open_file}"
    assert named["NOWHERE_AT_ALL"]["level"] == "FAIL"
    assert "mode 0644" in named[str(town.state / "agent.key")]["text"]
    open_file.chmod(0o600)
    _, found = examined(town, *keys)
    named = {each["what"]: each for each in found if each["part"] == "keys"}
    assert "mode" not in named[str(open_file)]["text"]  # now it is the passphrase
    assert named[str(open_file)]["level"] == "FAIL"


def test_a_ledger_that_is_missing_old_damaged_or_behind_is_named(town: Town) -> None:
    code, found = examined(town)
    assert code == 1
    assert ("database", "ledger") in wrong(found)
    database = index(town)
    for _ in range(3):
        town.anvil.rpc("anvil_mine", hex(50))
    assert ("lag", "ledger") in wrong(examined(town)[1])
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    assert ("database", "schema") in wrong(examined(town)[1])
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = '1' WHERE key = 'chain_id'")
    assert ("database", "chain") in wrong(examined(town)[1])


def test_a_node_that_does_not_fit_its_profile_is_named(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "qbft")
    named = wrong(examined(town)[1])
    assert ("node", "headers") in named
    assert ("node", "fees") in named
    # The example's blocks are of another year than the computer.
    assert ("clock", "chain ahead") in named or ("clock", "newest block") in named


def test_no_node_and_no_worker_are_named_with_what_to_do(town: Town) -> None:
    arguments = ["--rpc", "http://127.0.0.1:9", "--worker", "http://127.0.0.1:9"]
    outcome = CliRunner().invoke(
        build("doctor"), ["doctor", *arguments, "--state", str(town.state)]
    )
    assert outcome.exit_code == 1
    assert "-> start the node, or pass its address with --rpc" in outcome.output
    assert "-> start it: usufruct-oracle run" in outcome.output


# --- One thing broken at a time, and the remedy that is said ---


def remedy(found: list[dict[str, Any]], part: str, what: str) -> str:
    (one,) = [each for each in found if (each["part"], each["what"]) == (part, what)]
    assert one["level"] == "FAIL", one
    return str(one["remedy"])


def test_a_node_of_another_chain_is_named(town: Town, tmp_path: Path) -> None:
    index(town)
    record = json.loads(record_path(town.state, 31337).read_bytes())
    other = tmp_path / "other.json"
    other.write_text(json.dumps(record | {"genesis": "0x" + "11" * 32}))
    code, found = examined(town, "--deployment", str(other))
    assert code == 1
    assert remedy(found, "node", "chain").startswith("point --rpc at the right node")
    assert remedy(found, "database", "chain").startswith("name another --database")


def test_a_clock_that_is_off_is_named_either_way(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "default")
    newest = town.client.block("latest").timestamp
    settings = Settings.load(None, rpc=town.anvil.url, state=town.state)
    for now, what, words in (
        (newest - 60, "chain ahead", "set the computer's clock by NTP"),
        (newest + 3_600, "newest block", "see whether the node has peers"),
    ):
        found = [asdict(each) for each in examine(Patient(settings, clock=FixedClock(now)))]
        assert remedy(found, "clock", what).startswith(words)
    well = [asdict(each) for each in examine(Patient(settings, clock=FixedClock(newest + 5)))]
    assert [each["level"] for each in well if each["part"] == "clock"] == ["ok"]


def test_a_database_server_that_is_away_is_named(town: Town) -> None:
    code, found = examined(town, "--database", "postgresql://nobody:secret@127.0.0.1:9/none")
    assert code == 1
    (one,) = [each for each in found if each["part"] == "database" and each["level"] == "FAIL"]
    assert one["remedy"]
    assert "secret" not in json.dumps(found)


def test_a_keystore_that_another_passphrase_was_given_for_is_named(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keeper.json"
    account = create_keystore(path, "the right passphrase")
    spec = f"keystore:{path}:DOCTOR_PASSPHRASE"
    monkeypatch.setenv("DOCTOR_PASSPHRASE", "another passphrase")
    _, found = examined(town, "--key", spec)
    assert "the password in the variable" in remedy(found, "keys", str(path))
    assert "another passphrase" not in json.dumps(found)
    monkeypatch.delenv("DOCTOR_PASSPHRASE")
    _, found = examined(town, "--key", spec)
    assert "export DOCTOR_PASSPHRASE=" in remedy(found, "keys", str(path))
    monkeypatch.setenv("DOCTOR_PASSPHRASE", "the right passphrase")
    _, found = examined(town, "--key", spec)
    (one,) = [each for each in found if each["what"] == str(path)]
    assert (one["level"], one["text"]) == ("ok", f"opens to {account}")


def test_an_office_that_nobody_holds_any_more_is_named(town: Town, file: Path) -> None:
    index(town)
    revoke = am.revoke_role(role_number("pauser"), dev_address(2))
    admin, manager = dev_address(0), town.deployment.contracts["AccessManager"]
    town.send(admin, manager, revoke)
    code, found = examined(town, "--community", str(file), "--alert-after", "520w")
    assert code == 1
    (office,) = [each for each in found if each["part"] == "roles"]
    assert "pauser" in office["what"] + office["text"]
    assert "usufruct apply puts it right" in office["remedy"]


def test_every_check_of_the_handbook_is_one_that_the_doctor_makes(town: Town, file: Path) -> None:
    """The table in docs/operations/platform.md names what is looked at, and nothing else."""
    index(town)
    text = (Path(__file__).parents[3] / "docs" / "operations" / "platform.md").read_text()
    table = text.partition("## What the doctor checks")[2].partition("\n## ")[0]
    named = {line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")}
    _, found = examined(town, "--community", str(file), "--key", "dev:8", "--alert-after", "520w")
    assert {each["part"] for each in found} <= named
    assert named - {each["part"] for each in found} <= {"part"}

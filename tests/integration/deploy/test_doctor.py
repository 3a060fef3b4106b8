"""The doctor on a deployed community: all is well, or it names what is not, with the remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.integration.deploy.conftest import TEXT, Town
from typer.testing import CliRunner

from usufruct.chain.profiles import VARIABLE
from usufruct.cli import build
from usufruct.contracts import usufruct_access_manager as am
from usufruct.deploy.access import role_number
from usufruct.index.settings import Settings
from usufruct.index.site import open_site
from usufruct.keys import dev_address
from usufruct.ledger.database import Database


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
    town.anvil.rpc(
        "eth_sendTransaction",
        {"from": admin, "to": manager, "data": "0x" + grant.data.hex(), "gas": hex(500_000)},
    )
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

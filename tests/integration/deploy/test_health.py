"""`usufruct health` on a deployed project: sound, short of money, with a wallet cut off, and before it exists."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.integration.deploy.conftest import Town
from typer.testing import CliRunner

from usufruct.cli import build
from usufruct.contracts import Address, Call
from usufruct.contracts import participant_registry as pr
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import settlement_currency as sc
from usufruct.core.encoding import hex0x
from usufruct.core.keccak import keccak256
from usufruct.deploy.health import Finding, examine
from usufruct.deploy.record import record_path
from usufruct.errors import ConfigError
from usufruct.keys import dev_address

INCOME = 1_000_003


def act(town: Town, sender: str, to: str, call: Call[Any]) -> None:
    """Sends as anybody."""
    town.anvil.rpc("anvil_impersonateAccount", sender)
    town.anvil.rpc("anvil_setBalance", sender, hex(10**18))
    town.send(sender, to, call)


def set_balance(town: Town, account: Address, amount: int) -> None:
    """Writes the currency's book by force: the mapping is its second slot."""
    currency = town.deployment.address("SettlementCurrency")
    slot = keccak256(bytes(12) + bytes.fromhex(account[2:]) + (1).to_bytes(32, "big"))
    town.anvil.rpc("anvil_setStorageAt", currency, hex0x(slot), hex0x(amount.to_bytes(32, "big")))
    assert town.client.call(currency, sc.balance_of(account)) == amount


def give(town: Town, receiver: Address, amount: int) -> None:
    """Currency for a contract from a stranger."""
    stranger = dev_address(50)
    set_balance(town, stranger, amount)
    act(
        town, stranger, town.deployment.address("SettlementCurrency"), sc.transfer(receiver, amount)
    )


def earn(town: Town) -> tuple[str, Address]:
    """The first series of the example gets its first income."""
    code, series = next(iter(town.deployment.series.items()))
    give(town, series, INCOME)
    first = town.client.call(series, rr.terms()).term_from
    act(town, town.deployment.address("Waterfall"), series, rr.distribute(first, INCOME))
    return code, series


def findings(town: Town) -> list[Finding]:
    return list(examine(town.client, town.deployment).findings)


def broken(town: Town) -> list[tuple[str, str]]:
    return [(each.subject, each.name) for each in findings(town) if not each.ok]


def run(town: Town, *options: str) -> tuple[int, str]:
    arguments = ["health", "--rpc", town.anvil.url, "--state", str(town.state), *options]
    outcome = CliRunner().invoke(build("health"), arguments)
    return outcome.exit_code, outcome.output


def test_a_sound_project_is_healthy(town: Town) -> None:
    code, series = earn(town)
    holder = next(each for each in town.file().series if each.code == code).holders[0].wallet
    act(town, holder, series, rr.claim())
    found = findings(town)
    assert [each for each in found if not each.ok] == []
    said = {each.name for each in found}
    assert {"series/covered", "waterfall/covered", "statements/order"} <= said
    assert {"policy/complete", "duties/separated", "series/caches"} <= said
    left = next(each for each in found if each.name == "series/covered" and each.bound)
    assert left.actual >= left.bound > 0
    status, output = run(town, "--json")
    answer = json.loads(output)
    assert (status, answer["ok"], len(answer["checks"])) == (0, True, len(found))


def test_every_series_counts_all_its_units(town: Town) -> None:
    units = [each.bound for each in findings(town) if each.name == "series/units"]
    assert units == [each.supply for each in town.file().series]


def test_money_that_is_missing_is_reported(town: Town) -> None:
    _, series = earn(town)
    set_balance(town, series, INCOME - 1_000)
    symbol = town.client.call(series, rr.symbol())
    assert broken(town) == [(symbol, "series/covered")]
    status, output = run(town)
    assert status == 1
    assert "BROKEN" in output


def test_a_gift_is_no_fault_but_money_from_nowhere_is(town: Town) -> None:
    _, series = earn(town)
    give(town, series, 500)
    assert broken(town) == []
    set_balance(town, series, INCOME + 50_000)
    assert [name for _, name in broken(town)] == ["series/excess"]


def test_a_freeze_that_no_series_was_told_is_reported(town: Town) -> None:
    series = next(each for each in town.file().series if each.holders)
    registry = town.deployment.address("ParticipantRegistry")
    registrar = town.file().roles["registrar"][0]
    holder = series.holders[0].wallet
    act(town, registrar, registry, pr.set_frozen(holder, True, b"\1" * 32, []))
    assert {name for _, name in broken(town)} == {"series/caches"}


def test_another_chain_is_refused(town: Town, tmp_path: Path) -> None:
    record = record_path(town.state, town.client.chain_id)
    other = tmp_path / "other.json"
    genesis = hex0x(town.deployment.genesis)
    other.write_text(record.read_text("utf-8").replace(genesis, "0x" + "11" * 32), "utf-8")
    outcome = CliRunner().invoke(
        build("health"), ["health", "--rpc", town.anvil.url, "--deployment", str(other)]
    )
    assert isinstance(outcome.exception, ConfigError)

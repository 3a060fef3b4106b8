"""Corrections with three worker processes on a real chain: superseded before settlement, adjusted after it, proven."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from tests.integration.oracles.village import (
    SECRET,
    VPP,
    WATER,
    Process,
    Village,
    start_workers,
    village,
    wait_until,
)
from tests.support.communities import DAYS, MONTH, ZONE
from typer.testing import CliRunner, Result

from usufruct import proof
from usufruct.cli import build
from usufruct.contracts import Call, address
from usufruct.contracts import settlement_currency as sc
from usufruct.contracts import waterfall as wf
from usufruct.core.encoding import hex0x
from usufruct.core.periods import period_bounds
from usufruct.index.evidence import EvidenceFetcher
from usufruct.index.settings import Settings
from usufruct.index.site import Site, open_site
from usufruct.index.workers import WorkerClient
from usufruct.keys import dev_address
from usufruct.ledger import models as m
from usufruct_oracles import cli
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.simulate import write_month
from usufruct_oracles.sources.records import parse_signatures, record_hash, record_payload
from usufruct_oracles.sources.writing import corrections_file, drop

pytestmark = pytest.mark.chain

TREASURER, OPERATOR, HOLDER = 1, 9, 10
LITRE = 1_600  # minor units
LONG = 240


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    with village(tmp_path_factory.mktemp("corrected")) as found:
        yield found


def correct(place: Village, code: str, day: str, change: int, label: str = "") -> int:
    """Drops a correction of the meter's second reading of a day; the change in base units."""
    meter = catalog_of(place.community).meters[code]
    path = place.inbox / meter.stream / f"{day}.csv"
    lines = path.read_text().splitlines()[1:]
    signed = parse_signatures(path.with_suffix(".sig.json").read_bytes(), meter.stream, day)
    record = record_hash(record_payload(meter.stream, code, day, lines), signed[code].signature)
    columns = lines[1].split(",")
    value = int(float(columns[3]) * 1000) + change
    columns[3] = f"{value // 1000}.{value % 1000:03d}"
    line = f"{','.join(columns)},1,{hex0x(record)},meter-fault"
    drop(corrections_file(meter, day, [line], label=label), place.inbox)
    return change * int(meter.multiplier) // 1000


def seen(worker: Process) -> int:
    """Time of the newest block that a worker has read."""
    return int(worker.get("/v1/status").json()["chainTime"])


def act(place: Village, sender: int, contract: str, call: Call[Any]) -> None:
    transaction = {
        "from": dev_address(sender),
        "to": place.deployment.address(contract),
        "data": "0x" + call.data.hex(),
        "gas": hex(5_000_000),
    }
    tx = bytes.fromhex(place.client.rpc("eth_sendTransaction", transaction)[2:])
    wait_until(call.name, lambda: place.client.receipt(tx) is not None)
    receipt = place.client.receipt(tx)
    assert receipt is not None
    assert receipt.status == 1


def settle(place: Village, period: int) -> None:
    """Brings in what the water's statement needs, waits for its window and settles it."""
    amount = place.record(WATER, period).distributable
    where = address(place.deployment.address("Waterfall"))
    act(place, TREASURER, "SettlementCurrency", sc.mint(address(dev_address(OPERATOR)), amount))
    act(place, OPERATOR, "SettlementCurrency", sc.approve(where, amount))
    act(place, OPERATOR, "Waterfall", wf.fund(WATER, amount))
    place.move_to(place.record(WATER, period).final_at + 1)
    act(place, OPERATOR, "Waterfall", wf.settle(WATER, period))


def ledger(place: Village) -> Site:
    """The indexed ledger with the workers' evidence."""
    settings = Settings.load(
        None, rpc=place.anvil.url, state=place.folder / "state",
        database=f"sqlite:///{place.folder / 'ledger.db'}",
    )  # fmt: skip
    site = open_site(settings)
    site.database.migrate()
    site.indexer().catch_up()
    worker = WorkerClient(place.workers[0].url)
    fetcher = EvidenceFetcher(site.database, [worker])
    while fetcher.round():
        pass
    worker.close()
    return site


def checked(place: Village, site: Site, period: int) -> tuple[list[proof.Check], dict[str, Any]]:
    """Builds and verifies the proof of the holder's payout of a period."""
    at = site.deployment.address
    names = ("SettlementCurrency", "SeriesFactory", "Waterfall", "StatementBook")
    with site.database.read() as connection:
        data = proof.build(
            connection,
            place.client.chain_id,
            proof.Contracts(*map(at, (*names, "StreamRegistry", "TelemetryAnchor"))),
            payout_pos=connection.execute(
                select(m.distribution.c.pos).where(m.distribution.c.period == period)
            ).scalar_one(),
            wallet=connection.execute(
                select(m.wallet.c.id).where(
                    m.wallet.c.address == bytes.fromhex(dev_address(HOLDER)[2:])
                )
            ).scalar_one(),
        )
    return proof.verify(proof.parse(data), place.client), json.loads(data)


def replayed(place: Village, *arguments: str, stream: str = "WATER") -> Result:
    folder = place.workers[0].folder
    common = ("--stream", stream, "--ledger", f"sqlite:///{place.folder / 'ledger.db'}")
    config = ("--config", str(folder / "worker.toml"), "--json")
    return CliRunner().invoke(cli.app, ["replay", *arguments, *common, *config])


@dataclass(frozen=True)
class Months:
    """Two settled months of water.

    Attributes:
        place: The village.
        site: Its ledger with all evidence.
        plain: What the first statement would have distributed without corrections.
        before: Litres corrected before the settlement.
        after: Litres corrected after it.
    """

    place: Village
    site: Site
    plain: int
    before: int
    after: int


@pytest.fixture(scope="module")
def months(place: Village) -> Months:
    """Corrections before and after the settlement of the first month."""
    start_workers(place)
    place.move_to(place.end_of(DAYS))
    for stream in (VPP, WATER):
        wait_until("statements", partial(_has_version, place, stream, 1, 1), LONG)
    plain = place.record(WATER, 1).distributable
    before = correct(place, "cistern-01", f"{MONTH}-02", 250)
    correct(place, "home-01", f"{MONTH}-03", 100)
    place.client.rpc("evm_mine")
    for stream in (VPP, WATER):
        wait_until("version 2", partial(_has_version, place, stream, 1, 2), LONG)
    settle(place, 1)
    # What a worker takes in is stamped with the newest block that it has read.
    settled = place.record(WATER, 1).final_at
    wait_until("workers that saw it", lambda: all(seen(each) > settled for each in place.workers))
    after = correct(place, "cistern-01", f"{MONTH}-05", -150, "late")
    write_month(place.community, "2027-03", place.inbox, 8, faults=False)
    place.move_to(period_bounds(MONTH, 2, ZONE)[1])
    wait_until("March", partial(_has_version, place, WATER, 2, 1), LONG)
    settle(place, 2)
    wait_until("records", partial(_is_recorded, place, WATER, 2, 1), LONG)
    return Months(place, ledger(place), plain, before, after)


def test_the_statement_before_settlement_is_superseded_and_pays_right(months: Months) -> None:
    assert months.place.record(WATER, 1).distributable == months.plain + months.before * LITRE
    committed = months.place.workers[0].get(f"/v1/statements/{VPP}/1/2").json()["corrections"]
    (reading,) = committed["periods"][0]["readings"]
    assert {reading["old"][4:6], reading["new"][4:6]} <= {"02", "03"}


def test_the_statement_after_settlement_adjusts_the_next_period(months: Months) -> None:
    document = months.place.workers[0].get(f"/v1/statements/{WATER}/2/1").json()
    adjusted = int(document["statement"]["adjustments"])
    assert adjusted == months.after * LITRE < 0
    gross = int(document["statement"]["gross"])
    assert months.place.record(WATER, 2).distributable == gross + adjusted
    assert months.place.record(WATER, 1).version == 2


def test_the_proof_leads_to_both_periods_and_a_changed_correction_breaks_it(
    months: Months,
) -> None:
    for period in (1, 2):
        found, data = checked(months.place, months.site, period)
        assert proof.holds(found), [each for each in found if not each.ok]
    data["corrections"]["document"]["periods"][0]["rows"][0]["change"] = "-1"
    broken = proof.verify(proof.parse(json.dumps(data).encode()), months.place.client)
    assert [each.name for each in broken if each.ok is False] == ["corrections"]


@pytest.mark.parametrize(("period", "stream"), [("1", "WATER"), ("2", "WATER"), ("1", "VPP")])
def test_raw_records_reproduce_the_chains_figures(
    months: Months, monkeypatch: pytest.MonkeyPatch, period: str, stream: str
) -> None:
    monkeypatch.setenv("VILLAGE_SECRET", SECRET)
    result = replayed(months.place, period, stream=stream)
    assert result.exit_code == 0, result.output
    document = json.loads(result.output)
    assert (document["reproduced"], document["moved"]) == (True, [])
    assert document["compared"]["readings"] > 100


def test_both_replays_show_the_same_and_the_platform_knows_no_committed_reading(
    months: Months, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VILLAGE_SECRET", SECRET)
    changed = json.loads(replayed(months.place, "1", "--set", "cistern-01/3=777").output)
    parts = {each["part"] for each in changed["moved"]}
    assert parts == {"line", "statement", "settlement", "step", "series", "payout"}
    hidden = json.loads(replayed(months.place, "1", "--set", "home-01/2=1", stream="VPP").output)
    assert {each["part"] for each in hidden["moved"]} == {"line", "statement"}
    url = f"sqlite:///{months.place.folder / 'ledger.db'}"
    common = ("replay", "1", "--database", url, "--json", "--stream")
    same = CliRunner().invoke(build("replay"), [*common, "WATER", "--set", "11/3=777"])
    assert json.loads(same.output)["moved"] == changed["moved"]
    refused = CliRunner().invoke(build("replay"), [*common, "VPP", "--set", "31/3=0"])
    assert "committed" in str(refused.exception)


def test_a_forged_record_is_found_out(months: Months, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VILLAGE_SECRET", SECRET)
    copy = months.place.folder / "copy.sqlite"
    with sqlite3.connect(months.place.workers[0].folder / "journal.sqlite") as source:
        source.execute("VACUUM INTO ?", (str(copy),))
    assert replayed(months.place, "1", "--journal", str(copy)).exit_code == 0
    with sqlite3.connect(copy) as forged:
        forged.execute(
            "UPDATE records SET payload = CAST(REPLACE(payload, ',mm,', ',mm ,') AS BLOB)"
        )
    result = replayed(months.place, "1", "--journal", str(copy))
    assert "do not lead to the anchored reading" in str(result.exception)
    missing = replayed(months.place, "1", "--journal", str(copy) + "x")
    assert "no such journal" in str(missing.exception)


def _has_version(place: Village, stream: int, period: int, version: int) -> bool:
    return place.record(stream, period).version == version


def _is_recorded(place: Village, stream: int, period: int, version: int) -> bool:
    return place.workers[0].get(f"/v1/statements/{stream}/{period}/{version}").status_code == 200


def test_the_journal_answers_as_known_before_the_last_correction(
    months: Months, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VILLAGE_SECRET", SECRET)
    config = str(months.place.workers[0].folder / "worker.toml")
    common = ("explain", "1", "--config", config, "--stream", "WATER", "--known-at")
    result = CliRunner().invoke(cli.app, [*common, "2027-03-02"])
    assert result.exit_code == 0, result.output
    then, now = result.output.splitlines()[:2]
    assert then.startswith("WATER as known at the end of 2027-03-02: 112 readings, 1 corrections")
    assert "112 readings, 2 corrections" in now
    assert "since then: revision 1 of meter 11" in result.output
    assert CliRunner().invoke(cli.app, [*common, "yesterday"]).exit_code != 0

"""One month of three workers: nobody else sees a reading, everybody can check the money, and a household is erased."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio
import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from tests.integration.oracles.village import (
    HTTP,
    SECRET,
    STREAMS,
    VPP,
    WATER,
    Village,
    start_workers,
    village,
    wait_until,
)
from tests.support.communities import DAYS, HOME, MONTH
from tests.support.communities import VPP as VPP_STREAM
from typer.testing import CliRunner, Result

from usufruct.api.app import create_app
from usufruct.api.labels import Labels
from usufruct.api.render import Renderer
from usufruct.api.service import Service
from usufruct.cli import build
from usufruct.core.encoding import hex0x
from usufruct.core.range_evidence import RangeEvidence
from usufruct.core.receipts import Receipt
from usufruct.errors import EvidenceError, InputError
from usufruct.index.evidence import EvidenceFetcher
from usufruct.index.settings import Settings
from usufruct.index.site import Site, open_site
from usufruct_oracles import cli
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.sources.records import csv_bytes, signatures_bytes
from usufruct_oracles.sources.writing import sign_day

pytestmark = pytest.mark.chain

HOMES = ("kestrel-0017-01", "kestrel-0017-02", "kestrel-0017-03")
"""Codes of the homes' meters, as a maker prints them: no other text looks like them."""
PERSON = "Ottilie Fernweh"
"""A participant whose name must not leave the community file."""
HOMES_OF_THREE = replace(VPP_STREAM, meters=(replace(HOME, prefix="kestrel-0017", count=3),))
FILES = dict.fromkeys(("privacy_secret",), '{ file = "secret" }')
QUARTERS = 4


def value_of(home: int, day: int, quarter: int) -> tuple[str, int]:
    """What a home's meter says, which no other text looks like, and the quantity in Wh."""
    whole = 11 + (home * 5 + day * 7 + quarter * 3) % 30
    return f"{whole}.{731 + home}9{day:02d}{quarter}", whole * 1000 + 731 + home


READINGS = [
    value_of(home, day, quarter)
    for home in range(len(HOMES))
    for day in range(1, DAYS + 1)
    for quarter in range(QUARTERS)
]


def write_homes(found: Village) -> None:
    """Replaces the homes' files by those with telling values; one reading of each home is rejected."""
    meters = catalog_of(found.community).meters
    folder = found.inbox / "VPP"
    for day in range(1, DAYS + 1):
        name = f"{MONTH}-{day:02d}"
        lines = {code: _lines(code, home, name, day) for home, code in enumerate(HOMES)}
        signed = [sign_day(meters[code], name, lines[code]) for code in HOMES]
        text = (line for own in lines.values() for line in own)
        (folder / f"{name}.sig.json").write_bytes(signatures_bytes("VPP", name, signed))
        (folder / f"{name}.csv").write_bytes(csv_bytes(text))


def _lines(code: str, home: int, day: str, number: int) -> list[str]:
    found = []
    for quarter in range(QUARTERS):
        value = value_of(home, number, quarter)[0]
        if (number, quarter) == (3, 0):
            value = f"9{value}"  # above what the meter can measure
        found.append(f"{code},{day}T{quarter * 6:02d}:00:00+08:00,21600,{value},kWh,0")
    return found


@dataclass
class Seen:
    """Everything that somebody else than the household and the workers can see."""

    texts: dict[str, bytes] = field(default_factory=dict)

    def add(self, where: str, what: bytes | str) -> None:
        self.texts[where] = what.encode() if isinstance(what, str) else what


@dataclass
class Month:
    """The month, and a platform that follows it."""

    place: Village
    site: Site

    def worker(self, index: int) -> Path:
        return self.place.workers[index].folder / "worker.toml"

    def platform(self, command: str, *arguments: str) -> Result:
        result = CliRunner().invoke(build(command), [command, *arguments])
        if isinstance(result.exception, (InputError, EvidenceError)):
            raise result.exception
        return result

    def audit(self, *arguments: str) -> Result:
        state = self.place.folder / "state"
        return self.platform(
            "audit", *arguments, "--rpc", self.place.anvil.url, "--state", str(state)
        )

    def oracle(self, *arguments: str) -> Result:
        result = CliRunner().invoke(cli.app, list(arguments))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    """The month, anchored and stated by three workers with a secret file each."""
    folder = tmp_path_factory.mktemp("village")
    with village(folder, (*STREAMS[:2], HOMES_OF_THREE), {PERSON: 10}) as place:
        write_homes(place)
        for worker in place.workers:
            worker.folder.mkdir()
            (worker.folder / "secret").write_text(SECRET)
            shutil.copytree(place.inbox, worker.folder / "inbox")
        for index in range(3):
            own = str(place.workers[index].folder / "inbox")
            start_workers(place, index, inbox=own, **FILES)
        place.move_to(place.end_of(DAYS))
        wait_until(
            "statements", lambda: all(place.record(each, 1).version for each in (WATER, VPP)), 120
        )
        wait_until("all evidence", lambda: all(_is_done(place, at) for at in range(3)), 120)
        state = folder / "state"
        urls = (place.workers[0].url,)
        site = open_site(Settings.load(None, rpc=place.anvil.url, state=state, workers=urls))
        site.database.migrate()
        site.indexer().catch_up()
        clients = [site.worker(each) for each in urls]
        fetcher = EvidenceFetcher(site.database, clients)
        while fetcher.round():
            pass
        yield Month(place, site)
        for client in clients:
            client.close()
        site.database.dispose()


def _is_done(place: Village, index: int) -> bool:
    worker = place.workers[index]
    streams = worker.get("/v1/status").json()["streams"]
    stated = [worker.get(f"/v1/statements/{each}/1/1").status_code for each in (WATER, VPP)]
    return all(each["recorded"] == DAYS for each in streams) and stated == [200, 200]


def chain(month: Month) -> Iterator[tuple[str, bytes]]:
    """Call data of every transaction, and topics and data of every event."""
    client = month.site.client
    for number in range(client.block_number() + 1):
        block = client.rpc("eth_getBlockByNumber", hex(number), True)
        for tx in block["transactions"]:
            yield f"call data of {tx['hash']}", bytes.fromhex(tx["input"][2:])
    for log in client.rpc("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"}):
        parts = [*log["topics"], log["data"]]
        yield (
            f"event in {log['transactionHash']}",
            b"".join(bytes.fromhex(each[2:]) for each in parts),
        )


def answers(month: Month) -> Iterator[tuple[str, str]]:
    """What the platform's API and the worker's open endpoints answer to anybody."""
    site = month.site
    community = month.place.community
    render = Renderer(site.currency(), Labels.of(community, site.deployment.series))
    service = Service(site.database, render, site.client.chain_id, site.deployment.contracts)
    wallet = str(community.participants[0].wallets[0])
    yield from anyio.run(ask_all, create_app(service), wallet).items()
    worker = month.place.workers[0]
    for path in ("/health", "/ready", "/metrics", "/v1/status"):
        yield f"worker {path}", worker.get(path).text
    for path in ("/v1/batches/3/1", "/v1/statements/3/1/1", "/v1/verdicts"):
        answer = HTTP.get(worker.url + path, headers={"X-Forwarded-For": "203.0.113.9"})
        assert answer.status_code == 401
        yield f"worker {path}", answer.text


async def ask_all(app: FastAPI, wallet: str) -> dict[str, str]:
    """Every GET route, with ids that exist."""
    routes = [each for each in app.routes if isinstance(each, APIRoute) and "GET" in each.methods]
    found: dict[str, str] = {}
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for target in dict.fromkeys(
            each for route in routes for each in targets(route.path, wallet)
        ):
            answer = await client.get(target)
            found[f"{target} ({answer.status_code})"] = answer.text
    await app.state.service.database.dispose_async()
    return found


def targets(path: str, wallet: str) -> Iterable[str]:
    """Addresses of a route, with ids that exist."""
    if "{" not in path:
        return [
            path,
            f"{path}?stream=VPP&period={MONTH}",
            f"{path}?stream=VPP",
            f"{path}?limit=200",
        ]
    found = [path]
    while any("{" in each for each in found):
        name = next(each for each in found if "{" in each).partition("{")[2].partition("}")[0]
        found = [
            each.replace("{" + name + "}", value, 1)
            for each in found
            for value in (wallet, "VPP", "st_3", "1", MONTH, "VWATR")
        ]
    return found


@pytest.fixture(scope="module")
def seen(month: Month, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """All of it."""
    found = Seen()
    for where, what in (*chain(month), *answers(month)):
        found.add(where, what)
    folder = tmp_path_factory.mktemp("others")
    assert month.audit("VPP/1", "--save", str(folder / "audit.json")).exit_code == 0
    for path in (folder / "audit.json", *month.site.settings.state.rglob("*")):
        if path.is_file():
            found.add(str(path), path.read_bytes())
    for worker in month.place.workers:
        found.add(f"log of {worker.name}", worker.log)
    return found


def test_what_is_scanned_is_there(seen: Seen) -> None:
    kinds = (
        "call data",
        "event",
        "/v1/",
        "worker /v1/status",
        "audit.json",
        "ledger.db",
        "log of alpha",
    )
    for kind in kinds:
        assert any(kind in where and len(what) > 2 for where, what in seen.texts.items()), kind
    # The scan would find it: public readings are seen in all of these places.
    assert any(b"retained" in what for what in seen.texts.values())


def test_nobody_else_sees_a_reading_a_name_or_a_serial(seen: Seen) -> None:
    texts = [text.encode() for text, _ in READINGS] + [
        PERSON.encode(),
        *(home.encode() for home in HOMES),
    ]
    texts += [f'"{quantity}"'.encode() for _, quantity in READINGS]
    words = [quantity.to_bytes(32, "big") for _, quantity in READINGS]
    words += [each.hex().encode() for each in words]
    for where, what in seen.texts.items():
        found = [each for each in (*texts, *words) if each in what]
        assert not found, f"{where} tells {found[:3]!r}"


def test_an_auditor_checks_the_money_with_evidence_of_a_worker(month: Month) -> None:
    for source in ([], ["--worker", month.place.workers[1].url]):
        result = month.audit("VPP/1/1", *source, "--json")
        facts = json.loads(result.stdout)
        assert result.exit_code == 0, facts
        assert facts["readings"] == len(READINGS) - len(HOMES)
        assert facts["readingsShown"] == 0
        assert facts["batches"] == DAYS
    assert "none of them shown" in month.audit("VPP/1").stdout.replace("\n", " ")


def receipt_of(month: Month, home: str, out: Path) -> Receipt:
    month.oracle("receipt", home, MONTH, "--config", str(month.worker(0)), "--out", str(out))
    assert out.stat().st_mode & 0o777 == 0o600
    return Receipt.read(out.read_bytes())


def test_a_household_s_receipt_proves_its_money_and_tells_nothing_of_others(
    month: Month, tmp_path: Path
) -> None:
    out = tmp_path / "receipt.json"
    receipt = receipt_of(month, HOMES[1], out)
    own = [quantity for _, quantity in READINGS[DAYS * QUARTERS : 2 * DAYS * QUARTERS]]
    assert sum(each.quantity for each in receipt.openings) == sum(own) - value_of(1, 3, 0)[1]
    result = month.platform("verify-receipt", str(out), "--rpc", month.place.anvil.url, "--json")
    assert json.loads(result.stdout)["ok"], result.stdout
    data = out.read_bytes()
    for home in (0, 2):
        others = [
            value_of(home, day, quarter)[1]
            for day in range(1, DAYS + 1)
            for quarter in range(QUARTERS)
        ]
        assert not [each for each in others if f'"{each}"'.encode() in data]
    record = str(next((month.place.folder / "state").rglob("*.json")))
    pinned = month.platform(
        "verify-receipt", str(out), "--rpc", month.place.anvil.url, "--deployment", record
    )
    assert "Every link holds" in pinned.stdout


@pytest.mark.parametrize(
    ("change", "link"),
    [
        (lambda it: it["openings"][0].update(quantity="1"), "readings"),
        (lambda it: it["openings"][3].update(blinding="0x" + "01" * 32), "readings"),
        (lambda it: it["leaves"].pop(), "readings"),
        (lambda it: it["leaves"].append(it["leaves"][0]), "readings"),
        (lambda it: it["leaves"][0]["path"].reverse(), "readings"),
        (lambda it: it["batches"][0].update(root="0x" + "01" * 32), "batches"),
        (lambda it: it["batches"].pop(), "readings"),
        (lambda it: it.update(meter=it["meter"] + 1), "readings"),
        (lambda it: it["rows"][0].update(amount="99"), "money"),
        (lambda it: it["statement"].update(gross="1"), "statement"),
        (lambda it: it["tariff"].update(id="other"), "statement"),
        (lambda it: it.update(chainId=1), "chain"),
        (lambda it: it.update(book=it["anchor"]), "chain"),
    ],
)
def test_a_changed_receipt_is_refused_at_its_link(month, tmp_path, change, link) -> None:
    path = tmp_path / "receipt.json"
    receipt_of(month, HOMES[0], path)
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document))
    result = month.platform("verify-receipt", str(path), "--rpc", month.place.anvil.url, "--json")
    assert result.exit_code == 1
    broken = next(each for each in json.loads(result.stdout)["checks"] if not each["ok"])
    assert broken["name"] == link


def test_ranges_are_proved_on_demand(month: Month, tmp_path: Path) -> None:
    receipt = receipt_of(month, HOMES[0], tmp_path / "receipt.json")
    seq = receipt.anchored.leaves[5].reading.seq
    last = receipt.anchored.leaves[-1].reading.seq
    out = tmp_path / "range.json"
    for reading, bits, leaves in (
        (f"{HOMES[0]}/{seq}", 16, 1),
        (f"{HOMES[0]}/0-{last}", 32, DAYS * QUARTERS - 1),
    ):
        month.oracle(
            "range-proof",
            reading,
            "--bits",
            str(bits),
            "--config",
            str(month.worker(0)),
            "--out",
            str(out),
        )
        evidence = RangeEvidence.read(out.read_bytes())
        assert len(evidence.anchored.leaves) == leaves
        result = month.platform("verify-range", str(out), "--rpc", month.place.anvil.url)
        assert result.exit_code == 0
        assert f"2^{bits}" in result.stdout
        document = json.loads(out.read_bytes())
        document["bits"] = bits - 1
        out.write_text(json.dumps(document))
        assert month.platform("verify-range", str(out), "--json").exit_code == 1
    with pytest.raises(InputError):
        month.oracle(
            "range-proof", f"{HOMES[0]}/{seq}", "--bits", "8", "--config", str(month.worker(0))
        )
    with pytest.raises(InputError, match="open readings"):
        month.oracle("range-proof", "cistern-01/0", "--config", str(month.worker(0)))


def everything(month: Month) -> dict[Path, bytes]:
    """Every file of the workers and the platform; the common drop folder of the test is the meters' own."""
    places = [worker.folder for worker in month.place.workers] + [month.place.folder / "state"]
    return {
        path: path.read_bytes() for place in places for path in place.rglob("*") if path.is_file()
    }


def test_an_erased_household_is_gone_everywhere_and_all_proofs_stand(
    month: Month, tmp_path: Path
) -> None:
    """Last, as it takes the readings away."""
    place, gone = month.place, HOMES[2]
    kept = receipt_of(month, HOMES[0], tmp_path / "kept.json")
    for worker in place.workers:
        worker.stop()
    telling = [
        value_of(2, day, quarter)[0].encode()
        for day in range(1, DAYS + 1)
        for quarter in range(QUARTERS)
    ]
    before = b"".join(everything(month).values())
    assert all(each in before for each in telling)
    order = tmp_path / "order.json"
    told = month.oracle(
        "erase",
        gone,
        "--reason",
        "request of 2027-03-01",
        "--config",
        str(month.worker(0)),
        "--order-out",
        str(order),
    )
    assert f"erased {gone}: {DAYS * QUARTERS - 1} readings" in told.stdout
    for index in (1, 2):
        month.oracle("erase", "--order", str(order), "--config", str(month.worker(index)))
    for path, data in everything(month).items():
        found = [each for each in (*telling, f"{gone},".encode(), SECRET.encode()) if each in data]
        assert not found, f"{path} still tells {found[:3]!r}"
    secrets = {(worker.folder / "secret").read_bytes() for worker in place.workers}
    assert len(secrets) == 1

    for command in ("receipt", "range-proof"):
        arguments = [gone, MONTH] if command == "receipt" else [f"{gone}/0-99"]
        with pytest.raises(EvidenceError, match="destroyed"):
            month.oracle(command, *arguments, "--config", str(month.worker(1)))
    told = month.oracle("explain", MONTH, "--stream", "VPP", "--config", str(month.worker(1)))
    assert f"{gone} was erased on" in told.stdout

    start_workers(
        place, 0, 1, 2, **FILES
    )  # with their inboxes gone from the configuration, from the common one
    wait_until("the workers to stand", lambda: all(_is_done(place, at) for at in range(3)))
    assert month.audit("VPP/1", "--worker", place.workers[2].url).exit_code == 0
    again = receipt_of(month, HOMES[0], tmp_path / "again.json")
    assert again == kept
    result = month.platform(
        "verify-receipt", str(tmp_path / "again.json"), "--rpc", place.anvil.url
    )
    assert result.exit_code == 0
    heads = {hex0x(place.head(stream)) for stream in (WATER, VPP)}
    shown = [each["head"] for each in place.workers[0].get("/v1/status").json()["streams"]]
    assert heads <= set(shown)
    assert telling[0] not in b"".join(everything(month).values())

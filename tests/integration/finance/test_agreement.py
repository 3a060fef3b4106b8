"""What is simulated is what the contracts pay: a structure exported, applied, attested, funded, settled, claimed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.integration.platform.kit import OPERATOR, Kit
from tests.support.anvil import Anvil, running_anvil
from typer.testing import CliRunner

from usufruct.chain.client import ChainClient
from usufruct.cli import build
from usufruct.config import load_community
from usufruct.contracts import revenue_right, settlement_currency, waterfall
from usufruct.contracts import statement_book as sb
from usufruct.core import typed_data as td
from usufruct.core.encoding import ReadingLeaf, open_quantity
from usufruct.core.keccak import keccak256
from usufruct.core.manifests import ManifestLine
from usufruct.core.waterfall import Line
from usufruct.deploy.record import load_deployment, record_path
from usufruct.finance.structures.cli import load_structure
from usufruct.finance.structures.deal import compile_deal
from usufruct.finance.structures.simulate import Projection, simulate
from usufruct.keys import dev_address

NOW = 1_790_900_000
"""2026-10-02: the project's first month is over, the structure's first one runs."""
DAYS = (31, 30, 31, 31, 28, 31)
"""Of the structure's months, October to March."""
WINDOW = 3 * 86_400
GRACE = 5 * 86_400
HOLDERS = {"Ada": 10, "Ben": 11, "Cid": 13, "Dee": 14}
PAYEES = {"tax office": 7, "operator": 8, "sponsor": 9}
STRUCTURE = """\
schema = 1
title = "Mall"
kind = "abs"
currency = { code = "USDX", decimals = 6 }
first_period = "2026-10"
periods = 6
per_year = 12

[pool]
streams = ["MALL"]
receipts = ["1500.123457", "1400", "310.000001", "1650", "2100.7", "1900"]

[[tranche]]
code = "A"
rank = "senior"
notional = "3600"
rate = "4.5%"
amortisation = "equal"
holders = [{ name = "Ada", units = 700_000 }, { name = "Ben", units = 299_999 }]

[[tranche]]
code = "M"
rank = "mezzanine"
notional = "100"
rate = "9%"
holders = [{ name = "Cid", units = 7 }]

[[tranche]]
code = "J"
rank = "junior"
holders = [{ name = "Cid", units = 333 }, { name = "Dee", units = 667 }]

[[trigger]]
name = "cover"
kind = "coverage"
before = "interest"
dues = ["interest", "principal"]
threshold = "110%"
cure = "150%"

[[step]]
label = "tax"
kind = "percent_of_receipts"
share = "6%"
payee = "tax office"

[[step]]
label = "operating cost"
kind = "fixed"
amount = "210.5"
payee = "operator"
account = 1

[[step]]
label = "interest"
kind = "interest"
tranche = "A"
account = 2
draws = 4

[[step]]
label = "principal"
kind = "principal"
tranche = "A"
account = 3
draws = 4

[[step]]
label = "reserve"
kind = "reserve"
amount = "150"
account = 4

[[step]]
label = "coupon"
kind = "interest"
tranche = "M"
account = 5

[[step]]
label = "redemption"
kind = "principal"
tranche = "M"
account = 6

[[step]]
label = "bonus"
kind = "percent_of_available"
share = "12.5%"
payee = "operator"
when = "not cover"

[[step]]
label = "junior"
kind = "residual"
tranche = "J"
when = "not cover"

[[step]]
label = "rest"
kind = "residual"
payee = "sponsor"
"""
COMMUNITY = """\
schema = 1

[project]
code = "MALL"
name = "Mall"
label = "synthetic"
timezone = "UTC"
gfa_m2 = 50_000
households = 0
first_period = "2026-09"
salt = "a salt of a test that nobody needs to keep"

[currency]
code = "USDX"
name = "Test Dollar"
decimals = 6

[delays]
signers = "2d"
rules = "7d"

[roles]
admin = ["dev:0"]
registrar = ["dev:0"]
issuer = ["dev:0"]
oracle_admin = ["dev:7"]
treasurer = ["dev:1"]
pauser = ["dev:2"]
guardian = ["dev:2"]
auditor = ["dev:3"]
policy = ["dev:3"]
fund_manager = ["dev:9"]

[oracle]
threshold = 2
signers = ["dev:4", "dev:5", "dev:6"]

[[stream]]
id = 1
code = "MALL"
kind = "PARKING"
measure = "interval"
base_unit = "s"
privacy = "open"
challenge_window = "3d"
funding_grace = "5d"
min_coverage = "95%"
max_estimated = "5%"
resolution_time = "7d"
unanswered_dispute = "dismiss"

[stream.tariff]
id = "flat"
rows = [{ id = "all", price = "0.000001", per = "s" }]
calendar = [{ row = "all" }]

[[meters]]
stream = "MALL"
prefix = "gate"
count = 3
first_id = 101
unit = "s"
multiplier = "1"
interval = "1h"
nameplate = "1000000000000"
scheme = "gateway-secp256k1"
key = "dev"
calibrated_until = "2030-12-31"
"""


@dataclass
class Mall(Kit):
    """The applied community; each period's quantity is its income in minor units."""

    def _readings(
        self, quantity: int, begins: int, ends: int
    ) -> tuple[list[bytes], tuple[ManifestLine, ...]]:
        leaf = ReadingLeaf(
            quantity=open_quantity(quantity),
            record=keccak256(b"record"),
            stream=1,
            seq=self.cursor.next,
            end=ends,
            duration=ends - begins,
            meter=101,
            kind=0,
            quality=0,
            rev=0,
            flow=1,
        )
        return [leaf.encode()], (ManifestLine("all", 1, quantity, None),)

    def pay(self, period: int, days: int, receipts: int) -> waterfall.Settled:
        """Attests, funds and settles a period, and pays out every holder."""
        self.attest(receipts, period, days=days)
        self.warp(self.now() + WINDOW + 60)
        if receipts:
            self.act("Waterfall", waterfall.fund(1, receipts), OPERATOR)
        receipt = self.act("Waterfall", waterfall.settle(1, period))
        topic = waterfall.Settled.TOPIC
        log = next(each for each in receipt.logs if each.topics[0] == topic)
        return waterfall.Settled.decode(log.topics, log.data)

    def holdings(self) -> dict[str, int]:
        """What everybody has of the currency."""
        return {
            name: self.ask(
                "SettlementCurrency", settlement_currency.balance_of(dev_address(number))
            )
            for name, number in (HOLDERS | PAYEES).items()
        }


def run(*arguments: str) -> str:
    result = CliRunner().invoke(build(arguments[0]), arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def people() -> str:
    return "".join(
        f'\n[[participant]]\nid = {number}\nname = "{name}"\ncountry = 344\nclass = "institution"\n'
        f'kyc_until = "2030-12-31"\nwallets = ["dev:{number}"]\n'
        for name, number in HOLDERS.items()
    )


@pytest.fixture
def anvil_in_october(tmp_path: Path) -> Iterator[Anvil]:
    with running_anvil(tmp_path, "--timestamp", str(NOW)) as anvil:
        yield anvil


@pytest.fixture
def mall(anvil_in_october: Anvil, tmp_path: Path) -> Mall:
    """The structure exported into a community file, and the file applied."""
    anvil = anvil_in_october
    structure, community, state = (tmp_path / n for n in ("s.toml", "mall.toml", "state"))
    structure.write_text(STRUCTURE, "utf-8")
    accounts = [f"--account={name}=dev:{n}" for name, n in (HOLDERS | PAYEES).items()]
    tables = run(
        "structure",
        "export",
        str(structure),
        "--stream=MALL",
        "--first-period=2026-09",
        *accounts,
    )
    community.write_text(COMMUNITY + people() + "\n" + tables, "utf-8")
    run("apply", str(community), "--rpc", anvil.url, "--state", str(state))
    client = ChainClient(anvil.url)
    found = load_deployment(record_path(state, client.chain_id))
    stream = load_community(community).streams[0]
    mall = Mall(anvil, client, dict(found.contracts), dict(found.series), found.block, stream.start)
    mall.tariff, mall.cursor = stream.tariff, td.first_cursor(stream.start)
    funds = settlement_currency.mint(OPERATOR, 10**12)
    mall.act("SettlementCurrency", funds, dev_address(1))
    unlimited = settlement_currency.approve(mall.contracts["Waterfall"], 2**256 - 1)
    mall.act("SettlementCurrency", unlimited, OPERATOR)
    return mall


@pytest.fixture
def projection(tmp_path: Path) -> Projection:
    path = tmp_path / "structure.toml"
    path.write_text(STRUCTURE, "utf-8")
    return simulate(compile_deal(load_structure(path)))


def test_the_structure_has_a_short_period_with_arrears_and_a_draw(projection: Projection) -> None:
    """What the agreement is to be shown on: without it, the next test would prove little."""
    assert projection.arrears(3) > 0
    assert projection.results[2].lines[3].released > 0
    assert projection.results[3].breached == 1
    assert projection.arrears(6) == 0
    assert projection.results[5].breached == 0
    assert all(sum(amounts) for amounts in projection.tranches.values())
    assert all(sum(amounts) for amounts in projection.payees.values())


def test_the_chain_pays_what_the_simulation_says(mall: Mall, projection: Projection) -> None:
    # The project is a month older than the structure: its first month earns tax and operating cost alone.
    mall.pay(1, 30, 223_936_170)
    for at, (days, receipts) in enumerate(zip(DAYS, projection.receipts, strict=True)):
        before = mall.holdings()
        settled = mall.pay(at + 2, days, receipts)
        result = projection.results[at]
        assert tuple(Line.unpack(word) for word in settled.lines) == result.lines, (
            f"period {at + 1}"
        )
        assert (settled.receipts, settled.breached) == (receipts, result.breached)
        for (code, name), amounts in projection.holders.items():
            holder = dev_address(HOLDERS[name])
            assert mall.ask(code, revenue_right.claimable(holder)) == amounts[at], (at, code, name)
            if amounts[at]:
                mall.claim(code, holder)
        after = mall.holdings()
        expected = dict.fromkeys(before, 0) | {
            name: amounts[at] for name, amounts in projection.payees.items()
        }
        for (_, name), amounts in projection.holders.items():
            expected[name] += amounts[at]
        expected["operator"] -= receipts
        assert {name: after[name] - before[name] for name in after} == expected, f"period {at + 1}"
    assert mall.ask("StatementBook", sb.progress_of(1)).settled == 7

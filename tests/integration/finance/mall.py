"""A structure in a community on a chain: its files, and hands to earn and pay its months."""

from __future__ import annotations

from dataclasses import dataclass

from tests.integration.platform.kit import OPERATOR, Kit
from tests.support.communities import Meters, Stream, document
from typer.testing import CliRunner

from usufruct.cli import build
from usufruct.contracts import settlement_currency, waterfall
from usufruct.core.encoding import ReadingLeaf, open_quantity
from usufruct.core.keccak import keccak256
from usufruct.core.manifests import ManifestLine
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
MALL = Stream(
    id=1,
    code="MALL",
    kind="PARKING",
    base_unit="s",
    rows='[{ id = "all", price = "0.000001", per = "s" }]',
    calendar='[{ row = "all" }]',
    meters=(Meters("gate", 101, "s", "1000000000000", multiplier="1", interval="1h", count=3),),
    privacy="open",
)
COMMUNITY = document("MALL", [MALL], zone="UTC", first_period="2026-09", people=HOLDERS)


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

"""The finance engine fed by what the chain attests: every figure that stands on it names statement and period."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from tests.integration.platform.kit import STREAM, Kit
from typer.testing import CliRunner

from usufruct.cli import build
from usufruct.contracts import statement_book
from usufruct.core.encoding import hex0x
from usufruct.core.typed_data import Domain, statement_digest
from usufruct.errors import InputError
from usufruct.finance.attested import read_feed
from usufruct.index.indexer import Indexer
from usufruct.ledger.database import Database

Follow = Callable[..., Indexer]
MONTHS = 13
VALUATION = """\
schema = 1
title = "Linden Court"
currency = "USDX"
[unit]
area_m2 = "1000"
[flows]
investment = "5000"
income = "attested"
years = 10
rate = "6%"
[[held]]
method = "gross rent/cap"
numerator = "gross rent"
amount = "attested gross:VPP"
rate = "7%"
"""
STRUCTURE = """\
schema = 1
title = "VPP"
kind = "abs"
currency = { code = "USDX", decimals = 6 }
first_period = "2026-09"
periods = 15
per_year = 12
[pool]
streams = ["VPP"]
receipts = ["attested", "100", "0.000001"]
[[tranche]]
code = "A"
rank = "senior"
holders = [{ name = "Ada", units = 3 }]
[[step]]
label = "holders"
kind = "residual"
tranche = "A"
[[step]]
label = "rest"
kind = "residual"
payee = "owner"
"""


def amounts(kit: Kit) -> list[int]:
    return [each.statement.gross for each in kit.evidence]


@pytest.fixture
def year(kit: Kit, ledger: Database, follow: Follow) -> Kit:
    """Thirteen attested periods in the ledger."""
    for period in range(1, MONTHS + 1):
        kit.attest(1_000_000 * period + 1, period)
    follow(ledger).catch_up()
    return kit


def run(ledger: Database, *arguments: str) -> dict[str, dict[str, str]]:
    """Figures of a report by label."""
    options = ["--ledger", str(ledger.url), "--json"]
    result = CliRunner().invoke(build(arguments[0]), [*arguments, *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    sections = json.loads(result.stdout)["sections"]
    return {figure["label"]: figure for each in sections for figure in each["figures"]}


def test_a_valuation_stands_on_the_last_year_of_statements(
    year: Kit, ledger: Database, tmp_path: Path
) -> None:
    file = tmp_path / "v.toml"
    file.write_text(VALUATION, "utf-8")
    found = run(ledger, "value", str(file), "--stream", "VPP")
    last = Decimal(sum(amounts(year)[1:])) / 10**6
    assert Decimal(found["income of year 1"]["value"]) == last
    digests = [hex0x(record_digest(year, period)) for period in (2, MONTHS)]
    assert found["income of year 1"]["source"].startswith("12 statements of VPP, period 2 (")
    assert all(digest[:18] in found["income of year 1"]["source"] for digest in digests)
    assert digests[1][:18] in found["NPV"]["source"]
    assert abs(Decimal(found["gross rent/cap"]["value"]) - last / Decimal("0.07")) < 1
    stated = [each for label, each in found.items() if label.startswith("VPP period")]
    assert len(stated) == 12
    assert stated[-1]["source"].startswith(f"statement {digests[1]}, VPP period {MONTHS} (")


def test_a_structure_takes_every_attested_period_in_order(
    year: Kit, ledger: Database, tmp_path: Path
) -> None:
    file = tmp_path / "s.toml"
    file.write_text(STRUCTURE, "utf-8")
    found = run(ledger, "structure", "simulate", str(file), "--stream", "VPP")
    receipts = Decimal(sum(amounts(year)) + 100_000_001) / 10**6
    assert Decimal(found["receipts"]["value"]) == receipts
    assert found["receipts"]["source"].startswith("13 statements of VPP, period 1 (")
    file.write_text(STRUCTURE.replace("periods = 15", "periods = 16"), "utf-8")
    with pytest.raises(InputError, match=r"pool\.receipts"):
        run(ledger, "structure", "simulate", str(file), "--stream", "VPP")


def test_a_forecast_stands_on_statements(year: Kit, ledger: Database) -> None:
    found = run(
        ledger, "forecast", "--stream", "VPP", "--season", "1", "--horizon", "2", "--origins", "3"
    )
    assert Decimal(found["seasonal naive, +1"]["value"]) == pytest.approx(
        Decimal(amounts(year)[-1]) / 10**6, rel=Decimal("1e-5")
    )
    assert found["seasonal naive, +1"]["source"] == "13 attested statements"


def test_risk_stands_on_statements(year: Kit, ledger: Database, tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text(
        'schema = 1\ntitle = "t"\nauthor = "a"\ncurrency = "USDX"\nyears = 1\npaths = 100\nseed = 1\n'
        'rate = "5%"\n[stream.VPP]\nvolume = "attested"\nprice = "1"\n',
        "utf-8",
    )
    found = run(ledger, "risk", str(file), "--stream", "VPP")
    last = Decimal(sum(amounts(year)[1:])) / 10**6
    assert abs(Decimal(found["year 1"]["value"]) - last) < Decimal("0.01")
    assert "12 statements of VPP" in found["year 1"]["source"]


def record_digest(kit: Kit, period: int) -> bytes:
    domain = Domain(kit.client.chain_id, kit.contracts["StatementBook"])
    return statement_digest(domain, kit.evidence[period - 1].statement)


def test_what_the_ledger_does_not_attest_is_refused(
    kit: Kit, ledger: Database, follow: Follow, tmp_path: Path
) -> None:
    url = str(ledger.url)
    for period in (1, 2):
        kit.attest(1_000_000, period)
    # A period in dispute proves nothing, and a gap is not skipped.
    kit.act("StatementBook", statement_book.dispute(STREAM, 2, b"\1" * 32))
    kit.attest(1_000_000, 3)
    indexer = follow(ledger)
    indexer.catch_up()
    with pytest.raises(InputError, match="attested") as caught:
        read_feed(url, "VPP")
    assert caught.value.value == "VPP periods 2 to 2"
    kit.act("StatementBook", statement_book.dismiss(STREAM, 2, b"\1" * 32))
    indexer.catch_up()
    with pytest.raises(InputError, match="attested") as caught:
        read_feed(url, "VPP").latest("", "gross", 12)
    assert "--annualise" in (caught.value.remedy or "")
    total = sum(amounts(kit))
    grown, receipts = read_feed(url, "VPP", annualise=True).latest("", "gross", 12)
    assert (grown, len(receipts)) == (Decimal(total * 4) / 10**6, 3)
    with pytest.raises(InputError, match="stream"):
        read_feed(url, "GAS").of("")
    file = tmp_path / "v.toml"
    for text, options, match in (
        (VALUATION.replace('"USDX"', '"CNY"'), ["--annualise"], "currency"),
        (VALUATION.replace("attested gross:VPP", "1").replace("attested", "1"), [], "--ledger"),
    ):
        file.write_text(text, "utf-8")
        with pytest.raises(InputError, match=match):
            run(ledger, "value", str(file), "--stream", "VPP", *options)
    file.write_text(VALUATION, "utf-8")
    found = run(ledger, "value", str(file), "--stream", "VPP", "--annualise")
    assert Decimal(found["income of year 1"]["value"]) == Decimal(total * 4) / 10**6

"""The mall, exported, applied and ready to earn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.finance.mall import (
    COMMUNITY,
    HOLDERS,
    NOW,
    PAYEES,
    STRUCTURE,
    Mall,
    run,
)
from tests.integration.platform.kit import OPERATOR
from tests.support.communities import Deployed, deployed

from usufruct.contracts import settlement_currency
from usufruct.core import typed_data as td
from usufruct.keys import dev_address


@pytest.fixture
def mall(tmp_path: Path) -> Iterator[Mall]:
    """The structure exported into a community file, and the file applied."""
    structure = tmp_path / "s.toml"
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
    with deployed(tmp_path, COMMUNITY + tables, NOW) as place:
        yield _ready(place)


def _ready(place: Deployed) -> Mall:
    found, stream = place.deployment, place.community.streams[0]
    mall = Mall(
        place.anvil,
        place.client,
        dict(found.contracts),
        dict(found.series),
        found.block,
        stream.start,
    )
    mall.tariff, mall.cursor = stream.tariff, td.first_cursor(stream.start)
    funds = settlement_currency.mint(OPERATOR, 10**12)
    mall.act("SettlementCurrency", funds, dev_address(1))
    unlimited = settlement_currency.approve(mall.contracts["Waterfall"], 2**256 - 1)
    mall.act("SettlementCurrency", unlimited, OPERATOR)
    return mall

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
    people,
    run,
)
from tests.integration.platform.kit import OPERATOR
from tests.support.anvil import Anvil, running_anvil

from usufruct.chain.client import ChainClient
from usufruct.config import load_community
from usufruct.contracts import settlement_currency
from usufruct.core import typed_data as td
from usufruct.deploy.record import load_deployment, record_path
from usufruct.keys import dev_address


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

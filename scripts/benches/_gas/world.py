"""What the modules of the gas bench share: constants, a stream with holders, statements."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.village import Village

from usufruct.contracts import Address
from usufruct.contracts import telemetry_anchor as ta
from usufruct.core import typed_data
from usufruct.core.encoding import ZERO_HASH
from usufruct.core.keccak import keccak256

DAY = 86_400
AMOUNT = 1_000_000_000
TARIFF = keccak256(b"tariff")


@dataclass
class Stream:
    """A stream with one series, and its wallets."""

    number: int
    start: int
    series: Address
    wallets: list[Address]
    period: int = 0


def unlock(village: Village, account: Address) -> None:
    """Lets the node send for an account, and gives it ether."""
    village.client.rpc("anvil_impersonateAccount", account)
    village.client.rpc("anvil_setBalance", account, hex(10**18))


def put(village: Village, name: str, creation: bytes) -> Address:
    """A further contract, known to the village by its name."""
    created = village.send(None, creation).contract_address
    assert created is not None
    village.at[name] = created
    return created


def statement_of(
    village: Village, stream: int, period: int, start: int, end: int
) -> typed_data.Statement:
    """A statement over what was anchored between two boundaries."""
    first, last = (
        village.ask("TelemetryAnchor", ta.head_at(stream, time)) for time in (start, end)
    )
    return typed_data.Statement(
        stream=stream,
        period=period,
        version=1,
        from_=start,
        to=end,
        first_head=first,
        last_head=last,
        lines_root=keccak256(b"lines"),
        gross=AMOUNT,
        adjustments=0,
        tariff_hash=TARIFF,
        coverage_bp=10_000,
        estimated_bp=0,
        kpis=(10_000).to_bytes(2, "big") + b"\xff" * 30,
        documents=ZERO_HASH,
    )

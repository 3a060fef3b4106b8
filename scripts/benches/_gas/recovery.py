"""Gas of replacing a lost wallet: identity, units and money of its series in one transaction."""

from __future__ import annotations

from tests.support.village import Village

from benches._gas.world import TARIFF
from benches._report import Row, at_most
from usufruct.chain.client import ChainClient
from usufruct.contracts import address
from usufruct.contracts import participant_registry as pr
from usufruct.core.keccak import keccak256


def rows(url: str) -> list[Row]:
    """A wallet with units in one series, and one with units in three."""
    village = Village(ChainClient(url))
    wallets = [address(keccak256(b"lost%d" % number)[12:]) for number in range(4)]
    village.admit(wallets)
    series = []
    for number in (1, 2, 3):
        village.open_stream(number, village.now(), TARIFF)
        holdings = {str(wallet): 1_000 for wallet in wallets}
        series.append(village.create_series(number, f"REC{number}", holdings))
    figures = []
    for index, (count, most) in enumerate(((1, 140_000), (3, 275_000))):
        replacement = address(keccak256(b"found%d" % index)[12:])
        call = pr.recover_wallet(wallets[index], replacement, bytes(32), series[:count])
        used = village.do("ParticipantRegistry", call).gas_used
        figures.append(at_most(f"recover a wallet with units in {count} series", used, "gas", most))
    return figures

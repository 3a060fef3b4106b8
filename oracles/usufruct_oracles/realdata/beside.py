"""What of the public data lies beside the converted month: spot prices and Green Button files, imported as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from usufruct.config import Community, Meter
from usufruct.core.encoding import canonical_json
from usufruct.core.periods import zone
from usufruct_oracles.realdata import spot
from usufruct_oracles.realdata.survey import ESPI_FOLDER
from usufruct_oracles.sources.espi_records import EspiImporter, Series
from usufruct_oracles.sources.writing import replace

_DELIVERED = 1


def write_beside(data_dir: Path, out_dir: Path, community: Community) -> Iterator[str]:
    """Writes spot prices and Green Button records, and tells about each.

    Raises:
        InputError: A data set is missing or malformed.
    """
    hours = write_prices(data_dir, out_dir / "prices")
    told = ", ".join(f"{market} {count} hours" for market, count in hours.items())
    yield f"Spot prices: {told}."
    records = write_green_button(data_dir, out_dir / "green-button", community)
    yield f"Green Button: {records} records of a day, as {community.meters[0].code}."


def write_prices(data_dir: Path, out_dir: Path) -> Mapping[str, int]:
    """Writes `out_dir/<market>.json`, `[unix seconds, thousandths of a euro per MWh]` by hour; returns the hours.

    Raises:
        InputError: The data set is missing or malformed.
    """
    written = {}
    for market in spot.markets(data_dir):
        prices = sorted(market.moments().items())
        document = {"v": 1, "market": market.name, "prices": [list(each) for each in prices]}
        replace(out_dir / f"{market.name}.json", canonical_json(document))
        written[market.name] = len(prices)
    return written


def write_green_button(data_dir: Path, out_dir: Path, community: Community) -> int:
    """Writes the records of the Green Button files as those of the community's first home; returns how many.

    Raises:
        InputError: A file is no Green Button file.
    """
    home: Meter = community.meters[0]
    importer = EspiImporter(
        (Series(home.code, "", "", _DELIVERED),),
        {home.code: home},
        zone(community.project.timezone),
    )
    count = 0
    for path in sorted((data_dir / ESPI_FOLDER).glob("*.xml")):
        for cut in importer(path.read_bytes()).cuts:
            count += 1
            replace(out_dir / f"{path.stem}-{count:03d}.espi", cut.raw)
    return count

"""Look-ups over a community."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.oracles.kit import at, community, meter, stream

from usufruct.errors import InputError
from usufruct_oracles.catalog import Catalog, amount_of, catalog_of, flow_of
from usufruct_oracles.validation.rows import parse_start


def test_streams_are_found_by_code_and_number() -> None:
    catalog = catalog_of(community())
    assert catalog.stream("EV") is catalog.stream(4)
    assert catalog_of(community()) is catalog
    with pytest.raises(InputError) as caught:
        catalog.stream(9)
    assert "VPP, PARKING, WATER, EV" in str(caught.value.rule)


def test_meters_are_in_the_order_of_their_numbers() -> None:
    found = catalog_of(community()).meters_of(stream("VPP"))
    assert [each.id for each in found] == list(range(101, 113))


def test_the_fingerprint_tells_registrations_apart_but_not_places_in_the_file() -> None:
    one = catalog_of(community()).fingerprint("VPP")

    def changed(**fields: object) -> bytes:
        meters = tuple(
            replace(each, **fields) if each.code == "home-01" else each  # type: ignore[arg-type]
            for each in community().meters
        )
        return Catalog(replace(community(), meters=meters)).fingerprint("VPP")

    assert changed(calibrated_until=meter("home-01").calibrated_until + 1) != one
    assert changed(nameplate=1) != one
    assert changed() == one
    assert catalog_of(community()).fingerprint("EV") != one
    assert catalog_of(community()).fingerprint("SOLAR") == bytes(8)


def test_flow_directions_are_espi_codes() -> None:
    found = {code: flow_of(stream(code)) for code in ("VPP", "PARKING", "WATER", "EV")}
    assert found == {"VPP": 19, "PARKING": 20, "WATER": 19, "EV": 1}


def test_a_reading_is_priced_by_its_start_and_rounded_down() -> None:
    peak, night = parse_start(at(16)), parse_start(at(22))
    assert peak is not None
    assert night is not None
    assert amount_of(stream("VPP"), peak, 1) == 540
    assert amount_of(stream("VPP"), night, 1) == 210
    assert amount_of(stream("PARKING"), peak, 1) == 222  # 0.80 an hour: 222.2… for a second

"""Every page can be read in the other language, by the very link that it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from importlib import import_module
from pkgutil import iter_modules

import pytest
from tests.support.asking import House, filled, named, payout

from usufruct.web import routes

GIVEN = {
    "address": named(1),
    "payout_id": payout(1, 1, 1),
    "series_id": "ser_s1",
    "offering_id": "off_1",
}
KEPT = {"/offerings/off_1": ["as_of_block=105", "as_of_date="], f"/wallets/{named(1)}": ["after="]}


@pytest.fixture(scope="module")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = filled(tmp_path_factory.mktemp("languages"), public="all")
    yield made
    made.close()


def addresses() -> list[str]:
    """Addresses of all pages, as people reach them."""
    return [
        route.path.format_map(GIVEN)
        for name in sorted(each.name for each in iter_modules(routes.__path__))
        for route in import_module(f"{routes.__name__}.{name}").router.routes
        if "GET" in route.methods and not route.path.startswith("/static")
    ]


def test_every_page_leads_to_itself_in_the_other_language(open_house: House) -> None:
    pages = {"accept": "text/html"}
    seen = 0
    for path in addresses():
        for address in [path, *(f"{path}?{each}" for each in KEPT.get(path, []))]:
            first = open_house.ask(address, headers=pages)
            if first.status_code != 200 or "text/html" not in first.headers["content-type"]:
                continue
            (link,) = re.findall(r'href="(\?[^"]*lang=zh)"', first.text)
            other = open_house.ask(path + unescape(link), headers=pages)
            assert other.status_code == 200, (address, other.text)
            assert '<html lang="zh' in other.text
            seen += 1
    assert seen >= 8


def test_what_others_add_to_an_address_hinders_no_page(open_house: House) -> None:
    for path in ("/", "/offerings/off_1", "/issuer", "/operator"):
        answer = open_house.ask(f"{path}?utm_source=letter", headers={"accept": "text/html"})
        assert answer.status_code == 200, path

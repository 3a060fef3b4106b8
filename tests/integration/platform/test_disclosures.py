"""Documents that were anchored on a real chain: hashes, versions, removals, and what was attached when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.integration.platform.kit import DAY, Kit, deployed, word
from tests.integration.platform.test_api import World
from tests.support.anvil import running_anvil

from usufruct.api import schemas
from usufruct.api.render import rfc3339
from usufruct.contracts import disclosure_registry as dr
from usufruct.core.keccak import keccak256

TERMS = [b"The terms of the series, first edition.", b"The terms, second edition."]
REPORT = b"Report of September"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A project that attached documents to a series, a stream and itself, replaced one and took one away."""
    folder = tmp_path_factory.mktemp("disclosures")
    with running_anvil(folder) as anvil:
        kit = deployed(anvil)
        kit.deploy("DisclosureRegistry", dr.deploy_data(kit.contracts["AccessManager"]))
        made = World(kit, folder)
        yield made
        made.database.dispose()


def attach(kit: Kit, subject: bytes, name: str, text: bytes, kind: dr.Kind, period: int = 0) -> int:
    """Attaches a document and lets a day pass; the time of the entry."""
    uri = f"https://docs.example/{name}"
    call = dr.set_document(subject, word(name), uri, keccak256(text), kind, period)
    kit.act("DisclosureRegistry", call)
    at = kit.now()
    kit.warp(at + DAY)
    return at


def listed(world: World, query: str = "") -> list[dict[str, Any]]:
    world.indexer.catch_up()
    answer = world.answer(f"/v1/disclosures{query}")
    assert answer.status_code == 200, answer.text
    schemas.Disclosures.model_validate_json(answer.content, strict=True)
    return list(answer.json()["data"])


def test_documents_come_with_hashes_and_every_version_as_of_any_time(world: World) -> None:
    kit = world.kit
    assert listed(world) == []
    series = kit.ask("DisclosureRegistry", dr.subject_of_contract(kit.series["SR"]))
    stream = kit.ask("DisclosureRegistry", dr.subject_of_stream(1))
    project = kit.ask("DisclosureRegistry", dr.subject_of_project())
    first = attach(kit, series, "terms", TERMS[0], dr.Kind.TERMS)
    block = kit.client.block_number() - 1
    second = attach(kit, series, "terms", TERMS[1], dr.Kind.TERMS)
    attach(kit, stream, "report", REPORT, dr.Kind.REPORT, period=1)
    attach(kit, project, "audit", b"audit", dr.Kind.AUDIT)

    (terms,) = listed(world, "?series=LVPPS")
    assert (terms["name"], terms["kind"], terms["version"], terms["subject"]) == (
        *("terms", "terms", 2, "ser_lvpps"),
    )
    assert terms["hash"] == "0x" + keccak256(TERMS[1]).hex()
    assert [each["hash"] for each in terms["versions"]] == [
        "0x" + keccak256(each).hex() for each in TERMS
    ]
    assert [each["supersedes"] for each in terms["versions"]] == [None, 1]
    for query in (
        f"as_of_block={block}",
        f"as_of_date={rfc3339(first)}",
        f"as_of_date={rfc3339(second - 1)}",
    ):
        (then,) = listed(world, f"?series=LVPPS&{query}")
        assert (then["version"], then["hash"]) == (1, "0x" + keccak256(TERMS[0]).hex())
        assert len(then["versions"]) == 1
    assert listed(world, f"?series=LVPPS&as_of_date={rfc3339(first - 1)}") == []

    (report,) = listed(world, "?stream=VPP&period=1&kind=report")
    assert (report["period"], report["uri"]) == (
        {"number": 1, "month": "2026-09"},
        "https://docs.example/report",
    )
    assert listed(world, "?stream=VPP&period=2") == listed(world, "?stream=VPP&kind=terms") == []
    assert [each["name"] for each in listed(world)] == ["audit"]

    kit.act("DisclosureRegistry", dr.remove_document(project, word("audit")))
    removed = kit.now()
    kit.warp(removed + DAY)
    assert listed(world) == []
    assert [each["name"] for each in listed(world, f"?as_of_date={rfc3339(removed - 1)}")] == [
        "audit"
    ]
    kit.act(
        "DisclosureRegistry",
        dr.set_document(project, word("audit"), "", keccak256(b"new"), dr.Kind.AUDIT, 0),
    )
    (again,) = listed(world)
    assert [each["attached"] for each in again["versions"]] == [True, False, True]


def test_an_unknown_subject_or_kind_is_refused(world: World) -> None:
    for query, status in (("series=none", 404), ("stream=none", 404), ("kind=odd", 422)):
        assert world.answer(f"/v1/disclosures?{query}").status_code == status

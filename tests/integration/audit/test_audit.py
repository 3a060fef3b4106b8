"""Audits against a real chain: they hold without a reading being shown, and no value in them can be changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.anvil import Anvil
from tests.support.settled import Settled, settle_periods
from typer.testing import CliRunner

from usufruct.audit.evidence import Audited, fetch, read, write
from usufruct.audit.links import LINKS, audit
from usufruct.cli import build
from usufruct.core.encoding import hex0x
from usufruct.core.statements import line_document
from usufruct.core.typed_documents import batch_to, statement_to
from usufruct.disputes.evidence import load_period
from usufruct.errors import EvidenceError, InputError
from usufruct.proof.verify import holds


@pytest.fixture(scope="module", params=[True, False], ids=["committed", "open"])
def settled(
    request: pytest.FixtureRequest, anvil: Anvil, tmp_path_factory: pytest.TempPathFactory
) -> Settled:
    """Two settled periods."""
    return settle_periods(anvil, tmp_path_factory.mktemp("audit"), committed=request.param)


@pytest.fixture(scope="module")
def audited(settled: Settled) -> Audited:
    """Evidence of the second period out of the ledger."""
    at = settled.village.at
    with settled.database.read() as connection:
        evidence = load_period(connection, 1, 2)
    chain_id = settled.village.client.chain_id
    return Audited(chain_id, at["TelemetryAnchor"], at["StatementBook"], evidence)


def test_a_statement_holds_from_the_chain_to_the_money(settled: Settled, audited: Audited) -> None:
    found = audit(audited, settled.village.client)
    assert holds(found), found
    assert [each.name for each in found] == [name for name, _ in LINKS]
    assert audited.readings == 96


def test_the_file_is_the_same_evidence_and_shows_no_reading(audited: Audited) -> None:
    data = write(audited)
    assert read(data) == audited
    if audited.evidence.committed:
        leaves = [leaf for each in json.loads(data)["batches"] for leaf in each["leaves"]]
        assert not any(leaf.startswith("0x0000") for leaf in leaves)


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all single values; of a long list of leaves every eleventh."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from paths(each, (*at, key))
    elif isinstance(value, list):
        step = 11 if at and at[-1] == "leaves" else 1
        for index in range(0, len(value), step):
            yield from paths(value[index], (*at, index))
    else:
        yield at


def changed(value: Any) -> Any:
    """Another value of the same form."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if value is None:
        return "0x" + "01".rjust(64, "0")
    if value.startswith("0x"):
        return value[:-1] + ("0" if value[-1] != "0" else "1")
    return str(int(value) + 1) if value.lstrip("-").isdecimal() else value + "x"


def test_every_changed_value_breaks_a_link(settled: Settled, audited: Audited) -> None:
    document, unbound = json.loads(write(audited)), set()
    for path in paths(document):
        place = document
        for key in path[:-1]:
            place = place[key]
        before = place[path[-1]]
        place[path[-1]] = changed(before)
        try:
            if holds(audit(read(json.dumps(document).encode()), settled.village.client)):
                unbound.add(path)
        except (InputError, EvidenceError):
            pass
        place[path[-1]] = before
    assert not unbound


def test_a_leaf_left_out_or_moved_is_named(settled: Settled, audited: Audited) -> None:
    for change in (lambda leaves: leaves.pop(), lambda leaves: leaves.reverse()):
        document = json.loads(write(audited))
        change(document["batches"][1]["leaves"])
        found = audit(read(json.dumps(document).encode()), settled.village.client)
        broken = next(each for each in found if not each.ok)
        assert broken.name == "leaves"
        assert "batches[4]" in broken.detail


def test_another_chain_s_contracts_are_refused_by_the_reader_s_pins(
    settled: Settled, audited: Audited
) -> None:
    found = audit(audited, settled.village.client, pins={"book": audited.anchor})
    assert found[0].ok is False


class Worker:
    """A worker's evidence documents, made of the ledger's."""

    def __init__(self, audited: Audited) -> None:
        self.evidence = audited.evidence

    def batch(self, _: int, seq: int) -> object | None:
        for each in self.evidence.batches:
            if each.batch.seq == seq:
                assert each.manifest is not None
                return {
                    "v": 1,
                    "batch": batch_to(each.batch),
                    "manifest": json.loads(each.manifest.canonical()),
                    "leaves": [hex0x(leaf) for leaf in each.leaves],
                }
        return None

    def statement(self, *place: int) -> object | None:
        stated = self.evidence.statement
        if place != (stated.stream, stated.period, stated.version):
            return None
        assert self.evidence.tariff is not None
        return {
            "statement": statement_to(stated),
            "lines": [line_document(each) for each in self.evidence.lines or ()],
            "tariff": json.loads(self.evidence.tariff.canonical()),
        }


def test_a_worker_s_documents_are_as_good_as_the_ledger(audited: Audited) -> None:
    evidence = audited.evidence
    found = fetch(Worker(audited), evidence.statement, 4, committed=evidence.committed)
    assert found == evidence
    with pytest.raises(EvidenceError, match="batch 5"):
        fetch(Worker(audited), evidence.statement, 5, committed=evidence.committed)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(build("audit"), ["audit", *arguments])
    if isinstance(result.exception, (InputError, EvidenceError)):
        raise result.exception
    return result.exit_code, result.stdout


def test_the_command_says_what_it_saw(anvil: Anvil, audited: Audited, tmp_path: Path) -> None:
    path = tmp_path / "audit.json"
    path.write_bytes(write(audited))
    code, shown = run(str(path), "--rpc", anvil.url)
    assert code == 0
    assert "96 readings" in shown
    code, shown = run(str(path), "--rpc", anvil.url, "--json")
    facts = json.loads(shown)
    assert code == 0
    assert facts["ok"]
    assert facts["readingsShown"] == (0 if audited.evidence.committed else 96)


def test_a_broken_link_ends_with_1_and_is_named(
    anvil: Anvil, audited: Audited, tmp_path: Path
) -> None:
    path = tmp_path / "audit.json"
    document = json.loads(write(audited))
    document["lines"][0]["amount"] = str(int(document["lines"][0]["amount"]) + 1)
    path.write_text(json.dumps(document))
    code, shown = run(str(path), "--rpc", anvil.url)
    assert code == 1
    assert "First broken link: money" in shown


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff"])
def test_other_files_are_refused(anvil: Anvil, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "audit.json"
    path.write_bytes(content)
    with pytest.raises(InputError):
        run(str(path), "--rpc", anvil.url)

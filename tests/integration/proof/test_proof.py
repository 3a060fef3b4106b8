"""Payout proofs against a real chain: they hold, and no value in them can be changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeVar

import pytest
from tests.support.anvil import Anvil
from tests.support.settled import Settled, settle_periods

from usufruct import proof
from usufruct.chain.client import ChainClient
from usufruct.contracts import Call
from usufruct.contracts import revenue_right as rr
from usufruct.errors import InputError

R = TypeVar("R")


@pytest.fixture(scope="module", params=[True, False], ids=["committed", "open"])
def settled(
    request: pytest.FixtureRequest, anvil: Anvil, tmp_path_factory: pytest.TempPathFactory
) -> Settled:
    """Two settled periods."""
    return settle_periods(anvil, tmp_path_factory.mktemp("proof"), committed=request.param)


class RememberingClient(ChainClient):
    """A client that asks the node each question once: hundreds of files are checked against one chain."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._answers: dict[str, Any] = {}
        self._results: dict[tuple[object, ...], Any] = {}

    def rpc(self, method: str, *params: object) -> Any:
        """The first answer to this question."""
        key = json.dumps([method, params])
        if key not in self._answers:
            self._answers[key] = super().rpc(method, *params)
        return self._answers[key]

    def call(self, address: str, call: Call[R], *more: Any, **named: Any) -> R:
        """The first result of this call, decoded once."""
        key = (address, call.contract, call.data, more, *named.items())
        if key not in self._results:
            self._results[key] = super().call(address, call, *more, **named)
        found: R = self._results[key]
        return found


@pytest.fixture(scope="module")
def client(anvil: Anvil, settled: Settled) -> ChainClient:
    """A client for the chain as it is once everything is settled."""
    return RememberingClient(anvil.url)


def checks(settled: Settled, data: bytes, client: ChainClient | None = None) -> list[proof.Check]:
    """Verify a file."""
    return proof.verify(proof.parse(data), client or settled.village.client)


@pytest.mark.parametrize("readings", ["sample", "day", "all"])
def test_a_payout_holds_from_wallet_to_readings(settled: Settled, readings: proof.Scope) -> None:
    for number in (1, 2):
        for holder in settled.holders:
            found = checks(settled, settled.proof(number, holder, readings))
            assert proof.holds(found), [check for check in found if not check.ok]


def test_payouts_add_up_to_what_was_paid_and_is_claimable(settled: Settled) -> None:
    village, total = settled.village, 0
    for holder in settled.holders:
        amounts = [int(json.loads(settled.proof(n, holder))["payout"]["amount"]) for n in (1, 2)]
        owed = village.ask(settled.series, rr.claimable(holder))
        paid = village.ask("SettlementCurrency", rr.balance_of(holder))
        assert sum(amounts) == owed + paid
        total += sum(amounts)
    distributed = village.ask(settled.series, rr.state()).acc
    assert distributed - len(settled.holders) < total <= distributed


def test_a_seller_after_the_record_date_proves_the_units_of_before(settled: Settled) -> None:
    """In period 2, where 33 units were sold after the record date and before the money came."""
    first, second = (json.loads(settled.proof(n, settled.holders[1])) for n in (1, 2))
    assert first["payout"]["record_at"] is None
    assert second["payout"]["record_at"] < second["statement"]["to"] + 86_400 * 30
    balance = settled.village.ask(settled.series, rr.balance_of(settled.holders[1]))
    # 202 units were bought after the settlement.
    assert int(second["payout"]["units"]) == balance + 33 - 202


def test_the_same_ledger_gives_the_same_file(settled: Settled) -> None:
    holder = settled.holders[0]
    assert settled.proof(1, holder, "all") == settled.proof(1, holder, "all")


def test_every_changed_value_is_refused(settled: Settled, client: ChainClient) -> None:
    """One change at a time, at every place of the file."""
    original = json.loads(settled.proof(2, settled.holders[1], "sample"))
    survivors = [where for where, mutant in mutants(original) if survives(settled, mutant, client)]
    assert survivors == []


def test_a_changed_reading_is_refused_in_a_full_proof(settled: Settled) -> None:
    original = json.loads(settled.proof(1, settled.holders[0], "all"))
    for batch in original["readings"]:
        for place in (0, len(batch["all"]) - 1):
            kept = batch["all"][place]
            batch["all"][place] = changed_text(kept)
            found = checks(settled, json.dumps(original).encode())
            assert [check.name for check in found if check.ok is False] == ["readings"]
            batch["all"][place] = kept


def test_the_first_broken_link_is_named_and_the_rest_not_reached(settled: Settled) -> None:
    original = json.loads(settled.proof(1, settled.holders[0]))
    original["settlement"]["receipts"] = str(int(original["settlement"]["receipts"]) + 1)
    found = {check.name: check.ok for check in checks(settled, json.dumps(original).encode())}
    assert found["payout"] is True
    assert found["settlement"] is False
    assert found["statement"] is None


def test_another_holders_proof_does_not_pass_under_this_id(settled: Settled) -> None:
    ours = json.loads(settled.proof(1, settled.holders[0]))
    theirs = json.loads(settled.proof(1, settled.holders[1]))
    ours["payout"] = theirs["payout"] | {"id": ours["payout"]["id"]}
    assert not proof.holds(checks(settled, json.dumps(ours).encode()))


def test_pinned_addresses_refuse_another_project(settled: Settled) -> None:
    parsed = proof.parse(settled.proof(1, settled.holders[0]))
    pins = {"waterfall": settled.holders[0]}
    found = proof.verify(parsed, settled.village.client, pins=pins)
    assert found[0].ok is False


def survives(settled: Settled, mutant: Any, client: ChainClient) -> bool:
    """Whether a changed file would be accepted."""
    try:
        return proof.holds(checks(settled, json.dumps(mutant).encode(), client))
    except InputError:
        return False


def mutants(original: Any) -> Iterator[tuple[str, Any]]:
    """The file with one value changed, one item dropped, doubled or swapped, one field added or removed."""
    for path in paths(original):
        for index, value in enumerate(variants(at(original, path))):
            copy = json.loads(json.dumps(original))
            if path and value != at(original, path):
                at(copy, path[:-1])[path[-1]] = value
                yield f"{'.'.join(map(str, path))} #{index}", copy


def variants(value: Any) -> list[Any]:
    """Other values that could stand in the place of `value`."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if value is None:
        return [[], "0x" + "00" * 32]
    if isinstance(value, str):
        return [
            changed_text(value),
            value + "0",
            *([str(int(value) + 1)] if value.isdigit() else []),
        ]
    if isinstance(value, list):
        return (
            [value[:-1], [*value, *value[-1:]], value[::-1]] if len(value) > 1 else [[], value * 2]
        )
    return [{**value, "extra": 1}, dict(list(value.items())[1:])]


def changed_text(text: str) -> str:
    """The text with its last character replaced."""
    return text[:-1] + ("0" if text[-1:] != "0" else "1")


def paths(value: Any, prefix: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    yield prefix
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, (*prefix, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths(inner, (*prefix, index))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    """The value at a place."""
    for step in path:
        value = value[step]
    return value

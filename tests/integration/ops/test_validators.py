"""A month on a network of four validators, by real programs that each ask another of them, while one is killed."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import pytest
from tests.integration.ops.network import KEYS, Network, items
from tests.support.validators import CHAIN_ID, Validators, validators

from usufruct.chain.client import ChainClient
from usufruct.chain.profiles import VARIABLE
from usufruct.contracts import telemetry_anchor
from usufruct.contracts.statement_book import Status

pytestmark = [pytest.mark.chain, pytest.mark.deep]
VALIDATORS: Final = range(4)
KILLED: Final = 2
OUTSIDER: Final = 4
HOLDERS: Final = ("holder-10", "holder-11")
SOON: Final = 3
"""Of four signers each may seal one in three blocks (EIP-225)."""


class Month:
    """The month, from the empty network to paid holders.

    Attributes:
        network: The village.
        nodes: Its validators, and one that would like to be.
        outage: The newest blocks when the validator was killed, and when it was started again.
        payouts: What the holders were paid, as the API tells it.
    """

    def __init__(self, network: Network, nodes: Validators) -> None:
        self.network = network
        self.nodes = nodes
        network.rpc = nodes.url(0)
        self.client = ChainClient(network.rpc)
        offices = [
            part
            for each in ("admin", "oracle_admin", "treasurer", "auditor")
            for part in ("--key", network.key(each))
        ]
        network.run(*network.at("usufruct", "apply", str(network.community)), *offices)
        workers = network.start_workers([nodes.url(number) for number in (1, KILLED, 3)])
        asked = [part for url in workers for part in ("--worker", url)]
        self.url, _ = network.serve(
            "server", network.state, *asked, USUFRUCT_SECOND_RPC=nodes.url(1)
        )
        network.wait("the first batch on the chain", self._anchors)
        nodes.kill(KILLED)
        killed = nodes.head(0)
        network.wait("the statement", lambda: self._has(Status.ATTESTED))
        self._fund()
        self._keep()
        self.outage = killed, nodes.head(0)
        nodes.start(KILLED)
        nodes.wait(self.outage[1], VALIDATORS)
        self.payouts = self._payouts()
        nodes.start(OUTSIDER)
        network.wait("the outsider to be refused by all", self._refused)
        nodes.kill(OUTSIDER)

    def _anchors(self) -> list[Any]:
        where = self.network.deployment.address("TelemetryAnchor")
        topic = telemetry_anchor.BatchAnchored.TOPIC
        return self.client.all_logs(0, where, [topic])

    def _refused(self) -> bool:
        return all(f" of {self.nodes.outsider}: " in self.nodes.log(each) for each in VALIDATORS)

    def _has(self, status: Status) -> bool:
        return self.network.record(self.client, 1).status == status

    def _fund(self) -> None:
        network = self.network
        network.mint(self.client, "WATER", network.record(self.client, 1).distributable)
        network.run(
            *network.at("usufruct", "fund", "WATER", "--required", rpc=self.nodes.url(1)),
            *(
                "--key",
                network.key("operator"),
                "--outbox",
                str(network.folder / "operator.sqlite"),
            ),
        )

    def _keep(self) -> None:
        """A keeper at yet another validator, until both holders are paid."""
        network = self.network
        keeper = network.start(
            "keeper",
            *network.at("usufruct", "keep", rpc=self.nodes.url(3)),
            *("--key", network.key("operator"), "--interval", "0.5"),
        )
        network.wait("payment", self._all_paid)
        keeper.send_signal(signal.SIGTERM)
        assert keeper.wait(30) == 0

    def _all_paid(self) -> bool:
        found = self._payouts()
        return len(found) == len(HOLDERS) and all(each["status"] == "paid" for each in found)

    def _payouts(self) -> list[Any]:
        wallets = [self.network.accounts[each] for each in HOLDERS]
        return [
            each for wallet in wallets for each in items(self.url, f"/v1/wallets/{wallet}/payouts")
        ]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    network = Network(tmp_path_factory.mktemp("network"), "", CHAIN_ID)
    network.make_keys()
    network.write_community(["WATER"])
    funded = [network.accounts[each] for each in KEYS]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(VARIABLE, "clique")
        with validators(tmp_path_factory.mktemp("validators"), funded) as nodes:
            try:
                yield Month(network, nodes)
            finally:
                network.stop_all()


def test_every_validator_seals_in_its_turn_and_nobody_else(month: Month) -> None:
    sealed = month.nodes.sealers(1, month.nodes.head(0))
    assert set(sealed) == set(month.nodes.signers)
    for at in range(len(sealed) - SOON + 1):
        assert len(set(sealed[at : at + SOON])) == SOON
    assert month.nodes.outsider not in sealed
    assert "invalid clique difficulty" in month.nodes.log(0)


def test_the_chain_goes_on_without_one_validator(month: Month) -> None:
    first, last = month.outage
    assert last - first > 10
    sealed = Counter(month.nodes.sealers(first + SOON, last))
    assert set(sealed) == set(month.nodes.signers) - {month.nodes.signers[KILLED]}


def test_the_killed_validator_has_the_same_chain_as_the_others(month: Month) -> None:
    height = month.outage[1] - SOON
    hashes = {month.nodes.block(number, height)["hash"] for number in VALIDATORS}
    assert len(hashes) == 1
    headers = [month.nodes.block(KILLED, each) for each in range(height + 1)]
    assert all(a["hash"] == b["parentHash"] for a, b in pairwise(headers))


def test_everybody_is_paid_once_and_to_the_unit(month: Month) -> None:
    record = month.network.record(month.client, 1)
    assert record.status == Status.SETTLED
    paid = [int(each["amount"]["amount"]) for each in month.payouts]
    assert sum(paid) == record.distributable
    assert sorted(each["units"] for each in month.payouts) == ["33", "67"]


def test_ledger_and_chain_agree_whoever_is_asked(month: Month) -> None:
    network = month.network
    for number in (1, KILLED):
        command = network.at("usufruct", "reconcile", rpc=month.nodes.url(number))
        assert "no difference" in network.run(*command)


def test_the_doctor_finds_nothing_wrong_at_the_validator_that_was_killed(month: Month) -> None:
    network = month.network
    command = network.at("usufruct", "doctor", rpc=month.nodes.url(KILLED))
    found = json.loads(
        network.run(
            *command, "--community", str(network.community), "--json", "--alert-after", "520w"
        )
    )
    assert found["ok"] is True
    said = {(each["part"], each["what"]): each["text"] for each in found["findings"]}
    assert said["node", "profile"] == "clique"
    assert said["node", "client"].startswith("EthereumJS/")
    assert said["node", "finality"] == "after 12 blocks"

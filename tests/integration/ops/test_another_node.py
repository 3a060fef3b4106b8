"""A month on a node that is not Anvil, as on a permissioned network, by real programs; and that all they say agrees.

Blocks come once a second and nobody moves the clock, transactions are free, every key is an encrypted one, and the node
answers nothing but methods of the execution API.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import signal
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.ops.network import ROOT, STREAMS, Network, answers, items
from tests.support.another_node import VALIDATORS, AnotherNode, another_node
from tests.support.ports import free_port
from tests.support.watched import asked, exposed

from usufruct.chain.authority import encode_extra_data
from usufruct.chain.client import ChainClient
from usufruct.contracts.statement_book import Status

pytestmark = pytest.mark.chain
PAYEES = """
[debtor]
name = "Paying Agent"
iban = "DE89370400440532013000"
bic = "COBADEFFXXX"
currency = "USD"
[[payee]]
wallet = "{0}"
name = "Ada"
iban = "GB29NWBK60161331926819"
withholding = "10%"
[[payee]]
wallet = "{1}"
name = "Ben"
account = "012-345678-001"
"""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnotherNode]:
    with another_node(tmp_path_factory.mktemp("node"), encode_extra_data(VALIDATORS)) as running:
        yield running


@pytest.fixture(scope="module")
def month(node: AnotherNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    """The month, from signed files to paid holders."""
    network = Network(tmp_path_factory.mktemp("network"), node.url)
    try:
        yield Month(network)
    finally:
        network.stop_all()


class Month:
    """What the tests ask about.

    Attributes:
        network: The village.
        client: A client of its node.
        url: The server.
        ops: Its operations port.
        workers: The workers.
        payouts: All payouts as the API has them.
        metrics: The keeper's metrics at the end.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        network.make_keys()
        network.write_community()
        offices = [
            part
            for each in ("admin", "oracle_admin", "treasurer", "auditor")
            for part in ("--key", network.key(each))
        ]
        network.run(*network.at("usufruct", "apply", str(network.community)), *offices)
        self.client = ChainClient(network.rpc)
        self.workers = urls = network.start_workers()
        ops = f"127.0.0.1:{free_port()}"
        self.ops = f"http://{ops}"
        watched = (*(part for url in urls for part in ("--worker", url)), "--ops", ops)
        self.url, self.server = network.serve("server", network.state, *watched)
        network.wait("statements", lambda: all(self._has(Status.ATTESTED, n) for n in STREAMS))
        for number, stream in STREAMS.items():
            network.mint(self.client, stream, network.record(self.client, number).distributable)
            network.run(
                *network.at("usufruct", "fund", stream, "--required"),
                "--key",
                network.key("operator"),
                "--outbox",
                str(network.folder / "operator.sqlite"),
            )
        self.metrics = self._keep()
        network.wait(
            "evidence",
            lambda: all(
                each["evidence"] == "checked" for each in items(self.url, "/v1/statements")
            ),
        )
        self.payouts = self.all_payouts(self.url)

    def _has(self, status: Status, stream: int) -> bool:
        return self.network.record(self.client, stream).status == status

    def _keep(self) -> str:
        """A keeper until everybody is paid and nothing is due; its metrics, after it was told to stop."""
        network, ops = self.network, f"127.0.0.1:{free_port()}"
        keeper = network.start(
            "keeper",
            *network.at("usufruct", "keep"),
            "--key",
            network.key("operator"),
            "--interval",
            "0.5",
            "--ops",
            ops,
        )
        network.wait("settlement", lambda: all(self._has(Status.SETTLED, n) for n in STREAMS))
        network.wait("payment", self._all_paid)
        network.wait("the keeper to be ready", lambda: answers(f"http://{ops}/readyz"))
        found = httpx.get(f"http://{ops}/metrics", trust_env=False).text
        keeper.send_signal(signal.SIGTERM)
        assert keeper.wait(30) == 0
        return found

    def _all_paid(self) -> bool:
        found = self.all_payouts(self.url)
        return len(found) == 4 and all(each["status"] == "paid" for each in found)

    def all_payouts(self, url: str) -> list[Any]:
        """Payouts of both holders, as a server has them."""
        wallets = [self.network.accounts[each] for each in ("holder-10", "holder-11")]
        return [each for wallet in wallets for each in items(url, f"/v1/wallets/{wallet}/payouts")]

    def document(self, command: str, wallet: str, out: Path, *more: str) -> list[list[str]]:
        """Rows of a document as CSV."""
        network = self.network
        places = ("--state", str(network.state), "--community", str(network.community))
        network.run(
            "usufruct", command, wallet, *more, "--format", "csv", "--out", str(out), *places
        )
        return list(csv.reader(io.StringIO(out.read_text("utf-8-sig"))))


def test_the_doctor_finds_nothing_wrong(month: Month) -> None:
    network = month.network
    found = json.loads(
        network.run(
            *network.at("usufruct", "doctor", "--community", str(network.community), "--json"),
            *("--key", network.key("operator"), "--alert-after", "520w"),
        )
    )
    assert found["ok"] is True
    said = {(each["part"], each["what"]): each["text"] for each in found["findings"]}
    assert said["node", "profile"] == "qbft"
    assert said["node", "client"].startswith("edr/")
    assert said["node", "fees"] == "transactions are free"
    assert said["node", "validators"] == "4, of which 1 may fail"
    assert said["node", "finality"] == "a block is final at once"


def test_ledger_and_chain_agree_and_nothing_is_due(month: Month) -> None:
    network = month.network
    assert "no difference" in network.run(*network.at("usufruct", "reconcile"))
    keep = network.at("usufruct", "keep", "--community", str(network.community))
    behind = 20  # looks: a block a second comes in while the command starts, and the index may not have it yet
    while "usufruct serve takes in the rest" in (said := network.run(*keep, "--status")) and behind:
        behind -= 1
    assert said.startswith("nothing   is due")
    assert network.run(*keep, "--dry-run").startswith("idle")


def test_the_keeper_counted_what_it_did(month: Month) -> None:
    def counted(name: str) -> float:
        lines = [line for line in month.metrics.splitlines() if line.startswith(name)]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    assert counted('usufruct_keeper_payees_total{outcome="paid"}') == len(month.payouts)
    assert counted('usufruct_keeper_transactions_total{action="settle",outcome="mined"}') == 2
    assert counted('usufruct_keeper_transactions_total{action="push",outcome="mined"}') == 2
    assert counted('usufruct_keeper_gas_total{action="push"}') > 4 * 15_000
    assert counted("usufruct_keeper_alerts") == 0
    assert counted('usufruct_keeper_rounds_total{outcome="done"}') >= 1


def test_every_payout_is_proved_by_all_verifiers(month: Month) -> None:
    network = month.network
    for each in month.payouts:
        proof = network.folder / f"{each['id']}.json"
        proof.write_bytes(
            httpx.get(
                f"{month.url}/v1/payouts/{each['id']}/proof?readings=all",
                trust_env=False,
                timeout=60,
            ).content
        )
        pinned = (
            "--rpc",
            network.rpc,
            "--deployment",
            str(network.state / "deployments" / "20260901.json"),
        )
        assert "Every link holds" in network.run("usufruct", "verify", str(proof), *pinned)
        python = network.run(
            sys.executable, str(ROOT / "examples" / "verify.py"), stdin=proof.read_text()
        )
        javascript = network.run(
            "node", str(ROOT / "examples" / "verify.mjs"), stdin=proof.read_text()
        )
        assert python.lower() == javascript.lower()
        assert "payout: holds" in python
        assert "broken" not in python


def test_all_documents_say_the_same_to_the_unit(month: Month, tmp_path: Path) -> None:
    network = month.network
    wallets = [network.accounts["holder-10"], network.accounts["holder-11"]]
    places = ("--state", str(network.state), "--community", str(network.community))
    book = tmp_path / "payees.toml"
    book.write_text(PAYEES.format(*wallets))
    network.run(
        *("usufruct", "bank", "pay", "--period", network.month, "--payees", str(book)),
        *("--execution", "2030-01-02", *places),
    )
    status = json.loads(network.run("usufruct", "bank", "status", "--json", *places))
    by_wallet = {wallet: _income(month.payouts, wallet) for wallet in wallets}
    for wallet, income in by_wallet.items():
        rows = month.document(
            "statement", wallet, tmp_path / f"{wallet}.csv", "--period", network.month
        )
        total = next(row for row in rows if len(row) == 8 and row[0].startswith("Total"))
        assert Decimal(total[4]) == income
        paid = {row[7] for row in rows if len(row) == 8 and row[7].startswith("po_")}
        assert paid == {each["id"] for each in month.payouts if each["wallet"] == wallet}
        (year,) = {_year(each["payment_date"]) for each in month.payouts}
        tax = month.document("tax-summary", wallet, tmp_path / f"tax-{wallet}.csv", "--year", year)
        facts = {row[0]: row[1] for row in tax if len(row) == 2}
        assert facts["Income credited 入账收益"] == f"{income:.6f} USDX"
    total = sum(by_wallet.values())
    assert Decimal(status["gross"]) == total * 10**6
    (file,) = (network.state / "bank").glob("*.xml")
    amounts = [Decimal(each) for each in re.findall(r"<InstdAmt[^>]*>([0-9.]+)<", file.read_text())]
    assert sum(amounts) * 100 == Decimal(status["net"])
    cents = int(status["net"]) + int(status["withheld"])
    carried = int(status["carry_out"]) - int(status["carry_in"])
    assert int(status["gross"]) == cents * 10**4 + carried
    for symbol in ("VWATR", "VHOME"):
        network.run("usufruct", "register", symbol, "--out", str(tmp_path), *places)
        (register,) = tmp_path.glob(f"register_{symbol.lower()}_*.json")
        held = {
            each["wallet"]: int(each["units"])
            for each in json.loads(register.read_bytes())["register"]["holders"]
        }
        of_series = [each for each in month.payouts if each["series"]["symbol"] == symbol]
        assert held == {each["wallet"]: int(each["units"]) for each in of_series}


def _year(time: str) -> str:
    """The calendar year in the village's time zone."""
    return str((dt.datetime.fromisoformat(time) + dt.timedelta(hours=8)).year)


def _income(payouts: list[Any], wallet: str) -> Decimal:
    return (
        sum(
            (Decimal(each["amount"]["amount"]) for each in payouts if each["wallet"] == wallet),
            Decimal(),
        )
        / 10**6
    )


def test_a_restored_backup_serves_the_same(month: Month, tmp_path: Path) -> None:
    network = month.network
    network.run("usufruct", "backup", str(tmp_path / "backups"), "--state", str(network.state))
    (made,) = (tmp_path / "backups").iterdir()
    network.run("usufruct", "restore", str(made), "--check")
    other = tmp_path / "other"
    network.run("usufruct", "restore", str(made), "--state", str(other))
    url, process = network.serve("restored", other)
    assert month.all_payouts(url) == month.payouts
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


def test_every_metric_of_dashboard_and_rules_is_exported_by_a_real_process(month: Month) -> None:
    pages = [
        httpx.get(f"{url}/metrics", trust_env=False).text for url in (month.ops, *month.workers)
    ]
    found = exposed("".join([month.metrics, *pages]))
    assert asked() - found == set()


def test_no_log_shows_a_secret(month: Month) -> None:
    said = month.network.logs().lower()
    assert len(said) > 10_000
    for name, secret in month.network.secrets_used().items():
        assert secret.lower() not in said, name
    assert not re.search(r"bearer [a-z0-9]{8}", said)


def test_the_node_was_asked_for_nothing_that_it_lacks(month: Month, node: AnotherNode) -> None:
    assert month.payouts
    # Only the doctor asks for tags, and takes no for an answer.
    assert set(node.refused()) <= {"eth_getBlockByNumber safe", "eth_getBlockByNumber finalized"}

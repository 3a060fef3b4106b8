"""What the demo shows at its end: read back through the API and the chain, never from memory."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from demonstrate.api import Api, answers
from demonstrate.events import Events, table
from demonstrate.month import Month
from demonstrate.pool import SYMBOL
from demonstrate.processes import ProcessFailed
from demonstrate.stack import BIN, command
from usufruct.chain.client import ChainClient
from usufruct.contracts import events_by_topic
from usufruct.contracts import telemetry_anchor as ta
from usufruct.core.encoding import hex0x
from usufruct.money import format_amount

_STEPS = {
    "BatchAnchored": "anchor a batch",
    "StatementAttested": "attest a statement",
    "Settled": "settle a period",
    "Funded": "fund a stream",
    "FaultProven": "prove a fault",
    "PassedThrough": "pass a fund's income on",
}


def gas_by_step(
    client: ChainClient, contracts: Sequence[str], from_block: int
) -> list[dict[str, Any]]:
    """Transactions and gas of each kind of step since a block."""
    names: dict[bytes, str] = {}
    pushes: dict[bytes, int] = defaultdict(int)
    for log in client.logs(from_block, client.block_number(), contracts, None):
        event = events_by_topic().get(log.topics[0])
        name = event.NAME if event else ""
        if name in _STEPS:
            names.setdefault(log.tx_hash, _STEPS[name])
        elif name == "FundsWithdrawn":
            names.setdefault(log.tx_hash, "push payouts")
            pushes[log.tx_hash] += 1
    used: dict[str, list[int]] = defaultdict(list)
    for tx, step in names.items():
        receipt = client.receipt(tx)
        if receipt is not None:
            used[step].append(receipt.gas_used)
    rows = [
        {"step": step, "transactions": len(gas), "least": min(gas), "most": max(gas)}
        for step, gas in used.items()
    ]
    if pushes:
        total = sum(used["push payouts"])
        rows.append(
            {
                "step": "push, per holder",
                "transactions": sum(pushes.values()),
                "least": total // sum(pushes.values()),
                "most": total // sum(pushes.values()),
            }
        )
    return rows


def month_start_block(client: ChainClient, time: int) -> int:
    """First block with a timestamp of at least `time`."""
    low, high = 0, client.block_number()
    while low < high:
        middle = (low + high) // 2
        if client.block(middle).timestamp < time:
            low = middle + 1
        else:
            high = middle
    return low


class Summary:
    """The tables at the end of the demo, and the same as JSON."""

    def __init__(self, month: Month, api: Api, console: Console) -> None:
        self.month = month
        self.api = api
        self.console = console
        self.facts: dict[str, Any] = {}

    def complete(self) -> bool:
        """True once the ledger holds all payouts as paid and all evidence was checked."""
        if not answers(f"{self.api.url}/ready"):
            return False
        batches = self._of_period(self.api.all("/v1/batches", limit=200))
        statements = self._of_period(self.api.all("/v1/statements", limit=200))
        payouts = self._payouts()
        return (
            len(statements) == len(self.month.streams)
            and all(item["evidence"] == "checked" for item in (*batches, *statements))
            and any(item["series"]["symbol"] == SYMBOL for item in payouts)
            and all(item["status"] == "paid" or item["amount"]["amount"] == "0" for item in payouts)
        )

    def show(self, seconds: float) -> bool:
        """Print everything; true if the proof holds and the ledger agrees with the chain."""
        self._streams()
        self._waterfalls()
        self._holders()
        Events(self.month, self.console, self.facts).show()
        self._gas()
        ok = self._proofs() and self._reconcile()
        self.facts["seconds"] = round(seconds, 1)
        self.facts["heads"] = self._heads()
        self.facts["ok"] = ok
        verdict = (
            "[bold green]every payout is paid and proven[/]" if ok else "[bold red]NOT proven[/]"
        )
        self.console.print(f"{verdict} in {seconds:.0f} s")
        return ok

    def _of_period(self, items: list[Any]) -> list[Any]:
        start, end = rfc3339(self.month.from_), rfc3339(self.month.to)
        return [item for item in items if start <= item["from"] < end and item["to"] <= end]

    def _payouts(self) -> list[Any]:
        found = [
            item
            for wallet in self.month.wallets()
            for item in self.api.all(f"/v1/wallets/{wallet}/payouts", limit=200)
        ]
        return [item for item in found if item["payment_date"] >= rfc3339(self.month.to)]

    def _streams(self) -> None:
        batches = self._of_period(self.api.all("/v1/batches", limit=200))
        statements = {
            item["stream"]: item
            for item in self._of_period(self.api.all("/v1/statements", limit=200))
        }
        rows: list[list[object]] = []
        facts = []
        for number, stream in self.month.streams.items():
            own = [batch for batch in batches if batch["stream"] == f"str_{number}"]
            stated = statements[f"str_{number}"]
            report = self.month.verdicts(number)
            verdicts = report["byRule"]
            fact = {
                "stream": stream.code,
                "accepted": sum(batch["count"] for batch in own),
                "rejected": sum(entry["count"] for entry in verdicts),
                "rejected_by_rule": {entry["rule"]: entry["count"] for entry in verdicts},
                "money_at_stake": report["stake"] or "0",  # of a handful of homes not told
                "batches": len(own),
                "coverage_bp": stated["coverage_bp"],
                "gross": stated["gross"]["amount"],
                "distributable": stated["distributable"]["amount"],
            }
            facts.append(fact)
            stake = format_amount(int(str(fact["money_at_stake"])), self.month.community.currency)
            rows.append(
                [
                    *(stream.code, f"{fact['accepted']:,}", fact["rejected"], stake, len(own)),
                    f"{stated['coverage_bp'] / 100:.2f} %",
                    *(stated["gross"]["formatted"], stated["distributable"]["formatted"]),
                ]
            )
        columns = [
            "stream",
            ">accepted",
            ">rejected",
            ">at stake",
            ">batches",
            ">coverage",
            ">gross",
            ">distributable",
        ]
        table(
            self.console,
            f"Readings of {self.month.feed.month} ({self.month.feed.label})",
            columns,
            rows,
        )
        self.facts |= {
            "month": self.month.feed.month,
            "label": self.month.feed.label,
            "streams": facts,
        }

    def _waterfalls(self) -> None:
        rows: list[list[object]] = []
        facts = []
        codes = {f"str_{number}": stream.code for number, stream in self.month.streams.items()}
        found = self.api.all("/v1/settlements", limit=200)
        for item in sorted(found, key=lambda each: each["stream"]):
            if item["period"]["number"] != self.month.period:
                continue
            code = codes[item["stream"]]
            rows.append([code, "[bold]receipts[/]", "", item["receipts"]["formatted"], ""])
            multiplier = f" (m = {item['fee_multiplier_bp'] / 100:.2f} %)"
            rows += [
                [
                    "",
                    (line["label"] or line["kind"])
                    + (multiplier if line["kind"] == "kpi_fee" else ""),
                    *(line[key]["formatted"] for key in ("due", "paid", "balance")),
                ]
                for line in item["lines"]
            ]
            facts.append(
                {
                    "stream": code,
                    "receipts": item["receipts"]["amount"],
                    "fee_multiplier_bp": item["fee_multiplier_bp"],
                    "lines": item["lines"],
                }
            )
        table(
            self.console,
            "Waterfalls",
            ["stream", "step", ">due", ">paid", ">arrears or reserve"],
            rows,
        )
        self.facts["waterfalls"] = facts

    def _holders(self) -> None:
        names = {
            wallet: participant.name
            for participant in self.month.community.participants
            for wallet in participant.wallets
        }
        names[self.month.pool.fund] = "the pool fund"
        payouts = sorted(
            self._payouts(), key=lambda each: (each["series"]["symbol"], each["wallet"])
        )
        rows: list[list[object]] = [
            [
                *(item["series"]["symbol"], names.get(item["wallet"], ""), item["wallet"]),
                *(f"{int(item['units']):,}", item["record_date"][:10], item["payment_date"][:10]),
                *(item["amount"]["formatted"], item["status"]),
            ]
            for item in payouts
        ]
        table(
            self.console,
            "Payouts",
            ["series", "holder", "wallet", ">units", "record", "payment", ">amount", "status"],
            rows,
        )
        self.facts["payouts"] = [
            {
                "id": item["id"],
                "wallet": item["wallet"],
                "units": item["units"],
                "record_date": item["record_date"],
                "payment_date": item["payment_date"],
                "amount": item["amount"]["amount"],
                "status": item["status"],
            }
            for item in payouts
        ]

    def _gas(self) -> None:
        client = self.month.anvil.client
        contracts = [
            *self.month.deployment.contracts.values(),
            *self.month.deployment.series.values(),
            *(self.month.pool.units, self.month.pool.fund),
        ]
        rows = gas_by_step(client, contracts, month_start_block(client, self.month.to))
        shown: list[list[object]] = [
            [row["step"], row["transactions"], f"{row['least']:,}", f"{row['most']:,}"]
            for row in rows
        ]
        table(self.console, "Gas", ["step", ">transactions", ">least", ">most"], shown)
        self.facts["gas"] = rows

    def _proofs(self) -> bool:
        """Verify the largest payout of each stream, the first of them with all its readings."""
        best: dict[str, Any] = {}
        for item in self._payouts():
            stream = item["series"]["stream"]
            if stream is None:
                continue
            if stream not in best or int(item["amount"]["amount"]) > int(
                best[stream]["amount"]["amount"]
            ):
                best[stream] = item
        ok, facts = True, []
        for index, (_, item) in enumerate(sorted(best.items())):
            scope = "all" if index == 0 else "sample"
            path = self.month.places.proof(item["id"])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.api.content(f"/v1/payouts/{item['id']}/proof", readings=scope))
            checks = verify_file(path, self.month)
            ok = ok and checks["ok"]
            facts.append(
                {"payout": item["id"], "scope": scope, "bytes": path.stat().st_size, **checks}
            )
            if index == 0:
                title = f"Why {item['amount']['formatted']}? {item['id']} ({path.stat().st_size:,} bytes)"
                marks: list[list[object]] = [
                    [check["name"], "holds" if check["ok"] else "BROKEN", check["detail"]]
                    for check in checks["checks"]
                ]
                table(self.console, title, ["link", "", "what the chain says"], marks)
            else:
                said = "holds" if checks["ok"] else "BROKEN"
                self.console.print(f"proof of {item['id']}: {said} ({path.stat().st_size:,} bytes)")
        self.console.print(f"proofs are in {self.month.places.state / 'proofs'}")
        self.facts["proofs"] = facts
        return ok

    def _reconcile(self) -> bool:
        try:
            said = command(
                "usufruct",
                *("reconcile", "--rpc", self.month.anvil.url),
                *(
                    "--deployment",
                    str(self.month.places.deployment),
                    "--database",
                    self.month.places.ledger,
                ),
            )
        except ProcessFailed as error:
            self.console.print(f"[bold red]the ledger differs from the chain[/]\n{error}")
            return False
        self.console.print(said.strip().splitlines()[-1])
        return True

    def _heads(self) -> dict[str, str]:
        """Anchored head of each stream at the month's end."""
        anchor = self.month.deployment.address("TelemetryAnchor")
        call = self.month.anvil.client.call
        return {
            stream.code: hex0x(call(anchor, ta.head_at(number, self.month.to)))
            for number, stream in self.month.streams.items()
        }


def verify_file(path: Path, month: Month) -> dict[str, Any]:
    """Result of `usufruct verify` on a proof file, as its JSON."""
    arguments = [
        "verify",
        str(path),
        "--rpc",
        month.anvil.url,
        "--deployment",
        str(month.places.deployment),
    ]
    done = subprocess.run(  # no shell, our own program
        [str(BIN / "usufruct"), *arguments, "--json"], capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1):
        raise ProcessFailed(f"usufruct verify ended with code {done.returncode}: {done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def rfc3339(time: int) -> str:
    """UTC time as the API writes it."""
    return dt.datetime.fromtimestamp(time, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

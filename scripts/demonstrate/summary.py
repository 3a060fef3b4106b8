"""What the demo shows at its end: read back through the API and the chain, never from memory."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from demonstrate.month import Month
from usufruct.chain.client import ChainClient
from usufruct.contracts import events_by_topic
from usufruct.contracts import telemetry_anchor as ta
from usufruct.core.encoding import hex0x

_STEPS = {
    "BatchAnchored": "anchor a batch",
    "StatementAttested": "attest a statement",
    "Settled": "settle a period",
    "Funded": "fund a stream",
}


class Api:
    """The payout query API of the running server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=60)

    def get(self, path: str, **query: object) -> Any:
        """JSON answer of a GET."""
        answer = self._http.get(path, params={k: str(v) for k, v in query.items()})
        answer.raise_for_status()
        return answer.json()

    def content(self, path: str, **query: object) -> bytes:
        """Bytes of a GET."""
        answer = self._http.get(path, params={k: str(v) for k, v in query.items()})
        answer.raise_for_status()
        return answer.content

    def ready(self, path: str) -> bool:
        """True if a GET of `path` gives 200."""
        try:
            return self._http.get(path).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def all(self, path: str, **query: object) -> list[Any]:
        """All items of a paginated list."""
        items: list[Any] = []
        after: dict[str, object] = {}
        while True:
            page = self.get(path, **query, **after)
            items += page["data"]
            if not page.get("has_more"):
                return items
            after = {"starting_after": page["next"]}


def gas_by_step(client: ChainClient, contracts: list[str], from_block: int) -> list[dict[str, Any]]:
    """Transactions and gas of each kind of step since a block."""
    names: dict[bytes, str] = {}
    pushes: dict[bytes, int] = defaultdict(int)
    for log in client.logs(from_block, client.block_number(), contracts, None):
        event = events_by_topic().get(log.topics[0])
        name = event.NAME if event else ""
        if name in _STEPS:
            names.setdefault(log.tx_hash, _STEPS[name])
        elif name == "Paid":
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


def table(console: Console, title: str, columns: list[str], rows: list[list[object]]) -> None:
    """Print a table; columns that begin with `>` are right aligned."""
    shown = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        shown.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left")
    for row in rows:
        shown.add_row(*(str(cell) for cell in row))
    console.print(shown)


def heads(month: Month) -> dict[str, str]:
    """Anchored head of each stream at the month's end: equal for equal seeds and chain addresses."""
    anchor = month.deployment.address("TelemetryAnchor")
    call = month.anvil.client.call
    return {
        stream.code: hex0x(call(anchor, ta.head_at(number, month.to)))
        for number, stream in month.streams.items()
    }

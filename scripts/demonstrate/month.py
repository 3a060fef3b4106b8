"""One month of the community on the chain: anchored, attested, settled, paid."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from demonstrate.anvil import Anvil
from demonstrate.dispute import Dispute
from demonstrate.hands import KEEPER, OPERATOR, TREASURER, Hands, wallet
from demonstrate.market import Market
from demonstrate.pool import HELD, Pool
from demonstrate.processes import Stack
from demonstrate.stack import BIN, Places, Workers, command, feed
from demonstrate.subscription import Subscription
from usufruct.config import load_community
from usufruct.contracts import Address, address
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import settlement_currency as sc
from usufruct.contracts import statement_book as sb
from usufruct.contracts import telemetry_anchor as ta
from usufruct.core.periods import period_bounds
from usufruct.deploy.record import load_deployment

_PATIENCE = 300.0
_SETTLING_TIME = 3_600


@dataclass(frozen=True, slots=True)
class Feed:
    """A month's source files and what they are.

    Attributes:
        community: The community file.
        folder: Folder with one sub-folder for each stream.
        month: The month, `YYYY-MM`.
        label: `synthetic` or where the data come from.
    """

    community: Path
    folder: Path
    month: str
    label: str


class Month:
    """Drives one period through the running stack and waits for each stage."""

    def __init__(
        self,
        processes: Stack,
        places: Places,
        anvil: Anvil,
        workers: Workers,
        feed_: Feed,
        console: Console,
        stir: Callable[[], None] = lambda: None,
    ) -> None:
        self.workers = workers
        self._stir = stir
        self.seconds: dict[str, float] = {}
        """Seconds from the end of the period to the end of each stage."""
        self._began = time.monotonic()
        self.processes = processes
        self.places = places
        self.anvil = anvil
        self.feed = feed_
        self.console = console
        self.community = load_community(feed_.community)
        self.deployment = load_deployment(places.deployment)
        self.streams = {stream.id: stream for stream in self.community.streams}
        first = self.community.project.first_period
        self.period = months_between(first, feed_.month) + 1
        self.from_, self.to = period_bounds(first, self.period, self.community.project.timezone)
        self.days = (
            dt.datetime.fromtimestamp(self.to, dt.UTC)
            - dt.datetime.fromtimestamp(self.from_, dt.UTC)
        ).days
        self.hands = Hands(anvil.client, places.state)
        common = (self.community, self.deployment)
        self.market = Market(self.hands, places, *common, anvil.url)
        self.pool = Pool(self.hands, *common)
        self.subscription = Subscription(self.hands, *common)
        self.dispute = Dispute(self.hands, anvil, *common, workers.urls[0], processes)
        self._buyers: list[tuple[Address, Address]] = []

    def run(self) -> None:
        """Take the month from source files to paid holders.

        Raises:
            ProcessFailed: A stage did not come about.
        """
        disputed = self.period == 1
        self._prepare(disputed=disputed)
        with self._progress() as progress:
            files = feed(self.places, self.feed.folder, lambda csv: not self._last(csv, disputed))
            self.console.print(
                f"{files} signed files handed to each of {len(self.workers.urls)} workers"
            )
            self.anvil.move_to(self.to + _SETTLING_TIME)
            self._buyers.append(self.market.sell_after_record(self.period))
            self.market.try_locked()
            if disputed:
                self.subscription.deliver()
            self._began = time.monotonic()
            batches = len(self.streams) * self.days
            self._stage(progress, "batches anchored", batches - disputed, self._anchored)
            if disputed:
                bounds = (self.from_, self.to)
                self.dispute.attest_wrongly(self.period, bounds, self._hand_over_rest)
                self.dispute.prove(self.period, bounds)
            self._stage(progress, "statements attested", len(self.streams), self._attested)
            final = max(self._record(stream).final_at for stream in self.streams)
            self.anvil.move_to(final + 1)
            self._fund()
            self._start_keeper()
            self._stage(progress, "periods settled", len(self.streams), self._settled)
            self._stage(progress, "holders paid", *self._paid(self.accounts()))
            self.pool.pass_through(self.period)
            self._stage(progress, "fund holders paid", *self._paid(self._fund_accounts()))

    def _prepare(self, *, disputed: bool) -> None:
        """What happens within the month, before it ends."""
        self.anvil.move_to(self.from_ + _SETTLING_TIME)
        self.market.announce_records()
        self.pool.open()
        if disputed:
            self.subscription.open()
            self.dispute.put_up_bond()

    def _last(self, csv: Path, disputed: bool) -> bool:
        """Whether a file is held back for the dispute."""
        end = dt.datetime.fromtimestamp(self.to, ZoneInfo(self.community.project.timezone))
        day = (end.date() - dt.timedelta(days=1)).isoformat()
        return disputed and self.dispute.holds_back(csv, day)

    def _hand_over_rest(self) -> None:
        feed(self.places, self.feed.folder, lambda csv: self._last(csv, disputed=True))

    def _progress(self) -> Progress:
        return Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<20}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
        )

    def _stage(self, progress: Progress, name: str, total: int, done: Callable[[], int]) -> None:
        task = progress.add_task(name, total=total)

        def reached() -> bool:
            self._stir()
            count = done()
            progress.update(task, completed=count)
            return count >= total

        self.processes.wait_until(name, reached, _PATIENCE)
        self.seconds[name] = time.monotonic() - self._began

    def _anchored(self) -> int:
        topics: list[bytes | list[bytes] | None] = [ta.BatchAnchored.TOPIC]
        anchor = self.deployment.address("TelemetryAnchor")
        logs = self.anvil.client.logs(
            self.deployment.block, self.anvil.client.block_number(), [anchor], topics
        )
        ends = [ta.BatchAnchored.decode(log.topics, log.data).to for log in logs]
        return sum(self.from_ < end <= self.to for end in ends)

    def _record(self, stream: int) -> sb.Record:
        book = self.deployment.address("StatementBook")
        return self.anvil.client.call(book, sb.record_of(stream, self.period))

    def _attested(self) -> int:
        done = (sb.Status.ATTESTED, sb.Status.SETTLED)
        return sum(self._record(stream).status in done for stream in self.streams)

    def _settled(self) -> int:
        return sum(self._record(stream).status == sb.Status.SETTLED for stream in self.streams)

    def _fund(self) -> None:
        """Pay in what each statement needs; the test currency is minted to the operator just before."""
        common = ("--rpc", self.anvil.url, "--deployment", str(self.places.deployment))
        outbox = str(self.places.state / "operator.db")
        for number, stream in self.streams.items():
            if self._record(number).status == sb.Status.ATTESTED:
                self._mint(stream.code, self._record(number).distributable)
                keys = ("--key", f"dev:{OPERATOR}", "--outbox", outbox)
                command("usufruct", "fund", stream.code, "--required", *common, *keys)

    def _mint(self, code: str, amount: int) -> None:
        currency = self.deployment.address("SettlementCurrency")
        call = sc.mint(wallet(OPERATOR), amount)
        self.hands.act(TREASURER, f"mint/{code}/{self.period}", currency, call)

    def _start_keeper(self) -> None:
        argv = [
            *(str(BIN / "usufruct"), "keep", "--rpc", self.anvil.url),
            *("--deployment", str(self.places.deployment), "--database", self.places.ledger),
            *("--key", f"dev:{KEEPER}", "--outbox", str(self.places.state / "keeper.db")),
            *("--interval", "1"),
        ]
        self.processes.start("keeper", argv)

    def accounts(self) -> list[tuple[Address, Address]]:
        """(series address, wallet) of every holding: of the community file, bought, and the fund's."""
        issued = [
            (address(self.deployment.series[series.code]), address(holder.wallet))
            for series in self.community.series
            for holder in series.holders
        ]
        fund = self.pool.fund
        held = [(address(self.deployment.series[code]), fund) for code in HELD]
        return [*issued, *self._buyers, *held]

    def _fund_accounts(self) -> list[tuple[Address, Address]]:
        return [(self.pool.units, holder) for holder in self.pool.contributors]

    def wallets(self) -> list[Address]:
        """Everybody who may have been paid."""
        return sorted({wallet for _, wallet in (*self.accounts(), *self._fund_accounts())})

    def _paid(self, accounts: list[tuple[Address, Address]]) -> tuple[int, Callable[[], int]]:
        """How many accounts there are, and how to count those with nothing left to claim."""
        call = self.anvil.client.call

        def done() -> int:
            return sum(call(series, rr.claimable(wallet)) == 0 for series, wallet in accounts)

        return len(accounts), done

    def verdicts(self, stream: int) -> dict[str, Any]:
        """What the first worker rejected in a stream in this period: `byRule` with counts, and the money at stake."""
        answer = httpx.get(
            f"{self.workers.urls[0]}/v1/verdicts",
            params={"stream": stream, "period": self.period},
            timeout=30,
        )
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()["streams"][0]
        return found


def months_between(first: str, month: str) -> int:
    """Number of calendar months from `first` to `month`."""
    years = int(month[:4]) - int(first[:4])
    return years * 12 + int(month[5:7]) - int(first[5:7])


def month_after(first: str, months: int) -> str:
    """The calendar month `months` after `first`."""
    ordinal = int(first[:4]) * 12 + int(first[5:7]) - 1 + months
    return f"{ordinal // 12:04d}-{ordinal % 12 + 1:02d}"

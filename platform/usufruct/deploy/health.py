"""The health of a deployed project.

The contract HealthCheck states what must always hold. It cannot list holders, payees or streams; they
are read from the logs, up to one block, and everything is asked at that block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from usufruct.chain.client import ChainClient, RpcError
from usufruct.chain.records import Log
from usufruct.contracts import ZERO_ADDRESS, Address, Call, address, shared
from usufruct.contracts import fund_factory as ff
from usufruct.contracts import health_check as hc
from usufruct.contracts import pool_fund as pf
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import series_factory as sf
from usufruct.contracts import stream_registry as sr
from usufruct.contracts import waterfall as wf
from usufruct.deploy.record import Deployment

__all__ = ["Finding", "Health", "examine"]

R = TypeVar("R")
_SERIES: Final = ("SeriesFactory", "FundUnitFactory")


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement about one part of the project.

    Attributes:
        subject: Series, stream or fund; the project for what is of all.
        name: What is stated, as the contract names it.
        ok: Whether it holds.
        actual: What was found.
        bound: What it was compared with.
    """

    subject: str
    name: str
    ok: bool
    actual: int
    bound: int


@dataclass(frozen=True, slots=True)
class Health:
    """All findings at one block."""

    block: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether everything holds."""
        return all(each.ok for each in self.findings)


def examine(client: ChainClient, deployment: Deployment) -> Health:
    """Asks the project's HealthCheck about everything there is, at the newest block.

    Raises:
        ConfigError: A contract is missing in the record.
        ChainError: The node does not answer.
    """
    examiner = _Examiner(client, deployment, client.block_number())
    return Health(examiner.block, tuple(examiner.findings()))


@dataclass
class _Examiner:
    client: ChainClient
    deployment: Deployment
    block: int
    check: Address = field(init=False)

    def __post_init__(self) -> None:
        self.check = self.deployment.address("HealthCheck")

    def findings(self) -> Iterator[Finding]:
        """Everything, part by part."""
        created = {name: self._created(name) for name in _SERIES}
        for series in [each for name in _SERIES for each in created[name]]:
            yield from self._series(series)
        yield from self._waterfall()
        for fund in self._logs(["FundFactory"], [ff.FundOpened.TOPIC]):
            yield from self._fund(ff.FundOpened.decode(fund.topics, fund.data).fund)
        project = self.deployment.project
        yield from self._ask(project, hc.check_policy(_ascending(created["SeriesFactory"])))
        yield from self._ask(project, hc.check_duties(self._officers()))

    # --- Parts ---

    def _created(self, factory: str) -> list[Address]:
        return [
            sf.SeriesCreated.decode(log.topics, log.data).series
            for log in self._logs([factory], [sf.SeriesCreated.TOPIC])
        ]

    def _series(self, series: Address) -> Iterator[Finding]:
        moved = [
            shared.Transfer.decode(log.topics, log.data)
            for log in self._logs([series], [shared.Transfer.TOPIC])
        ]
        holders = _ascending(who for each in moved for who in (each.from_, each.to))
        counted = self._read(series, rr.state()).acc
        code = self._read(series, rr.symbol())
        yield from self._ask(code, hc.check_series(series, holders, self._gifts(series, counted)))
        yield from self._ask(code, hc.check_caches(series, holders))

    def _waterfall(self) -> Iterator[Finding]:
        funded = [
            wf.Funded.decode(log.topics, log.data)
            for log in self._logs(["Waterfall"], [wf.Funded.TOPIC])
        ]
        opened = [
            sr.StreamOpened.decode(log.topics, log.data)
            for log in self._logs(["StreamRegistry"], [sr.StreamOpened.TOPIC])
        ]
        payees = _ascending(
            wf.PaymentFailed.decode(log.topics, log.data).payee
            for log in self._logs(["Waterfall"], [wf.PaymentFailed.TOPIC])
        )
        streams = sorted({each.stream for each in funded} | {each.stream for each in opened})
        where = self.deployment.address("Waterfall")
        gifts = self._gifts(where, sum(each.amount for each in funded))
        project = self.deployment.project
        yield from self._ask(project, hc.check_waterfall(streams, payees, gifts))
        codes = {each.stream: each.code.rstrip(b"\0").decode("ascii", "replace") for each in opened}
        for stream in streams:
            code = codes.get(stream, str(stream))
            yield from self._ask(f"stream {code}", hc.check_statements(stream))

    def _fund(self, fund: Address) -> Iterator[Finding]:
        units = self._read(fund, pf.terms()).units
        code = self._read(units, rr.symbol())
        yield from self._ask(f"fund {code}", hc.check_fund(fund))

    def _officers(self) -> list[Address]:
        return _ascending(
            shared.RoleGranted.decode(log.topics, log.data).account
            for log in self._logs(["AccessManager"], [shared.RoleGranted.TOPIC])
        )

    def _gifts(self, receiver: Address, counted: int) -> int:
        """Currency that was sent to a contract and is in no book."""
        to = bytes(12) + bytes.fromhex(receiver[2:])
        logs = self._logs(["SettlementCurrency"], [shared.Transfer.TOPIC, None, to])
        came = sum(shared.Transfer.decode(log.topics, log.data).value for log in logs)
        return max(0, came - counted)

    # --- The chain ---

    def _ask(self, subject: str, call: Call[tuple[hc.Result, ...]]) -> Iterator[Finding]:
        for each in self._read(self.check, call):
            name = each.name.rstrip(b"\0").decode("ascii")
            yield Finding(subject, name, each.ok, each.actual, each.bound)

    def _read(self, where: Address, call: Call[R]) -> R:
        return self.client.call(where, call, self.block)

    def _logs(self, where: Sequence[str], topics: list[bytes | None]) -> list[Log]:
        """Logs of contracts, by name in the record or by address, since the first contract."""
        addresses = [
            each if each.startswith("0x") else self.deployment.address(each) for each in where
        ]

        def read(first: int, last: int) -> list[Log]:
            return self.client.logs(first, last, addresses, topics)

        return _halving(read, self.deployment.block, self.block)


def _halving(read: Callable[[int, int], list[Log]], first: int, last: int) -> list[Log]:
    """Reads a range; in halves where the node refuses one of this size."""
    try:
        return read(first, last)
    except RpcError:
        if first >= last:
            raise
    middle = (first + last) // 2
    return [*_halving(read, first, middle), *_halving(read, middle + 1, last)]


def _ascending(accounts: Iterable[str]) -> list[Address]:
    """As the contract wants lists: in order, each once, without nobody."""
    found = {address(each) for each in accounts} - {ZERO_ADDRESS}
    return sorted(found, key=lambda each: int(each, 16))

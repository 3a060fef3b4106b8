"""What the keeper's parts share: the chain, the contracts, the sender, and words for what happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from usufruct.chain.client import ChainClient
from usufruct.chain.profiles import LOG_RANGE
from usufruct.chain.records import Receipt
from usufruct.contracts import Address, Call, stream_registry
from usufruct.deploy.record import Deployment
from usufruct.errors import ConfigError
from usufruct.money import Currency, format_amount

__all__ = ["DryRun", "KeeperSite", "NotSent", "Outcome", "Stream", "streams_of"]

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream on the chain."""

    number: int
    code: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the keeper did or found, in words."""

    kind: str
    """settled, paid, waiting, withheld, refused, funded, announced, kept, closed, redeemed, late, would or alert."""
    text: str
    facts: Mapping[str, Any]


class Submits(Protocol):
    """What sends transactions, or would."""

    @property
    def address(self) -> Address:
        """The account that sends."""
        ...

    def submit(
        self,
        key: str,
        to: str | None,
        data: bytes,
        *,
        done: Callable[[], bool] | None = None,
    ) -> Receipt | None:
        """Sends once and waits; None if it was done already."""
        ...

    def recover(self, *, wait: bool = False) -> list[str]:
        """Goes on with what an earlier process left."""
        ...


class NotSent(Exception):
    """A dry run has come to a transaction, which was not sent.

    Attributes:
        facts: Receiver and call data.
    """

    def __init__(self, to: str | None, data: bytes) -> None:
        super().__init__(f"not sent to {to}")
        self.facts: dict[str, object] = {"to": to, "data": "0x" + data.hex()}


class DryRun:
    """Sends nothing: whoever comes to a transaction meets NotSent."""

    def __init__(self, address: Address) -> None:
        self.address = address

    def submit(
        self,
        key: str,
        to: str | None,
        data: bytes,
        *,
        done: Callable[[], bool] | None = None,
    ) -> Receipt | None:
        """Raises NotSent, unless it was done already."""
        del key
        if done is not None and done():
            return None
        raise NotSent(to, data)

    def recover(self, *, wait: bool = False) -> list[str]:
        """Nothing was left."""
        del wait
        return []


@dataclass(frozen=True, slots=True)
class KeeperSite:
    """A deployment and the account that acts on it."""

    client: ChainClient
    deployment: Deployment
    sender: Submits
    currency: Currency

    def address(self, contract: str) -> Address:
        """Address of a contract of the deployment."""
        return self.deployment.address(contract)

    def ask(self, contract: str, call: Call[R]) -> R:
        """What a contract of the deployment answers."""
        return self.client.call(self.address(contract), call)

    def money(self, minor: int) -> str:
        """An amount for people."""
        return f"{format_amount(minor, self.currency)} {self.currency.code}"


def streams_of(client: ChainClient, deployment: Deployment) -> list[Stream]:
    """All streams of the deployment, from the registry's events, by number."""
    registry = deployment.address("StreamRegistry")
    found: dict[int, Stream] = {}
    head = client.block_number()
    for first in range(deployment.block, head + 1, LOG_RANGE):
        last = min(first + LOG_RANGE - 1, head)
        for log in client.logs(first, last, [registry], [stream_registry.StreamOpened.TOPIC]):
            event = stream_registry.StreamOpened.decode(log.topics, log.data)
            code = event.code.rstrip(b"\0").decode("ascii", errors="replace")
            found[event.stream] = Stream(event.stream, code)
    return [found[number] for number in sorted(found)]


def stream_named(name: str, streams: list[Stream]) -> Stream:
    """The stream with this number or code; ConfigError if there is not exactly one."""
    fitting = [each for each in streams if name in (str(each.number), each.code)]
    if len(fitting) == 1:
        return fitting[0]
    known = ", ".join(f"{each.code} ({each.number})" for each in streams) or "none"
    raise ConfigError(
        "the stream is not known" if not fitting else "several streams have this code",
        field="stream",
        value=name,
        rule=f"number or code of a stream of the deployment: {known}",
        remedy="name one of these; use the number where codes repeat",
    )


def when(time: int) -> str:
    """A time of the chain for people."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%SZ")

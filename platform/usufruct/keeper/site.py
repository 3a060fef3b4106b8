"""What the keeper's parts share: the chain, the contracts, the sender, and words for what happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from usufruct.chain.client import ChainClient
from usufruct.chain.sender import Sender
from usufruct.contracts import Address, Call, stream_registry
from usufruct.deploy.record import Deployment
from usufruct.errors import ConfigError
from usufruct.money import Currency, format_amount

__all__ = ["KeeperSite", "Outcome", "Stream", "streams_of"]

R = TypeVar("R")
LOG_RANGE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream on the chain."""

    number: int
    code: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the keeper did or found, in words."""

    kind: str
    """settled, paid, waiting, withheld, refused, funded, announced, kept, closed, redeemed or late."""
    text: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KeeperSite:
    """A deployment and the account that acts on it."""

    client: ChainClient
    deployment: Deployment
    sender: Sender
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

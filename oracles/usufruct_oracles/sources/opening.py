"""How a worker opens the sources that its configuration names."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from usufruct.clock import Clock
from usufruct.config import Community
from usufruct_oracles.settings import Section
from usufruct_oracles.sources.base import Source
from usufruct_oracles.sources.messages import MessageSource


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a source may need of its worker.

    Attributes:
        community: The community.
        clock: The chain's time: says which days are over.
        chain_id: Number of the chain; `usufruct.keys.load_key` wants it for a gateway's key.
        stack: Closes what the source opened (connections, servers, threads) when the worker stops.
    """

    community: Community
    clock: Clock
    chain_id: int
    stack: ExitStack


class SourceSettings(Protocol):
    """The settings of one source, read and checked, before the worker starts."""

    def open(self, surroundings: Surroundings) -> Source | MessageSource:
        """The source, ready to be polled."""
        ...


@runtime_checkable
class Erasing(Protocol):
    """Settings of a source that keeps files of its own, out of which a household can be taken."""

    def erase(self, community: Community, stream: str, meter: str) -> int:
        """Takes out all that the meter with this code said; number of files changed. Doing it again is safe.

        Raises:
            ConfigError: A file cannot be read or written.
        """
        ...

    def shared(self, community: Community, meter: str) -> list[Path]:
        """Files that speak of the meter and of others, too, and cannot be cut apart: the operator has to."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of source.

    Attributes:
        keys: Keys of its table, without `kind`; another key is a mistake.
        read: Reads and checks the table; raises ConfigError by `Section.error`.
    """

    keys: Collection[str]
    read: Callable[[Section], SourceSettings]

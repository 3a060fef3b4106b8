"""What the application needs besides a request: the ledger, the renderer, the deployment, the index's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeVar, cast

from fastapi import Request

from usufruct.api.auth.principal import Access
from usufruct.api.kept import Kept
from usufruct.api.rates import Rates
from usufruct.api.render import Renderer
from usufruct.api.turns import Turns
from usufruct.chain.client import ChainClient
from usufruct.clock import Clock, SystemClock
from usufruct.index.runner import Progress
from usufruct.ledger.database import Database

__all__ = ["Once", "Service", "service_of"]

T = TypeVar("T")
_REFUSALS_PER_SECOND: Final = 10


class Once:
    """Keeps the answer to a costly question for as long as the block and the chain stay the same, whoever asks."""

    def __init__(self) -> None:
        self._turns = Turns(1, 4)
        self._known: tuple[tuple[int, bytes], object] | None = None

    async def at(self, block: int, newest: bytes, make: Callable[[], T]) -> T:
        """The answer as of a block of the chain whose newest block has a hash.

        One thread of its own makes it, a few callers wait. Raises Problem for those beyond.
        """
        wanted = (block, newest)

        def made() -> T:
            if self._known is None or self._known[0] != wanted:
                self._known = (wanted, make())
            return cast("T", self._known[1])

        known = self._known
        return made() if known and known[0] == wanted else await self._turns.of(made)


@dataclass(frozen=True)
class Service:
    """Everything that requests share.

    Attributes:
        database: The migrated ledger.
        render: Turns rows into objects.
        chain_id: The chain the ledger follows.
        contracts: Addresses of the deployment by name.
        progress: How far the index is; it is written by the indexer's thread.
        ready_lag: Blocks the index may lag behind the chain and still be ready.
        chain: A node to ask what the ledger does not hold, such as whether a transfer would be refused; None for none.
        reader_rpc: Address of a node that readers' browsers may ask for themselves; None for none.
        access: Who may see what.
        clock: The time that tokens and records of access are by.
        bank_journal: File of the bank transfers that statements of account tell of; None for none.
    """

    database: Database
    render: Renderer
    chain_id: int
    contracts: Mapping[str, str]
    progress: Progress = field(default_factory=Progress)
    ready_lag: int = 64
    chain: ChainClient | None = None
    reader_rpc: str | None = None
    access: Access = field(default_factory=Access)
    clock: Clock = field(default_factory=SystemClock)
    bank_journal: Path | None = None

    reconciled: Once = field(default_factory=Once)
    """The last comparison of the ledger with the chain."""
    kept: Kept = field(default_factory=Kept)
    """What requests find alike."""
    refusals: Rates = field(default_factory=lambda: Rates(_REFUSALS_PER_SECOND))
    """How many refusals of one address are recorded, whatever it may ask: each is a row that stays for good."""

    documents: Turns = field(default_factory=lambda: Turns(2, 16))
    """Lets two documents be made at a time, such as a statement of account or a proof: each is a second of a core."""
    questions: Turns = field(default_factory=lambda: Turns(8, 32))
    """Lets eight requests ask the node at a time, which may be slow."""
    replays: Turns = field(default_factory=lambda: Turns(1, 4, pause=5))
    """Lets one period be replayed at a time: it is all of its readings."""

    proofs: Turns = field(default_factory=lambda: Turns(2, 16, pause=5))
    """Lets two uploaded proofs be checked at a time: each asks the node many questions."""
    contract_wallets: Turns = field(default_factory=lambda: Turns(2, 16))
    """Lets two contracts be asked at a time whether they signed: their code is the caller's choice."""

    @cached_property
    def version(self) -> str:
        """Changes with everything that shapes answers but is not in the ledger; part of every ETag."""
        return _VERSION + sha256(repr(self.render).encode()).hexdigest()[:8]


def service_of(request: Request) -> Service:
    """The service that the application was made with."""
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


_VERSION = "1-"

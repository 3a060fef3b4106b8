"""Gathers signatures until the threshold is reached.

Peers are asked all at once. This worker's own signature is made last, when it completes the quorum: a
proposer that finds no agreement has then pledged itself to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Protocol

from usufruct.core.signing import pack_signatures, recover
from usufruct.errors import EvidenceError
from usufruct_oracles.chainstate import Signers
from usufruct_oracles.desk import Barred
from usufruct_oracles.peers import BAD_SIGNATURE, Peer, Refused, Signed
from usufruct_oracles.pledges import Equivocation
from usufruct_oracles.witness import BARRED, Witness

_THREADS = 16

Own = Callable[[], bytes]
"""Makes this worker's own signature, after storing the pledge; may raise Equivocation or Barred."""


@dataclass(frozen=True, slots=True)
class Quorum:
    """Enough signatures, as the contracts take them.

    Attributes:
        signers: Bitmap over the signer table.
        signatures: 64 bytes for each set bit, in ascending order.
        refusals: Who did not sign, as far as it was known in time.
    """

    signers: int
    signatures: bytes
    refusals: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Too few signatures: how many there are, how many are needed, and why the others are missing."""

    given: int
    needed: int
    refusals: tuple[Refused, ...]


class Asking(Protocol):
    """Puts one question to several peers."""

    def ask(
        self, peers: Sequence[Peer], path: str, proposal: Mapping[str, object]
    ) -> Iterator[Signed | Refused]:
        """The answers as they come; whoever stops taking them does not wait for the others."""
        ...

    def close(self) -> None:
        """Ask no more."""
        ...


class AtOnce:
    """Asks all peers at the same time, each in a thread."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, "peer")

    def ask(
        self, peers: Sequence[Peer], path: str, proposal: Mapping[str, object]
    ) -> Iterator[Signed | Refused]:
        """The answers as they come."""
        asked = [self._pool.submit(peer.ask, path, proposal) for peer in peers]
        for future in as_completed(asked):
            yield future.result()

    def close(self) -> None:
        """End the threads; questions under way end by their own time limit."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class Gatherer:
    """Asks the peers; close it to end its threads.

    Args:
        peers: Who is asked, or what finds it out anew for each question.
        address: This worker's own address.
        asking: How they are asked, by default all at once.
        witness: Takes note of what the peers sign, and knows whose signature does not count.
    """

    def __init__(
        self,
        peers: Sequence[Peer] | Callable[[], Sequence[Peer]],
        address: str,
        asking: Asking | None = None,
        witness: Witness | None = None,
    ) -> None:
        self._peers = peers
        self._address = address
        self._asking = asking or AtOnce()
        self._witness = witness

    def close(self) -> None:
        """Ask no more."""
        self._asking.close()

    def gather(
        self,
        path: str,
        proposal: Mapping[str, object],
        digest: bytes,
        signers: Signers,
        own: Own,
    ) -> Quorum | Shortfall:
        """Collect signatures over `digest` from members of `signers`.

        Args:
            path: Where the peers take such proposals.
            proposal: What they are asked to sign.
            digest: Its digest, against which every signature is checked.
            signers: The table in force.
            own: Makes this worker's own signature.
        """
        tally = _Tally(digest, signers, self._address)
        tally.try_own(own)
        if not tally.is_complete:
            peers = self._peers() if callable(self._peers) else self._peers
            for found in self._asking.ask(peers, path, proposal):
                answer = self._note(proposal, found) if isinstance(found, Signed) else found
                tally.take(answer)
                tally.try_own(own)
                if tally.is_complete:
                    break
        return tally.result()

    def _note(self, proposal: Mapping[str, object], answer: Signed) -> Signed | Refused:
        """The answer, or a refusal if its signer does not count for now."""
        if self._witness is None:
            return answer
        kind = "batch" if "batch" in proposal else "statement"
        signer = self._witness.saw(kind, proposal.get(kind), answer.signature, answer.peer)
        if signer is not None and self._witness.is_barred(signer):
            return Refused(answer.peer, BARRED, f"{signer} has signed two different things")
        return answer


class _Tally:
    """Counts valid signatures by distinct members of the table."""

    def __init__(self, digest: bytes, signers: Signers, address: str) -> None:
        self._digest = digest
        self._signers = signers
        self._address = address
        self._by: dict[str, bytes] = {}
        self._refusals: list[Refused] = []
        self._may_sign = signers.place(address) is not None

    @property
    def is_complete(self) -> bool:
        return len(self._by) >= self._signers.threshold

    def take(self, answer: Signed | Refused) -> None:
        if isinstance(answer, Refused):
            self._refusals.append(answer)
            return
        try:
            signer = recover(self._digest, answer.signature)
        except EvidenceError as error:
            self._refuse(answer, error.message)
            return
        if self._signers.place(signer) is None or signer.lower() == self._address.lower():
            self._refuse(answer, f"signed by {signer}, who is no other member of the table")
            return
        self._by[signer] = answer.signature

    def _refuse(self, answer: Signed, why: str) -> None:
        self._refusals.append(Refused(answer.peer, BAD_SIGNATURE, why))

    def try_own(self, own: Own) -> None:
        """Add this worker's signature if it completes the quorum."""
        if not self._may_sign or len(self._by) != self._signers.threshold - 1:
            return
        try:
            self._by[self._address] = own()
        except (Equivocation, Barred) as error:
            # The others may still reach the quorum without this worker.
            self._may_sign = False
            code = BARRED if isinstance(error, Barred) else "equivocation"
            self._refusals.append(Refused("self", code, error.one_line()))

    def result(self) -> Quorum | Shortfall:
        refusals = tuple(self._refusals)
        if not self.is_complete:
            return Shortfall(len(self._by), self._signers.threshold, refusals)
        signers, signatures = pack_signatures(self._signers.table, self._by)
        return Quorum(signers, signatures, refusals)

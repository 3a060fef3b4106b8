"""Sending transactions so that each intended effect happens exactly once, whatever dies in between.

Every effect has a natural key. The signed transaction is stored in the outbox before any node sees
it; whoever comes back later, even after a crash, finds it there, broadcasts the very same bytes
again and waits for them. A second transaction for the same key is signed only when the first can
never be mined any more.

Several threads may share a Sender, several processes an outbox: nonces come from the outbox, under
its lock. A process with the same key and *another* outbox may take a nonce away; that is noticed,
and the transaction signed anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, NoReturn

from usufruct.chain import crash
from usufruct.chain.client import ChainClient, RpcError
from usufruct.chain.courier import Courier
from usufruct.chain.outbox import ChainAccount, Entry, NonceMoved, Outbox, Request, State
from usufruct.chain.records import Receipt
from usufruct.chain.signer import KeyHolder, Signer
from usufruct.clock import SystemTimer, Timer
from usufruct.errors import ChainError

__all__ = ["Sender", "Timing"]

_LOST_CHECKS: Final = 3
_MOST_GAPS: Final = 16
_PLAIN_GAS: Final = 21_000
Done = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Timing:
    """How patient a Sender is; all in seconds."""

    timeout: float = 180.0
    """Until `submit` gives up waiting; the transaction stays in the outbox."""
    stuck_after: float = 30.0
    """Without a receipt for so long, the fees are raised."""
    rebroadcast_after: float = 3.0
    """Without a receipt for so long, a node that has forgotten the transaction is told again."""
    poll: float = 0.01
    """First pause between two looks; it grows to `poll_most`."""
    poll_most: float = 1.0
    max_fee_cap: int = 1_000_000_000_000
    """Most wei per gas that fees are raised to."""


class Sender:
    """Sends transactions of one account through one node and one outbox.

    `key` is the account's private key (32 bytes), or an object that holds it (such as a
    LocalAccount); it is kept blanked and never shown.
    """

    def __init__(
        self,
        client: ChainClient,
        key: bytes | KeyHolder,
        outbox: Outbox,
        *,
        timing: Timing | None = None,
        timer: Timer | None = None,
    ) -> None:
        self._client = client
        self._outbox = outbox
        self._timing = timing or Timing()
        self._timer = timer or SystemTimer()
        self._lock = threading.Lock()
        self._recovered = False
        self._signer = Signer(client, key if isinstance(key, bytes) else key.key)
        self._courier = Courier(client, outbox, self._signer, self._timing.max_fee_cap)
        self.address = self._signer.address
        self._account = ChainAccount(client.chain_id, client.genesis, self.address)

    def __repr__(self) -> str:
        return f"Sender({self.address} on chain {self._account.chain_id})"

    # --- Public ---

    def submit(
        self,
        key: str,
        to: str | None,
        data: bytes,
        *,
        value: int = 0,
        done: Done | None = None,
        timeout: float | None = None,
        nonce: int | None = None,
    ) -> Receipt | None:
        """Makes the effect named `key` happen once and waits until it is mined.

        Args:
            key: Natural key of the effect; the same key never takes effect twice.
            to: Contract or account, None to create a contract.
            data: Call data or creation code.
            value: Wei to send along.
            done: Tells whether the effect is on the chain already, whoever caused it.
            timeout: Seconds to wait, by default Timing.timeout.
            nonce: Refuse unless the transaction gets this nonce (for predicted addresses).

        Returns:
            The receipt, or None if `done` said that nothing is left to do.

        Raises:
            ContractError: The contract refuses; nothing was sent, or it was mined and failed. The
                key is free again.
            ChainError: The node cannot be reached, refuses, or did not mine in time (the entry
                stays and continues).
            NonceMoved: The next nonce is not `nonce`.
        """
        deadline = self._timer.monotonic() + (self._timing.timeout if timeout is None else timeout)
        self._require_chain()
        self._recover_once()
        entry = self._outbox.entry(self._account, key)
        if entry is not None:
            receipt, entry = self._continue(entry, done, deadline)
            if receipt is not None:
                return receipt
        while done is None or not done():
            entry = self._send(key, to, data, value, seen=entry, nonce=nonce)
            receipt, entry = self._wait(entry, deadline)
            if receipt is not None:
                return receipt
        return None

    def recover(self, *, wait: bool = False) -> list[str]:
        """Broadcasts again what a crash left pending; returns the keys that still wait.

        With `wait` it stays until all have one, or raises ChainError after Timing.timeout.
        """
        waiting = []
        for entry in self._outbox.pending(self._account):
            receipt = self._courier.find(entry)
            if receipt is not None:
                self._record(entry, receipt)
            elif self._is_lost(entry):
                self._outbox.move(entry, State.DROPPED)
            elif self._is_accepted(entry):
                waiting.append(entry)
        self._recovered = True
        if wait:
            deadline = self._timer.monotonic() + self._timing.timeout
            for entry in waiting:
                self._await(entry, deadline)
        return [entry.key for entry in waiting if not wait]

    def _is_accepted(self, entry: Entry) -> bool:
        """Broadcasts an older entry; one that the node refuses must not block all later ones."""
        try:
            self._courier.broadcast(entry)
        except RpcError:
            self._outbox.move(entry, State.DROPPED)
            return False
        return True

    def next_nonce(self) -> int:
        """The nonce the next new transaction gets, if nobody is faster."""
        taken = {entry.nonce for entry in self._outbox.pending(self._account)}
        nonce = self._courier.first_free()
        while nonce in taken:
            nonce += 1
        return nonce

    # --- What is in the outbox already ---

    def _recover_once(self) -> None:
        # New transactions would wait for ever behind an older one that a crash kept from the node.
        with self._lock:
            if not self._recovered:
                self.recover()

    def _continue(
        self, entry: Entry, done: Done | None, deadline: float
    ) -> tuple[Receipt | None, Entry]:
        """Follows an entry that was stored earlier.

        No receipt means that it has to be sent anew.
        """
        if entry.state in {State.MINED, State.DROPPED}:
            receipt = self._courier.find(entry)
            if receipt is not None and self._is_own(entry, receipt):
                entry = self._record(entry, receipt)
                # The same effect may be wanted again after somebody undid it; only `done` can tell.
                return (receipt if done is None or done() else None), entry
        if entry.state is State.MINED:
            entry = self._reopen(entry)
        if entry.state is State.PENDING:
            return self._wait(entry, deadline)
        return None, entry

    def _is_own(self, entry: Entry, receipt: Receipt) -> bool:
        """True if a mined transaction is this entry's success, and not that of its successor."""
        if entry.state is State.MINED:
            return True
        return receipt.status == 1 and not self._outbox.is_shared(entry, receipt.tx_hash)

    def _reopen(self, entry: Entry) -> Entry:
        """A reorganisation took the transaction out of the chain.

        It is pending again if it still fits.
        """
        gap = self._courier.first_free() < entry.nonce
        if gap and not self._courier.may_be_known(entry):
            return self._outbox.move(entry, State.DROPPED)
        entry = self._outbox.reopen(entry)
        if entry.state is State.PENDING:
            self._courier.broadcast(entry)
        return entry

    # --- Sending ---

    def _send(
        self,
        key: str,
        to: str | None,
        data: bytes,
        value: int,
        *,
        seen: Entry | None,
        nonce: int | None,
    ) -> Entry:
        request = self._signer.prepare(to, data, value)
        fees = self._courier.fees()
        self._signer.require_funds(request, fees)

        # The lock covers the first broadcast: if it is refused, no later nonce has been given out
        # yet.
        with self._lock:
            entry, new = self._outbox.store(
                self._account,
                key,
                request,
                self._courier.first_free,
                partial(self._signer.sign, request, fees=fees),
                seen=seen,
                expected_nonce=nonce,
            )
            if new:
                crash.point("outbox.stored")
                self._courier.broadcast_first(entry)
                crash.point("tx.sent")
        return entry

    def _require_chain(self) -> None:
        found, genesis = self._client.identity()
        if (found, genesis) != (self._account.chain_id, self._account.genesis):
            raise ChainError(
                f"{self._client.url} now serves chain {found} that begins with 0x{genesis.hex()}",
                field="chain id",
                value=found,
                rule=f"this sender was started on chain {self._account.chain_id} that begins with "
                f"0x{self._account.genesis.hex()}",
                remedy="point --rpc at the right node and start again",
            )

    # --- Waiting ---

    def _wait(self, entry: Entry, deadline: float) -> tuple[Receipt | None, Entry]:
        """As `_await`; raises the reason if the transaction failed."""
        receipt, entry = self._await(entry, deadline)
        if receipt is not None and receipt.status == 0:
            self._raise_reason(entry, receipt)
        return receipt, entry

    def _await(self, entry: Entry, deadline: float) -> tuple[Receipt | None, Entry]:
        """Waits for the entry's receipt and records it; none if its nonce went to another one."""
        timing, pause = self._timing, self._timing.poll
        bumped_at = told_at = self._timer.monotonic()
        while True:
            receipt = self._courier.find(entry)
            if receipt is not None:
                crash.point("tx.mined")
                return receipt, self._record(entry, receipt)
            if self._is_lost(entry):
                return None, self._outbox.move(entry, State.DROPPED)
            now = self._timer.monotonic()
            if now >= deadline:
                raise self._late(entry)
            if now - bumped_at >= timing.stuck_after:
                entry, bumped_at, told_at = self._hurry(entry), now, now
            elif now - told_at >= timing.rebroadcast_after:
                self._clear_the_way(entry)
                self._courier.tell_again(entry)
                told_at = now
            self._timer.sleep(pause)
            pause = min(pause * 1.5, timing.poll_most)

    def _is_lost(self, entry: Entry) -> bool:
        """True if the nonce was used by a transaction that is not this one."""
        for check in range(_LOST_CHECKS):
            if (
                self._client.nonce(self.address) <= entry.nonce
                or self._courier.find(entry) is not None
            ):
                return False
            if check < _LOST_CHECKS - 1:
                # Behind a load balancer the receipt may come from a node that lags.
                self._timer.sleep(self._timing.poll_most)
        return True

    def _hurry(self, entry: Entry) -> Entry:
        """Raises the fees of whichever transaction holds the account up; returns the entry as it is now."""
        first = self._client.nonce(self.address)
        if first == entry.nonce:
            return self._courier.bump(entry)
        for earlier in self._outbox.pending(self._account):
            if earlier.nonce == first:
                self._courier.bump(earlier)
        return entry

    def _clear_the_way(self, entry: Entry) -> None:
        """Sees to it that the nonces before this entry's are used: without them it can never be mined.

        An earlier transaction of the outbox that the node has forgotten is broadcast again. A nonce that nobody has
        a transaction for, as a refused transaction or a node that lies leaves behind, is used for a payment of
        nothing to the account itself.
        """
        first = self._client.nonce(self.address)
        earlier = {each.nonce: each for each in self._outbox.pending(self._account)}
        for nonce in range(first, min(entry.nonce, first + _MOST_GAPS)):
            if nonce in earlier:
                self._courier.tell_again(earlier[nonce])
            elif self._courier.first_free() == nonce:
                self._fill(nonce)

    def _fill(self, nonce: int) -> None:
        fees = self._courier.fees()
        key, request = f"fill/{nonce}", Request(self.address, b"", 0, _PLAIN_GAS)
        with self._lock, suppress(NonceMoved):
            entry, _ = self._outbox.store(
                self._account,
                key,
                request,
                lambda: nonce,
                partial(self._signer.sign, request, fees=fees),
                seen=self._outbox.entry(self._account, key),
                expected_nonce=nonce,
            )
            self._courier.broadcast_first(entry)

    def _record(self, entry: Entry, receipt: Receipt) -> Entry:
        entry = self._outbox.move(entry, State.MINED if receipt.status == 1 else State.REVERTED)
        crash.point("tx.recorded")
        return entry

    def _raise_reason(self, entry: Entry, receipt: Receipt) -> NoReturn:
        """Asks for the failed call once more at its block, so that the revert's reason is raised."""
        self._signer.simulate(entry.request, receipt.block_number)
        raise ChainError(
            f"{entry.key} failed in block {receipt.block_number}",
            field="transaction",
            value=receipt.tx_hash,
            rule="it was mined but reverted, for a reason that no longer shows",
            remedy="run the command again; the effect did not happen",
        )

    def _late(self, entry: Entry) -> ChainError:
        return ChainError(
            f"{entry.key} is not mined yet",
            field="transaction",
            value=entry.attempts[-1].tx_hash,
            rule=f"it waits at nonce {entry.nonce} of {self.address}",
            remedy="run the command again to go on waiting; it will not be sent twice",
        )

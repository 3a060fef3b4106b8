"""Brings signed transactions to a node, and back what became of them; whether to send at all is the `Sender`'s."""

from __future__ import annotations

from typing import Final

from usufruct.chain.client import ChainClient, RpcError
from usufruct.chain.outbox import Entry, Outbox, State
from usufruct.chain.records import Receipt
from usufruct.chain.signer import Fees, Signer, bumped
from usufruct.errors import ChainError

__all__ = ["Courier"]

_KNOWN_TEXTS: Final = (
    "already known",
    "alreadyknown",
    "already imported",
    "same hash was already",
    "known transaction",
    "already in the txpool",
)
_DECIDED_LATER: Final = ("nonce too low", "oldnonce", "replace")


class Courier:
    """Speaks to the node for one account.

    `most_fee` is what a unit of gas may cost at most, in wei.
    """

    def __init__(self, client: ChainClient, outbox: Outbox, signer: Signer, most_fee: int) -> None:
        self._client = client
        self._outbox = outbox
        self._signer = signer
        self._most_fee = most_fee

    def first_free(self) -> int:
        """The nonce after all that the node knows of, or after the mined ones where it tells of no others."""
        try:
            return self._client.nonce(self._signer.address, "pending")
        except RpcError:
            # A node without a pending block refuses; what is under way from here, the outbox knows.
            return self._client.nonce(self._signer.address)

    def fees(self) -> Fees:
        """What the node asks for; ChainError if it is more than is ever paid."""
        # What a node asks for is paid: one that lies could burn all that the account has.
        fees = self._signer.fees()
        cap = self._most_fee
        if fees.most > cap:
            raise ChainError(
                f"{self._client.url} asks for {fees.most} wei per gas",
                field="maxFeePerGas",
                value=fees.most,
                rule=f"at most {cap} wei per gas are paid",
                remedy="wait until fees have fallen, or ask another node; nothing was sent",
            )
        return fees

    def broadcast_first(self, entry: Entry) -> None:
        """Tells the node for the first time; an entry that it refuses is dropped."""
        try:
            self.broadcast(entry)
        except RpcError:
            # Refused, not lost: no node holds it, so its nonce can be given to another.
            self._outbox.move(entry, State.DROPPED)
            raise

    def broadcast(self, entry: Entry) -> None:
        """Tells the node the newest signed form.

        One that it holds or has seen already is no error.
        """
        try:
            self._client.rpc("eth_sendRawTransaction", "0x" + entry.attempts[-1].raw.hex())
        except RpcError as error:
            text = error.text.lower()
            # A nonce that is taken, or not to be replaced: the Sender judges by what becomes of it.
            told = any(known in text for known in (*_KNOWN_TEXTS, *_DECIDED_LATER))
            if not told and not self.may_be_known(entry):
                raise

    def may_be_known(self, entry: Entry) -> bool:
        """True if the node holds a form of the transaction, or cannot tell.

        What a node might still mine must never be given up and signed anew, whatever words it used.
        """
        try:
            return any(self._client.knows_transaction(each.tx_hash) for each in entry.attempts)
        except ChainError:
            return True

    def bump(self, entry: Entry) -> Entry:
        """Signs the same transaction with the same nonce and higher fees, if the cap allows it."""
        last = entry.attempts[-1]
        fees = self._signer.fees().at_least(bumped(last.max_fee), bumped(last.priority_fee))
        if fees.most > self._most_fee:
            return entry
        attempt = self._signer.sign(entry.request, entry.nonce, fees=fees)
        entry = self._outbox.add_attempt(entry, attempt)
        self.broadcast(entry)
        return entry

    def find(self, entry: Entry) -> Receipt | None:
        """The receipt of whichever signed form was mined."""
        for attempt in reversed(entry.attempts):
            receipt = self._client.receipt(attempt.tx_hash)
            if receipt is not None:
                return receipt
        return None

    def tell_again(self, entry: Entry) -> None:
        """Tells a node that has forgotten the transaction."""
        if not self._client.knows_transaction(entry.attempts[-1].tx_hash):
            self.broadcast(entry)

"""Pricing and signing transactions: gas with a margin, EIP-1559 fees, the private key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

from usufruct.chain.client import BlockTag, ChainClient, RpcError
from usufruct.chain.outbox import Attempt, Request
from usufruct.chain.profiles import profile_of
from usufruct.chain.records import quantity
from usufruct.contracts import ContractError
from usufruct.errors import ChainError
from usufruct.keys import SecretBytes, address_of_key

__all__ = ["MAX_GAS", "Fees", "KeyHolder", "Signer", "bumped"]

MAX_GAS: Final = 16_777_216
"""Most gas of one transaction (EIP-7825)."""

_FALLBACK_PRIORITY_FEE: Final = 1_000_000_000


class KeyHolder(Protocol):
    """An object with a private key, such as eth_account's LocalAccount."""

    @property
    def key(self) -> bytes:
        """The private key, 32 bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Fees:
    """Wei per gas: the most that is paid, and what of it goes to the block's proposer."""

    most: int
    priority: int

    def at_least(self, most: int, priority: int) -> Fees:
        """These fees, raised to the given ones where they are lower."""
        priority = max(self.priority, priority)
        return Fees(max(self.most, most, priority), priority)


class Signer:
    """Prepares and signs transactions of one key; the key is blanked in every representation."""

    def __init__(self, client: ChainClient, key: bytes) -> None:
        self._client = client
        self._key = SecretBytes(key)
        self._chain_id = client.chain_id
        self.address = address_of_key(self._key)

    def __repr__(self) -> str:
        return f"Signer({self.address} on chain {self._chain_id})"

    def prepare(self, to: str | None, data: bytes, value: int) -> Request:
        """The request with its gas limit: a quarter above the estimate or as much as it takes, at most MAX_GAS.

        Raises:
            ContractError: The call would revert; nothing is signed.
            ChainError: It would revert without a reason, or needs too much gas.
        """
        request = Request(to, data, value, MAX_GAS)
        self.simulate(request)
        estimate = self._client.ask(quantity, "eth_estimateGas", self._call(request, limit=False))
        if estimate > MAX_GAS:
            raise ChainError(
                f"the transaction needs {estimate} gas",
                field="gas",
                value=estimate,
                rule=f"one transaction may use {MAX_GAS} gas (EIP-7825)",
                remedy="split it into smaller pages",
            )
        gas = min(estimate * 5 // 4, MAX_GAS)
        # Some nodes tell what the call used: too little where it wants more to be left, as a payment of a page does.
        while gas < MAX_GAS and not self._suffices(Request(to, data, value, gas)):
            gas = min(2 * gas, MAX_GAS)
        return Request(to, data, value, gas)

    def _suffices(self, request: Request) -> bool:
        """False if the call reverts with the request's gas."""
        try:
            self._client.rpc("eth_call", self._call(request, limit=True), "latest")
        except (ContractError, RpcError):
            return False
        return True

    def simulate(self, request: Request, block: BlockTag = "latest") -> None:
        """Makes the call without sending it; raises the error it would end with."""
        tag = hex(block) if isinstance(block, int) else block
        self._client.rpc("eth_call", self._call(request, limit=tag != "latest"), tag)

    def fees(self) -> Fees:
        """What the market asks now; the base fee may double before the transaction is too cheap.

        Nothing on chains where transactions are free.
        """
        if profile_of(self._chain_id).fees == "free":
            return Fees(0, 0)
        try:
            priority = self._client.ask(quantity, "eth_maxPriorityFeePerGas")
        except RpcError:
            priority = _FALLBACK_PRIORITY_FEE
        return Fees(2 * self._client.block("latest").base_fee + priority, priority)

    def require_funds(self, request: Request, fees: Fees) -> None:
        """Raises ChainError unless the account can pay for the request at its dearest."""
        needed = request.value + request.gas * fees.most
        balance = self._client.balance(self.address)
        if balance < needed:
            raise ChainError(
                f"{self.address} cannot pay for the transaction",
                field="balance",
                value=f"{balance} wei",
                rule=f"the transaction may cost up to {needed} wei",
                remedy=f"send at least {needed - balance} wei to {self.address}",
            )

    def sign(self, request: Request, nonce: int, *, fees: Fees) -> Attempt:
        """The signed transaction."""
        from eth_account import Account  # noqa: PLC0415  # a slow import that only whoever sends needs

        fields: dict[str, Any] = {
            "type": 2,  # a fee market of EIP-1559
            "chainId": self._chain_id,
            "nonce": nonce,
            "maxPriorityFeePerGas": fees.priority,
            "maxFeePerGas": fees.most,
            "gas": request.gas,
            "value": request.value,
            "data": request.data,
        }
        if request.to is not None:
            fields["to"] = request.to
        signed = Account.sign_transaction(fields, bytes(self._key))
        raw = bytes(signed.raw_transaction)
        return Attempt(nonce, bytes(signed.hash), raw, fees.most, fees.priority)

    def _call(self, request: Request, *, limit: bool) -> dict[str, str]:
        call = {
            "from": self.address,
            "data": "0x" + request.data.hex(),
            "value": hex(request.value),
        }
        if request.to is not None:
            call["to"] = request.to
        return call | {"gas": hex(request.gas)} if limit else call


def bumped(fee: int) -> int:
    """The least fee that every node takes as a replacement.

    That is 12.5% more, rounded up, and at least 1 wei more.
    """
    return max(fee + 1, -(-fee * 9 // 8))

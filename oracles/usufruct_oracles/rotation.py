"""Changing a worker's key: what has to be done, in which order, and the transaction that the oracle admin schedules.

Nothing here sends anything. The signer table changes in public, after the anchor's delay, by an office that no worker
holds. Until then the worker signs with its old key; from then on with the new one, by itself. What the old key has
signed stays valid: batches and statements name the epoch of their table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from usufruct.contracts import Address, Call, address
from usufruct.contracts import telemetry_anchor as anchor
from usufruct.errors import ConfigError
from usufruct_oracles.chainstate import Signers


@dataclass(frozen=True, slots=True)
class Rotation:
    """A change of one place in the signer table.

    Attributes:
        old: The address that leaves.
        new: The address that takes its place.
        table: The table afterwards, ascending.
        threshold: How many must sign, unchanged.
        epoch: Number of the table afterwards.
    """

    old: Address
    new: Address
    table: tuple[Address, ...]
    threshold: int
    epoch: int

    def schedule(self) -> Call[None]:
        """The oracle admin's call of TelemetryAnchor; anybody activates it after the delay."""
        return anchor.schedule_signers(self.table, self.threshold)


def plan_rotation(signers: Signers, old: str, new: str) -> Rotation:
    """The table in which `new` stands in the place of `old`.

    Raises:
        ConfigError: `old` is not in the table, or `new` already is.
    """
    if signers.place(old) is None or signers.place(new) is not None:
        raise ConfigError(
            "the signer table cannot be changed like this",
            field="signer",
            value=f"{old} → {new}",
            rule="the old address is in the table and the new one is not",
            remedy="look at `usufruct-oracle status`; if the rotation is done, name the new key as `key`",
        )
    kept = [address(each) for each in signers.table if each.lower() != old.lower()]
    table = tuple(sorted((*kept, address(new)), key=str.lower))
    return Rotation(address(old), address(new), table, signers.threshold, signers.epoch + 1)


def steps(rotation: Rotation, to: str, delay: int, keystore: str, password: str) -> Sequence[str]:
    """What people have to do, in order.

    Args:
        rotation: The change.
        to: Address of TelemetryAnchor.
        delay: Seconds that a scheduled table waits.
        keystore: Path of the new keystore.
        password: How its password is named in the configuration, such as `password_env = "NAME"`.
    """
    table = ", ".join(rotation.table)
    return [
        f"new signer  {rotation.new}",
        f"in place of {rotation.old}",
        f"keystore    {keystore}",
        "",
        "1. Keep a copy of the keystore and of its password, apart from each other.",
        "2. Name the key in the worker's configuration and restart the worker; it goes on with the old key:",
        f'     next_key = {{ keystore = "{keystore}", {password} }}',
        f"3. Send {rotation.new} some of the chain's coin: it pays for its own transactions.",
        "4. Tell the other operators the new address, and let the oracle admin check it over another channel.",
        "5. The oracle admin schedules the table, by [oracle] signers in the community file and `usufruct apply`, or:",
        f"     to    {to}",
        f"     data  0x{rotation.schedule().data.hex()}",
        f"     scheduleSigners([{table}], {rotation.threshold})",
        f"6. After {delay} s anybody activates it, by `usufruct apply`, or:",
        f"     to    {to}",
        f"     data  0x{anchor.activate_signers().data.hex()}",
        "     activateSigners()",
        "7. The worker changes keys by itself and logs `key changes`; look at `usufruct-oracle status`.",
        "8. Write next_key's value into key, remove next_key, restart, and destroy the old key.",
        "   What it has signed stays valid: it belongs to its own epoch.",
    ]

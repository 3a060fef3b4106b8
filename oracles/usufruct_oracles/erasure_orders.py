"""Orders to erase a household: signed by a member of the signer table, carried out by each worker (protocol §3c).

An order is a small JSON file. Whoever runs a worker hands it to `usufruct-oracle erase --order FILE`; it says nothing
about the household but its meter's number.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from usufruct.core.documents import integer, keyed, natural, text, wrong
from usufruct.core.encoding import canonical_json, hex0x, load_json, unhex
from usufruct.core.keccak import keccak256
from usufruct.core.signing import SIGNATURE_LENGTH, recover, sign_digest
from usufruct.errors import EvidenceError
from usufruct_oracles.auth import Realm

KIND: Final = "usufruct/erasure"
"""`kind` of the file."""
VERSION: Final = 1
"""Version of the file."""

_TAG: Final = b"usufruct/erasure/1\n"
_KEYS: Final = {"v", "kind", "chainId", "anchor", "meter", "reason", "at", "signature"}
_MOST_REASON: Final = 200


@dataclass(frozen=True, slots=True)
class ErasureOrder:
    """That a household is to be erased.

    Attributes:
        realm: The deployment it is for.
        meter: Number of the meter.
        reason: Why, for the record; it stays, so it names nobody.
        at: When it was given, unix seconds.
        signature: A signer's over all of it, 64 bytes.
    """

    realm: Realm
    meter: int
    reason: str
    at: int
    signature: bytes

    @property
    def signer(self) -> str:
        """Address of whoever signed it.

        Raises:
            EvidenceError: The signature is none.
        """
        return recover(_digest(self.realm, self.meter, self.reason, self.at), self.signature)

    def require_member(self, table: Collection[str]) -> None:
        """Refuses an order that no member of the signer table gave.

        Raises:
            EvidenceError: Its signer is not in the table.
        """
        signer = self.signer
        if signer.lower() not in {each.lower() for each in table}:
            raise EvidenceError(
                "the order is not the oracle's",
                field="signer",
                value=signer,
                rule="a member of the signer table orders an erasure",
                remedy="have it signed by an oracle that is in the table now",
            )

    def written(self) -> bytes:
        """The file."""
        return canonical_json(
            _object(self.realm, self.meter, self.reason, self.at)
            | {"signature": hex0x(self.signature)}
        )

    @classmethod
    def read(cls, data: bytes, realm: Realm) -> ErasureOrder:
        """The order in a file.

        Raises:
            InputError: It is no order, or one for another deployment.
        """
        top = keyed(load_json(data), _KEYS, "erasure order")
        for name, expected in (
            ("kind", KIND),
            ("v", VERSION),
            ("chainId", realm.chain_id),
            ("anchor", realm.anchor),
        ):
            if top[name] != expected or isinstance(top[name], bool):
                raise wrong(name, top[name], f"must be {expected}")
        reason = _reason(text(top["reason"], "reason"))
        signature = unhex(text(top["signature"], "signature"), SIGNATURE_LENGTH)
        meter = natural(top["meter"], "meter")
        return cls(realm, meter, reason, integer(top["at"], "at"), signature)


def give_order(key: bytes, realm: Realm, meter: int, reason: str, at: int) -> ErasureOrder:
    """A signed order.

    Raises:
        InputError: The reason is empty, too long or not of one printable line.
    """
    digest = _digest(realm, meter, _reason(reason), at)
    return ErasureOrder(realm, meter, reason, at, sign_digest(key, digest))


def _object(realm: Realm, meter: int, reason: str, at: int) -> dict[str, object]:
    return {
        "v": VERSION,
        "kind": KIND,
        "chainId": realm.chain_id,
        "anchor": realm.anchor,
        "meter": meter,
        "reason": reason,
        "at": at,
    }


def _digest(realm: Realm, meter: int, reason: str, at: int) -> bytes:
    return keccak256(_TAG + canonical_json(_object(realm, meter, reason, at)))


def _reason(reason: str) -> str:
    if not reason.strip() or len(reason) > _MOST_REASON or not reason.isprintable():
        raise wrong(
            "reason", reason[:_MOST_REASON], f"one printable line of at most {_MOST_REASON}"
        )
    return reason

"""Proofs that a signer signed two different things for one place, which anybody can check offline.

A proof holds both messages and both signatures. Whoever has it recomputes the two EIP-712 digests, recovers the
two signers and sees that they are one; neither a journal nor a chain is needed. What a proof does not say is why: a
defect, a stolen key and a lie look the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from usufruct.core.documents import keyed, natural, text, wrong
from usufruct.core.encoding import canonical_json, hex0x, load_json, unhex
from usufruct.core.signing import SIGNATURE_LENGTH, recover
from usufruct.core.typed_data import Domain, batch_digest, statement_digest
from usufruct.errors import EvidenceError
from usufruct_oracles.pledges import Place
from usufruct_oracles.wire import Json, batch_from, batch_to, statement_from, statement_to

KIND: Final = "usufruct/equivocation"
VERSION: Final = 1
MOST_BYTES: Final = 1 << 16
"""Longest document that is read."""

_KEYS = {"v", "kind", "chainId", "contract", "type", "signer", "one", "other"}
_SIDE = {"message", "signature"}


@dataclass(frozen=True, slots=True)
class Message:
    """A batch or a statement as it was signed.

    Attributes:
        place: What may be signed once.
        digest: Its EIP-712 digest.
        body: Its JSON form (protocol §8).
    """

    place: Place
    digest: bytes
    body: Json


@dataclass(frozen=True, slots=True)
class Signature:
    """A message with somebody's signature over it (64 bytes)."""

    message: Message
    signer: str
    signature: bytes


def read_message(kind: str, body: object, domain: Domain) -> Message:
    """The message in a JSON value, with its digest in `domain`.

    Raises:
        InputError: Not exactly one, or of another kind than "batch" and "statement".
    """
    if kind == "batch":
        batch = batch_from(body)
        return Message(Place.of_batch(batch), batch_digest(domain, batch), batch_to(batch))
    if kind == "statement":
        statement = statement_from(body)
        digest = statement_digest(domain, statement)
        return Message(Place.of_statement(statement), digest, statement_to(statement))
    raise wrong("type", kind, '"batch" or "statement"')


def document(domain: Domain, one: Signature, other: Signature) -> bytes:
    """The proof that the signer of both is one, in canonical JSON; the sides in the order of their digests."""
    first, second = sorted((one, other), key=lambda each: each.message.digest)
    return canonical_json(
        {
            "v": VERSION,
            "kind": KIND,
            "chainId": domain.chain_id,
            "contract": domain.contract,
            "type": one.message.place.kind,
            "signer": one.signer,
            "one": _side(first),
            "other": _side(second),
        }
    )


def _side(signed: Signature) -> Json:
    return {"message": signed.message.body, "signature": hex0x(signed.signature)}


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that holds.

    Attributes:
        domain: Chain and contract for which both were signed.
        signer: Who signed both.
        place: What may be signed once.
        digests: Both digests.
    """

    domain: Domain
    signer: str
    place: Place
    digests: tuple[bytes, bytes]


def verify(data: bytes) -> Proof:
    """Check a proof by itself.

    Raises:
        InputError: Not such a document.
        EvidenceError: It does not hold: the signers differ, the places differ, or both sides are the same.
    """
    if len(data) > MOST_BYTES:
        raise wrong("document", f"{len(data)} bytes", f"at most {MOST_BYTES} bytes")
    given = keyed(load_json(data), _KEYS, "equivocation")
    for name, want in (("v", VERSION), ("kind", KIND)):
        if given[name] != want or isinstance(given[name], bool):
            raise wrong(name, given[name], str(want))
    domain = Domain(natural(given["chainId"], "chainId"), text(given["contract"], "contract"))
    kind, signer = text(given["type"], "type"), text(given["signer"], "signer")
    one, other = (_read_side(kind, given[name], domain, name) for name in ("one", "other"))
    for name, side in (("one", one), ("other", other)):
        if side.signer.lower() != signer.lower():
            raise _untrue(f"{name}.signature", side.signer, f"signed by {signer}")
    if one.message.place != other.message.place:
        raise _untrue(
            "other.message", other.message.place, f"for the same place, {one.message.place}"
        )
    if one.message.digest == other.message.digest:
        raise _untrue("other.message", other.message.digest, "another message than the first")
    return Proof(domain, one.signer, one.message.place, (one.message.digest, other.message.digest))


def _read_side(kind: str, value: object, domain: Domain, name: str) -> Signature:
    side = keyed(value, _SIDE, name)
    message = read_message(kind, side["message"], domain)
    signature = unhex(text(side["signature"], f"{name}.signature"), SIGNATURE_LENGTH)
    return Signature(message, recover(message.digest, signature), signature)


def _untrue(field: str, value: object, rule: str) -> EvidenceError:
    return EvidenceError(
        "the document proves no equivocation",
        field=field,
        value=value,
        rule=rule,
        remedy="do not act on it; ask whoever sent it for the document that their worker stored",
    )

"""Sign-In with Ethereum (ERC-4361): the message, to the letter, and the signature under it.

The text is built and read by one grammar: the order of the lines is fixed, nothing may be left between them. Read
are messages without resources and request ids only, since nothing here would look at them. Signatures of keys are
those of `personal_sign` (ERC-191), 65 bytes r ‖ s ‖ v with a low s, so that no message has a second signature; what
contracts say of theirs is asked in `contract_wallets`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from usufruct.contracts import address
from usufruct.core.keccak import keccak256
from usufruct.core.signing import recover
from usufruct.errors import EvidenceError, InputError

__all__ = ["STATEMENT", "Message", "personal_digest", "signer_of"]

STATEMENT: Final = "Sign in to see your income rights. This costs nothing and moves nothing."
MAX_LENGTH: Final = 2_048

_MESSAGE: Final = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]{0,15})://)?(?P<domain>[A-Za-z0-9.:\[\]_-]{1,255}) wants you to sign in with your "
    r"Ethereum account:\n(?P<address>0x[0-9a-fA-F]{40})\n\n(?:(?P<statement>[ -~]{1,500})\n)?\n"
    r"URI: (?P<uri>[!-~]{1,512})\nVersion: 1\nChain ID: (?P<chain>[1-9][0-9]{0,18})\n"
    r"Nonce: (?P<nonce>[A-Za-z0-9]{8,64})\nIssued At: (?P<issued>[0-9TZ:.+-]{20,35})\n"
    r"Expiration Time: (?P<expires>[0-9TZ:.+-]{20,35})(?:\nNot Before: (?P<begins>[0-9TZ:.+-]{20,35}))?",
    re.ASCII,
)
_TIME: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})", re.ASCII
)
_SIGNATURE: Final = re.compile(r"0x[0-9a-fA-F]{130}", re.ASCII)
_V: Final = (27, 28)


@dataclass(frozen=True, slots=True)
class Message:
    """What a wallet signs to sign in.

    Attributes:
        domain: Host and port that asks.
        wallet: 20 bytes.
        uri: The resource that is signed in to.
        chain_id: Its chain.
        nonce: Given by the service for one use.
        issued: Unix seconds.
        expires: Unix seconds.
        begins: Unix seconds before which it does not count, None for at once.
        scheme: http or https, if the message says so.
        statement: The sentence for people, if there is one.
    """

    domain: str
    wallet: bytes
    uri: str
    chain_id: int
    nonce: str
    issued: int
    expires: int
    begins: int | None = None
    scheme: str | None = None
    statement: str | None = STATEMENT

    def text(self) -> str:
        """The message as it is signed."""
        scheme = f"{self.scheme}://" if self.scheme else ""
        sentence = f"{self.statement}\n" if self.statement else ""
        begins = "" if self.begins is None else f"\nNot Before: {_written(self.begins)}"
        return (
            f"{scheme}{self.domain} wants you to sign in with your Ethereum account:\n"
            f"{address(self.wallet)}\n\n{sentence}\nURI: {self.uri}\nVersion: 1\nChain ID: {self.chain_id}\n"
            f"Nonce: {self.nonce}\nIssued At: {_written(self.issued)}\n"
            f"Expiration Time: {_written(self.expires)}{begins}"
        )

    @classmethod
    def parse(cls, text: str) -> Message:
        """The message in a text. Raises InputError for any other text."""
        found = _MESSAGE.fullmatch(text) if len(text) <= MAX_LENGTH else None
        if found is None:
            raise _malformed("it must follow ERC-4361 with an expiration time")
        who = address(found["address"].lower())
        if who != found["address"]:
            raise _malformed("the address must have its checksum (EIP-55)")
        begins = found["begins"]
        return cls(
            domain=found["domain"],
            wallet=bytes.fromhex(who[2:]),
            uri=found["uri"],
            chain_id=int(found["chain"]),
            nonce=found["nonce"],
            issued=_read(found["issued"]),
            expires=_read(found["expires"]),
            begins=None if begins is None else _read(begins),
            scheme=found["scheme"],
            statement=found["statement"],
        )


def personal_digest(text: str) -> bytes:
    """What `personal_sign` signs: Keccak-256 of the ERC-191 form of `text`."""
    raw = text.encode()
    return keccak256(b"\x19Ethereum Signed Message:\n" + str(len(raw)).encode() + raw)


def signer_of(text: str, signature: str) -> bytes:
    """The wallet that signed `text` by `personal_sign`.

    Raises:
        InputError: The signature is not 65 bytes in hex.
        EvidenceError: It is nobody's, or has a high s.
    """
    if not _SIGNATURE.fullmatch(signature):
        raise InputError(
            "this is not a signature",
            field="signature",
            value=signature,
            rule="0x and 130 hexadecimal digits: r, s and v",
            remedy="pass on what personal_sign gave",
        )
    raw = bytes.fromhex(signature[2:])
    high = raw[32] >> 7
    if raw[64] not in _V or high:
        raise EvidenceError(
            "this signature cannot be accepted",
            field="signature",
            value=signature,
            rule="v is 27 or 28, and s is the lower of its two values",
            remedy="sign with another wallet program",
        )
    packed = raw[:32] + bytes([raw[32] | (raw[64] - _V[0]) << 7]) + raw[33:64]
    return bytes.fromhex(recover(personal_digest(text), packed)[2:])


def _written(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read(text: str) -> int:
    try:
        if _TIME.fullmatch(text):
            return int(datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError):
        pass
    raise _malformed("times must be RFC 3339 with an offset")


def _malformed(rule: str) -> InputError:
    return InputError(
        "this is not a message to sign in with",
        field="message",
        rule=rule,
        remedy="sign the text that POST /v1/auth/challenge gives, unchanged",
    )

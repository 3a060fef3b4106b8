"""Signing in, the access log, transactions to be signed, webhooks and events."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from usufruct.api.schemas.common import Model, Money, Period, SeriesRef
from usufruct.api.schemas.income import Withheld


class Listing(Model):
    """Part of a list that is not as of a block."""

    object: Literal["list"]
    has_more: bool
    next: str | None = Field(description="pass it as starting_after for what follows")


class Challenge(Model):
    """What a wallet signs."""

    object: Literal["challenge"]
    message: str = Field(description="sign it with personal_sign, unchanged")
    nonce: str
    expires_at: str


class Session(Model):
    """A sign-in."""

    object: Literal["session"]
    wallet: str
    expires_at: str
    token: str | None = Field(description="bearer token, shown once; null where a cookie was set")
    csrf_token: str | None = Field(description="for the header X-CSRF-Token of writes by cookie")


class RoleBody(Model):
    """A role."""

    role: Literal["investor", "operator", "auditor", "regulator", "transfer-agent"]
    streams: list[int] = Field(description="where it counts; empty: everywhere")


class Whoami(Model):
    """Who asks."""

    object: Literal["principal"]
    actor: str | None
    wallet: str | None
    roles: list[RoleBody]


class SignedOut(Model):
    """The session is over."""

    object: Literal["signed-out"]


class AccessEntry(Model):
    """Something a privileged person or machine read, wrote or was refused."""

    id: str
    object: Literal["access"]
    at: str
    actor: str
    role: str
    action: str
    resource: str
    outcome: Literal["granted", "refused"]
    hash: str = Field(description="covers this entry and the hash of the one before")


class AccessLog(Listing):
    """The access log."""

    data: list[AccessEntry]


class Transaction(Model):
    """A transaction to be signed by a wallet: nothing here holds a key."""

    to: str
    data: str = Field(pattern=r"^0x([0-9a-f]{2})*$")
    value: Literal["0x0"]
    chain_id: int
    function: str


class PreparedClaim(Model):
    """The claim of one series."""

    series: SeriesRef
    amount: Money
    transaction: Transaction


class Claims(Model):
    """Transactions that pay a wallet what it may claim."""

    object: Literal["claims"]
    wallet: str
    sender: str = Field(description="who sends; the money goes to the wallet, whoever sends")
    total: Money
    claims: list[PreparedClaim]
    withheld: Withheld | None
    as_of_block: int
    as_of_time: str


class PreviewLine(Model):
    """What a step of the waterfall would get."""

    step: int
    label: str | None
    kind: str | None
    payee: str | None
    to_series: bool | None
    due: Money
    paid: Money
    released: Money
    balance: Money


class PreviewShare(Model):
    """What a series would distribute."""

    series: SeriesRef
    amount: Money
    units_outstanding: str
    units: str
    holder_gets: Money = Field(description="a holder of `units`, fractions of earlier ones aside")


class Preview(Model):
    """What would happen to receipts; nothing is written."""

    object: Literal["preview"]
    stream: str
    receipts: Money
    fee_multiplier_bp: int
    triggers_breached: list[int]
    lines: list[PreviewLine]
    distributions: list[PreviewShare]
    as_of_block: int
    as_of_time: str


class ProofCheck(Model):
    """One link of a proof."""

    name: str
    ok: bool | None = Field(description="null where an earlier link is broken")
    detail: str


class ProofVerdict(Model):
    """Whether a proof holds."""

    object: Literal["proof-verdict"]
    holds: bool
    payout: str
    checks: list[ProofCheck]


class DocumentVersion(Model):
    """An entry in the history of a document."""

    version: int
    since: str
    attached: bool = Field(description="false where the entry takes the document away")
    supersedes: int | None = Field(description="the version it takes the place of")
    hash: str
    uri: str


class Disclosure(Model):
    """A document that is attached to the project, a stream or a series."""

    object: Literal["disclosure"]
    subject: str
    name: str
    kind: str
    period: Period | None
    hash: str = Field(description="keccak256 of the document")
    uri: str
    since: str
    version: int
    versions: list[DocumentVersion] = Field(description="up to then, the oldest first")


class Disclosures(Listing):
    """Documents that are attached."""

    data: list[Disclosure]
    at: str = Field(description="as attached at this time")


class Prepared(Model):
    """A compliance act for the registrar's wallet to sign."""

    object: Literal["prepared"]
    act: Literal["registration", "freeze", "release"]
    wallet: str
    transaction: Transaction


class Event(Model):
    """A final fact."""

    id: str = Field(description="ascending; pass the last one as starting_after or Last-Event-ID")
    object: Literal["event"]
    type: str = Field(examples=["distribution.created"])
    block: int
    time: str
    data: dict[str, Any]


class Events(Listing):
    """Final facts in their order."""

    data: list[Event]


class Webhook(Model):
    """An address that final facts are sent to."""

    id: str
    object: Literal["webhook"]
    url: str
    types: list[str] = Field(description="empty: all")
    status: Literal["active", "stopped", "removed"]
    delivered_through: str = Field(description="id of the last event that was taken")
    attempts: int = Field(description="failed ones of the next event")
    failure: str | None
    created_at: str


class NewWebhook(Webhook):
    """A webhook with its secret, which is shown once."""

    secret: str = Field(description="whsec_ and 32 bytes in base64: key of the HMAC-SHA256")


class Webhooks(Listing):
    """Webhooks."""

    data: list[Webhook]

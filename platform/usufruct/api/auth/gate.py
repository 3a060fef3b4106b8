"""Lets in whom a resource is for, and notes the privileged. Resources name their rule as a dependency.

Where everything is public nothing is asked. Else: whoever is nobody is told to sign in; whoever asks for what is
another's gets the very answer for what does not exist, so that ids cannot be probed; whoever reads another's
affairs by a role is recorded before the answer goes out.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import bindparam, select

from usufruct.api.auth import journal, store
from usufruct.api.auth.principal import ANONYMOUS, Principal, Role
from usufruct.api.limits import AS_ASKED, require_few_refusals
from usufruct.api.params import wallet_bytes
from usufruct.api.problems import Problem, not_found
from usufruct.api.service import Service, service_of
from usufruct.ledger import ids
from usufruct.ledger.models import offering, series
from usufruct.ledger.reads.funds import HELD_OF_FUND
from usufruct.ledger.reads.standing import OWN_PARTICIPANT

__all__ = [
    "COOKIE",
    "Asking",
    "asking",
    "asking_still",
    "compliance",
    "forbidden",
    "found_out",
    "log_readers",
    "note",
    "others_of_distribution",
    "others_of_series",
    "others_of_some_stream",
    "others_of_streams",
    "own_participant",
    "own_payout",
    "own_wallet",
    "require_known",
    "sign_in_first",
    "whose_subscriptions",
]

COOKIE: Final = "__Host-usufruct"
CSRF: Final = "x-csrf-token"
_SAFE: Final = ("GET", "HEAD", "OPTIONS")
_KEPT: Final = "usufruct.principal"
_STREAM_OF_OFFERING: Final = (
    select(series.c.stream)
    .join(offering, offering.c.series == series.c.id)
    .where(offering.c.id == bindparam("offering"))
)
_STREAMS: Final = select(series.c.slug, series.c.symbol, series.c.address, series.c.stream)


async def asking(request: Request) -> Principal:
    """Who asks, by bearer token, key or cookie; ANONYMOUS without one. A problem if what is given does not count."""
    kept = request.scope.get(_KEPT)
    if isinstance(kept, Principal):
        return kept
    header = request.headers.get("authorization")
    cookie = None if header is not None else request.cookies.get(COOKIE)
    who = ANONYMOUS
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise _not_valid("Authorization must be: Bearer, a space, and a token or key")
        who = await _known(request, token.strip(), cookie=False)
    elif cookie is not None:
        who = await _known(request, cookie, cookie=True)
    request.scope[_KEPT] = who
    return who


Asking = Annotated[Principal, Depends(asking)]
"""Who asks."""


def found_out(request: Request) -> Principal:
    """Who asks, as far as `asking` has found out in this request; ANONYMOUS before."""
    kept = request.scope.get(_KEPT)
    return kept if isinstance(kept, Principal) else ANONYMOUS


async def asking_still(request: Request) -> Principal | None:
    """Who asks in a request that lasts, as of now; None once the token, key or cookie counts no more."""
    was = await asking(request)
    request.scope.pop(_KEPT)
    try:
        now = await asking(request)
    except Problem:
        return None
    return now if now.known or not was.known else None


async def _known(request: Request, token: str, *, cookie: bool) -> Principal:
    service = service_of(request)
    now = service.clock.now()
    secret = store.hashed(token)
    async with service.database.read_async() as reader:
        if token.startswith(store.KEY_PREFIX) and not cookie:
            keys = await reader.rows(store.KEY, {"secret": secret, "now": now})
            if keys:
                return store.principal_of_key(keys[0])
        elif token.startswith(store.SESSION_PREFIX):
            sessions = await reader.rows(store.SESSION, {"token": secret, "now": now})
            if sessions:
                if cookie:
                    _same_site(request, sessions[0].csrf)
                wallet = sessions[0].wallet
                given = await reader.rows(store.GRANTS_OF_WALLET, {"wallet": wallet, "now": now})
                return store.principal_of_wallet(wallet, given)
    if cookie and request.method in _SAFE:
        return ANONYMOUS  # an old cookie must not lock anybody out of what is public
    raise _not_valid("The token or key is unknown, has expired, or was revoked")


def _same_site(request: Request, csrf: bytes) -> None:
    """Refuses a write that another site may have made the browser send."""
    if request.method in _SAFE:
        return
    given = store.hashed(request.headers.get(CSRF, ""))
    if not hmac.compare_digest(given, csrf):
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "csrf-token-missing",
            "A write with the session's cookie needs its CSRF token.",
            field=CSRF,
            rule="the csrf_token that the sign-in gave",
            remedy="send it as the header X-CSRF-Token",
        )


# --- Rules -----------------------------------------------------------------------------------------


async def own_wallet(request: Request) -> None:
    """For the wallet in the path, and for those who may read everybody's."""
    who = await asking(request)
    if _open(request):
        return
    text = str(request.path_params["address"])
    raw = wallet_bytes(text)
    require_known(who)
    if not who.owns(raw):
        missing = not_found(
            "wallet of yours", "address", text, "sign in with this wallet, or ask for your own"
        )
        await _by_role(request, who, None, missing)


async def own_participant(request: Request) -> None:
    """For whoever signs in with a wallet of the participant in the path, and for those who may read others'.

    A wallet that is frozen, or was lost and replaced, speaks for itself only: who has its key may be a thief.
    """
    who = await asking(request)
    if _open(request):
        return
    require_known(who)
    name = str(request.path_params["participant"])
    if who.wallet is not None:
        async with service_of(request).database.read_async() as reader:
            rows = await reader.rows(OWN_PARTICIPANT, {"address": who.wallet})
        sound = [row for row in rows if not row.frozen and row.lost is None]
        if any(str(row.participant) == name for row in sound):
            return
    missing = not_found("participant", "participant", name, "the registrar knows the numbers")
    await _by_role(request, who, None, missing)


async def own_payout(request: Request) -> None:
    """For the wallet of the payout in the path, for holders of the fund whose it is, and for those who may read its
    stream's.

    What a fund was paid is where its holders' own payouts come from: each can be followed down to the meters.
    """
    who = await asking(request)
    if _open(request):
        return
    text = str(request.path_params["payout_id"])
    key = ids.parse_payout_id(text)
    require_known(who)
    if not who.owns(key.wallet) and not await _holds_of(request, who, key.wallet):
        missing = not_found("payout", "id", text, "GET /v1/wallets/{address}/payouts lists them")
        await _by_role(request, who, await _stream_of(request, key.slug), missing)


async def _holds_of(request: Request, who: Principal, fund: bytes) -> bool:
    """Whether they have held units of the fund with this wallet."""
    if who.wallet is None:
        return False
    async with service_of(request).database.read_async() as reader:
        return bool(await reader.rows(HELD_OF_FUND, {"fund": fund, "holder": who.wallet}))


async def others_of_series(request: Request) -> None:
    """For those who may read who holds the series in the path."""
    who = await asking(request)
    if _open(request):
        return
    require_known(who)
    name = str(request.path_params["series_id"])
    missing = not_found("series", "id", name, "GET /v1/series lists them")
    await _by_role(request, who, await _stream_of(request, name), missing)


async def others_of_distribution(request: Request) -> None:
    """For those who may read who was paid by the distribution in the path."""
    who = await asking(request)
    if _open(request):
        return
    require_known(who)
    name = str(request.path_params["distribution_id"])
    slug, _ = ids.parse_distribution_id(name)
    missing = not_found("distribution", "id", name, "GET /v1/distributions lists them")
    await _by_role(request, who, await _stream_of(request, slug), missing)


async def whose_subscriptions(request: Request) -> bytes | None:
    """Whose subscriptions to the offering in the path are shown: None for everybody's, to those who may read who
    holds its series; else those of the wallet that asks."""
    who = await asking(request)
    if _open(request):
        return None
    text = str(request.path_params["offering_id"])
    number = ids.parse_offering_id(text)
    require_known(who)
    async with service_of(request).database.read_async() as reader:
        rows = await reader.rows(_STREAM_OF_OFFERING, {"offering": number})
    stream = rows[0].stream if rows else 0
    if who.wallet is not None and who.reader(stream) is None:
        return who.wallet
    missing = not_found("offering", "id", text, "GET /v1/offerings lists them")
    await _by_role(request, who, stream, missing)
    return None


async def others_of_streams(request: Request) -> None:
    """For those who may read what is about the operation of all streams."""
    who = await asking(request)
    if not _open(request):
        require_known(who)
        await _by_role(request, who, None, forbidden("an operator, auditor or regulator"))


async def others_of_some_stream(request: Request) -> None:
    """For those who may read what is about the operation of a stream, of whichever; they are shown theirs alone."""
    who = await asking(request)
    if not _open(request):
        require_known(who)
        missing = forbidden("an operator, auditor or regulator")
        await _noted(request, who, who.supervisor(), missing)


async def log_readers(request: Request) -> None:
    """For auditors and regulators, whatever is public."""
    who = await asking(request)
    require_known(who)
    role = who.log_reader()
    await _noted(request, who, role, forbidden("an auditor or regulator"))


async def compliance(request: Request) -> None:
    """For transfer agents."""
    who = await asking(request)
    require_known(who)
    role = Role.TRANSFER_AGENT if who.has(Role.TRANSFER_AGENT) else None
    await _noted(request, who, role, forbidden("a transfer agent"))


def _open(request: Request) -> bool:
    return service_of(request).access.public == "all"


def require_known(who: Principal) -> None:
    """Raises the problem that somebody must sign in, if it is nobody."""
    if not who.known:
        raise sign_in_first()


async def _by_role(request: Request, who: Principal, stream: int | None, missing: Problem) -> None:
    await _noted(request, who, who.reader(stream), missing)


async def _noted(request: Request, who: Principal, role: Role | None, missing: Problem) -> None:
    """Records that a role lets somebody in, or that nothing does; whoever is refused all the time is told to wait."""
    if role is None:
        require_few_refusals(request, service_of(request).refusals)
    await note(request, who, role, "refused" if role is None else "granted")
    if role is None:
        raise missing


async def note(
    request: Request, who: Principal, role: Role | None, outcome: journal.Outcome
) -> None:
    """Adds a row to the access log."""
    service = service_of(request)
    query = request.scope["query_string"].decode("latin-1")
    resource = request.scope["path"] + (f"?{query}" if query else "")
    method = request.scope.get(AS_ASKED, request.method)
    entry = journal.Entry(who.actor, role or "none", method, resource, outcome)

    def write() -> None:
        with service.database.write() as connection:
            journal.append(connection, entry, service.clock.now())

    await run_in_threadpool(write)


async def _stream_of(request: Request, name: str) -> int:
    """The stream of the series that a resource finds by this name (`lookup`); 0, which is none, for the unknown and
    for funds."""
    service: Service = service_of(request)
    async with service.database.read_async() as reader:
        rows = await reader.rows(_STREAMS, {})
    at = {"0x" + row.address.hex(): row for row in rows}
    if name.startswith("0x"):
        row = at.get(name.lower())
    else:
        # A slug goes before a code, as it does where the series is looked up: who may read one is shown no other.
        coded = {code: where for where, code in service.render.labels.series.items()}
        by_slug = {row.slug: row for row in rows}
        row = by_slug.get(name.removeprefix("ser_").lower()) or at.get(coded.get(name, ""))
    return int(row.stream or 0) if row is not None else 0


# --- Problems --------------------------------------------------------------------------------------


def sign_in_first() -> Problem:
    """The answer to nobody."""
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        "sign-in-required",
        "This is shown to those it concerns.",
        rule="a bearer token, a key, or the cookie of a session",
        remedy="POST /v1/auth/challenge begins a sign-in; machines use a key from usufruct keys add",
        headers={"www-authenticate": "Bearer"},
    )


def _not_valid(rule: str) -> Problem:
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        "credentials-refused",
        f"{rule}.",
        field="authorization",
        rule="a token or key in force",
        remedy="sign in again, or ask for another key",
        headers={"www-authenticate": 'Bearer error="invalid_token"'},
    )


def forbidden(whom: str) -> Problem:
    """The answer to whoever lacks a role."""
    return Problem(
        HTTPStatus.FORBIDDEN,
        "role-missing",
        f"This is for {whom}.",
        rule=f"the role of {whom}",
        remedy="ask the project's administrator: usufruct keys grant",
    )

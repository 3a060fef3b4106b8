"""Signing in with a wallet, and who one is."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from usufruct.api import schemas
from usufruct.api.auth import journal, nonces, store
from usufruct.api.auth.contract_wallets import MAX_SIGNATURE, accepts
from usufruct.api.auth.gate import COOKIE, Asking, asking, log_readers
from usufruct.api.auth.siwe import STATEMENT, Message, personal_digest, signer_of
from usufruct.api.bodies import Body, described, json_body
from usufruct.api.moment import page, unstamped
from usufruct.api.params import LogQuery, Nothing, wallet_bytes
from usufruct.api.problems import Problem
from usufruct.api.render import hexed, rfc3339
from usufruct.api.service import Service, service_of
from usufruct.api.starts import entry_number
from usufruct.contracts import address
from usufruct.errors import EvidenceError, InputError

router = APIRouter(prefix="/v1", tags=["access"])

_WALLET = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
_HEX: Final = re.compile(r"0x([0-9a-fA-F]{2})+", re.ASCII)


class ChallengeBody(Body, frozen=True):
    """Who wants to sign in."""

    address: str


class SignInBody(Body, frozen=True):
    """The signed message; with `cookie` the token comes as a cookie for browsers."""

    message: str
    signature: str
    cookie: bool = False


@router.post(
    "/auth/challenge",
    responses=schemas.done(schemas.Challenge),
    openapi_extra=described(ChallengeBody, {"address": _WALLET}),
)
async def challenge(request: Request) -> Response:
    """The text that a wallet signs to sign in (ERC-4361), with a nonce for one use within ten minutes."""
    body = await json_body(request, ChallengeBody)
    service = service_of(request)
    wallet = wallet_bytes(body.address)
    now = service.clock.now()
    message = Message(
        domain=urlsplit(service.access.origin).netloc,
        wallet=wallet,
        uri=service.access.origin,
        chain_id=service.chain_id,
        nonce=nonces.fresh(service.access.secret, now),
        issued=now,
        expires=now + nonces.LIFETIME,
    )
    return unstamped(
        {
            "object": "challenge",
            "message": message.text(),
            "nonce": message.nonce,
            "expires_at": rfc3339(message.expires),
        }
    )


@router.post(
    "/auth/sign-in",
    responses=schemas.done(schemas.Session),
    openapi_extra=described(
        SignInBody,
        {"message": "rights.example wants you to sign in …", "signature": "0x" + "00" * 65},
    ),
)
async def sign_in(request: Request) -> Response:
    """A session for a signed message: a bearer token, or a cookie with the token that writes must send along."""
    body = await json_body(request, SignInBody)
    service = service_of(request)
    message = Message.parse(body.message)
    now = service.clock.now()
    _require(service, message, now)
    await _require_signed(service, message, body)

    def write() -> store.NewSession | None:
        with service.database.write() as connection:
            if not nonces.use(connection, message.nonce, now):
                return None
            return store.open_session(
                connection, message.wallet, now, service.access.session_seconds
            )

    made = await run_in_threadpool(write)
    if made is None:
        raise _refused("nonce", "a nonce signs in once")
    shown: dict[str, Any] = {
        "object": "session",
        "wallet": address(message.wallet),
        "expires_at": rfc3339(made.expires_at),
        "token": None if body.cookie else made.token,
        "csrf_token": made.csrf if body.cookie else None,
    }
    answer = unstamped(shown)
    if body.cookie:
        answer.set_cookie(
            COOKIE,
            made.token,
            max_age=service.access.session_seconds,
            path="/",
            secure=True,
            httponly=True,
            samesite="strict",
        )
    return answer


async def _require_signed(service: Service, message: Message, body: SignInBody) -> None:
    """Raises a problem unless the address in the message signed: its key, or where it is a contract, its code."""
    refusal: Exception = _refused(
        "signature", "the signature is not that of the address in the message"
    )
    try:
        if signer_of(body.message, body.signature) == message.wallet:
            return
    except EvidenceError as error:
        refusal = _refused("signature", str(error.rule))
    except InputError as error:
        refusal = error  # no key's signature; a contract may have one of another form
    node = service.chain
    raw = _raw(body.signature)
    if node is None or raw is None:
        raise refusal
    digest = personal_digest(body.message)
    if not await service.contract_wallets.of(lambda: accepts(node, message.wallet, digest, raw)):
        raise refusal


def _raw(signature: str) -> bytes | None:
    """The bytes of a signature of bounded length in hex; None for anything else."""
    if len(signature) > 2 * MAX_SIGNATURE + 2 or not _HEX.fullmatch(signature):
        return None
    return bytes.fromhex(signature[2:])


def _require(service: Service, message: Message, now: int) -> None:
    """Raises Problem unless the message is one that this service asked for, for now."""
    host = urlsplit(service.access.origin)
    for field, fits, rule in (
        ("domain", message.domain == host.netloc, f"must be {host.netloc}"),
        ("scheme", message.scheme in (None, host.scheme), f"must be {host.scheme}"),
        ("uri", message.uri == service.access.origin, f"must be {service.access.origin}"),
        ("chain id", message.chain_id == service.chain_id, f"must be {service.chain_id}"),
        # What was signed for another purpose, by people who read only the sentence, is no sign-in.
        ("statement", message.statement == STATEMENT, f"must be {STATEMENT!r}"),
        (
            "nonce",
            nonces.is_ours(service.access.secret, message.nonce, now),
            "must come from POST /v1/auth/challenge within ten minutes",
        ),
        (
            "issued at",
            message.issued <= now + nonces.LIFETIME,
            "must not lie in the future",
        ),
        ("expiration time", message.expires > now, "must lie in the future"),
        ("not before", (message.begins or 0) <= now, "must have passed"),
    ):
        if not fits:
            raise _refused(field, rule)


def _refused(field: str, rule: str) -> Problem:
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        "sign-in-refused",
        f"{field}: {rule}.",
        field=field,
        rule=rule,
        remedy="ask POST /v1/auth/challenge for a fresh text and sign that, unchanged",
        headers={"www-authenticate": "Bearer"},
    )


@router.get("/auth/session", responses=schemas.done(schemas.Whoami))
async def whoami(_: Nothing, who: Asking) -> Response:
    """Who asks, and what they may do. Not as of a block: what was revoked is gone at once."""
    return unstamped(
        {
            "object": "principal",
            "actor": who.actor or None,
            "wallet": None if who.wallet is None else address(who.wallet),
            "roles": [
                {"role": each.role.value, "streams": sorted(each.streams)} for each in who.grants
            ],
        }
    )


@router.post("/auth/signout", responses=schemas.done(schemas.SignedOut))
async def sign_out(request: Request) -> Response:
    """Ends the session that asks, for good. Asked again, or without a session, there is nothing left to end."""
    service = service_of(request)
    header = request.headers.get("authorization")
    token = request.cookies.get(COOKIE, "") if header is None else header.partition(" ")[2].strip()
    if await _lasts(request):

        def write() -> None:
            with service.database.write() as connection:
                store.end_session(connection, store.hashed(token), service.clock.now())

        await run_in_threadpool(write)
    answer = unstamped({"object": "signed-out"})
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return answer


async def _lasts(request: Request) -> bool:
    """Whether the caller has a session or key in force. A problem if the session's cookie comes without its token."""
    try:
        return (await asking(request)).known
    except Problem as problem:
        if problem.status is not HTTPStatus.UNAUTHORIZED:
            raise
        return False


@router.get(
    "/access-log",
    responses=schemas.done(schemas.AccessLog),
    dependencies=[Depends(log_readers)],
)
async def access_log(query: Annotated[LogQuery, Query()], request: Request) -> Response:
    """What the privileged read and wrote, newest first; `usufruct keys check-log` recomputes the chain of hashes.

    Not as of a block: entries never change, and each names its time by this service's clock.
    """
    async with service_of(request).database.read_async() as reader:
        before = await entry_number(reader, query.starting_after)
        rows = await reader.rows(journal.LOG_PAGE, {"before": before, "limit": query.limit + 1})
    found = [
        {
            "id": str(row.number),
            "object": "access",
            "at": rfc3339(row.at),
            "actor": row.actor,
            "role": row.role,
            "action": row.action,
            "resource": row.resource,
            "outcome": row.outcome,
            "hash": hexed(row.hash),
        }
        for row in rows
    ]
    return unstamped(page(found, query.limit))

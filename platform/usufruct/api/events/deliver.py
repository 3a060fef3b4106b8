"""Delivers events to webhooks, each in its order and until it is taken.

Webhooks are served side by side, and an attempt has a time limit as a whole: a receiver that answers drop by drop
holds up nobody else. What was taken is committed after the receiver said so: a crash in between sends the event
again, with the same id. A receiver that fails is asked again after growing pauses; after the last the webhook stops
and says why. Whose key or role was revoked is told nothing more.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import httpx
import msgspec
import structlog
from sqlalchemy import Connection, Row, func, or_, select, update

from usufruct.api.auth import store
from usufruct.api.auth.principal import Access, Principal
from usufruct.api.events.feed import EVENTS_AFTER, shown, visible
from usufruct.api.events.signing import secret_of, sign
from usufruct.api.events.targets import Resolver, parse_target, resolved, system_resolver
from usufruct.clock import Clock
from usufruct.errors import UsufructError
from usufruct.ledger.database import Database
from usufruct.ledger.models import access_grant, feed_event, webhook

__all__ = ["PAUSES", "Deliverer"]

PAUSES: Final = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800)
"""Seconds until the next attempt, after each that failed."""
_SECONDS: Final = 10.0
_BATCH: Final = 50
_AT_ONCE: Final = 16
_SHOWN: Final = 200
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Deliverer:
    """Delivers from one database.

    Attributes:
        database: The ledger with outbox and webhooks.
        access: Secret, and whether any address may be called.
        clock: Time of attempts.
        resolve: Finds a host's addresses.
        seconds: What an attempt may take as a whole, and after which a webhook lets the next round begin.
    """

    database: Database
    access: Access
    clock: Clock
    resolve: Resolver = system_resolver
    seconds: float = _SECONDS

    def round(self) -> bool:
        """Tries what is due; True if anything was delivered."""
        now = self.clock.now()
        last = select(func.max(feed_event.c.number)).scalar_subquery()
        with self.database.read() as connection:
            due = connection.execute(
                select(webhook).where(
                    webhook.c.status == "active",
                    # Further ahead than any pause: the clock was set back since.
                    or_(webhook.c.next_at <= now, webhook.c.next_at > now + PAUSES[-1]),
                    webhook.c.told < last,
                )
            ).all()
        return any(asyncio.run(self._serve_all(due))) if due else False

    async def _serve_all(self, due: Sequence[Row[Any]]) -> list[bool]:
        turns = asyncio.Semaphore(_AT_ONCE)
        async with httpx.AsyncClient(
            timeout=self.seconds, follow_redirects=False, trust_env=False
        ) as http:

            async def in_turn(hook: Row[Any]) -> bool:
                async with turns:
                    return await self._serve(http, hook)

            return await asyncio.gather(*map(in_turn, due))

    async def _serve(self, http: httpx.AsyncClient, hook: Row[Any]) -> bool:
        """Sends a webhook its next events until one fails or its turn is over; True if there may be more."""
        with self.database.read() as connection:
            who = _principal(connection, hook.actor, self.clock.now())
            rows = connection.execute(EVENTS_AFTER, {"after": hook.told, "limit": _BATCH}).all()
        if who is None:
            self._set(hook.id, status="stopped", failure="its key or role is no longer in force")
            return False
        kinds = json.loads(hook.kinds)
        public = self.access.public == "all"
        ends = asyncio.get_running_loop().time() + self.seconds
        sent, passed = False, hook.told
        for row in rows:
            if (not kinds or row.kind in kinds) and visible(who, public, row):
                if asyncio.get_running_loop().time() > ends:
                    break
                failure = await self._send(http, hook, row)
                if failure is not None:
                    self._failed(hook, passed, failure)
                    return sent
                self._set(hook.id, told=row.number, attempts=0, failure=None)
                sent = True
            passed = row.number
        if passed > hook.told:
            self._set(hook.id, told=passed)
        return sent or len(rows) == _BATCH

    async def _send(self, http: httpx.AsyncClient, hook: Row[Any], row: Row[Any]) -> str | None:
        """One attempt; why it failed, None if it was taken."""
        try:
            async with asyncio.timeout(self.seconds):
                status = await self._status(http, hook, row)
        except TimeoutError:
            return f"no answer within {self.seconds:g} s"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return type(error).__name__
        except UsufructError as error:
            return error.one_line()
        return None if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES else f"status {status}"

    async def _status(self, http: httpx.AsyncClient, hook: Row[Any], row: Row[Any]) -> int:
        """Sends an event; the status of the answer, whose body is nobody's concern."""
        loopback = self.access.loopback_webhooks
        body = msgspec.json.encode(shown(row))
        message = f"msg_{hook.id}_{row.number}"
        now = self.clock.now()
        signature = sign(secret_of(self.access.secret, hook.id), message, now, body)
        target = parse_target(hook.url, loopback=loopback)
        address = await asyncio.to_thread(resolved, target, self.resolve, loopback=loopback)
        async with http.stream(
            "POST",
            target.at(address),
            content=body,
            headers={
                "host": target.authority,
                "content-type": "application/json",
                "user-agent": "usufruct-webhook/1",
                "webhook-id": message,
                "webhook-timestamp": str(now),
                "webhook-signature": signature,
            },
            extensions={"sni_hostname": target.host},
        ) as answer:
            return answer.status_code

    def _failed(self, hook: Row[Any], passed: int, failure: str) -> None:
        gone = failure == f"status {int(HTTPStatus.GONE)}"
        with self.database.read() as connection:
            done = connection.execute(
                select(webhook.c.attempts).where(webhook.c.id == hook.id)
            ).scalar_one()
        if gone or done >= len(PAUSES):
            self._set(
                hook.id, status="stopped", failure=failure[:_SHOWN], attempts=done + 1, told=passed
            )
            _logger.warning("webhook stopped", webhook=hook.id, failure=failure)
            return
        next_at = self.clock.now() + PAUSES[done]
        self._set(
            hook.id, attempts=done + 1, next_at=next_at, failure=failure[:_SHOWN], told=passed
        )

    def _set(self, number: str, **values: object) -> None:
        """Changes a webhook that is still active; one that was removed meanwhile stays as it is."""
        with self.database.write() as connection:
            connection.execute(
                update(webhook)
                .where(webhook.c.id == number, webhook.c.status == "active")
                .values(**values)
            )


def _principal(connection: Connection, actor: str, now: int) -> Principal | None:
    """Who made a webhook, as their rights are now; None if their key counts no more."""
    if actor.startswith("0x"):
        wallet = bytes.fromhex(actor[2:])
        grants: Sequence[Row[Any]] = connection.execute(
            store.GRANTS_OF_WALLET, {"wallet": wallet, "now": now}
        ).all()
        return store.principal_of_wallet(wallet, grants)
    row = connection.execute(
        select(access_grant).where(access_grant.c.id == actor, access_grant.c.revoked_at.is_(None))
    ).first()
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        return None
    return store.principal_of_key(row)

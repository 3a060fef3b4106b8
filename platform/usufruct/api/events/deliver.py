"""Delivers events to webhooks, each in its order and until it is taken.

Webhooks are served side by side, and an attempt has a time limit as a whole: a receiver that answers drop by drop
holds up nobody else. What was taken is committed after the receiver said so: a crash in between sends the event
again, with the same id. A receiver that fails is asked again after growing pauses; after the last the webhook stops
and says why. Whose key or role was revoked is told nothing more.

Several servers may deliver from one ledger: a webhook's turn is taken by moving the time it is due to, in one
statement that finds it where it was seen. Whose turn has passed, because it slept or died, writes nothing more.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
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

__all__ = ["LEASE", "PAUSES", "Deliverer"]

PAUSES: Final = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800)
"""Seconds until the next attempt, after each that failed."""
LEASE: Final = 60
"""Seconds that a turn lasts from its last word on: more than an attempt may take, less than the pauses that matter."""
_SECONDS: Final = 10.0
_BATCH: Final = 50
_AT_ONCE: Final = 16
_MOST: Final = 64
"""Webhooks of one round: if none of them answers, it ends after four times `seconds`."""
_MOST_OF_ONE: Final = 4
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
        """Tries what is due, of nobody more than of others; True if anything was delivered or more is due."""
        now = self.clock.now()
        last = select(func.max(feed_event.c.number)).scalar_subquery()
        with self.database.read() as connection:
            due = connection.execute(
                select(webhook)
                .where(
                    webhook.c.status == "active",
                    # Further ahead than any pause: the clock was set back since.
                    or_(webhook.c.next_at <= now, webhook.c.next_at > now + PAUSES[-1]),
                    webhook.c.told < last,
                )
                .order_by(webhook.c.next_at, webhook.c.id)
            ).all()
        chosen = _fair(due)
        return bool(due) and (any(asyncio.run(self._serve_all(chosen))) or len(chosen) < len(due))

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
        turn = _Turn(self.database, hook.id, hook.next_at, hook.told)
        if not turn.goes_on(self.clock.now() + LEASE):
            return False  # another server was first
        with self.database.read() as connection:
            who = _principal(connection, hook.actor, self.clock.now())
            rows = connection.execute(EVENTS_AFTER, {"after": hook.told, "limit": _BATCH}).all()
        if who is None:
            turn.ends(status="stopped", failure="its key or role is no longer in force")
            return False
        kinds = json.loads(hook.kinds)
        public = self.access.public == "all"
        ends = asyncio.get_running_loop().time() + self.seconds
        sent, passed, attempts = False, hook.told, hook.attempts
        for row in rows:
            if (not kinds or row.kind in kinds) and visible(who, public, row):
                if asyncio.get_running_loop().time() > ends:
                    break
                failure = await self._send(http, hook, row)
                if failure is not None:
                    self._failed(turn, passed, attempts, failure)
                    return sent
                taken = {"told": row.number, "attempts": 0, "failure": None}
                if not turn.goes_on(self.clock.now() + LEASE, **taken):
                    return sent
                sent, attempts = True, 0
            passed = row.number
        turn.ends(told=passed, next_at=self.clock.now())
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

    def _failed(self, turn: _Turn, passed: int, done: int, failure: str) -> None:
        gone = failure == f"status {int(HTTPStatus.GONE)}"
        told = {"attempts": done + 1, "failure": failure[:_SHOWN], "told": passed}
        if gone or done >= len(PAUSES):
            turn.ends(status="stopped", **told)
            _logger.warning("webhook stopped", webhook=turn.hook, failure=failure)
            return
        turn.ends(next_at=self.clock.now() + PAUSES[done], **told)


@dataclass(slots=True)
class _Turn:
    """One server's turn with a webhook. Whoever moves the time it is due from where it was seen has it.

    Attributes:
        database: The ledger.
        hook: Id of the webhook.
        until: The time it is due next, for all others: when the turn passes to them.
        told: The number up to which events are delivered; it never goes back.
    """

    database: Database
    hook: str
    until: int
    told: int

    def goes_on(self, until: int, **values: Any) -> bool:
        """Takes or keeps the turn until a time; false if it is another's, or the webhook was removed."""
        # It differs from the time seen, which has passed: of two that see the same, one finds it.
        return self.ends(**values, next_at=until)

    def ends(self, **values: Any) -> bool:
        """Writes what became of it, unless the turn is another's or the webhook was removed meanwhile."""
        seen = (webhook.c.id == self.hook, webhook.c.status == "active")
        mine = (webhook.c.next_at == self.until, webhook.c.told == self.told)
        with self.database.write() as connection:
            done = connection.execute(update(webhook).where(*seen, *mine).values(**values))
        if not done.rowcount:
            return False
        self.until = values.get("next_at", self.until)
        self.told = values.get("told", self.told)
        return True


def _fair(due: Sequence[Row[Any]]) -> list[Row[Any]]:
    """The webhooks of one round: those that do not fail first, then whoever has had fewer of the round."""
    of_one: Counter[str] = Counter()
    ranked = []
    for place, hook in enumerate(due):
        ranked.append((hook.attempts > 0, of_one[hook.actor], place, hook))
        of_one[hook.actor] += 1
    ranked.sort(key=lambda each: each[:3])
    return [hook for _, rank, _, hook in ranked if rank < _MOST_OF_ONE][:_MOST]


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

"""Looks at every signature that passes: the peers', this worker's own, the chain's.

An equivocation raises an alert, is stored with its proof, and bars the signer until a person releases it. Workers
tell each other what they have seen (see `hearing`), so that telling different things to different peers is
found out too.
"""

from __future__ import annotations

from usufruct.clock import Clock, SystemClock
from usufruct.core.signing import recover
from usufruct.core.typed_data import Domain
from usufruct.errors import EvidenceError, InputError
from usufruct_oracles import logs
from usufruct_oracles.alerts import Alerts
from usufruct_oracles.chainview import ChainView
from usufruct_oracles.equivocation import Message, Signature, read_message
from usufruct_oracles.metrics import Metrics
from usufruct_oracles.pledges import Place
from usufruct_oracles.sightings import Page, Sightings, StoredProof

AHEAD = 2
"""How far ahead of the chain the number of a batch or version may be that is worth keeping."""
OWN, CHAIN = "own", "chain"
"""Where a signature was seen, besides the names of peers."""
BARRED = "barred"
"""Code of a refusal: the signer has signed two different things and nobody has released it."""


class Witness:
    """Keeps signatures and finds equivocations; safe to share between threads."""

    def __init__(
        self,
        sightings: Sightings,
        view: ChainView,
        alerts: Alerts,
        metrics: Metrics,
        clock: Clock | None = None,
    ) -> None:
        self._sightings = sightings
        self._view = view
        self._alerts = alerts
        self._metrics = metrics
        self._clock = clock or SystemClock()
        self._log = logs.get("witness")
        self._metrics.barred.set(len(sightings.barred()))

    def saw(self, kind: str, body: object, signature: bytes, source: str) -> str | None:
        """Take note of a signature over a batch or statement.

        Args:
            kind: "batch" or "statement".
            body: The message in its JSON form.
            signature: 64 bytes.
            source: Where it was seen: a peer's name, "own" or "chain".

        Returns:
            The signer; None if this is no signature of a member over something near the chain's head.
        """
        domain = self._domain(kind)
        try:
            message = read_message(kind, body, domain)
            signer = recover(message.digest, signature)
        except (InputError, EvidenceError):
            return None
        # What the chain has taken was signed by a member of its time, whoever is one now.
        if source != CHAIN and not (self._is_member(signer) and self._is_near(message)):
            return None
        signed = Signature(message, signer, signature)
        proof = self._sightings.add(signed, domain, source, self._clock.now())
        if proof is not None:
            self._accuse(proof, source)
        return signer

    def note(self, kind: str, body: object, signature: bytes, source: str) -> None:
        """As `saw`, of a signature that was likely seen before."""
        if not self._sightings.is_known(body, signature):
            self.saw(kind, body, signature, source)

    def seen_of(self, signer: str, place: Place) -> set[str]:
        """Digests of what a signer was seen to sign for a place, as hex."""
        return self._sightings.digests(signer, place)

    def is_barred(self, address: str) -> bool:
        """Whether a proof against `address` is stored that nobody has released."""
        return address.lower() in self._sightings.barred()

    def barred(self) -> list[str]:
        """The signers that do not count for now, in lower case, ascending."""
        return sorted(self._sightings.barred())

    def page(self, after: int, limit: int) -> Page:
        """What was seen, for a peer."""
        return self._sightings.page(after, limit)

    def update(self) -> None:
        """Bring the metric of barred signers up to date: a person may have released one."""
        self._metrics.barred.set(len(self._sightings.barred()))

    def _domain(self, kind: str) -> Domain:
        return self._view.book_domain if kind == "statement" else self._view.anchor_domain

    def _is_member(self, signer: str) -> bool:
        return self._view.signers.place(signer) is not None

    def _is_near(self, message: Message) -> bool:
        place: Place = message.place
        account = self._view.account(place.stream)
        if place.kind == "batch":
            return place.position <= len(account.batches) + AHEAD
        return place.position <= len(account.versions) + AHEAD

    def _accuse(self, proof: StoredProof, source: str) -> None:
        place = proof.place
        self._metrics.equivocations.labels(place.kind).inc()
        self.update()
        self._alerts.equivocation(proof.signer, str(place), place.stream, source, proof.found_at)

"""Hears what others have signed, from the peers and from the chain, and lets the `Witness` look at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from usufruct.core.documents import items, keyed, natural, text
from usufruct.core.encoding import unhex
from usufruct.core.signing import SIGNATURE_LENGTH
from usufruct.errors import InputError
from usufruct_oracles.calldata import batch_signatures, split, statement_signatures
from usufruct_oracles.chainstate import Account
from usufruct_oracles.chainview import ChainView
from usufruct_oracles.clerk import PAGE, VERSION
from usufruct_oracles.metrics import Metrics
from usufruct_oracles.peers import SIGNATURES_PATH, Colleague, Refused
from usufruct_oracles.wire import Json, batch_to, statement_to
from usufruct_oracles.witness import CHAIN, Witness

_PAGES: Final = 50
"""Pages read of one peer at a time."""
_LOOK_BACK: Final = 64
"""Batches before the start whose signatures are read from the chain."""
_MOST_TEXT: Final = 64


class Hearing:
    """Where this worker has got to with what its peers and the chain have to tell."""

    def __init__(
        self,
        view: ChainView,
        witness: Witness,
        input_of: Callable[[bytes], bytes],
        metrics: Metrics,
        *,
        look_back: int = _LOOK_BACK,
    ) -> None:
        self._view = view
        self._witness = witness
        self._input_of = input_of
        self._metrics = metrics
        self._look_back = look_back
        self._read: dict[str, tuple[str, int]] = {}
        self._witnessed: dict[int, int] = {}
        self._stated: set[tuple[int, int, int, bytes]] = set()

    def chain(self, stream: int) -> None:
        """Hears what quorums signed: it stands in the call data of their transactions."""
        account = self._view.account(stream)
        last = len(account.batches)
        first = self._witnessed.get(stream, max(0, last - self._look_back))
        for seq in range(min(first, last) + 1, last + 1):
            anchored = account.batches[seq]
            found = batch_signatures(self._input_of(anchored.tx), anchored.batch)
            for signature in split(found):
                self._witness.note("batch", batch_to(anchored.batch), signature, CHAIN)
            self._witnessed[stream] = seq
        self._read_statements(account)

    def _read_statements(self, account: Account) -> None:
        for versions in account.versions.values():
            for attested in versions:
                statement = attested.statement
                key = (statement.stream, statement.period, statement.version, attested.tx)
                if key in self._stated:
                    continue
                found = statement_signatures(self._input_of(attested.tx), attested)
                for signature in split(found):
                    self._witness.note("statement", statement_to(statement), signature, CHAIN)
                self._stated.add(key)

    def peer(self, peer: Colleague) -> None:
        """Hears what a peer has seen since it was last asked."""
        for _ in range(_PAGES):
            log, after = self._read.get(peer.name, ("", 0))
            answer = peer.fetch(SIGNATURES_PATH, {"v": VERSION, "after": after})
            if isinstance(answer, Refused):
                self._metrics.exchanges.labels("signatures", answer.code).inc()
                return
            try:
                found, then, entries = _page(answer)
            except InputError:
                self._metrics.exchanges.labels("signatures", "malformed").inc()
                return
            if found != log and after:
                self._read[peer.name] = found, 0  # the peer began anew: so does the reader
                continue
            for kind, message, signature in entries:
                self._witness.note(kind, message, signature, peer.name)
            self._read[peer.name] = found, max(then, after)
            self._metrics.exchanges.labels("signatures", "ok").inc()
            if len(entries) < PAGE:
                return


def _page(answer: Json) -> tuple[str, int, list[tuple[str, object, bytes]]]:
    given = keyed(answer, {"v", "log", "next", "signatures"}, "signatures")
    entries = []
    for each in items(given["signatures"], "signatures")[:PAGE]:
        entry = keyed(each, {"type", "message", "signature"}, "signatures")
        signature = unhex(text(entry["signature"], "signature"), SIGNATURE_LENGTH)
        entries.append((text(entry["type"], "type"), entry["message"], signature))
    return text(given["log"], "log")[:_MOST_TEXT], natural(given["next"], "next"), entries

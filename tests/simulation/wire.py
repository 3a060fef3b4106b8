"""What lies between a worker and its node: an endpoint that can fail and lie in every way listed here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from random import Random
from typing import Any

from tests.simulation.node import Chain, Node, Refused

from usufruct.chain.transport import Question
from usufruct.errors import ChainError


@dataclass(slots=True)
class Rates:
    """How often one endpoint fails, each from 0 to 1, for each request.

    Attributes:
        lost: No answer.
        limited: HTTP 429.
        deaf: The request is carried out, and its answer lost.
        partial: Some of the logs are missing.
        doubled: A log is there twice.
        false_hash: A block has a hash that is none.
        nonsense: The answer is of a kind that makes no sense.
        lagging: The endpoint begins to lag some blocks, or catches up.
        swapped: The endpoint begins to serve another chain, or comes back.
    """

    lost: float = 0
    limited: float = 0
    deaf: float = 0
    partial: float = 0
    doubled: float = 0
    false_hash: float = 0
    nonsense: float = 0
    lagging: float = 0
    swapped: float = 0

    @classmethod
    def drawn(cls, dice: Random) -> Rates:
        """Some kinds of failure, more or less often."""
        chosen = cls()
        for each in fields(cls):
            if dice.random() < 0.4:
                setattr(chosen, each.name, dice.choice((0.002, 0.01, 0.04)))
        return chosen


class Endpoint:
    """One worker's way to the chain; a `Wire`.

    Attributes:
        shown: Its name.
        rates: How often it fails; may be exchanged at any time.
        before: Called before each request: whatever happens meanwhile elsewhere.
    """

    shown = "http://simulated"

    def __init__(self, chain: Chain, foreign: Chain, dice: Random, before: Callable[[], None]):
        self.rates = Rates()
        self.before = before
        self._chains = chain, foreign
        self._node = Node(chain)
        self._dice = dice

    @property
    def genesis(self) -> bytes:
        """Hash of the right chain's first block."""
        return self._chains[0].blocks[0].hash

    def heal(self) -> None:
        """From now on it works."""
        self.rates = Rates()
        self._node.chain, self._node.lag = self._chains[0], 0

    def one(self, method: str, params: Sequence[object]) -> Mapping[str, Any]:
        """The answer to one request."""
        self._fail()
        return self._answer(method, params)

    def mixed(self, questions: Sequence[Question]) -> list[Mapping[str, Any]]:
        """The answers to several."""
        self._fail()
        return [self._answer(*each) for each in questions]

    def many(self, method: str, params: Sequence[Sequence[object]]) -> list[Mapping[str, Any]]:
        """The answers to several of one method."""
        return self.mixed([(method, each) for each in params])

    def _happens(self, rate: float) -> bool:
        return rate > 0 and self._dice.random() < rate

    def _fail(self) -> None:
        self.before()
        if self._happens(self.rates.lagging):
            self._node.lag = self._dice.choice((0, 1, 2, 5))
        if self._happens(self.rates.swapped):
            self._node.chain = self._dice.choice(self._chains)
        if self._happens(self.rates.lost):
            raise ChainError("no answer from the simulated node (timeout)")
        if self._happens(self.rates.limited):
            raise ChainError("no answer from the simulated node (HTTP 429)")

    def _answer(self, method: str, params: Sequence[Any]) -> Mapping[str, Any]:
        try:
            result: Any = self._node.answer(method, params)
        except Refused as refused:
            return {"error": refused.error}
        if self._happens(self.rates.deaf):
            raise ChainError("no answer from the simulated node (cut)")
        if self._happens(self.rates.nonsense):
            return {"result": self._dice.choice((None, "0x", "zz", [], {}, 7, "0x1234"))}
        return {"result": self._bent(method, result)}

    def _bent(self, method: str, result: Any) -> Any:
        if method == "eth_getLogs" and result:
            if self._happens(self.rates.partial):
                return [each for each in result if self._dice.random() < 0.5]
            if self._happens(self.rates.doubled):
                return [*result, self._dice.choice(result)]
        if method.startswith("eth_getBlock") and result and self._happens(self.rates.false_hash):
            return result | {"hash": "0x" + self._dice.randbytes(32).hex()}
        return result

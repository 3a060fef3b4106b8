"""A node's JSON-RPC endpoint: one question, one answer of the right shape, or an error that says whose fault it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from usufruct.chain.transport import Transport, Wire
from usufruct.contracts import ContractError, decode_error
from usufruct.errors import ChainError

__all__ = ["Endpoint", "RpcError", "revert_of"]

R = TypeVar("R")
_SHOWN: Final = 200


class RpcError(ChainError):
    """The node answered with an error that is not a decoded revert."""

    def __init__(self, code: int, text: str, url: str, method: str, data: bytes = b"") -> None:
        super().__init__(
            f"{url} refused {method}: {text}",
            field=method,
            rule=f"the node said: {text} (code {code})",
            remedy="check the request, or the node's log and settings",
        )
        self.code = code
        self.text = text
        self.data = data


class Endpoint:
    """A node's JSON-RPC endpoint; safe to share between threads.

    `url` is http(s), `timeout` counts seconds for one request. Requests that find no connection are
    repeated up to three times with growing pauses; answers are never repeated. `transport` replaces
    the connection to `url`.
    """

    def __init__(self, url: str, timeout: float = 10.0, *, transport: Wire | None = None) -> None:
        self._transport = transport or Transport(url, timeout)
        self.url = self._transport.shown

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url})"

    def rpc(self, method: str, *params: object) -> Any:
        """The raw result of one JSON-RPC method.

        Raises ContractError for a revert whose error is known, RpcError for another error answer
        and ChainError when the node cannot be reached or does not speak JSON-RPC.
        """
        return self._result(self._transport.one(method, params), method)

    def _result(self, answer: Mapping[str, Any], method: str) -> Any:
        error = answer.get("error")
        if error is None:
            return answer.get("result")
        if not isinstance(error, Mapping):
            raise RpcError(0, str(error), self.url, method)
        revert = _revert_data(error.get("data"))
        known = decode_error(revert) if revert else None
        if known is not None:
            raise known
        code = error.get("code")
        raise RpcError(
            code if isinstance(code, int) else 0,
            _short(error.get("message", "")),
            self.url,
            method,
            revert,
        )

    def ask(self, parse: Callable[[Any], R], method: str, *params: object) -> R:
        """The typed result of one method; ChainError if it is not what the method gives."""
        return self._parsed(parse, method, self.rpc(method, *params))

    def _parsed(self, parse: Callable[[Any], R], method: str, raw: object) -> R:
        try:
            return parse(raw)
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            raise ChainError(
                f"{self.url} gives no answer to {method} that makes sense",
                field=method,
                value=_short(raw),
                rule="the node must answer as the JSON-RPC specification says",
                remedy="ask another node; this one is broken, or is none",
            ) from error

    def _contradiction(self, method: str, found: str) -> ChainError:
        return ChainError(
            f"{self.url} answers {method} with what was not asked for",
            field=method,
            value=found,
            rule="an answer belongs to its question",
            remedy="ask another node; nothing was taken from this answer",
        )


def revert_of(error: Exception) -> bool:
    """True if `error` says that the call itself reverted, with or without a reason."""
    return isinstance(error, ContractError) or (
        isinstance(error, RpcError) and "revert" in error.text.lower()
    )


def _revert_data(raw: object) -> bytes:
    """Revert data in an error answer; nodes put it there as text or inside an object."""
    if isinstance(raw, Mapping):
        raw = raw.get("data")
    if not isinstance(raw, str):
        return b""
    _, marker, digits = raw.rpartition("0x")
    try:
        return bytes.fromhex(digits) if marker else b""
    except ValueError:
        return b""


def _short(raw: object) -> str:
    text = str(raw)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"

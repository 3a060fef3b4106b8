"""A node that serves the made-up chain: the JSON-RPC answers of a real one, from a process of its own.

It refuses ranges with more than MOST_LOGS logs, as public nodes do. Its answers are written out before it listens, so
that its own work disturbs the measurement as little as it can.
"""

from __future__ import annotations

import json
import socket
import sys
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from subprocess import PIPE, Popen
from typing import Any, Final

from benches._index.chain import CHAIN_ID, MadeBlock, made_chain
from usufruct.chain.records import Log

__all__ = ["running_node"]

MOST_LOGS: Final = 10_000
_TOO_MANY: Final = -32_005


@contextmanager
def running_node(blocks: int, events: int) -> Iterator[str]:
    """The address of a node with such a chain; it ends with the context."""
    command = [sys.executable, "-m", "benches._index.node", str(blocks), str(events)]
    with Popen(command, stdout=PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            if not port:
                raise RuntimeError("the node did not start")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


class _Chain:
    """The chain as answers."""

    def __init__(self, blocks: Sequence[MadeBlock]) -> None:
        self.headers = [_header(each) for each in blocks]
        self._numbers = {header["hash"]: at for at, header in enumerate(self.headers)}
        self._places = [each.block_number for block in blocks for each in block.logs]
        logs = [each for block in blocks for each in block.logs]
        self._addresses = [each.address.lower() for each in logs]
        self._texts = [json.dumps(_shown(each), separators=(",", ":")) for each in logs]

    def header(self, tag: str) -> dict[str, Any] | None:
        """A block by number or tag."""
        number = len(self.headers) - 1 if not tag.startswith("0x") else int(tag, 16)
        return self.headers[number] if number < len(self.headers) else None

    def logs(self, request: dict[str, Any]) -> str | None:
        """The logs of a request as JSON; None if they are too many."""
        if "blockHash" in request:
            first = last = self._numbers[request["blockHash"]]
        else:
            first, last = (int(request[each], 16) for each in ("fromBlock", "toBlock"))
        low, high = bisect_left(self._places, first), bisect_left(self._places, last + 1)
        found = list(range(low, high))
        asked = request.get("address")
        if asked is not None:
            wanted = {each.lower() for each in ([asked] if isinstance(asked, str) else asked)}
            found = [at for at in found if self._addresses[at] in wanted]
        if len(found) > MOST_LOGS:
            return None
        return f"[{','.join(map(self._texts.__getitem__, found))}]"


def _header(block: MadeBlock) -> dict[str, Any]:
    return {
        "number": hex(block.number),
        "hash": "0x" + block.hash.hex(),
        "parentHash": "0x" + block.parent.hex(),
        "timestamp": hex(block.timestamp),
        "baseFeePerGas": "0x7",
        "logsBloom": "0x" + block.bloom.hex(),
        "transactions": [],
    }


def _shown(log: Log) -> dict[str, Any]:
    return {
        "address": log.address.lower(),
        "topics": ["0x" + each.hex() for each in log.topics],
        "data": "0x" + log.data.hex(),
        "blockHash": "0x" + log.block_hash.hex(),
        "blockNumber": hex(log.block_number),
        "transactionHash": "0x" + log.tx_hash.hex(),
        "transactionIndex": hex(log.tx_index),
        "logIndex": hex(log.log_index),
        "removed": False,
    }


def _handler(chain: _Chain) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def do_POST(self) -> None:
            """Answers one request or a batch."""
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if isinstance(asked, list):
                body = f"[{','.join(_answer(chain, each) for each in asked)}]"
            else:
                body = _answer(chain, asked)
            raw = body.encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
            self.wfile.write(head.encode() + raw)

    return Handler


def _answer(chain: _Chain, asked: dict[str, Any]) -> str:
    result: str | None
    match asked["method"]:
        case "eth_chainId":
            result = json.dumps(hex(CHAIN_ID))
        case "eth_blockNumber":
            result = json.dumps(hex(len(chain.headers) - 1))
        case "eth_getBlockByNumber":
            result = json.dumps(chain.header(asked["params"][0]))
        case "eth_getLogs":
            result = chain.logs(asked["params"][0])
        case other:
            return _failed(asked, -32_601, f"no method {other}")
    if result is None:
        return _failed(asked, _TOO_MANY, f"more than {MOST_LOGS} logs")
    return f'{{"jsonrpc":"2.0","id":{json.dumps(asked["id"])},"result":{result}}}'


def _failed(asked: dict[str, Any], code: int, message: str) -> str:
    error = {"code": code, "message": message}
    return json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error})


def main() -> None:
    """Serves until it is ended; the first line it writes is its port."""
    blocks, events = map(int, sys.argv[1:])
    chain = _Chain(list(made_chain(blocks, events)))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(chain))
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

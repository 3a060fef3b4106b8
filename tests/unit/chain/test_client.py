"""The client against a node that misbehaves: a small server that answers what the test wants."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from usufruct.chain import transport as transport_module
from usufruct.chain.client import ChainClient, RpcError, revert_of
from usufruct.contracts import ZERO_ADDRESS
from usufruct.contracts import stream_registry as sr
from usufruct.errors import ChainError

Answer = Callable[[Any], tuple[int, object]]


class Node:
    """Answers each request with the next prepared answer, the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.cookie = ""
        node = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                node.requests.append(body)
                node.headers.append(dict(self.headers))
                answer = node.answers.pop(0) if len(node.answers) > 1 else node.answers[0]
                status, content = answer(body)
                raw = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(raw)))
                if node.cookie:
                    self.send_header("Set-Cookie", node.cookie)
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server.server_address[1]}"

    def result(self, value: object) -> None:
        self.answers.append(
            lambda body: (200, {"jsonrpc": "2.0", "id": body["id"], "result": value})
        )

    def error(self, message: str, data: object = None, code: int = -32000) -> None:
        error = {"code": code, "message": message} | ({"data": data} if data is not None else {})
        self.answers.append(
            lambda body: (200, {"jsonrpc": "2.0", "id": body["id"], "error": error})
        )


@pytest.fixture
def node() -> Iterator[Node]:
    running = Node()
    yield running
    running.server.shutdown()
    running.thread.join()
    running.server.server_close()


@pytest.fixture
def client(node: Node) -> ChainClient:
    return ChainClient(f"http://user:canary-password@{node.place}/v3/canary-key?k=canary-query")


def test_the_address_is_shown_without_what_is_secret_in_it(client: ChainClient, node: Node) -> None:
    node.error("no such method")
    assert repr(client) == f"ChainClient(http://{node.place})"
    with pytest.raises(RpcError) as caught:
        client.block_number()
    assert "canary" not in str(caught.value)
    assert "canary" not in caught.value.one_line()


def test_the_chain_id_is_asked_for_once(client: ChainClient, node: Node) -> None:
    node.result("0x7a69")
    assert [client.chain_id, client.chain_id] == [31337, 31337]
    assert len(node.requests) == 1


def test_nobody_at_home_is_a_chain_error_after_some_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(transport_module.time, "sleep", pauses.append)
    with pytest.raises(ChainError, match="no answer") as caught:
        ChainClient("http://127.0.0.1:9", timeout=0.2).block_number()
    assert len(pauses) == 3
    assert sorted(pauses) == pauses
    assert "--rpc" in str(caught.value.remedy)


@pytest.mark.parametrize("status", [400, 403, 429, 500, 502])
def test_an_http_error_is_named(client: ChainClient, node: Node, status: int) -> None:
    node.answers.append(lambda _: (status, b"<html>"))
    with pytest.raises(ChainError, match=f"HTTP {status}") as caught:
        client.block_number()
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("body", [b"<html>", b"", b"\xff", b"[1"])
def test_what_is_not_json_is_a_chain_error(client: ChainClient, node: Node, body: bytes) -> None:
    node.answers.append(lambda _: (200, body))
    with pytest.raises(ChainError, match="not JSON-RPC"):
        client.block_number()


ERROR = sr.UnknownStream(7)
DATA = "0x" + (sr.UnknownStream.SELECTOR + (7).to_bytes(32)).hex()


@pytest.mark.parametrize("data", [DATA, {"data": DATA}, f"Reverted {DATA}", f"execution: {DATA}"])
def test_a_revert_is_decoded_wherever_the_node_puts_its_data(
    client: ChainClient, node: Node, data: object
) -> None:
    node.error("execution reverted", data, 3)
    with pytest.raises(sr.UnknownStream) as caught:
        client.call(ZERO_ADDRESS, sr.terms_of(7))
    assert caught.value == ERROR
    assert revert_of(caught.value)


@pytest.mark.parametrize("data", [None, "0x", "0x12", "0xdeadbeef", "words", 5, {"x": 1}])
def test_a_revert_without_known_data_is_an_rpc_error(
    client: ChainClient, node: Node, data: object
) -> None:
    node.error("execution reverted", data, 3)
    with pytest.raises(RpcError, match="execution reverted") as caught:
        client.call(ZERO_ADDRESS, sr.terms_of(7))
    assert revert_of(caught.value)


def test_an_address_without_the_contract_is_named(client: ChainClient, node: Node) -> None:
    node.answers.append(
        lambda body: (
            200,
            {"id": body["id"], "result": "0x7a69" if body["method"] == "eth_chainId" else "0x"},
        )
    )
    with pytest.raises(ChainError, match="does not answer as StreamRegistry") as caught:
        client.call(ZERO_ADDRESS, sr.terms_of(7))
    assert "31337" in str(caught.value.rule)


def test_many_calls_go_in_batches_and_reverts_stand_in_their_place(
    client: ChainClient, node: Node
) -> None:
    def answer(batch: list[dict[str, Any]]) -> tuple[int, object]:
        error = {"code": 3, "message": "execution reverted", "data": DATA}
        answers = [
            {"id": each["id"], "result": "0x" + "00" * 31 + "05"}
            if place % 2
            else {"id": each["id"], "error": error}
            for place, each in enumerate(batch)
        ]
        return 200, answers[::-1]

    node.answers.append(answer)
    calls = [(ZERO_ADDRESS, sr.code_of(number)) for number in range(401)]
    answers = client.call_many(calls)
    assert [len(batch) for batch in node.requests] == [200, 200, 1]
    assert answers[0] == ERROR
    assert answers[1] == bytes(31) + b"\5"


def test_a_batch_that_is_refused_whole_is_an_error(client: ChainClient, node: Node) -> None:
    node.answers.append(lambda _: (200, {"id": None, "error": {"code": 1, "message": "too many"}}))
    with pytest.raises(RpcError, match="too many"):
        client.call_many([(ZERO_ADDRESS, sr.code_of(1))])


@pytest.mark.parametrize("status", [400, 413])
def test_a_refusal_by_the_status_of_http_is_the_nodes_word(
    client: ChainClient, node: Node, status: int
) -> None:
    error = {"code": -32614, "message": "eth_getLogs is limited to a 10,000 range"}
    node.answers.append(lambda body: (status, {"id": body["id"], "error": error}))
    with pytest.raises(RpcError, match="limited to a 10,000 range"):
        client.logs(1, 20_000, [ZERO_ADDRESS])


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"error": "words"}'])
def test_a_status_of_http_without_a_nodes_word_is_a_failure(
    client: ChainClient, node: Node, body: bytes
) -> None:
    node.answers.append(lambda _: (413, body))
    with pytest.raises(ChainError, match="HTTP 413"):
        client.block_number()


def test_identity_and_tags_are_one_question(client: ChainClient, node: Node) -> None:
    def answer(batch: Any) -> tuple[int, object]:
        known = {"latest": header(7), "0x0": header(0), "safe": None}
        answers = [
            {"id": each["id"], "result": known.get(each["params"][0])} for each in batch[1:3]
        ]
        answers.append({"id": batch[3]["id"], "result": None})
        answers.append({"id": batch[4]["id"], "error": {"code": -39001, "message": "unknown"}})
        return 200, [{"id": batch[0]["id"], "result": "0x5"}, *answers]

    node.answers.append(answer)
    (chain, genesis), tags = client.outlook("latest", "safe", "finalized")
    assert (chain, genesis) == (5, bytes(32))
    assert [each and each.number for each in tags] == [7, None, None]
    assert len(node.requests) == 1


def test_a_block_beyond_the_chain_is_none_and_one_that_is_kept_back_a_failure(
    client: ChainClient, node: Node
) -> None:
    def answer(batch: Any) -> tuple[int, object]:
        results = zip(batch, ("0x7", None), strict=True)
        return 200, [{"id": each["id"], "result": result} for each, result in results]

    node.answers.append(answer)
    assert client.block_if_any(8) is None
    with pytest.raises(ChainError, match="no block 7"):
        client.block_if_any(7)


def header(number: int) -> dict[str, str]:
    word = "0x" + "00" * 32
    return {"number": hex(number), "hash": word, "parentHash": word, "timestamp": "0x1"}


def test_a_block_the_node_does_not_have_is_named(client: ChainClient, node: Node) -> None:
    node.result(None)
    with pytest.raises(ChainError, match="no block 99"):
        client.block(99)


def test_logs_are_asked_for_by_range_address_and_topics(client: ChainClient, node: Node) -> None:
    node.result([])
    first = bytes(32)
    assert client.logs(1, 255, [ZERO_ADDRESS], [first, None, [first, first]]) == []
    assert node.requests[0]["params"] == [
        {
            "fromBlock": "0x1",
            "toBlock": "0xff",
            "address": [ZERO_ADDRESS],
            "topics": ["0x" + "00" * 32, None, ["0x" + "00" * 32] * 2],
        }
    ]


def test_every_request_carries_its_own_length_and_the_password_of_the_address(node: Node) -> None:
    client = ChainClient(f"http://me:secret@{node.place}")
    node.answers = [lambda body: (200, {"id": body["id"], "result": "0x1"})]
    client.rpc("eth_call", "a")
    client.rpc("eth_call", "a longer one, of ünicode")
    assert [each["params"] for each in node.requests] == [["a"], ["a longer one, of ünicode"]]
    assert {each["Authorization"] for each in node.headers} == {"Basic bWU6c2VjcmV0"}
    assert {each["Content-Type"] for each in node.headers} == {"application/json"}


def test_a_cookie_of_the_node_is_given_back(node: Node, client: ChainClient) -> None:
    node.cookie = "balancer=two"
    node.answers = [lambda body: (200, {"id": body["id"], "result": "0x1"})]
    client.rpc("eth_chainId")
    client.rpc("eth_chainId")
    assert [each.get("Cookie") for each in node.headers] == [None, "balancer=two"]

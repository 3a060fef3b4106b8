"""The generator, on a contract with every kind of signature."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.support.anvil import Anvil, AnvilError

import bindgen
from _bindgen.abitypes import snake
from _bindgen.solidity import CompileError, collect
from usufruct.contracts import _runtime as rt

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = Path(__file__).parent / "sample"


@pytest.mark.parametrize(
    ("solidity", "python"),
    [
        ("claimFor", "claim_for"),
        ("SIGNERS_DELAY", "signers_delay"),
        ("supportsERC165", "supports_erc165"),
        ("eip712Domain", "eip712_domain"),
        ("kpisOf", "kpis_of"),
        ("USDTest", "usd_test"),
    ],
)
def test_names_become_snake_case(solidity: str, python: str) -> None:
    assert snake(solidity) == python


def test_generated_modules_are_typed_and_formatted(sample_folder: Path) -> None:
    run = [sys.executable, "-m"]
    options = ["--config-file", str(ROOT / "pyproject.toml"), str(sample_folder)]
    environment = {"MYPYPATH": str(ROOT / "platform")}
    subprocess.run([*run, "mypy", *options], check=True, cwd=sample_folder.parent, env=environment)
    config = ["--config", str(ROOT / "pyproject.toml")]
    subprocess.run([*run, "ruff", "format", "--check", *config, sample_folder], check=True)


def test_the_check_sees_every_kind_of_difference(sample_folder: Path, tmp_path: Path) -> None:
    files = bindgen.existing(sample_folder)
    bindgen.write(tmp_path, files)
    inputs = bindgen.input_hash(SAMPLE, collect(SAMPLE, ()))
    assert bindgen.is_current(tmp_path, inputs)
    assert not bindgen.is_current(tmp_path, "another")
    (tmp_path / "sample.py").write_text("# edited\n")
    (tmp_path / "artifacts" / "Other.json").unlink()
    (tmp_path / "stray.py").write_text("")
    assert not bindgen.is_current(tmp_path, inputs)
    assert bindgen.differences(tmp_path, files) == ["artifacts/Other.json", "sample.py", "stray.py"]
    bindgen.write(tmp_path, files)
    assert bindgen.existing(tmp_path) == files


def test_broken_sources_are_told_with_the_compilers_words(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    settings = (
        (SAMPLE / "foundry.toml").read_text().replace("../../../../scripts", f"{ROOT}/scripts")
    )
    (tmp_path / "foundry.toml").write_text(settings)
    (tmp_path / "src" / "Bad.sol").write_text("pragma solidity ^0.8.0; contract Bad { nonsense }")
    with pytest.raises(CompileError, match="ParserError"):
        bindgen.generate(collect(tmp_path, ()), tmp_path, "bad")


def test_constants_of_a_library_become_an_enumeration(
    sample: ModuleType, sample_folder: Path
) -> None:
    text = (sample_folder / "codes.py").read_text()
    assert "FIRST = 1" in text
    assert "SECOND_ONE = 2" in text
    assert not (sample_folder / "unfinished.py").exists()


def test_shared_items_are_one_class(sample: ModuleType, other: ModuleType) -> None:
    assert sample.Empty is other.Empty
    assert sample.EVENTS == other.EVENTS


@pytest.fixture(scope="module")
def address(anvil: Anvil, sample: ModuleType) -> str:
    return deploy(anvil, sample.deploy_data(10, [sample.Point(-3, 4)], rt.address(b"\1" * 20)))


@pytest.fixture
def shape(sample: ModuleType) -> Any:
    points = (sample.Point(-1, 2), sample.Point(2**31 - 1, 255))
    return sample.Shape("a ✓ shape", points, sample.Colour.DARK_RED, rt.address(b"\2" * 20))


class TestOnChain:
    """What the bindings say is what a node understands."""

    def test_calls(self, anvil: Anvil, sample: ModuleType, address: str, shape: Any) -> None:
        def ask(call: rt.Call[Any]) -> Any:
            sent = {"to": address, "data": "0x" + call.data.hex()}
            return call.decode(bytes.fromhex(anvil.rpc("eth_call", sent, "latest")[2:]))

        assert ask(sample.limit()) == 10
        assert ask(sample.echo(shape)) == shape
        assert ask(sample.points(0)) == sample.PointsResult(-3, 4)
        both = ask(sample.both((25).to_bytes(32, "big")))
        assert both == sample.BothResult(5, sample.Colour.DARK_RED, rt.address(b"\1" * 20))
        pair = shape.points
        everything = ask(sample.echo_all([[shape], [], [shape, shape]], pair, [1, 2]))
        assert everything == sample.EchoAllResult(((shape,), (), (shape, shape)), pair, (1, 2))

    def test_errors(
        self,
        anvil: Anvil,
        sample: ModuleType,
        address: str,
        shape: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        known = {each.SELECTOR: each for each in (rt.RevertReason, rt.Panic, *sample.ERRORS)}
        monkeypatch.setattr(rt, "_errors", lambda: known)
        expected = [
            sample.TooMany(2, shape),
            sample.Simple(shape.owner, bytes.fromhex("deadbeef"), shape.colour),
            sample.Empty(),
            rt.RevertReason("because"),
            rt.Panic(1),
            None,
        ]
        for which, error in enumerate(expected):
            sent = {"to": address, "data": "0x" + sample.fail(which, shape).data.hex()}
            with pytest.raises(AnvilError) as caught:
                anvil.rpc("eth_call", sent, "latest")
            data = caught.value.error.get("data") or "0x"
            assert rt.decode_error(bytes.fromhex(data[2:])) == error

    def test_events(self, anvil: Anvil, sample: ModuleType, address: str, shape: Any) -> None:
        logs = send(anvil, sample.announce(shape).data, address)["logs"]
        found = []
        for log in logs:
            topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
            found.append(sample.EVENTS[topics[0]].decode(topics, bytes.fromhex(log["data"][2:])))
        moved, named, bare = found
        assert (moved.from_, moved.to, moved.pair) == (shape.owner, shape.points[0], (1, 2))
        assert (moved.done, moved.tag, moved.delta, moved.big) == (
            True,
            b"\1\2\3\4",
            -5,
            2**256 - 1,
        )
        assert (named.shape, named.raw, named.who) == (shape, b"raw", (rt.ZERO_ADDRESS,) * 2)
        assert bare == sample.Bare()

    def test_the_code_is_recognised_whatever_its_immutables(
        self, anvil: Anvil, sample: ModuleType, address: str
    ) -> None:
        code = bytes.fromhex(anvil.rpc("eth_getCode", address, "latest")[2:])
        assert sample.artifact().matches(code)
        assert sample.artifact().deployed_bytecode != code.hex()

    def test_a_linked_library(self, anvil: Anvil, other: ModuleType) -> None:
        linked = import_module(f"{other.__package__}.linked")
        library = deploy(anvil, linked.deploy_data())
        user = deploy(anvil, other.deploy_data(libraries={"Linked": rt.address(library)}))
        call = other.twice(21)
        sent = {"to": user, "data": "0x" + call.data.hex()}
        assert call.decode(bytes.fromhex(anvil.rpc("eth_call", sent, "latest")[2:])) == 42
        with pytest.raises(rt.EncodeError, match="Linked"):
            other.deploy_data(libraries={})


def deploy(anvil: Anvil, data: bytes) -> str:
    return str(send(anvil, data)["contractAddress"])


def send(anvil: Anvil, data: bytes, to: str | None = None) -> Any:
    sender = anvil.rpc("eth_accounts")[0]
    transaction = {"from": sender, "data": "0x" + data.hex()} | ({"to": to} if to else {})
    return anvil.send(**transaction)

"""Profiles of chains, and the extra data of those whose blocks validators sign."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import cast

import coincurve
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from usufruct.chain.authority import decode_extra_data, encode_extra_data
from usufruct.chain.client import ChainClient
from usufruct.chain.profiles import BATCH, LOG_RANGE, PROFILES, VARIABLE, profile_of
from usufruct.chain.signer import Fees, Signer
from usufruct.contracts import address
from usufruct.core.keccak import keccak256
from usufruct.errors import ConfigError, InputError

BESU = Path(__file__).parents[3] / "docs" / "operations" / "besu"
DOCUMENTED = (
    "f87aa00000000000000000000000000000000000000000000000000000000000000000f8549464a702e6263b7297a96638cac6ae65e6541f41"
    "69943923390ad55e90c237593b3b0e401f3b08a0318594aefdb9a738c9f433e5b6b212a6d62f6370c2f69294c7eeb9a4e00ce683cf93039b"
    "212648e01c6c6b78c080c0"
)
"""The example of the client's documentation: four validators."""


def test_profiles_are_found_by_chain_or_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert profile_of(31337).name == "dev"
    assert profile_of(1).finality == "tag"
    assert profile_of(20260901).fees == "free"
    assert profile_of(424242).name == "default"
    monkeypatch.setenv(VARIABLE, "qbft")
    assert profile_of(424242).authority
    monkeypatch.setenv(VARIABLE, "clique")
    assert profile_of(20260902).depth == 12
    monkeypatch.setenv(VARIABLE, "nonsense")
    with pytest.raises(ConfigError, match="profile"):
        profile_of(1)


class FreeNode:
    """A node of a chain without fees, whose answer about fees is not to be asked for."""

    chain_id = 20260901

    def ask(self, *_: object) -> int:
        raise AssertionError("nothing is asked")

    block = balance = ask


def test_transactions_cost_nothing_where_they_are_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    signer = Signer(cast("ChainClient", FreeNode()), b"\1" * 32)
    assert signer.fees() == Fees(0, 0)


def test_no_profile_asks_for_more_than_every_node_allows() -> None:
    assert (LOG_RANGE, BATCH) == (5_000, 1_024)
    assert all((each.log_range, each.batch) == (LOG_RANGE, BATCH) for each in PROFILES.values())
    numbers = [number for each in PROFILES.values() for number in each.chain_ids]
    assert len(numbers) == len(set(numbers))


def test_the_documented_extra_data_is_read_and_written() -> None:
    found = decode_extra_data(bytes.fromhex(DOCUMENTED))
    assert len(found.validators) == 4
    assert (found.round, found.seals, found.vanity) == (0, 0, bytes(32))
    again = decode_extra_data(encode_extra_data(found.validators))
    assert set(again.validators) == set(found.validators)
    assert len(encode_extra_data(found.validators)) == len(DOCUMENTED) // 2


@given(st.sets(st.binary(min_size=20, max_size=20), min_size=1, max_size=30))
def test_extra_data_round_trips_with_sorted_validators(raw: set[bytes]) -> None:
    found = decode_extra_data(encode_extra_data(["0x" + each.hex() for each in raw]))
    assert list(found.validators) == [address(each) for each in sorted(raw)]


@given(st.binary(max_size=200))
def test_any_bytes_are_extra_data_or_an_input_error(content: bytes) -> None:
    try:
        decode_extra_data(content)
    except InputError:
        return


def test_validators_twice_or_of_another_length_are_refused() -> None:
    one = "0x" + "11" * 20
    for wrong in ([one, one], ["0x11"], [one + "22"]):
        with pytest.raises(InputError):
            encode_extra_data(wrong)


# --- The example network ---


def genesis() -> dict[str, object]:
    found: dict[str, object] = json.loads((BESU / "genesis.json").read_bytes())
    return found


def test_the_example_genesis_is_of_the_profile_and_names_four_validators() -> None:
    made = genesis()
    config = made["config"]
    assert isinstance(config, dict)
    assert profile_of(config["chainId"]).name == "qbft"
    assert config["zeroBaseFee"] is True
    assert config["qbft"]["blockperiodseconds"] == profile_of(config["chainId"]).block_seconds
    assert int(str(made["gasLimit"]), 16) > 16_777_216
    found = decode_extra_data(bytes.fromhex(str(made["extraData"])[2:]))
    assert len(found.validators) >= 4
    assert encode_extra_data(found.validators).hex() == str(made["extraData"])[2:]


def test_nodes_permissions_and_compose_name_the_same_validators() -> None:
    static = json.loads((BESU / "static-nodes.json").read_bytes())
    permissions = tomllib.loads((BESU / "permissions.toml").read_text())
    assert static == permissions["nodes-allowlist"]
    keys = [re.fullmatch(r"enode://([0-9a-f]{128})@([0-9.]+):30303", each) for each in static]
    validators = set()
    for each in keys:
        assert each is not None
        coincurve.PublicKey(b"\4" + bytes.fromhex(each[1]))  # a point of the curve
        validators.add(address(keccak256(bytes.fromhex(each[1]))[12:]))
    found = decode_extra_data(bytes.fromhex(str(genesis()["extraData"])[2:]))
    assert validators == set(found.validators)
    compose = (BESU / "compose.yml").read_text()
    assert all(each is not None and f"ipv4_address: {each[2]} " in compose for each in keys)
    assert all(address(each) == each for each in permissions["accounts-allowlist"])


def test_the_nodes_answer_what_the_profile_asks() -> None:
    settings = tomllib.loads((BESU / "config.toml").read_text())
    assert settings["rpc-max-logs-range"] == LOG_RANGE
    assert settings["rpc-http-max-batch-size"] == BATCH
    assert settings["min-gas-price"] == 0
    assert settings["permissions-nodes-config-file-enabled"] is True
    assert settings["permissions-accounts-config-file-enabled"] is True
    assert "PERM" not in settings["rpc-http-api"]
    assert "ADMIN" not in settings["rpc-http-api"]


OPTIONS = {
    *(
        "genesis-file",
        "data-path",
        "node-private-key-file",
        "static-nodes-file",
        "discovery-enabled",
    ),
    *("permissions-nodes-config-file-enabled", "permissions-nodes-config-file", "host-allowlist"),
    *(
        "permissions-accounts-config-file-enabled",
        "permissions-accounts-config-file",
        "min-gas-price",
    ),
    *("rpc-http-enabled", "rpc-http-host", "rpc-http-port", "rpc-http-api", "rpc-max-logs-range"),
    *("rpc-http-max-batch-size", "revert-reason-enabled", "data-storage-format", "sync-mode"),
}
"""Options of Besu's reference that the example uses (command line options, for public and for private networks)."""
FORKS = {"londonBlock", "shanghaiTime", "cancunTime"}
QBFT = {"blockperiodseconds", "epochlength", "requesttimeoutseconds"}
MIX_HASH = "0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365"
"""Marks a header as one of QBFT's: "ctical byzantine fault tolerance", as the reference has it."""


def test_the_example_uses_options_and_keys_that_are_documented() -> None:
    settings = tomllib.loads((BESU / "config.toml").read_text())
    assert settings.keys() == OPTIONS
    assert settings["data-storage-format"] == "FOREST"
    assert (settings["sync-mode"], settings["discovery-enabled"]) == ("FULL", False)
    permissions = tomllib.loads((BESU / "permissions.toml").read_text())
    assert permissions.keys() == {"nodes-allowlist", "accounts-allowlist"}
    made = genesis()
    config = made["config"]
    assert isinstance(config, dict)
    assert config.keys() == {"chainId", "zeroBaseFee", "qbft", *FORKS}
    assert config["qbft"].keys() == QBFT
    assert config["qbft"]["requesttimeoutseconds"] >= 2 * config["qbft"]["blockperiodseconds"]
    assert made.keys() == {
        *("config", "nonce", "timestamp", "gasLimit", "difficulty", "mixHash", "coinbase"),
        *("extraData", "alloc"),
    }
    assert (made["mixHash"], made["difficulty"]) == (MIX_HASH, "0x1")
    assert bytes.fromhex(MIX_HASH[2:]).decode() == "ctical byzantine fault tolerance"


def test_the_compose_file_starts_every_validator_with_its_own_key_and_the_same_settings() -> None:
    services = yaml.safe_load((BESU / "compose.yml").read_text())["services"]
    assert len(services) >= 4
    keys = [
        volume for each in services.values() for volume in each["volumes"] if "/secrets:" in volume
    ]
    assert len(set(keys)) == len(services)
    places = {each["networks"]["village"]["ipv4_address"] for each in services.values()}
    assert len(places) == len(services)
    for each in services.values():
        assert each["command"] == ["--config-file=/config/config.toml"]
        assert "./:/config:ro" in each["volumes"]
        assert all(port.startswith("127.0.0.1:") for port in each.get("ports", []))


def test_the_generator_makes_the_example_s_network() -> None:
    made = json.loads((BESU / "qbft-config.json").read_bytes())
    assert made["blockchain"]["nodes"]["count"] >= 4
    example = {name: value for name, value in genesis().items() if name != "extraData"}
    assert made["genesis"] == example

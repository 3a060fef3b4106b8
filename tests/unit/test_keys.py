from __future__ import annotations

import json
import logging
import traceback
from pathlib import Path

import pytest
from eth_account import Account

from usufruct.errors import ConfigError
from usufruct.keys import (
    DEV_CHAIN_ID,
    SecretBytes,
    address_of_key,
    create_keystore,
    dev_account,
    dev_address,
    dev_meter_key,
    load_key,
    parse_key_spec,
)

CANARY = bytes.fromhex("c0ffee" * 10 + "c0fe")
SHOWN = CANARY.hex()


def test_development_accounts_are_those_that_anvil_prints() -> None:
    first = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
    assert dev_account(0).hex() == first
    assert dev_address(0) == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    assert dev_address(9) == "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"


def test_development_accounts_are_refused_on_any_other_chain() -> None:
    with pytest.raises(ConfigError, match="chain 1") as caught:
        dev_account(0, 1)
    assert "31337" in str(caught.value.rule)
    with pytest.raises(ConfigError):
        load_key({"dev": 0}, chain_id=1)


def test_meter_keys_follow_from_the_code() -> None:
    assert dev_meter_key("home-01") == dev_meter_key("home-01")
    assert dev_meter_key("home-01") != dev_meter_key("home-02")
    assert len(dev_meter_key("home-01")) == 32


def test_the_address_is_the_one_eth_account_finds() -> None:
    assert address_of_key(CANARY) == Account.from_key(CANARY).address


# --- Secrets stay secret -------------------------------------------------------------------------


def test_a_secret_shows_itself_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    secret = SecretBytes(CANARY)
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("test").warning("%s %r %s", secret, secret, {"key": [secret]})
    texts = [repr(secret), str(secret), f"{secret}", f"{secret!r:>20}", repr([secret]), caplog.text]
    assert not [text for text in texts if SHOWN in text or "\\xc0" in text]
    assert bytes(secret) == CANARY
    assert secret.hex() == SHOWN


@pytest.mark.parametrize("damage", [SHOWN[:-1], SHOWN + "00", "zz" + SHOWN, SHOWN + "!"])
def test_a_broken_key_in_the_environment_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setenv("OPERATOR_KEY", damage)
    with pytest.raises(ConfigError) as caught:
        load_key({"env": "OPERATOR_KEY"}, chain_id=1)
    text = "".join(traceback.format_exception(caught.value)) + caught.value.one_line()
    assert SHOWN[:32] not in text
    assert "OPERATOR_KEY" in text


def test_a_key_pasted_on_the_command_line_is_not_repeated() -> None:
    for pasted in (SHOWN, f"0x{SHOWN}", f"key:{SHOWN}", f"dev:{SHOWN}"):
        with pytest.raises(ConfigError) as caught:
            parse_key_spec(pasted)
        assert SHOWN not in "".join(traceback.format_exception(caught.value))


def test_a_wrong_password_shows_neither_it_nor_the_key(
    monkeypatch: pytest.MonkeyPatch, keystore: Path
) -> None:
    monkeypatch.setenv("PASSWORD", "wrong-canary")
    spec = {"keystore": str(keystore), "password_env": "PASSWORD"}
    with pytest.raises(ConfigError) as caught:
        load_key(spec, chain_id=1)
    text = "".join(traceback.format_exception(caught.value))
    assert "wrong-canary" not in text
    assert SHOWN not in text


# --- Where keys come from ------------------------------------------------------------------------


@pytest.fixture
def keystore(tmp_path: Path) -> Path:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(Account.encrypt(CANARY, "right", kdf="pbkdf2", iterations=2)))
    path.chmod(0o600)
    return path


def test_a_key_may_lie_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATOR_KEY", f" 0x{SHOWN}\n")
    assert load_key({"env": "OPERATOR_KEY"}, chain_id=1) == CANARY


def test_a_key_may_lie_in_a_keystore(monkeypatch: pytest.MonkeyPatch, keystore: Path) -> None:
    monkeypatch.setenv("PASSWORD", "right")
    spec = parse_key_spec(f"keystore:{keystore}:PASSWORD")
    assert load_key(spec, chain_id=1) == CANARY


def test_a_key_may_be_a_development_account() -> None:
    assert load_key(parse_key_spec("dev:3"), chain_id=DEV_CHAIN_ID) == dev_account(3)


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"dev": "0"},
        {"dev": 0, "env": "X"},
        {"env": 1},
        {"keystore": "x"},
        {"keystore": "x", "password_env": "MISSING_VARIABLE"},
        {"env": "MISSING_VARIABLE"},
        {"private_key": SHOWN},
    ],
)
def test_any_other_way_is_refused(spec: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as caught:
        load_key(spec, chain_id=DEV_CHAIN_ID)
    assert caught.value.remedy
    assert SHOWN not in caught.value.one_line()


@pytest.mark.parametrize("number", [0, 2**256 - 1])
def test_numbers_off_the_curve_are_no_keys(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setenv("OPERATOR_KEY", f"{number:064x}")
    with pytest.raises(ConfigError, match="does not hold a private key"):
        load_key({"env": "OPERATOR_KEY"}, chain_id=1)


def test_a_missing_keystore_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PASSWORD", "x")
    spec = {"keystore": str(tmp_path / "none.json"), "password_env": "PASSWORD"}
    with pytest.raises(ConfigError, match="cannot be read"):
        load_key(spec, chain_id=1)


# --- Keystores of our own ------------------------------------------------------------------------


def test_a_new_keystore_is_encrypted_private_and_opens_to_its_address(tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    address = create_keystore(path, "a long enough password")
    stored = json.loads(path.read_text())
    assert (stored["version"], stored["crypto"]["kdf"]) == (3, "scrypt")
    assert path.stat().st_mode & 0o777 == 0o600
    password = tmp_path / "password"
    password.write_text("a long enough password\r\n")
    password.chmod(0o600)
    key = load_key({"keystore": str(path), "password_file": str(password)}, chain_id=1)
    assert address_of_key(key) == address
    assert key.hex() not in path.read_text()
    with pytest.raises(ConfigError, match="cannot be written"):
        create_keystore(path, "a long enough password")


def test_a_short_password_makes_no_keystore(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="too short"):
        create_keystore(tmp_path / "new.json", "short")
    assert not (tmp_path / "new.json").exists()


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o666])
def test_a_keystore_that_everybody_may_read_is_refused(
    monkeypatch: pytest.MonkeyPatch, keystore: Path, mode: int
) -> None:
    monkeypatch.setenv("PASSWORD", "right")
    keystore.chmod(mode)
    with pytest.raises(ConfigError, match="open to everybody") as caught:
        load_key({"keystore": str(keystore), "password_env": "PASSWORD"}, chain_id=1)
    assert f"chmod 600 {keystore}" in caught.value.one_line()


@pytest.mark.parametrize(("content", "mode"), [("", 0o600), ("\nsecond", 0o600), ("right", 0o644)])
def test_a_password_file_that_is_empty_or_open_is_refused(
    keystore: Path, tmp_path: Path, content: str, mode: int
) -> None:
    password = tmp_path / "password"
    password.write_text(content)
    password.chmod(mode)
    with pytest.raises(ConfigError) as caught:
        load_key({"keystore": str(keystore), "password_file": str(password)}, chain_id=1)
    assert caught.value.field == "password_file"
    assert "right" not in caught.value.one_line()

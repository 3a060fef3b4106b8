"""Where private keys come from: a development mnemonic, the environment, or a keystore file.

Keys are `SecretBytes`: ordinary bytes for the signer, blanked out in every representation.
Development keys are public knowledge and therefore refused on every chain but Anvil's own (id
31337).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import coincurve

from usufruct.contracts import Address, address
from usufruct.core.keccak import keccak256
from usufruct.errors import ConfigError

__all__ = [
    "DEV_CHAIN_ID",
    "SecretBytes",
    "address_of_key",
    "create_keystore",
    "dev_account",
    "dev_address",
    "dev_meter_key",
    "load_key",
    "parse_key_spec",
    "read_password",
    "require_private",
]

DEV_CHAIN_ID: Final = 31337
"""Anvil's chain id, the only one on which development keys are accepted."""

# The mnemonic printed by every Anvil and Hardhat node; it protects nothing.
_DEV_MNEMONIC: Final = "test test test test test test test test test test test junk"
_DEV_PATH: Final = (44 | 1 << 31, 60 | 1 << 31, 1 << 31, 0)
_CURVE_ORDER: Final = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
_KEY_LENGTH: Final = 32
_LEAST_PASSWORD: Final = 12
_SPEC_REMEDY: Final = (
    'write {dev = 0}, {env = "NAME"} or {keystore = "path", password_env = "NAME"}; '
    'password_file = "path" may stand in place of password_env'
)


class SecretBytes(bytes):
    """Bytes that never show themselves.

    `repr` and `str` are blank, the value works like any bytes.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "SecretBytes(…)"

    __str__ = __repr__

    def __format__(self, _: str) -> str:
        return repr(self)


def dev_meter_key(code: str) -> SecretBytes:
    """The signing key of a development meter.

    Sha256("usufruct dev meter key/" + code), 32 bytes.
    """
    return SecretBytes(hashlib.sha256(f"usufruct dev meter key/{code}".encode()).digest())


@cache
def dev_account(n: int, chain_id: int = DEV_CHAIN_ID) -> SecretBytes:
    """The private key of Anvil's account `n` (32 bytes).

    Raises ConfigError when `chain_id` is not 31337: anyone can spend from these accounts.
    """
    require_dev_chain(f"dev:{n}", chain_id)
    seed = hashlib.pbkdf2_hmac("sha512", _DEV_MNEMONIC.encode(), b"mnemonic", 2048)
    master = hmac.digest(b"Bitcoin seed", seed, "sha512")
    key, chain_code = int.from_bytes(master[:32]), master[32:]
    for index in (*_DEV_PATH, n):
        key, chain_code = _child(key, chain_code, index)
    return SecretBytes(key.to_bytes(_KEY_LENGTH))


def dev_address(n: int) -> Address:
    """The address of Anvil's account `n`; an address is no secret, so no chain is asked for."""
    return address_of_key(dev_account(n))


def address_of_key(private_key: bytes) -> Address:
    """The account that `private_key` signs for."""
    point = coincurve.PublicKey.from_secret(bytes(private_key)).format(compressed=False)
    return address(keccak256(point[1:])[12:])


def require_dev_chain(what: str, chain_id: int) -> None:
    """Raises ConfigError unless `chain_id` is the development chain's."""
    if chain_id != DEV_CHAIN_ID:
        raise ConfigError(
            f"{what} is a development account and this is chain {chain_id}",
            field="key",
            value=what,
            rule=f"development keys are public and accepted on chain id {DEV_CHAIN_ID} only",
            remedy="name an address or key of your own",
        )


def parse_key_spec(text: str) -> dict[str, object]:
    """The mapping that `load_key` takes, from a command line's text.

    That is `dev:N`, `env:NAME` or `keystore:PATH:PASSWORD_ENV`; anything else raises ConfigError.
    """
    kind, _, rest = text.partition(":")
    if kind == "dev" and rest.isdecimal():
        return {"dev": int(rest)}
    if kind == "env" and rest:
        return {"env": rest}
    path, _, password_env = rest.rpartition(":")
    if kind == "keystore" and path and password_env:
        return {"keystore": path, "password_env": password_env}
    # The text is not repeated: somebody may have pasted the key itself.
    raise ConfigError(
        "the key is not named in a known way",
        field="--key",
        rule="one of dev:N, env:NAME, keystore:PATH:PASSWORD_ENV",
        remedy="never write the key itself; put it into an environment variable and pass env:NAME",
    )


def load_key(spec: Mapping[str, object], *, chain_id: int) -> SecretBytes:
    """The private key (32 bytes) that `spec` names, for use on chain `chain_id`.

    `spec` is {dev = N}, {env = "NAME"} or {keystore = "path"} with password_env = "NAME" or
    password_file = "path". Raises ConfigError when the spec is malformed, the key is missing or
    unusable, others may read its file, or a development key is asked for on another chain.
    """
    match dict(spec):
        case {"dev": int(n)} if len(spec) == 1:
            return dev_account(n, chain_id)
        case {"env": str(name)} if len(spec) == 1:
            return _from_hex(name, _variable(name))
        case {"keystore": str(path), "password_env": str(name)} if len(spec) == 2:  # noqa: PLR2004  # both keys, no more
            return _from_keystore(Path(path), _variable(name))
        case {"keystore": str(path), "password_file": str(name)} if len(spec) == 2:  # noqa: PLR2004  # the same
            return _from_keystore(Path(path), read_password(Path(name)))
    raise ConfigError(
        "the key is not named in a known way",
        field="key",
        rule="exactly one of dev, env, or keystore with password_env or password_file",
        remedy=_SPEC_REMEDY,
    )


def create_keystore(path: Path, password: str) -> Address:
    """Make a key of its own chance and store it encrypted (web3 secret storage 3, scrypt); its address.

    The file is new, readable by its owner alone, and opened again before it counts. Raises
    ConfigError when the password is shorter than 12 characters or the file exists or cannot be
    written.
    """
    from eth_account import Account  # noqa: PLC0415  # a slow import that only keystores need

    if len(password) < _LEAST_PASSWORD:
        raise ConfigError(
            "the keystore's password is too short",
            field="password",
            rule=f"at least {_LEAST_PASSWORD} characters",
            remedy="make a longer one; nobody has to type it",
        )
    key = SecretBytes(secrets.token_bytes(_KEY_LENGTH))
    while not 0 < int.from_bytes(key) < _CURVE_ORDER:
        key = SecretBytes(secrets.token_bytes(_KEY_LENGTH))
    content = json.dumps(Account.encrypt(bytes(key), password, kdf="scrypt")).encode()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ConfigError(
            f"the keystore cannot be written: {error.strerror}",
            field="keystore",
            value=str(path),
            rule="a new file in a folder that may be written",
            remedy="name another file; an existing one is never overwritten",
        ) from error
    if _from_keystore(path, password) != key:
        raise AssertionError("the keystore was written and read in this very process")
    return address_of_key(key)


def require_private(path: Path, field: str) -> None:
    """Raises ConfigError if others than owner and group may read or write the secret file `path`."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # whoever opens it says so
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise ConfigError(
            f"{path} is open to everybody on this machine",
            field=field,
            value=f"{path} (mode {stat.S_IMODE(mode):04o})",
            rule="others may neither read nor write it",
            remedy=f"chmod 600 {path}",
        )


def read_password(path: Path) -> str:
    """The first line of a password file, which others may not read; ConfigError if it is unusable."""
    require_private(path, "password_file")
    try:
        password = path.read_text(encoding="utf-8").partition("\n")[0].strip("\r")
    except (OSError, UnicodeDecodeError):
        password = ""
    if password:
        return password
    raise ConfigError(
        f"{path} holds no password",
        field="password_file",
        value=str(path),
        rule="a readable file whose first line is the password",
        remedy="check path and permissions",
    )


def _child(key: int, chain_code: bytes, index: int) -> tuple[int, bytes]:
    """One step of BIP-32's private derivation."""
    secret = key.to_bytes(_KEY_LENGTH)
    hardened = bool(index >> 31)
    body = b"\0" + secret if hardened else coincurve.PublicKey.from_secret(secret).format()
    digest = hmac.digest(chain_code, body + index.to_bytes(4), "sha512")
    return (int.from_bytes(digest[:32]) + key) % _CURVE_ORDER, digest[32:]


def _variable(name: str) -> str:
    value = os.environ.get(name)
    if value:
        return value
    raise ConfigError(
        f"environment variable {name} is not set",
        field=name,
        rule="the variable named in the key's place must hold it",
        remedy=f"export {name}=… before starting",
    )


def _from_hex(name: str, text: str) -> SecretBytes:
    try:
        key = bytes.fromhex(text.strip().removeprefix("0x"))
    except ValueError:
        key = b""
    return _usable(name, key)


def _from_keystore(path: Path, password: str) -> SecretBytes:
    # A slow import that only keystores need.
    from eth_account import Account  # noqa: PLC0415

    require_private(path, "keystore")
    try:
        key = bytes(Account.decrypt(json.loads(path.read_text(encoding="utf-8")), password))
    except OSError as error:
        raise ConfigError(
            f"keystore {path} cannot be read: {error.strerror}",
            field="keystore",
            value=str(path),
            rule="the file must be readable",
            remedy="check path and permissions",
        ) from None
    except (ValueError, KeyError, TypeError):
        # `from None`: the cause's frames would carry password and key into a traceback.
        raise ConfigError(
            f"keystore {path} cannot be opened",
            field="keystore",
            value=str(path),
            rule="a web3 secret storage file (version 3) and its password",
            remedy="check the file, and the password in the variable named by password_env",
        ) from None
    return _usable(str(path), key)


def _usable(where: str, key: bytes) -> SecretBytes:
    if len(key) == _KEY_LENGTH and 0 < int.from_bytes(key) < _CURVE_ORDER:
        return SecretBytes(key)
    raise ConfigError(
        f"{where} does not hold a private key",
        field=where,
        rule="32 bytes in hex, between 1 and the order of secp256k1",
        remedy="check that the whole key was copied",
    )

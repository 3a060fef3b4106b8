"""Settings of `usufruct serve` and `usufruct keep`: command line, then environment, then file, then defaults."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from usufruct.deploy.record import record_path
from usufruct.errors import ConfigError
from usufruct.index.chain import Finality
from usufruct.index.indexer import WINDOW
from usufruct.index.reading import LARGEST_RANGE

__all__ = ["Settings"]

_REQUESTS_PER_SECOND: Final = 50
"""A page with all that belongs to it is ten requests, a document weighs twenty."""


class Settings(BaseSettings):
    """Where the node, the deployment, the ledger and the workers are.

    Each may be set in the environment as `USUFRUCT_<NAME>`, lists as JSON.
    """

    model_config = SettingsConfigDict(
        env_prefix="USUFRUCT_", extra="forbid", frozen=True, validate_default=True
    )

    rpc: str = Field(
        "http://127.0.0.1:8545", pattern=r"^https?://", description="JSON-RPC endpoint of a node"
    )
    ws: str | None = Field(
        None,
        pattern=r"^wss?://",
        description="WebSocket endpoint of the node, which announces new blocks; an rpc of ws:// stands for both",
    )
    second_rpc: str | None = Field(
        None,
        pattern=r"^https?://",
        description="JSON-RPC endpoint of another node; what both say alike is taken in, and nothing else",
    )
    finality: Finality = Field(
        "tags",
        description="how final blocks are known: the node's tag finalized, its tag safe, instant (QBFT, IBFT) or none",
    )
    range_blocks: int = Field(
        LARGEST_RANGE, ge=1, le=100_000, description="most blocks of one question for logs"
    )
    undo_blocks: int = Field(
        WINDOW,
        ge=1,
        description="most blocks that a reorganisation may undo, where the node calls none final",
    )
    state: Path = Field(
        Path("state"), description="folder of deployment records, ledger and outbox"
    )
    deployment: Path | None = Field(
        None,
        description="deployment record; by default deployments/<chain id>.json in the state folder",
    )
    database: str | None = Field(
        None, description="URL of the ledger's database; by default ledger.db in the state folder"
    )
    community: Path | None = Field(
        None, description="community file, for names that are not on the chain"
    )
    workers: tuple[Annotated[str, Field(pattern=r"^https?://")], ...] = Field(
        (), description="addresses of oracle workers, for evidence"
    )
    worker_key: str | None = Field(
        None,
        description="key that signs requests to workers on other machines: env:NAME or keystore:PATH:VARIABLE",
    )
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=0, le=65_535, description="port to listen on")
    ops: str | None = Field(
        None,
        description="HOST:PORT where serve tells Prometheus its metrics, not for the public; by default nowhere",
    )
    reader_rpc: str | None = Field(
        None,
        pattern=r"^https?://[A-Za-z0-9.:\[\]_-]+(/[A-Za-z0-9._~/-]*)?$",
        max_length=200,
        description="JSON-RPC endpoint that readers' browsers may ask when they check a proof",
    )
    poll_seconds: float = Field(
        1.0, gt=0, le=60, description="pause between two looks at the chain"
    )
    evidence_seconds: float = Field(
        5.0, gt=0, le=3_600, description="pause between two rounds of evidence"
    )
    ready_lag_blocks: int = Field(
        64, ge=0, description="blocks the index may lag and still be ready"
    )
    public: Literal["aggregates", "all"] = Field(
        "all",
        description="what everybody sees: all, or figures that are about nobody in particular",
    )
    origin: str | None = Field(
        None,
        pattern=r"^https?://[A-Za-z0-9.:\[\]_-]{1,255}$",
        description="where people reach the service; by default the address it listens on",
    )
    session_seconds: int = Field(
        86_400, ge=60, le=2_592_000, description="how long a sign-in lasts"
    )
    requests_per_second: int | None = Field(
        None,
        ge=0,
        description="requests of one address a second, on average, counted in this one process and from its start on;"
        " 0 for any number, as by default on 127.0.0.1; elsewhere 50",
    )
    loopback_webhooks: bool = Field(
        False, description="lets webhooks go to this machine and to private networks"
    )
    finality_blocks: int = Field(
        64, ge=0, description="blocks on top of a fact until it is told by webhook and event"
    )
    log_json: bool = Field(False, description="logs as JSON lines")

    @model_validator(mode="before")
    @classmethod
    def _both_at_one_address(cls, given: Any) -> Any:
        """An address of a WebSocket is that of the other questions too, unless `ws` names another one."""
        rpc = given.get("rpc")
        if isinstance(rpc, str) and rpc.startswith(("ws://", "wss://")):
            return {"ws": rpc, **given, "rpc": "http" + rpc.removeprefix("ws")}
        return given

    @property
    def database_url(self) -> str:
        """URL of the ledger's database."""
        return self.database or f"sqlite:///{self.state / 'ledger.db'}"

    @property
    def rate(self) -> int:
        """Requests that one address may make in a second, on average; 0 for any number.

        Who listens on this machine alone serves its owner, or a proxy that all come through.
        """
        if self.requests_per_second is not None:
            return self.requests_per_second
        return 0 if _loopback(self.host) else _REQUESTS_PER_SECOND

    @property
    def secret_file(self) -> Path:
        """The file with the secret of the interface."""
        return self.state / "api.secret"

    def record(self, chain_id: int) -> Path:
        """Path of the deployment record."""
        return self.deployment or record_path(self.state, chain_id)

    @classmethod
    def load(cls, config: Path | None, **flags: Any) -> Settings:
        """The settings in force; flags that are None count as not given. ConfigError names what is wrong."""
        given = {key: value for key, value in flags.items() if value not in (None, ())}
        if config is not None and not config.is_file():
            raise ConfigError(
                "there is no such settings file",
                field="--config",
                value=str(config),
                rule="a readable TOML file",
                remedy="check the path",
            )
        try:
            return _with_file(cls, config)(**given)
        except ValidationError as error:
            raise _refused(error, config) from None
        except ValueError as error:  # TOML that cannot be read, JSON of a list in the environment
            raise ConfigError(
                f"the settings cannot be read: {error}",
                field="settings",
                value=str(config or "environment"),
                rule="TOML in the file, JSON for lists in the environment",
                remedy="correct it",
            ) from None


def _loopback(host: str) -> bool:
    """Whether a host is this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _with_file(cls: type[Settings], config: Path | None) -> type[Settings]:
    """The settings class reading `config` below the environment."""

    class _Loaded(cls):  # type: ignore[valid-type,misc]  # the class is a parameter so that subclasses keep their fields
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del dotenv_settings, file_secret_settings
            file = TomlConfigSettingsSource(settings_cls, config) if config else None
            return tuple(each for each in (init_settings, env_settings, file) if each is not None)

    return _Loaded


def _refused(error: ValidationError, config: Path | None) -> ConfigError:
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"]) or "settings"
    unknown = first["type"] == "extra_forbidden"
    return ConfigError(
        "a setting is not usable",
        field=field,
        value=first.get("input"),
        rule="no such setting" if unknown else str(first["msg"]),
        remedy=f"known settings: {', '.join(Settings.model_fields)}",
        file=str(config) if config else None,
    )

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from usufruct.deploy.record import (
    CONTRACTS,
    Deployment,
    Reservation,
    load_deployment,
    record_path,
    save,
)
from usufruct.errors import ConfigError
from usufruct.keys import dev_address

FULL = Deployment(31337, b"\1" * 32, "TOWN", waterfall=Reservation(dev_address(9), 12))
for place, name in enumerate(CONTRACTS):
    FULL = FULL.with_contract(name, dev_address(place), 7 + place)
FULL = FULL.with_series({"A": dev_address(20)})


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = record_path(tmp_path, 31337)
    save(FULL, path)
    assert path == tmp_path / "deployments" / "31337.json"
    assert load_deployment(path) == FULL
    assert FULL.block == 7


def test_a_contract_that_is_not_there_is_named() -> None:
    empty = Deployment(31337, bytes(32), "TOWN")
    with pytest.raises(ConfigError, match="Waterfall is not deployed on chain 31337"):
        empty.address("Waterfall")
    assert FULL.address("Waterfall") == dev_address(CONTRACTS.index("Waterfall"))


def test_forgetting_contracts_forgets_what_was_reserved_for_them() -> None:
    less = FULL.without(("Waterfall",))
    assert "Waterfall" not in less.contracts
    assert less.waterfall is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"version": 2}',
        '{"version":1,"chain_id":1,"genesis":"0x00","project":"T","block":0,"contracts":{},"series":{}}',
        '{"version":1,"chain_id":1,"genesis":"0x'
        + "00" * 32
        + '","project":"T","block":0,"contracts":{"A":"0x1"},"series":{}}',
    ],
)
def test_a_broken_record_is_a_config_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "31337.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match="not a deployment record"):
        load_deployment(path)


def test_a_missing_record_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no deployment record") as caught:
        load_deployment(tmp_path / "none.json")
    assert "deploy first" in str(caught.value.remedy)


PROGRAM = """
import sys
from pathlib import Path
from usufruct.deploy.record import Deployment, save
save(Deployment(31337, bytes(32), "NEW"), Path(sys.argv[1]))
"""


@pytest.mark.parametrize(
    ("point", "project"), [("record.drafted", "TOWN"), ("record.stored", "NEW")]
)
def test_a_crash_leaves_the_old_record_or_the_new_one(
    tmp_path: Path, point: str, project: str
) -> None:
    path = tmp_path / "31337.json"
    save(FULL, path)
    environment = {**os.environ, "USUFRUCT_CRASH_AT": point}
    command = [sys.executable, "-c", PROGRAM, str(path)]
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    assert load_deployment(path).project == project

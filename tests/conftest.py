"""Fixtures and rules for all tests.

Environment:
    HYPOTHESIS_PROFILE   dev (50 examples, the default), ci (150, the default with CI=true), deep (20 000)
    USUFRUCT_DATA        folder of the real data sets, by default ../shared/data beside the repository
    CI=true              a skip because a part is not available becomes a failure
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings
from tests.support.anvil import Anvil, running_anvil
from tests.support.parts import PREFIX

ROOT = Path(__file__).resolve().parent.parent
MEMORY, ENOUGH = Path("/dev/shm"), 4 << 30  # noqa: S108  # pytest makes a folder of its own in it
IN_CI = os.environ.get("CI") == "true"

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=150, deadline=None, print_blob=True)
settings.register_profile(
    "deep", max_examples=20_000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if IN_CI else "dev"))


# What tests write they need not flush to a disk: thousands of small databases would wait for it most of the time.
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


# Where no test says how logs are told, an error's lines are: with sources and values they take seconds each.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)


SLOWEST = (
    "integration/ops/test_another_node.py",
    "integration/demo/test_demo.py",
    "integration/web/test_verify_module.py",
    "integration/web/test_browser.py",
    "integration/deploy/test_apply.py",
    "integration/platform/test_as_of.py",
    "integration/oracles/test_worker_corrections.py",
    "integration/oracles/test_worker_faults.py",
    "integration/oracles/test_worker_crash.py",
    "integration/oracles/test_worker_faulty_month.py",
    "integration/oracles/test_worker_month.py",
    "integration/oracles/test_worker_rotation.py",
    "simulation/test_simulation.py",
    "integration/platform/test_keeper.py",
    "integration/platform/test_index_crashes.py",
    "unit/oracles_worker/test_corrections.py",
    "integration/deploy/test_role_matrix.py",
    "integration/oracles/test_real_month.py",
    "integration/oracles/test_worker_feeds.py",
    "integration/platform/test_lists.py",
    "integration/ops/test_backup.py",
)
"""Files that take longest, in this order: begun first, so that no process is left alone with one at the end."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts slow files first, marks tests that start Anvil, and leaves out deep ones unless -m asks for them."""
    places = {ROOT / "tests" / each: place for place, each in enumerate(SLOWEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))
    for item in items:
        if {"anvil", "anvil_fresh"}.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("chain")
    if "deep" in config.option.markexpr:
        return
    deep = [item for item in items if item.get_closest_marker("deep")]
    config.hook.pytest_deselected(items=deep)
    items[:] = [item for item in items if item not in deep]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With CI=true turns the skip of a test that lacks a part into a failure."""
    report = yield
    _forbid_missing_part(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole module."""
    report = yield
    _forbid_missing_part(report)
    return report


def _forbid_missing_part(report: pytest.TestReport | pytest.CollectReport) -> None:
    if IN_CI and report.outcome == "skipped" and PREFIX in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"CI=true allows no skip: {report.longrepr}"


@pytest.fixture(scope="module", autouse=True)
def _logs_as_before() -> Iterator[None]:
    """What a module's tests set about logs ends with it: else the next in this process could find no line."""
    before = structlog.get_config().copy()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def usufruct_data() -> Path:
    """Folder of the real data sets."""
    folder = Path(os.environ.get("USUFRUCT_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set USUFRUCT_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def anvil(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anvil]:
    """One chain for all tests that do not mind each other."""
    with running_anvil(tmp_path_factory.mktemp("anvil")) as chain:
        yield chain


@pytest.fixture
def anvil_fresh(tmp_path: Path) -> Iterator[Anvil]:
    """A new chain for this test alone."""
    with running_anvil(tmp_path) as chain:
        yield chain

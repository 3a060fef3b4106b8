"""Every operation of the OpenAPI document under generated requests: no defect, no answer that is not described."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.support.asking import CONTRACTS, House, filled

from usufruct.api.app import create_app
from usufruct.api.auth.principal import Role
from usufruct.api.labels import Labels
from usufruct.api.render import Renderer
from usufruct.api.service import Service
from usufruct.ledger.database import Database
from usufruct.money import Currency

CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
NEGATIVE = schemathesis.GenerationMode.NEGATIVE
NEED_A_NODE = {
    "GET /v1/disclosures",
    "POST /v1/proofs/verify",
    "POST /v1/streams/{stream_id}/preview",
    "POST /v1/wallets/{address}/subscriptions",
}
"""They say so where the service has none, as here; on a chain they are tested in tests/integration/platform."""
ROLES = (None, Role.AUDITOR, Role.TRANSFER_AGENT)


def _operations() -> list[str]:
    render = Renderer(Currency("USDX", 6), Labels())
    app = create_app(Service(Database("sqlite:///nowhere.db"), render, 31337, CONTRACTS))
    paths = app.openapi()["paths"]
    return [f"{method.upper()} {path}" for path, each in paths.items() for method in each]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = filled(tmp_path_factory.mktemp("schemathesis"))
    made.service.refusals.per_second = 0  # each refusal is looked at here, however fast they come
    made.service.progress.caught_up = True
    yield made
    made.close()


@pytest.fixture(scope="module")
def keys(asked: House) -> dict[Role | None, dict[str, str]]:
    return {role: {} if role is None else asked.key(role) for role in ROLES}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("operation", _operations())
def test_no_operation_fails_or_answers_what_is_not_described(
    operation: str, asked: House, keys: dict[Role | None, dict[str, str]]
) -> None:
    method, path = operation.split(" ")
    described = schemathesis.openapi.from_asgi("/openapi.json", asked.app)[path][method]
    count = itertools.count()
    seen: set[int] = set()

    @given(
        described.as_strategy() | described.as_strategy(generation_mode=NEGATIVE),
        st.sampled_from(ROLES),
    )
    @settings(
        max_examples=15,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def check(case: schemathesis.Case, role: Role | None) -> None:
        headers = keys[role] | {"idempotency-key": f"{operation}{next(count)}".replace(" ", "")}
        answer = case.call(headers=headers)
        seen.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    check()
    assert {each for each in seen if each >= 500} <= ({503} if operation in NEED_A_NODE else set())

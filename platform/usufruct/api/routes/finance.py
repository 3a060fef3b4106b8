"""The finance engine over HTTP: pure, stateless and bounded; what is sent is neither stored nor logged."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Response

from usufruct.api import schemas
from usufruct.api.problems import Problem
from usufruct.api.turns import Turns
from usufruct.config.problems import ConfigErrors
from usufruct.errors import ConfigError
from usufruct.finance.files import load_text
from usufruct.finance.numbers import refused
from usufruct.finance.report import Report
from usufruct.finance.risk import study as simulation
from usufruct.finance.risk.tables import AssumptionsTable
from usufruct.finance.structures.check import check
from usufruct.finance.structures.deal import Deal, compile_deal
from usufruct.finance.structures.export import export
from usufruct.finance.structures.report import findings_report
from usufruct.finance.valuation import study as valuation
from usufruct.finance.valuation.tables import ValuationTable
from usufruct.finance.workbench import Move, compare, moved, played

router = APIRouter(prefix="/v1/finance", tags=["finance"])

_MOST_DRAWS: Final = 6_000_000
_TOLD, _SHOWN = 50, 200
_turns = Turns(2, 16)


@router.post("/value", responses=schemas.done(schemas.ReportAnswer))
async def value(body: schemas.FileBody) -> Response:
    """Values a community, as `usufruct value` does."""
    return await _answer(
        lambda: valuation.study(
            load_text(body.file, "valuation.toml", ValuationTable).table
        ).plain()
    )


@router.post("/structure/check", responses=schemas.done(schemas.ReportAnswer))
async def check_structure(body: schemas.VersionBody) -> Response:
    """Tells what is refused and what is doubtful in a structure."""

    def checked() -> Any:
        table, _ = moved(body.file, _moves(body))
        return findings_report(table.title, check(table)).plain()

    return await _answer(checked)


@router.post("/structure/simulate", responses=schemas.done(schemas.Played))
async def simulate_structure(body: schemas.VersionBody) -> Response:
    """What every step, tranche and holder gets, period by period, and every flag."""
    return await _answer(lambda: played(body.file, _moves(body)))


@router.post("/structure/compare", responses=schemas.done(schemas.Comparison))
async def compare_structures(body: schemas.ComparisonBody) -> Response:
    """Two versions of a structure, and whose payouts differ by how much from which period on."""

    def compared() -> Any:
        before, after = (played(each.file, _moves(each)) for each in (body.before, body.after))
        return {"before": before, "after": after, **compare(before, after)}

    return await _answer(compared)


@router.post("/structure/export", responses=schemas.done(schemas.Exported))
async def export_structure(body: schemas.ExportBody) -> Response:
    """The tables of a community file that put the structure on the chain."""

    def exported() -> Any:
        table, _ = moved(body.file, _moves(body))
        return {"toml": export(compile_deal(table), body.stream, body.accounts, body.first_period)}

    return await _answer(exported)


@router.post("/risk", responses=schemas.done(schemas.ReportAnswer))
async def risk(body: schemas.RiskBody) -> Response:
    """Simulates correlated incomes, as `usufruct risk` does, with as many paths as one request may take."""

    def simulated() -> Any:
        table = load_text(body.file, "assumptions.toml", AssumptionsTable).table
        _require_few(table)
        report: Report = simulation.study(table, _deal(body))
        return report.plain()

    return await _answer(simulated)


def _deal(body: schemas.RiskBody) -> Deal | None:
    return None if body.structure is None else compile_deal(moved(body.structure, ())[0])


def _require_few(table: AssumptionsTable) -> None:
    draws = table.paths * table.years * max(1, len(table.stream)) * (1 + len(table.scenario))
    if draws > _MOST_DRAWS:
        raise refused(
            "paths",
            draws,
            f"paths × years × streams × (1 + scenarios) is at most {_MOST_DRAWS} here",
            "ask for fewer paths, or use `usufruct risk`",
        )


def _moves(body: schemas.VersionBody) -> list[Move]:
    return [Move(each.key, each.value, each.to) for each in body.moves]


async def _answer(make: Callable[[], Any]) -> Response:
    """The answer, worked out beside the event loop, a few at once."""
    try:
        found = await _turns.of(make)
    except ConfigError as error:
        raise _problem(error) from None
    content = msgspec.json.encode(found)
    return Response(content, media_type="application/json", headers={"cache-control": "no-store"})


def _problem(error: ConfigError) -> Problem:
    """What is wrong with a file is the sender's to put right, unlike our own settings."""
    problems = error.problems if isinstance(error, ConfigErrors) else (error,)
    told = [_violation(each) for each in problems[:_TOLD]]
    first = told[0]
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid-file",
        f"{first['field']}: {first['rule']}.",
        field=first["field"],
        value=first["value"],
        rule=first["rule"],
        remedy=first["remedy"],
        line=problems[0].line,
        errors=told if len(told) > 1 else None,
    )


def _violation(error: ConfigError) -> dict[str, str]:
    where = "" if error.line is None else f"line {error.line}: "
    return {
        "field": str(error.field),
        "value": "" if error.value is None else str(error.value)[:_SHOWN],
        "rule": f"{where}{error.rule}",
        "remedy": str(error.remedy),
    }

"""The auditor's pages: reconciliation, samples to check by hand, replay, disputes and proven faults, the access log."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Row

from usufruct.api.auth import journal
from usufruct.api.auth.gate import log_readers, others_of_streams
from usufruct.api.lookup import find_stream
from usufruct.api.moment import AnyMoment, Moment, moment_of
from usufruct.api.problems import Problem, problem_of
from usufruct.api.render import Json, hexed, rfc3339
from usufruct.contracts import address
from usufruct.errors import EvidenceError, InputError
from usufruct.ledger import ids
from usufruct.ledger.reconcile import reconcile
from usufruct.replay.ledger_facts import period_from_ledger
from usufruct.replay.report import Report, asked_of, document_of, report_of
from usufruct.web import facts
from usufruct.web.access import LogQuestion, filters
from usufruct.web.page import PageRoute, at_form, page
from usufruct.web.questions import ReplayQuestion
from usufruct.web.sampled import Seed, sampled

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_ROWS: Final = 50
_NEWEST: Final = 1 << 62
_INPUTS: Final = {"--set": "reading", "--price": "price"}


@router.get("/audit", dependencies=[Depends(others_of_streams)])
async def audit(request: Request, reconciled: Annotated[bool, Query()] = False) -> Response:
    """Whether the ledger agrees with the chain, disputes, and proven faults."""
    async with moment_of(request) as moment:
        service = moment.service
        faults = await facts.faults(moment)
        shown = {
            "streams": await facts.streams(moment),
            "progress": service.progress,
            "chain": service.chain is not None,
            "disputes": await facts.disputes(moment, faults),
            "faults": faults,
        }
    # The comparison takes its time; it has a connection of its own.
    report = await _reconciled(moment) if reconciled and shown["chain"] else None
    return page(request, moment, "audit.html", report=report, **shown)


async def _reconciled(moment: Moment) -> Any:
    """The comparison at the ledger's block, made once for each block."""
    once = moment.service.reconciled
    return await once.at(moment.block, moment.state[1], lambda: _compare(moment))


def _compare(moment: Moment) -> Any:
    service = moment.service
    assert service.chain is not None
    contracts = {name: address(where) for name, where in service.contracts.items()}
    with service.database.read() as connection:
        return reconcile(connection, service.chain, contracts)


# --- Samples ---------------------------------------------------------------------------------------


@router.get("/audit/samples", dependencies=[Depends(others_of_streams)])
async def samples(request: Request, moment: AnyMoment, seed: Annotated[Seed, Query()]) -> Response:
    """Payouts, statements and readings that a seed draws, with what is needed to check them by hand."""
    return page(
        request,
        moment,
        "samples.html",
        streams=await facts.streams(moment),
        seed=seed,
        drawn=await sampled(moment, seed),
    )


# --- Replay ----------------------------------------------------------------------------------------


@router.get("/audit/replay", dependencies=[Depends(others_of_streams)])
async def replay(request: Request, question: Annotated[ReplayQuestion, Query()]) -> Response:
    """A period recomputed from its anchored readings, and what would move if one of them were another."""
    report, problem = None, None
    async with moment_of(request) as moment:
        shown = {"streams": await facts.streams(moment), "stated": await facts.statements(moment)}
        try:
            stream = None if question.empty else await find_stream(moment, question.stream)
        except InputError as error:
            stream, problem = None, problem_of(request, error)
    # The replay takes its time; it has a connection of its own.
    if stream is not None:
        try:
            report = await _replayed(moment, stream, question)
        except (InputError, EvidenceError) as error:
            problem = problem_of(request, error)
    return page(
        request,
        moment,
        "replay.html",
        **shown,
        question=question,
        report=report,
        labels=() if stream is None else moment.render.labels.steps.get(stream.id, ()),
        told=problem and _at_form(problem),
        unit=moment.render.money(0),
    )


def _at_form(problem: Problem) -> dict[str, Any]:
    """The problem with the form's names of what the command calls options."""
    told = at_form(problem)
    return told | {"field": _INPUTS.get(told["field"], told["field"])}


async def _replayed(moment: Moment, stream: Row[Any], question: ReplayQuestion) -> Json:
    """The replay's result, worked out beside the event loop, one at a time.

    Raises:
        InputError: What is asked is not possible.
        EvidenceError: The period is not stated, or its evidence is not here.
    """
    period = int(question.period)
    asked = asked_of(question.readings, (), question.prices, {})
    service = moment.service

    def work() -> Report:
        with moment.later() as connection:
            found = period_from_ledger(connection, stream.id, period)
        return report_of(stream.code, found, asked)

    report = await service.replays.of(work)
    return document_of(report) | {
        "asked": report.asked,
        "period": moment.render.period(period),
        "stream": ids.stream_id(stream.id),
    }


# --- Access log ------------------------------------------------------------------------------------


@router.get("/audit/access", dependencies=[Depends(log_readers)])
async def access(
    request: Request, moment: AnyMoment, question: Annotated[LogQuestion, Query()]
) -> Response:
    """Who looked at what by which role, with the outcome; on request, whether the chain of hashes holds."""
    given = filters(question, moment.render.labels.timezone)
    before = int(question.after) if question.after else _NEWEST
    rows = await moment.many_rows(
        journal.log_part(frozenset(given)), before=before, limit=_ROWS + 1, **given
    )
    after = str(rows[_ROWS - 1].number) if len(rows) > _ROWS else None
    head = await moment.row(journal.HEAD)
    assert head is not None
    return page(
        request,
        moment,
        "access.html",
        question=question,
        rows=[_entry(row) for row in rows[:_ROWS]],
        after=after,
        newest=_access(question, ""),
        older=_access(question, after or ""),
        head={"number": head.number, "hash": hexed(head.hash)},
        checked=await run_in_threadpool(_checked, moment) if question.checked else None,
    )


def _access(question: LogQuestion, after: str) -> str:
    """The address of another part of the same question."""
    asked = question.model_dump(exclude={"checked", "after"}) | {"after": after}
    return "/audit/access?" + urlencode({name: text for name, text in asked.items() if text})


def _entry(row: Any) -> Json:
    return {
        "number": row.number,
        "at": rfc3339(row.at),
        "actor": row.actor,
        "role": row.role,
        "action": row.action,
        "resource": row.resource,
        "outcome": row.outcome,
        "hash": hexed(row.hash),
    }


def _checked(moment: Moment) -> Json:
    """Recomputes the chain of hashes: how many rows, or the first that was changed."""
    with moment.service.database.read() as connection:
        try:
            return {"rows": journal.check(connection), "broken": None}
        except EvidenceError as error:
            return {"rows": None, "broken": error.value}

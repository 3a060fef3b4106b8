"""The API on a real chain's ledger: shapes, paging, time travel, proofs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from pydantic import BaseModel
from tests.integration.platform.kit import HOLDERS, MEGA, Kit, deployed
from tests.integration.platform.worker import worker
from tests.support.anvil import running_anvil
from tests.support.ledgers import migrated

from usufruct.api import schemas
from usufruct.api.app import create_app
from usufruct.api.labels import Labels
from usufruct.api.render import Renderer, rfc3339
from usufruct.api.schemas.common import Money
from usufruct.api.service import Service
from usufruct.contracts import participant_registry, revenue_right, series_extension
from usufruct.index.chain import NodeChain
from usufruct.index.evidence import EvidenceFetcher
from usufruct.index.indexer import Indexer
from usufruct.index.runner import Progress
from usufruct.money import Currency
from usufruct.proof import holds, parse, verify

ADAM, BARB, CARL, DAVE, EVE = HOLDERS


class World:
    """A chain with some history, its ledger, and the application on it."""

    def __init__(self, kit: Kit, folder: Path) -> None:
        self.kit = kit
        self.database = migrated(f"sqlite:///{folder}/ledger.db")
        self.progress = Progress()
        self._app = create_app(self.service())
        self._history()
        chain = NodeChain(kit.client, kit.contracts["Waterfall"])
        self.indexer = Indexer(
            chain, self.database, kit.contracts, kit.first_block, {"chain_id": "31337"}
        )
        self.indexer.catch_up()
        self.before_evidence = self.get("/v1/payouts/" + self.payout(BARB))
        EvidenceFetcher(self.database, [worker(kit, "one")]).round()

    def _history(self) -> None:
        kit = self.kit
        kit.settle(900 * MEGA, 1)
        self.after_first = kit.client.block("latest")
        kit.warp(kit.now() + 60)
        self.record_at = kit.now() + 60
        kit.act("SR", series_extension.schedule_record(2, self.record_at))
        kit.transfer("SR", ADAM, DAVE, 200_000)
        kit.claim("SR", BARB)
        kit.settle(1_000 * MEGA + 1, 2)
        freeze = participant_registry.set_frozen(CARL, True, b"\1" * 32, [kit.series["SR"]])
        kit.act("ParticipantRegistry", freeze)
        kit.act("SR", revenue_right.push([ADAM, CARL]))
        kit.settle(0, 3)
        kit.attest(300 * MEGA, 4)

    def payout(self, wallet: str, number: int = 1, series: str = "lvpps") -> str:
        return f"po_{series}_{number}_{wallet[2:].lower()}"

    def service(self) -> Service:
        labels = Labels(project="Test", first_period="2026-09")
        render = Renderer(Currency("USDX", 6), labels)
        given = (self.database, render, 31337, self.kit.contracts, self.progress)
        return Service(*given, chain=self.kit.client)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(app=self._app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client
        await self.database.dispose_async()
        self.database.__dict__.pop("async_reader", None)

    def run(self, work: Callable[[httpx.AsyncClient], Awaitable[Any]]) -> Any:
        async def main() -> Any:
            async with self.client() as client:
                return await work(client)

        return anyio.run(main)

    def answer(self, path: str, **options: Any) -> httpx.Response:
        async def work(client: httpx.AsyncClient) -> httpx.Response:
            return await client.request(options.pop("method", "GET"), path, **options)

        return self.run(work)

    def get(self, path: str) -> Any:
        answer = self.answer(path)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("api")
    with running_anvil(folder) as anvil:
        world = World(deployed(anvil), folder)
        yield world
        world.database.dispose()


RESOURCES: list[tuple[str, type[BaseModel]]] = [
    (f"/v1/wallets/{BARB}/holdings", schemas.Holdings),
    (f"/v1/wallets/{BARB}/payouts", schemas.Payouts),
    (f"/v1/wallets/{BARB}/payouts?series=LVPPS&status=accrued", schemas.Payouts),
    (f"/v1/wallets/{BARB}/payouts?stream=VPP&period=1&status=paid", schemas.Payouts),
    (f"/v1/wallets/{CARL}/claimable", schemas.Claimable),
    ("/v1/wallets/0x00000000000000000000000000000000000000ff/claimable", schemas.Claimable),
    ("/v1/series", schemas.SeriesList),
    ("/v1/series?stream=str_1", schemas.SeriesList),
    ("/v1/series/ser_lvpps", schemas.Series),
    ("/v1/series/LVPPJ/holders", schemas.Holders),
    ("/v1/series/LVPPS/records", schemas.Records),
    ("/v1/series/LVPPS/records?limit=1&starting_after=rec_lvpps_2", schemas.Records),
    ("/v1/distributions", schemas.Distributions),
    ("/v1/distributions?series=LVPPJ&period=2&stream=1", schemas.Distributions),
    ("/v1/distributions/dist_lvppj_2", schemas.DistributionDetail),
    ("/v1/distributions/dist_lvppj_2/payouts", schemas.Payouts),
    ("/v1/settlements", schemas.Settlements),
    ("/v1/settlements?stream=VPP&period=3", schemas.Settlements),
    ("/v1/settlements/VPP/1", schemas.Settlement),
    ("/v1/statements", schemas.Statements),
    ("/v1/statements?status=attested", schemas.Statements),
    ("/v1/statements/VPP/1", schemas.StatementDetail),
    ("/v1/batches", schemas.Batches),
    ("/v1/batches?stream=VPP", schemas.Batches),
    ("/v1/batches/VPP/1", schemas.BatchDetail),
    ("/v1/streams", schemas.Streams),
    ("/v1/streams/VPP", schemas.StreamDetail),
    (f"/v1/payouts/po_lvpps_1_{BARB[2:].lower()}", schemas.PayoutDetail),
    ("/v1/disputes", schemas.Disputes),
    ("/v1/disputes?stream=VPP&period=4&status=open&sort=period", schemas.Disputes),
    ("/v1/verdicts", schemas.Verdicts),
    ("/v1/verdicts?stream=VPP&period=4", schemas.Verdicts),
]


@pytest.mark.parametrize(("path", "model"), RESOURCES)
def test_every_resource_has_the_shape_it_promises(
    world: World, path: str, model: type[BaseModel]
) -> None:
    answer = world.answer(path)
    assert answer.status_code == 200, answer.text
    model.model_validate_json(answer.content, strict=True)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["etag"].startswith('W/"')
    assert answer.json()["as_of_block"] == world.kit.client.block_number()


def test_record_dates_say_what_came_of_them(world: World) -> None:
    (record,) = world.get("/v1/series/LVPPS/records")["data"]
    assert (record["id"], record["status"], record["distribution"]) == (
        *("rec_lvpps_2", "paid", "dist_lvpps_2"),
    )
    payout = world.get(f"/v1/payouts/{world.payout(BARB, 2)}")
    assert payout["record_date"] == record["record_date"] == rfc3339(world.record_at)
    assert payout["record_date_scheduled"] is True
    assert payout["payment_date"] > payout["record_date"]
    assert f"held at {payout['record_date']} of" in payout["sentence"]
    first = world.get(f"/v1/payouts/{world.payout(BARB)}")
    assert first["record_date_scheduled"] is False
    assert first["record_date"] == first["payment_date"]


def amounts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if set(value) == set(Money.model_fields):
            yield value
        for each in value.values():
            yield from amounts(each)
    if isinstance(value, list):
        for each in value:
            yield from amounts(each)


def test_amounts_are_text_and_equal_in_both_forms(world: World) -> None:
    found = list(amounts(world.get(f"/v1/payouts/{world.payout(BARB)}")))
    assert len(found) > 20
    for each in found:
        whole, _, fraction = each["formatted"].removesuffix(" USDX").partition(".")
        assert str(int(whole + fraction)) == each["amount"]


def test_a_payout_explains_itself(world: World) -> None:
    payout = world.get(f"/v1/payouts/{world.payout(BARB)}")
    assert payout["sentence"] == (
        "270.000000 USDX for 2026-09: 300000 of 1000000 units of LVPPS (30.0000 %) of 900.000000 USDX."
    )
    assert payout["status"] == "paid"
    assert payout["arithmetic"]["amount"] == payout["amount"]["amount"]
    marked = [line for line in payout["settlement"]["lines"] if line["to_this_series"]]
    assert [(line["step"], line["kind"], line["paid"]["amount"]) for line in marked] == [
        (2, "due", "900000000")
    ]
    assert [line["quantity"] for line in payout["statement"]["lines"]] == ["300000000", "600000000"]
    assert payout["statement"]["status"] == "settled"
    assert len(payout["statement"]["signers"]) == 2
    assert payout["batches"]["count"] == 1
    assert payout["batches"]["readings"] == "3"
    assert world.before_evidence["statement"]["lines"] is None
    assert world.before_evidence["batches"]["evidence_missing"] == 1


@pytest.mark.parametrize("readings", ["sample", "day", "all"])
def test_a_proof_can_be_built_and_holds(world: World, readings: str) -> None:
    answer = world.answer(f"/v1/payouts/{world.payout(DAVE, 2)}/proof?readings={readings}")
    assert answer.status_code == 200, answer.text
    checks = verify(parse(answer.content), world.kit.client)
    assert holds(checks), [check for check in checks if not check.ok]


def test_a_frozen_holder_sees_why(world: World) -> None:
    claim = world.get(f"/v1/wallets/{CARL}/claimable")
    assert claim["withheld"]["reason"] == "frozen"
    assert int(claim["total"]["amount"]) == sum(
        int(each["claimable"]["amount"]) for each in claim["by_series"]
    )
    payout = world.get(f"/v1/payouts/{world.payout(CARL, 2)}")
    assert payout["withheld"]["reason"] == "recipient-frozen"
    assert world.get(f"/v1/wallets/{BARB}/claimable")["withheld"] is None


def test_claimable_is_what_the_chain_says(world: World) -> None:
    for holder in HOLDERS:
        told = world.get(f"/v1/wallets/{holder}/claimable")
        chain = sum(world.kit.ask(code, revenue_right.claimable(holder)) for code in ("SR", "JR"))
        assert told["total"]["amount"] == str(chain)


def test_holders_as_of_an_earlier_block_and_time(world: World) -> None:
    block, now = world.after_first, "/v1/series/LVPPS/holders"
    for query in (
        f"as_of_block={block.number}",
        f"as_of_date={_rfc3339(block.timestamp)}",
    ):
        then = world.get(f"{now}?{query}")
        held = {each["wallet"]: each["units"] for each in then["data"]}
        assert held == {ADAM: "600000", BARB: "300000", CARL: "100000"}
        assert then["holders_as_of_block"] == block.number
    held = {each["wallet"]: each["units"] for each in world.get(now)["data"]}
    assert held == {ADAM: "400000", BARB: "300000", CARL: "100000", DAVE: "200000"}
    before = world.answer(f"{now}?as_of_date=2001-01-01")
    assert (before.status_code, before.json()["field"]) == (404, "id")  # it was not there yet


def _rfc3339(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, UTC).isoformat()


PAGED = [
    f"/v1/wallets/{CARL}/payouts",
    f"/v1/wallets/{CARL}/holdings",
    "/v1/series",
    "/v1/series/LVPPS/holders",
    "/v1/distributions",
    "/v1/distributions/dist_lvppj_1/payouts",
    "/v1/settlements",
    "/v1/statements",
    "/v1/batches",
]
SORTED = [
    (f"/v1/wallets/{CARL}/holdings", ("units", "paid")),
    ("/v1/series", ("created", "rank", "first", "last")),
    ("/v1/series/LVPPS/holders", ("units", "paid")),
    ("/v1/distributions", ("time", "amount", "period")),
    ("/v1/settlements", ("time", "period", "receipts", "shortfall")),
    ("/v1/statements", ("time", "period", "distributable")),
    ("/v1/batches", ("time", "seq", "from", "count")),
]
SORTED_PATHS = [
    f"{path}?sort={sign}{name}" for path, names in SORTED for name in names for sign in ("", "-")
]


@pytest.mark.parametrize("path", [*(f"{each}?" for each in PAGED), *SORTED_PATHS])
def test_pages_put_together_are_the_whole_list(world: World, path: str) -> None:
    whole = world.get(path)["data"]
    assert len(whole) > 1
    found: list[Any] = []
    after = ""
    while True:
        page = world.get(f"{path}&limit=1{after}")
        found += page["data"]
        if not page["has_more"]:
            assert page["next"] is None
            break
        after = f"&starting_after={page['next']}"
    assert found == whole


def test_an_unchanged_answer_is_not_sent_again(world: World) -> None:
    first = world.answer("/v1/series")
    second = world.answer("/v1/series", headers={"if-none-match": f'"x", {first.headers["etag"]}'})
    assert (second.status_code, second.content) == (304, b"")
    assert second.headers["etag"] == first.headers["etag"]


REFUSED = [
    ("/v1/nothing", 404, None),
    ("/v1/series/", 404, None),
    ("/v1/series/ser_none", 404, "id"),
    ("/v1/series/0x00000000000000000000000000000000000000ff", 404, "id"),
    ("/v1/streams/GAS", 404, "id"),
    ("/v1/batches/VPP/99", 404, "seq"),
    ("/v1/statements/VPP/99", 404, "period"),
    ("/v1/settlements/VPP/99", 404, "period"),
    ("/v1/distributions/dist_lvpps_99", 404, "id"),
    (f"/v1/payouts/po_lvpps_99_{'0' * 40}", 404, "id"),
    ("/v1/payouts/po_x", 422, "id"),
    ("/v1/distributions/x", 422, "id"),
    ("/v1/statements/VPP/0", 422, "period"),
    ("/v1/statements/VPP/1.0", 422, "period"),
    ("/v1/batches/VPP/9999999999999999999999", 422, "seq"),
    ("/v1/series?limit=0", 422, "limit"),
    ("/v1/series?limit=201", 422, "limit"),
    ("/v1/series?limit=1_0", 422, "limit"),
    ("/v1/series?limit=1&limit=x", 422, "limit"),
    ("/v1/series?colour=red", 422, "colour"),
    ("/v1/streams?limit=1", 422, "limit"),
    ("/v1/distributions?starting_after=x", 422, "starting_after"),
    ("/v1/batches?starting_after=bat_1_99", 404, "starting_after"),
    ("/v1/statements?status=odd", 422, "status"),
    ("/v1/wallets/0x12/payouts", 422, "address"),
    (f"/v1/wallets/{'0x70997970c51812dc3A010C7d01b50e0d17dc79C8'}/payouts", 422, "address"),
    ("/v1/series/LVPPS/holders?as_of_block=999999", 422, "as_of_block"),
    ("/v1/series/LVPPS/holders?as_of_date=2099-01-01", 422, "as_of_date"),
    ("/v1/series/LVPPS/holders?as_of_date=2026-13-01", 422, "as_of_date"),
    ("/v1/series/LVPPS/holders?as_of_date=2026-01-01T00:00:00", 422, "as_of_date"),
    ("/v1/series/LVPPS/holders?as_of_block=1&as_of_date=2026-01-01", 422, "as_of_date"),
    (f"/v1/payouts/po_lvpps_1_{'0' * 39}g", 422, "id"),
    ("/v1/series?starting_after=" + "x" * 200, 422, "starting_after"),
    ("/v1/series?stream=" + "x" * 9_000, 414, None),
    ("/v1/wallets/%00%0a/payouts", 422, "address"),
]


@pytest.mark.parametrize(("path", "status", "field"), REFUSED)
def test_every_error_is_a_problem(world: World, path: str, status: int, field: str | None) -> None:
    answer = world.answer(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    schemas.ProblemBody.model_validate(problem)
    assert problem["type"].startswith("https://usufruct.invalid/problems/")
    assert problem["status"] == status
    assert problem["remedy"]
    assert problem.get("field") == field


def test_other_methods_and_bodies_are_refused(world: World) -> None:
    answer = world.answer("/v1/series", method="POST")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"
    assert answer.json()["title"] == "Method Not Allowed"
    large = world.answer("/v1/series", method="POST", content=b"x" * 70_000)
    assert large.status_code == 413
    assert world.answer("/v1/series", headers={"content-length": "-5"}).status_code == 413


def test_the_openapi_document_describes_everything(world: World) -> None:
    document = world.get("/openapi.json")
    assert document["openapi"].startswith("3.1")
    text = json.dumps(document)
    for name in {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}:
        assert name in document["components"]["schemas"], name
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            if path.startswith("/v1"):
                assert "application/problem+json" in operation["responses"]["404"]["content"]
            for parameter in operation.get("parameters", []):
                assert parameter.get("description"), (path, parameter["name"])


def test_readiness_follows_the_index(world: World) -> None:
    assert world.answer("/health").status_code == 200
    assert world.answer("/ready").status_code == 503
    progress = world.progress
    progress.at, progress.head, progress.caught_up = 100, 100, True
    assert world.get("/ready")["indexed_block"] == 100
    progress.head = 1_000
    assert world.answer("/ready").json()["detail"] == "The ledger is at block 100 of 1000."
    progress.head, progress.failure = 100, "the node is gone"
    assert world.answer("/ready").json()["detail"] == "the node is gone"
    progress.failure = None


def test_what_a_wallet_held_and_could_claim_earlier(world: World) -> None:
    block = world.after_first.number
    held = world.get(f"/v1/wallets/{ADAM}/holdings?as_of_block={block}")
    assert [each["units"] for each in held["data"]] == ["600000"]
    assert held["holdings_as_of_block"] == block
    then = world.get(f"/v1/wallets/{BARB}/claimable?as_of_block={block}")
    assert then["total"]["amount"] == "270000000"
    assert then["claimable_as_of_block"] == block
    now = world.get(f"/v1/wallets/{ADAM}/holdings")["data"][0]
    assert now["units"] == "400000"


def test_a_prepared_claim_pays_the_wallet_whoever_sends_it(world: World) -> None:
    body = {"series": ["LVPPJ"], "sender": ADAM}
    claims = world.answer(f"/v1/wallets/{EVE}/claims", method="POST", json=body).json()
    schemas.Claims.model_validate(claims)
    (claim,) = claims["claims"]
    sent = claim["transaction"]
    asked = {"from": ADAM, "to": sent["to"], "data": sent["data"]}
    paid = world.kit.client.rpc("eth_call", asked, "latest")
    assert str(int(paid, 16)) == claim["amount"]["amount"]
    assert sent["chain_id"] == 31337


def test_a_preview_is_what_the_contract_would_do(world: World) -> None:
    body = {"receipts": str(1_000 * MEGA), "units": "600000"}
    preview = world.answer("/v1/streams/VPP/preview", method="POST", json=body).json()
    schemas.Preview.model_validate(preview)
    paid = sum(int(line["paid"]["amount"]) for line in preview["lines"])
    freed = sum(int(line["released"]["amount"]) for line in preview["lines"])
    assert paid - freed == 1_000 * MEGA
    (senior,) = [e for e in preview["distributions"] if e["series"]["symbol"] == "LVPPS"]
    share = int(senior["amount"]["amount"]) * 600_000 // 1_000_000
    assert senior["holder_gets"]["amount"] == str(share)


def test_an_uploaded_proof_is_checked_against_the_pinned_contracts(world: World) -> None:
    proof = world.answer(f"/v1/payouts/{world.payout(DAVE, 2)}/proof").content

    def verdict(content: bytes) -> Any:
        headers = {"content-type": "application/json"}
        path = "/v1/proofs/verify"
        answer = world.answer(path, method="POST", content=content, headers=headers)
        assert answer.status_code == 200, answer.text
        schemas.ProofVerdict.model_validate(answer.json())
        return answer.json()

    good = verdict(proof)
    assert good["holds"], good
    changed = json.loads(proof)
    changed["payout"]["amount"] = str(int(changed["payout"]["amount"]) + 1)
    assert not verdict(json.dumps(changed).encode())["holds"]
    foreign = json.loads(proof)
    foreign["contracts"]["waterfall"] = "0x" + "12" * 20
    first = next(each for each in verdict(json.dumps(foreign).encode())["checks"] if not each["ok"])
    assert first["name"] == "chain"


def test_a_deployment_without_disclosures_says_so(world: World) -> None:
    assert world.answer("/v1/disclosures").status_code == 404

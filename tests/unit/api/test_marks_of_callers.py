"""An answer's mark belongs to a caller and the roles in force: with other roles the caller is shown something else."""

from __future__ import annotations

from tests.support.asking import House

from benches._api.ledger import wallet
from usufruct.api.auth import store
from usufruct.api.auth.principal import Role

LIST = "/v1/offerings/off_1/subscriptions"


def test_a_new_role_shows_more_than_the_mark_from_before_it(house: House) -> None:
    with house.database.write() as connection:
        made = store.open_session(connection, wallet(1), house.clock.now(), 3_600)
    headers = {"authorization": f"Bearer {made.token}"}
    own = house.ask(LIST, headers=headers)
    again = headers | {"if-none-match": own.headers["etag"]}
    assert house.ask(LIST, headers=again).status_code == 304
    with house.database.write() as connection:
        number = store.grant_wallet(
            connection,
            name="agent",
            role=Role.TRANSFER_AGENT,
            wallet=wallet(1),
            streams=(),
            now=house.clock.now(),
            expires_at=None,
        )
    everybody = house.ask(LIST, headers=again)
    assert everybody.status_code == 200
    assert len(everybody.json()["data"]) > len(own.json()["data"])
    with house.database.write() as connection:
        assert store.revoke(connection, number, house.clock.now())
    back = house.ask(LIST, headers=headers | {"if-none-match": everybody.headers["etag"]})
    assert (back.status_code, back.json()["data"]) == (200, own.json()["data"])

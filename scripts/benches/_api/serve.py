"""The server that the bench asks: the product's application, and one endpoint as an ORM has it beside it."""

from __future__ import annotations

import sys

import uvicorn

from benches._api.baseline import router
from usufruct.api.app import create_app
from usufruct.api.labels import Labels
from usufruct.api.render import Renderer
from usufruct.api.service import Service
from usufruct.ledger.database import Database
from usufruct.money import Currency


def main() -> None:
    """Serves the ledger at a URL on a port."""
    url, port = sys.argv[1], int(sys.argv[2])
    render = Renderer(Currency("USDX", 6), Labels(first_period="2026-01"))
    app = create_app(Service(Database(url), render, 31337, {}))
    app.state.baseline = url
    app.include_router(router)
    uvicorn.run(app, host="127.0.0.1", port=port, access_log=False, log_level="warning")


if __name__ == "__main__":
    main()

"""A process that migrates a ledger and indexes into it in small ranges, to be killed: index_child.py ARGUMENTS."""

from __future__ import annotations

import json
import sys

from usufruct.chain.client import ChainClient
from usufruct.index.chain import NodeChain
from usufruct.index.indexer import Indexer
from usufruct.ledger.database import Database


def main() -> None:
    """Arguments: RPC address, database URL, contracts as JSON, first block, most blocks of a range."""
    rpc, url, contracts, first, largest = sys.argv[1:]
    database = Database(url)
    database.migrate()
    known = json.loads(contracts)
    chain = NodeChain(ChainClient(rpc, timeout=60), known["Waterfall"])
    identity = {"chain_id": "31337", "currency": "USDX:6"}
    indexer = Indexer(chain, database, known, int(first), identity, largest=int(largest), window=16)
    while (step := indexer.step()).undone or step.at < step.head:
        pass
    indexer.close()
    chain.close()


if __name__ == "__main__":
    main()

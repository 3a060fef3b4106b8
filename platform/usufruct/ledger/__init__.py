"""The ledger: what the chain has said, kept so that every question about income is one query.

Everything here is derived from logs, except the evidence fetched from oracle workers, and that is stored only
after its hashes were checked against the chain. Rows are only ever added; undoing a reorganised block is the
deletion of every row from that block on (see `usufruct.ledger.models`).
"""

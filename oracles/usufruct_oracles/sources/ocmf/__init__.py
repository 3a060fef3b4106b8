"""Open Charge Metering Format 1.x (SAFE e.V.): signed records of charging stations' meters.

`parse` reads a record and holds it to the specification, `verify` judges its signature with a key that came from
elsewhere; `decode` finds the readings for the journal.

    record = parse(received)
    verify(record, public_key)
"""

from usufruct_oracles.sources.ocmf.model import (
    Loss,
    OcmfError,
    Page,
    Reading,
    Record,
    Signature,
    SignatureRefused,
    User,
)
from usufruct_oracles.sources.ocmf.pages import PageClash, PageGap, page_clashes, page_gaps
from usufruct_oracles.sources.ocmf.record import HEADER, parse
from usufruct_oracles.sources.ocmf.sessions import FORM, decode, heartbeat, records_in
from usufruct_oracles.sources.ocmf.verify import SCHEMES, compact, compressed, verify

__all__ = [
    "FORM",
    "HEADER",
    "SCHEMES",
    "Loss",
    "OcmfError",
    "Page",
    "PageClash",
    "PageGap",
    "Reading",
    "Record",
    "Signature",
    "SignatureRefused",
    "User",
    "compact",
    "compressed",
    "decode",
    "heartbeat",
    "page_clashes",
    "page_gaps",
    "parse",
    "records_in",
    "verify",
]

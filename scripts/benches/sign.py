"""Signing and recovering typed data: our EIP-712 digest with libsecp256k1, against eth-account's typed signing.

scripts/bench sign [number of signatures, by default 2000]

Both sign the same statements in the same domain with the same key, and must come to the same signatures.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data

from benches._report import Row, at_least, best_of, report
from usufruct.core.eip712 import NAME, VERSION, Domain
from usufruct.core.signing import recover, sign_digest
from usufruct.core.typed_data import BATCH_TYPE, Batch, batch_digest

SIGNATURES = 2000
THEIRS = 200
LEAST_RATIO = 10.0
KEY = bytes([7]) * 32
DOMAIN = Domain(31_337, "0x" + "11" * 20)


def batch(number: int) -> Batch:
    """A batch like any other."""
    start = 1_790_006_400 + 86_400 * number
    return Batch(
        1, number + 1, bytes(32), start, start + 86_400, 288 * number, 288, False, bytes([1]) * 32, bytes([2]) * 32
    )  # fmt: skip


def ours(batches: list[Batch]) -> list[bytes]:
    """r ‖ vs of each."""
    return [sign_digest(KEY, batch_digest(DOMAIN, each)) for each in batches]


def theirs(batches: list[Batch]) -> list[bytes]:
    """The same by eth-account, as its documentation says."""
    members = [
        each.split(" ") for each in BATCH_TYPE.partition("(")[2].removesuffix(")").split(",")
    ]
    types = {"Batch": [{"type": kind, "name": name} for kind, name in members]}
    domain = {
        "name": NAME,
        "version": VERSION,
        "chainId": DOMAIN.chain_id,
        "verifyingContract": DOMAIN.contract,
    }
    found = []
    for each in batches:
        values: dict[str, Any] = {
            name: getattr(each, "from_" if name == "from" else name) for _, name in members
        }
        signed = Account.sign_message(encode_typed_data(domain, types, values), KEY)
        vs = signed.s | (signed.v - 27) << 255
        found.append(signed.r.to_bytes(32, "big") + vs.to_bytes(32, "big"))
    return found


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one run."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> int:
    """Measures and reports; 1 if a target is missed."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else SIGNATURES
    batches = [batch(each) for each in range(count)]
    some = batches[: min(count, THEIRS)]
    if ours(some) != theirs(some):
        print("the signatures differ", file=sys.stderr)
        return 1
    mine = best_of(3, lambda: seconds(lambda: ours(batches))) / count
    other = best_of(3, lambda: seconds(lambda: theirs(some))) / len(some)
    pairs = [
        (batch_digest(DOMAIN, each), sig) for each, sig in zip(batches, ours(batches), strict=True)
    ]
    checked = best_of(3, lambda: seconds(lambda: [recover(*pair) for pair in pairs])) / count
    digest = (
        best_of(3, lambda: seconds(lambda: [batch_digest(DOMAIN, each) for each in batches]))
        / count
    )
    figures = [
        Row("digest and signature", 1 / mine, "1/s"),
        Row("the same by eth-account", 1 / other, "1/s"),
        at_least("ratio to eth-account", other / mine, "×", LEAST_RATIO),
        Row("digest alone", digest * 1e6, "µs"),
        Row("signer recovered", 1 / checked, "1/s"),
    ]
    report("sign", figures)
    return 0 if all(row.ok for row in figures) else 1


if __name__ == "__main__":
    sys.exit(main())

"""A payout proof checked without Usufruct: python verify.py < PROOF.json (needs `pip install eth-account`).

Checked: the batches are one chain of heads over their manifests; readings are leaves of their trees; the manifests at
the tariff's prices give the gross; the corrections are those named; who signed a statement of all that; the waterfall
lost nothing; the payout is the difference of two floors. Only the chain can tell that heads and digest stand there,
that the signers are the oracle's, what the waterfall's rules are, and who held the units: compare with a node of your
own.
"""
import json
import sys

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak, to_bytes

BATCH = "stream:uint32 seq:uint32 prev from:uint40 to:uint40 first:uint64 count:uint32 closes:bool root content"
STATEMENT = "stream:uint32 period:uint32 version:uint16 from:uint40 to:uint40 firstHead lastHead linesRoot "
STATEMENT += "gross:uint64 adjustments:int64 tariffHash coverageBp:uint16 estimatedBp:uint16 kpis documents"
proof = json.load(sys.stdin)
paid, shared, settled, said, scope = map(proof.get, ("payout", "distribution", "settlement", "statement", "scope"))

def document(value):
    return "0x" + keccak(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hex()

def typed(kind, members, contract, values):
    types = [{"name": n, "type": of or "bytes32"} for n, _, of in (each.partition(":") for each in members.split())]
    domain = {"name": "Usufruct", "version": "1", "chainId": proof["chain_id"], "verifyingContract": contract}
    given = {each["name"]: int(v) if "int" in each["type"] else v for each, v in zip(types, values, strict=True)}
    message = encode_typed_data(domain, {kind: types}, given)
    return message, "0x" + keccak(b"\x19\x01" + message.header + message.body).hex()

def root(leaves, at, size, path):  # RFC 9162 with Keccak-256: over all leaves (no path), or one of `size` with its path
    level, last = [keccak(hexstr=leaf) for leaf in leaves], size - 1
    while len(level) > 1:
        level = [keccak(b"\1" + a + b) for a, b in zip(level[::2], level[1::2])] + level[len(level) & ~1 :]
    for side in path:
        while at == last and not at & 1:
            at, last = at >> 1, last >> 1
        pair = [to_bytes(hexstr=side), level[0]] if at & 1 else [level[0], to_bytes(hexstr=side)]
        level, at, last = [keccak(b"\1" + b"".join(pair))], at >> 1, last >> 1
    return "0x" + level[0].hex()

def check(name, *pairs):
    print(f"{name}: {'holds' if all(one == two for one, two in pairs) else sys.exit(f'{name}: BROKEN')}")

def head(last, *numbers):
    return "0x" + keccak(to_bytes(hexstr=last) + b"".join(int(each).to_bytes(32, "big") for each in numbers)).hex()

last, seq, to, following = proof["cursor"].values()
heads, batches, sums = [head(last, seq, to, following)], {}, {row["id"]: 0 for row in proof["tariff"]["rows"]}
for b in proof["batches"]:
    m = batches[b["manifest"]["seq"]] = b["manifest"]
    values = (m["stream"], seq + 1, heads[-1], to, m["to"], following, m["count"], b["closes"], m["root"], document(m))
    seq, to, following = m["seq"], m["to"], m["first"] + m["count"]
    heads.append(head(typed("Batch", BATCH, proof["contracts"]["telemetry_anchor"], values)[1], seq, to, following))
    sums |= {line["row"]: sums[line["row"]] + int(line["quantity"]) for line in m["lines"]}
check(f"{len(batches)} batches", (heads[0], said["first_head"]), (heads[-1], said["last_head"]))
full = [at for _, at in sorted((-m["count"] * (scope != "all"), m["seq"]) for m in batches.values() if m["count"])]
check(f"readings ({scope})", (full[: None if scope == "all" else 1], [each["seq"] for each in proof["readings"]]))
for each in proof["readings"]:
    m, some, places = (m := batches[each["seq"]]), each["some"] or [], sorted({0, m["count"] // 2, m["count"] - 1})
    roots = [root([one["leaf"]], at, m["count"], one["path"]) for at, one in zip(places, some, strict=bool(some))]
    check(f"readings of batch {m['seq']}", *((m["root"], each) for each in roots or [root(each["all"], 0, 0, ())]))
amounts = [sums[row["id"]] * row["price"] // row["per"] for row in proof["tariff"]["rows"]]
check("lines", (document(proof["tariff"]), said["tariff_hash"]), (sum(amounts), int(said["gross"])))
check("corrections", (said["documents"], document(x["document"]) if (x := proof["corrections"]) else "0x" + "0" * 64))
values = [settled["stream"], shared["period"], *list(said.values())[1:14]]
message, digest = typed("Statement", STATEMENT, proof["contracts"]["statement_book"], values)
check("statement", (digest, said["digest"]), (int(said["signers"]).bit_count() or 1, len(said["signatures"]) // 128))
for at in range(2, len(said["signatures"]), 128):
    r, s = (int(said["signatures"][i : i + 64], 16) for i in (at, at + 64))
    print("  signed by", Account.recover_message(message, vrs=(27 + (s >> 255), r, s % 2**255)))
check("waterfall", (sum(int(x["paid"]) - int(x["released"]) for x in settled["lines"]), int(settled["receipts"])))
before, after, amount, units = (int(paid[x]) for x in ("numerator_before", "numerator_after", "amount", "units"))
supply, money = int(shared["supply"]), int(shared["amount"])
check("payout", (before + money * units, after), (after // supply - before // supply, amount))

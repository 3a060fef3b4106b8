// A payout proof checked without Usufruct: node verify.mjs < PROOF.json (needs `npm install @noble/hashes @noble/curves`).
//
// Checked: batches are one chain of heads over their manifests; readings are leaves of their trees; manifests at the tariff's prices
// give the gross; corrections are those named; who signed a statement of it all; the waterfall lost nothing; the payout. Only the
// chain can tell that heads and digest stand there, that signers are the oracle's, what the rules are, and who held the units.
import { readFileSync } from "node:fs";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";

const BATCH = "Batch(uint32 stream,uint32 seq,bytes32 prev,uint40 from,uint40 to,uint64 first,uint32 count,bool closes,bytes32 root,bytes32 content)";
const STATEMENT = "Statement(uint32 stream,uint32 period,uint16 version,uint40 from,uint40 to,bytes32 firstHead,bytes32 lastHead," +
  "bytes32 linesRoot,uint64 gross,int64 adjustments,bytes32 tariffHash,uint16 coverageBp,uint16 estimatedBp,bytes32 kpis,bytes32 documents)";
const DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const { chain_id, contracts, payout, distribution, settlement, statement, ...proof } = JSON.parse(readFileSync(0, "utf8"));
const keccak = (...hexes) => "0x" + Buffer.from(keccak_256(Buffer.from(hexes.map((each) => each.slice(2)).join(""), "hex"))).toString("hex");
const text = (value) => "0x" + Buffer.from(value).toString("hex");
const word = (value) => "0x" + BigInt.asUintN(256, BigInt(value)).toString(16).padStart(64, "0");
const canonical = (value) => Array.isArray(value) ? `[${value.map(canonical)}]` : value === null || typeof value !== "object" ? JSON.stringify(value)
  : `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)}}`;
const document = (value) => keccak(text(canonical(value))), sum = (values) => values.reduce((total, each) => total + BigInt(each), 0n);
const typed = (type, contract, values) => {
  const domain = keccak(keccak(text(DOMAIN)), keccak(text("Usufruct")), keccak(text("1")), word(chain_id), word(contract));
  return keccak("0x1901", domain, keccak(keccak(text(type)), ...values.map(word)));
};

function root(leaves, at = 0, size = 1, path = []) {
  let level = leaves.map((leaf) => keccak(leaf)), last = size - 1;
  while (level.length > 1) level = level.flatMap((each, i) => (i % 2 ? [] : i + 1 < level.length ? keccak("0x01", each, level[i + 1]) : each));
  for (const side of path) {
    while (at === last && at % 2 === 0) [at, last] = [at / 2, last >> 1];
    level = [at % 2 ? keccak("0x01", side, level[0]) : keccak("0x01", level[0], side)];
    [at, last] = [at >> 1, last >> 1];
  }
  return level[0];
}

const check = (name, ...pairs) =>
  pairs.every(([one, two]) => String(one) === String(two)) ? console.log(`${name}: holds`) : process.exit(console.log(`${name}: BROKEN`) ?? 1);

let { digest, seq, to, next } = proof.cursor;
const heads = [keccak(...[digest, seq, to, next].map(word))], manifests = new Map(proof.batches.map(({ manifest }) => [manifest.seq, manifest]));
for (const { closes, manifest: m } of proof.batches) {
  const values = [m.stream, seq + 1, heads.at(-1), to, m.to, next, m.count, Number(closes), m.root, document(m)];
  [seq, to, next] = [m.seq, m.to, m.first + m.count];
  heads.push(keccak(...[typed(BATCH, contracts.telemetry_anchor, values), seq, to, next].map(word)));
}
check(`${manifests.size} batches`, [heads[0], statement.first_head], [heads.at(-1), statement.last_head]);
const full = [...manifests.values()].filter((m) => m.count), most = Math.max(...full.map((m) => m.count));
const shown = proof.scope === "all" ? full : full.filter((m) => m.count === most).slice(0, 1);
check(`readings (${proof.scope})`, [shown.map((m) => m.seq), proof.readings.map((each) => each.seq)]);
for (const { seq: number, some, all } of proof.readings) {
  const { root: wanted, count } = manifests.get(number), places = [...new Set([0, count >> 1, count - 1])].sort((a, b) => a - b);
  check(`readings of batch ${number}`, ...(some ? places.map((at, i) => [root([some[i].leaf], at, count, some[i].path), wanted]) : [[root(all), wanted]]));
}
const quantity = (row) => sum([...manifests.values()].flatMap((m) => m.lines).filter((line) => line.row === row).map((line) => line.quantity));
const amount = ({ id, price, per }) => (quantity(id) * BigInt(price)) / BigInt(per);
check("lines", [document(proof.tariff), statement.tariff_hash], [sum(proof.tariff.rows.map(amount)), statement.gross]);
check("corrections", [proof.corrections ? document(proof.corrections.document) : word(0), statement.documents]);
const signed = typed(STATEMENT, contracts.statement_book, [settlement.stream, distribution.period, ...Object.values(statement).slice(1, 14)]);
check("statement", [signed, statement.digest], [2 + 128 * (BigInt(statement.signers).toString(2).replaceAll("0", "").length || 1), statement.signatures.length]);
for (let at = 2; at < statement.signatures.length; at += 128) {
  const [r, s] = [at, at + 64].map((from) => BigInt("0x" + statement.signatures.slice(from, from + 64)));
  const signature = new secp256k1.Signature(r, BigInt.asUintN(255, s)).addRecoveryBit(Number(s >> 255n));
  const key = signature.recoverPublicKey(Buffer.from(signed.slice(2), "hex")).toBytes(false);
  console.log("  signed by", "0x" + keccak("0x" + Buffer.from(key.slice(1)).toString("hex")).slice(26));
}
check("waterfall", [BigInt(settlement.receipts) + sum(settlement.lines.map((line) => line.released)), sum(settlement.lines.map((line) => line.paid))]);
const before = BigInt(payout.numerator_before), after = BigInt(payout.numerator_after), supply = BigInt(distribution.supply);
check("payout", [before + BigInt(distribution.amount) * BigInt(payout.units), after], [after / supply - before / supply, payout.amount]);

// Checks a payout proof in the reader's own browser (or Node.js), link by link, and names the first broken one.
//
// The same links in the same order as `usufruct verify`. Without a node of the chain it recomputes all that follows from the file
// itself: hashes, Merkle paths, sums, signatures, the arithmetic of the payout; what only the chain can say is listed as not checked.
// With the address of a node, every fact is compared with the chain, and no link stays open.
import {
  Broken, addCommitments, batchDigest, checksum, commit, headOf, hex, integer, isLeaf, leafOf, same, signerOf, statementDigest, treeRoot, unhex,
} from "./verify/bytes.js";
import { corrections } from "./verify/corrections.js";
import { ATTESTED, BATCH_ANCHORED } from "./verify/events.js";
import { parse } from "./verify/file.js";
import { replay } from "./verify/holder.js";
import { Node, NodeFailed, addressOf, addressWord, topicOf, word } from "./verify/node.js";
import { Tariff, coverage, linesIn, linesOf, linesRoot, manifestOf } from "./verify/statements.js";
import { balancesAfter, lineOf, paidTo, rulesOf, run, wasDisputed } from "./verify/waterfall.js";

export { Broken, NodeFailed };

const SETTLED = "Settled(uint32,uint32,uint32,uint64,uint64,uint16,uint8,uint256[])";
const DISTRIBUTED = "Distributed(uint32,uint32,uint64,uint64,uint64)";
const BOOK_SETTLED = "StatementSettled(uint32,uint32,uint16,uint64)";
const SERIES_CREATED =
  "SeriesCreated(address,uint32,uint8,bytes32,(bytes32,bytes32,uint32,uint32,uint32,uint8,uint8,uint8,uint128,uint64,uint40,uint16,uint32,uint32,uint32,uint32,bool))";
const MAX_U64 = (1n << 64n) - 1n;
const sum = (values) => values.reduce((total, each) => total + each, 0n);
const hashIn = (value) => "0x" + value.toString(16).padStart(64, "0");

/** What the links share: the file, the node (null for none), what the reader trusts, and what follows from the file. */
class Context {
  constructor(proof, { rpc = null, pins = null, signers = null }) {
    Object.assign(this, { proof, pins, signers, node: rpc ? new Node(rpc) : null });
  }

  get tariff() {
    return (this.parsedTariff ??= new Tariff(this.proof.tariff));
  }

  get manifests() {
    return (this.parsedManifests ??= this.proof.batches.map((batch, at) => manifestOf(batch.manifest, `batches[${at}].manifest`)));
  }

  /** Whether the stream's quantities are commitments: what the chain says, or what the file shows. */
  async committed() {
    const { contracts, settlement } = this.proof;
    if (this.node) return (await this.node.call(contracts.stream_registry, "termsOf(uint32)", [word(settlement.stream)]))[6] !== 0n;
    return this.manifests.some((each) => each.lines.some((line) => line.blinding !== null));
  }

  /** The one event of a contract in a transaction that is `wanted`. */
  async event(tx, contract, signature, wanted) {
    const found = (await this.node.events(tx, contract, signature)).filter(wanted);
    if (found.length !== 1) throw new Broken(signature.split("(")[0], `one such event of ${contract} in ${tx}`, found.length);
    return found[0];
  }
}

// --- The links, from the payout down to the readings ---

async function chain({ proof, node, pins }) {
  const where = proof.contracts;
  for (const [name, given] of Object.entries(where)) {
    same(`contracts.${name}`, checksum(given), given);
    if (pins?.contracts[name]) same(`contracts.${name}`, pins.contracts[name], given);
  }
  if (pins) same("chain_id", pins.chain_id, proof.chain_id);
  const args = [proof.chain_id, where.series];
  if (!node) return { key: "chain", args, open: ["node"] };
  same("chain_id", BigInt(await node.rpc("eth_chainId")), proof.chain_id);
  for (const [name, given] of Object.entries(where))
    if ((await node.rpc("eth_getCode", given, "latest")).length <= 2) throw new Broken(`contracts.${name}`, "a contract on this chain", given);
  const names = async (name, from, getter) => same(`contracts.${name}`, addressOf((await node.call(where[from], getter))[0]), where[name]);
  await names("waterfall", "series", "distributor()");
  await names("currency", "series", "currency()");
  await names("series_factory", "waterfall", "factory()");
  same("contracts.series", 1n, (await node.call(where.series_factory, "isSeries(address)", [addressWord(where.series)]))[0]);
  await names("statement_book", "waterfall", "book()");
  await names("telemetry_anchor", "statement_book", "anchor()");
  await names("stream_registry", "statement_book", "streams()");
  await names("waterfall", "statement_book", "waterfall()");
  return { key: "chain", args };
}

async function distribution(ctx) {
  const { distribution: dist, contracts } = ctx.proof;
  const args = [dist.number, dist.amount];
  if (BigInt(dist.acc) < BigInt(dist.amount)) throw new Broken("distribution.acc", "no less than its amount", dist.acc);
  if (!ctx.node) return { key: "distribution", args, open: ["event"] };
  const log = await ctx.event(dist.tx, contracts.series, DISTRIBUTED, (each) => each.index === dist.log_index);
  same("distribution.block", log.block, dist.block);
  same("distribution.period", log.indexed[0], dist.period);
  same("distribution.number", log.indexed[1], dist.number);
  ["amount", "acc", "supply"].forEach((name, at) => same(`distribution.${name}`, log.data[at], dist[name]));
  return { key: "distribution", args };
}

async function payout(ctx) {
  const { payout: given, distribution: dist, contracts } = ctx.proof;
  same("payout.holder", checksum(given.holder), given.holder);
  const units = BigInt(given.units), supply = BigInt(dist.supply), after = BigInt(given.numerator_after);
  const args = [given.units, dist.supply, given.amount];
  if (ctx.node) {
    const { moment, account } = await replay(ctx.node, contracts.series, given.holder, dist);
    same("payout.record_at", moment.recordAt, given.record_at);
    same("payout.units", moment.units, given.units);
    same("payout.numerator_before", moment.before, given.numerator_before);
    same("payout.numerator_after", moment.after, given.numerator_after);
    same("distribution.supply", moment.supply, dist.supply);
    const claimable = await ctx.node.call(contracts.series, "claimable(address)", [addressWord(given.holder)], "0x" + dist.block.toString(16)).catch(() => null);
    if (claimable) same("payout.numerator_after (contract)", claimable[0] + account.paid, account.numerator / supply);
  }
  if (!supply || units > supply) throw new Broken("payout.units", `at most ${supply}`, units);
  const before = after - BigInt(dist.amount) * units;
  same("payout.numerator_before", before, given.numerator_before);
  same("payout.amount", after / supply - before / supply, given.amount);
  const slug = ctx.node ? await slugOf(ctx) : /^po_([a-z0-9]{1,32}(?:-[0-9]{1,9})?)_/.exec(given.id)?.[1];
  same("payout.id", `po_${slug}_${dist.number}_${given.holder.slice(2).toLowerCase()}`, given.id);
  return { key: "payout", args, open: ctx.node ? [] : ["units"] };
}

/** The name of the series in ids: its place among those of the same symbol, in the factory's order. */
async function slugOf({ proof, node }) {
  const taken = new Set();
  for (const log of await node.logs(proof.contracts.series_factory, [topicOf(SERIES_CREATED)], proof.distribution.block)) {
    const symbol = new TextDecoder("ascii").decode(log.raw.subarray(96, 128)).replace(/\0+$/, "");
    const base = symbol.toLowerCase().replace(/[^a-z0-9]/g, "").slice(0, 32) || "series";
    let slug = base;
    for (let count = 2; taken.has(slug); count++) slug = `${base}-${count}`;
    taken.add(slug);
    if (addressOf(log.indexed[0]) === proof.contracts.series) return slug;
  }
  return null;
}

async function settlement(ctx) {
  const { settlement: given, distribution: dist, statement, contracts } = ctx.proof;
  const lines = given.lines.map((line) => Object.fromEntries(Object.entries(line).map(([key, value]) => [key, BigInt(value)])));
  if (ctx.node) {
    const log = await ctx.event(dist.tx, contracts.waterfall, SETTLED, (each) => each.index === given.log_index);
    same("settlement.stream", log.indexed[0], given.stream);
    same("distribution.period", log.indexed[1], dist.period);
    ["rules_version", "receipts", "shortfall", "multiplier_bp", "breached"].forEach((name, at) => same(`settlement.${name}`, log.data[at], given[name]));
    same("settlement.lines", log.data.slice(7, 7 + Number(log.data[6])).map(lineOf), lines.map(({ due, paid, released, balance }) => ({ due, paid, released, balance })));
  }
  const receipts = BigInt(given.receipts);
  same("settlement.lines (conserved)", receipts + sum(lines.map((line) => line.released)), sum(lines.map((line) => line.paid)));
  same("settlement.shortfall", BigInt(given.required) - receipts, given.shortfall);
  const brought = ctx.node ? await runAgain(ctx, lines) : null;
  const adjusted = BigInt(statement.gross) + BigInt(statement.adjustments), due = adjusted + (brought ?? 0n), required = BigInt(given.required);
  if (brought !== null) same("settlement.required", due < MAX_U64 ? due : MAX_U64, required);
  else if (required < adjusted && required !== MAX_U64) throw new Broken("settlement.required", `at least ${adjusted}`, required);
  return { key: "settlement", args: [given.receipts, lines.length, given.rules_version], open: ctx.node ? [] : ["rules"] };
}

/** Runs the rules on the accounts that the settlements before left; returns the shortfall they left. */
async function runAgain({ proof, node }, lines) {
  const { settlement: given, distribution: dist, statement, contracts } = proof;
  const rulesAt = async (version) => rulesOf(await node.call(contracts.waterfall, "rulesAt(uint32,uint32)", [word(given.stream), word(version)]));
  const all = await node.logs(contracts.waterfall, [topicOf(SETTLED), "0x" + word(given.stream)], dist.block);
  const earlier = all.filter((log) => log.block < dist.block || log.index < given.log_index);
  const rules = await rulesAt(given.rules_version), last = earlier.at(-1);
  const balances = last ? balancesAfter(await rulesAt(last.data[0]), last.data.slice(7, 7 + Number(last.data[6])).map(lineOf)) : new Map();
  let lastMultiplier = null;
  for (const log of [...earlier].reverse()) {
    if (lastMultiplier === null && (await rulesAt(log.data[0])).kpis.length) lastMultiplier = log.data[3];
  }
  const terms = [];
  for (const step of rules.steps) {
    const w = step.toSeries ? await node.call(step.payee, "terms()") : null;
    terms.push(w && { first: Number(w[3]), to: Number(w[4]), last: Number(w[4] + w[11]) });
  }
  const found = run(rules, {
    period: dist.period, receipts: BigInt(given.receipts), kpis: unhex(statement.kpis, 32), terms, balances, lastMultiplier,
    breached: last ? last.data[4] : 0n, disputed: wasDisputed(rules, BigInt(given.breached)),
  });
  same("settlement.lines (recomputed)", found.lines, lines.map(({ due, paid, released, balance }) => ({ due, paid, released, balance })));
  same("settlement.multiplier_bp (recomputed)", found.multiplier, given.multiplier_bp);
  same("settlement.breached (recomputed)", found.breached, given.breached);
  same("distribution.amount (waterfall)", paidTo(rules, found.lines, contracts.series), dist.amount);
  return last ? last.data[2] : 0n;
}

async function statement(ctx) {
  const { statement: given, settlement: { stream }, distribution: dist, contracts, chain_id } = ctx.proof;
  const hash = (name) => unhex(given[name], 32);
  const digest = statementDigest(chain_id, contracts.statement_book, [
    stream, dist.period, given.version, given.from, given.to, hash("first_head"), hash("last_head"), hash("lines_root"), given.gross,
    given.adjustments, hash("tariff_hash"), given.coverage_bp, given.estimated_bp, hash("kpis"), hash("documents"),
  ]);
  same("statement.digest", hex(digest), given.digest);
  let table = ctx.signers?.table ?? null, threshold = ctx.signers?.threshold ?? 1;
  if (ctx.node) {
    const log = await ctx.event(given.tx, contracts.statement_book, ATTESTED, (each) => hashIn(each.data[1]) === given.digest);
    same("statement.signers", log.data[4], given.signers);
    const settled = await ctx.event(dist.tx, contracts.statement_book, BOOK_SETTLED, (each) => String(each.indexed) === String([stream, dist.period]));
    same("statement.version (settled)", settled.data[0], given.version);
    same("statement.distributable", settled.data[1], BigInt(given.gross) + BigInt(given.adjustments));
    [table, threshold] = await signerTable(ctx, log);
  }
  const places = [...BigInt(given.signers).toString(2)].reverse().flatMap((bit, at) => (bit === "1" ? [at] : []));
  const blob = unhex(given.signatures);
  same("statement.signatures (length)", 64 * places.length, blob.length);
  if (table && places.some((place) => place >= table.length)) throw new Broken("statement.signers", `places in a table of ${table.length}`, given.signers);
  const signers = places.map((place, at) => {
    const signer = signerOf(digest, blob.subarray(64 * at, 64 * at + 64));
    if (table) same("statement.signatures", table[place], signer);
    return signer;
  });
  if (!threshold || new Set(signers).size < threshold) throw new Broken("statement.signers", `at least ${threshold} signers`, signers.length);
  const open = ctx.node ? [] : ["attested", table ? "table" : "strangers"];
  return { key: "statement", args: [given.version, dist.period, signers.length], signers, open };
}

/** Signers and threshold in force where the statement was attested, from the anchor's own log. */
async function signerTable({ proof, node }, at) {
  const scheduled = topicOf("SignersScheduled(address[],uint8,uint40)"), activated = topicOf("SignersActivated(uint32,address,uint8)");
  let pending = null, active = [[], 0];
  for (const log of await node.logs(proof.contracts.telemetry_anchor, [[scheduled, activated]], at.block)) {
    if (log.block === at.block && log.index >= at.index) break;
    if (log.topics[0] === scheduled) pending = log.data;
    else if (pending) active = [pending.slice(4, 4 + Number(pending[3])).map(addressOf), Number(pending[1])];
  }
  return active;
}

async function batches(ctx) {
  const { statement: stated, cursor: start, contracts, chain_id, settlement: { stream } } = ctx.proof;
  let cursor = { digest: unhex(start.digest, 32), seq: start.seq, to: start.to, next: BigInt(start.next) };
  same("statement.first_head", hex(headOf(cursor)), stated.first_head);
  same("statement.from", cursor.to, stated.from);
  for (const [at, manifest] of ctx.manifests.entries()) {
    const { tx, closes } = ctx.proof.batches[at], place = `batches[${manifest.seq}]`, prev = headOf(cursor), next = cursor.next + BigInt(manifest.count);
    same(`${place}.manifest`, [stream, cursor.seq + 1, cursor.to, cursor.next], [manifest.stream, manifest.seq, manifest.from, BigInt(manifest.first)]);
    const values = [stream, manifest.seq, prev, cursor.to, manifest.to, cursor.next, manifest.count, closes, manifest.root, manifest.content];
    cursor = { digest: batchDigest(chain_id, contracts.telemetry_anchor, values), seq: manifest.seq, to: manifest.to, next };
    const head = hex(headOf(cursor));
    const events = ctx.node ? await ctx.node.events(tx, contracts.telemetry_anchor, BATCH_ANCHORED) : null;
    const isThis = (log) => String(log.indexed) === String([stream, manifest.seq]) && hashIn(log.data[7]) === head;
    if (events && !events.some(isThis)) throw new Broken(`${place}.tx`, `the transaction that anchored head ${head}`, tx);
  }
  same("statement.last_head", hex(headOf(cursor)), stated.last_head);
  same("statement.to", cursor.to, stated.to);
  return { key: "batches", args: [ctx.manifests.length, cursor.next - BigInt(start.next)], open: ctx.node ? [] : ["heads"] };
}

async function lines(ctx) {
  const stated = ctx.proof.statement, found = linesIn(ctx.proof.lines), plain = (each) => [each.row, each.price, each.per, each.quantity, each.amount, each.count, each.blinding];
  same("tariff", hex(ctx.tariff.hash()), stated.tariff_hash);
  same("lines", linesOf(ctx.tariff, ctx.manifests, await ctx.committed()).map(plain), found.map(plain));
  same("statement.lines_root", hex(linesRoot(found)), stated.lines_root);
  same("statement.gross", sum(found.map((line) => line.amount)), stated.gross);
  const shares = coverage(ctx.manifests);
  same("statement.coverage_bp", shares.covered, stated.coverage_bp);
  same("statement.estimated_bp", shares.estimated, stated.estimated_bp);
  return { key: "lines", args: [found.length, stated.gross] };
}

async function readings(ctx) {
  const { scope, readings: given } = ctx.proof, manifests = new Map(ctx.manifests.map((each) => [each.seq, each]));
  const full = ctx.manifests.filter((each) => each.count), most = Math.max(0, ...full.map((each) => each.count));
  const wanted = scope === "all" ? full : full.filter((each) => each.count === most).slice(0, 1);
  same(`readings (${scope})`, wanted.map((each) => each.seq), given.map((each) => each.seq));
  let added = 0, paths = 0;
  for (const entry of given) {
    const manifest = manifests.get(entry.seq);
    if (scope === "sample") paths += someLeaves(ctx, manifest, entry);
    else added += await allLeaves(ctx, manifest, entry);
  }
  return scope === "sample" ? { key: "sample", args: [paths] } : { key: "readings", args: [added] };
}

function leafAt(ctx, manifest, data, seq) {
  const leaf = leafOf(data), place = `readings[${manifest.seq}].leaf[${seq}]`;
  same(`${place}.stream`, ctx.proof.settlement.stream, leaf.stream);
  same(`${place}.seq`, seq, leaf.seq);
  if (!(manifest.from < leaf.end && leaf.end <= manifest.to)) throw new Broken(`${place}.end`, `after ${manifest.from} and not after ${manifest.to}`, leaf.end);
  return leaf;
}

function someLeaves(ctx, manifest, entry) {
  const place = `readings[${manifest.seq}]`, count = manifest.count, some = entry.some ?? [];
  same(`${place}.all`, null, entry.all);
  const places = [...new Set([0, Math.floor(count / 2), count - 1])].sort((a, b) => a - b);
  same(`${place}.some`, places.length, some.length);
  places.forEach((index, at) => {
    const data = unhex(some[at].leaf, 102), path = some[at].path.map((node) => unhex(node, 32));
    leafAt(ctx, manifest, data, manifest.first + index);
    if (!isLeaf(data, index, count, path, manifest.root)) throw new Broken(`${place}.leaf[${index}]`, "a leaf of the anchored tree", some[at].leaf);
  });
  return places.length;
}

async function allLeaves(ctx, manifest, entry) {
  const place = `readings[${manifest.seq}]`, data = (entry.all ?? []).map((leaf) => unhex(leaf, 102)), committed = await ctx.committed();
  same(`${place}.some`, null, entry.some);
  same(`${place}.count`, manifest.count, data.length);
  same(`${place}.root`, hex(manifest.root), hex(treeRoot(data)));
  const byRow = new Map();
  data.forEach((each, at) => {
    const leaf = leafAt(ctx, manifest, each, manifest.first + at), row = ctx.tariff.rows[ctx.tariff.rowIndexAt(leaf.end - leaf.duration)].id;
    byRow.set(row, [...(byRow.get(row) ?? []), leaf.quantity]);
  });
  same(`${place}.rows`, manifest.lines.map((line) => line.row).sort(), [...byRow.keys()].sort());
  for (const line of manifest.lines) {
    const fields = byRow.get(line.row), name = `${place}.${line.row}`;
    same(`${name}.count`, line.count, fields.length);
    if (committed) same(`${name}.commitment`, commit(line.quantity, line.blinding ?? 0n), addCommitments(fields));
    else if (fields.some((field) => field[0] !== 0)) throw new Broken(name, "open quantities", "a commitment");
    else same(`${name}.quantity`, line.quantity, sum(fields.map((field) => integer(field.subarray(1)))));
  }
  return data.length;
}

/** Name and check of each link, in their order. */
export const LINKS = Object.entries({ chain, distribution, payout, settlement, statement, batches, lines, corrections, readings });

/**
 * Checks a proof file. Options: `rpc` (address of a node; null to check the file alone), `pins` ({chain_id, contracts} that the reader
 * trusts), `signers` ({table, threshold} that somebody claims, used without a node), `onLink` (called with each result).
 *
 * Returns {ok, links}: `ok` is true if no link is broken; each link has its name, `ok` (true, false, or null where an earlier one is
 * broken), what was found (`key`, `args`), what of it was not checked (`open`), and for the broken one `field`, `expected`, `found`.
 * Throws Broken if the text is no proof, NodeFailed if the node does not answer (which says nothing about the file).
 */
export async function verify(source, options = {}) {
  const context = new Context(parse(source), options), links = [];
  for (const [name, check] of LINKS) {
    const link = { name, ok: null, open: [] };
    if (links.every((each) => each.ok)) Object.assign(link, await outcome(check, context));
    links.push(link);
    options.onLink?.(link);
  }
  return { ok: links.every((link) => link.ok), links };
}

async function outcome(check, context) {
  try {
    return { ok: true, ...(await check(context)) };
  } catch (error) {
    if (error instanceof NodeFailed) throw error;
    if (!(error instanceof Broken)) return { ok: false, field: "file", expected: "as the protocol says", found: String(error.message) };
    return { ok: false, field: error.field, expected: error.expected, found: error.found };
  }
}

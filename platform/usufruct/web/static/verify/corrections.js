// Corrections of anchored readings (docs/protocol.md §7b): the document behind a statement's adjustments.
import { Broken, ORDER, addCommitments, commit, digits, documentHash, hex, integer, isLeaf, keyed, leafOf, natural, same, unhex } from "./bytes.js";
import { word } from "./node.js";
import { Tariff, linesIn, linesRoot } from "./statements.js";

const TOP = ["v", "stream", "period", "version", "carried", "total", "adjustment", "periods"];
import { ATTESTED, BATCH_ANCHORED } from "./events.js";
const least = (a, b) => (a < b ? a : b);
const most = (a, b) => (a > b ? a : b);

/** A document's numbers, once its rows add up to its total. */
function documentOf(given, name) {
  keyed(given, TOP, name);
  same(`${name}.v`, 1, given.v);
  for (const key of ["stream", "period", "version"]) natural(given[key], `${name}.${key}`);
  const periods = given.periods.map((part) => {
    keyed(part, ["period", "tariff", "earlier", "rows", "readings"], `${name}.periods`);
    const rows = part.rows.map((row) => {
      keyed(row, ["row", "stated", "before", "change", "blinding", "amount"], `${name}.rows`);
      return {
        row: row.row, stated: digits(row.stated, `${name}.stated`), before: digits(row.before, `${name}.before`, true),
        change: digits(row.change, `${name}.change`, true), amount: digits(row.amount, `${name}.amount`, true),
        blinding: row.blinding === null ? null : integer(unhex(row.blinding, 32)),
      };
    });
    const readings = part.readings.map((each) => {
      keyed(each, ["old", "new", "reason"], `${name}.readings`);
      if (!/^[a-z][a-z0-9-]{0,39}$/.test(each.reason)) throw new Broken(`${name}.reason`, "a word", each.reason);
      return { old: unhex(each.old, 102), now: unhex(each.new, 102) };
    });
    const order = readings.map(({ now }) => leafOf(now)).map(({ seq, rev }) => seq * 256 + rev);
    if (!readings.length || order.some((each, at) => at && each < order[at - 1])) throw new Broken(`${name}.readings`, "ordered by number", order.length);
    return { period: natural(part.period, `${name}.period`), tariff: part.tariff, earlier: part.earlier, rows, readings };
  });
  const numbers = periods.map((part) => part.period);
  if (numbers.some((each, at) => each > given.period || (at && each <= numbers[at - 1]))) throw new Broken(`${name}.periods`, "ascending", numbers);
  const total = digits(given.total, `${name}.total`, true);
  same(`${name}.total`, periods.flatMap((part) => part.rows).reduce((sum, row) => sum + row.amount, 0n), total);
  const adjustment = digits(given.adjustment, `${name}.adjustment`, true), carried = digits(given.carried, `${name}.carried`, true);
  return { stream: given.stream, period: given.period, version: given.version, carried, total, adjustment, periods, owed: total - adjustment, hash: documentHash(given) };
}

/** The adjustments follow from the document that the statement names, and that from anchored readings. */
export async function corrections(ctx) {
  const { statement: stated, corrections: given, settlement, distribution } = ctx.proof;
  if (given === null) {
    same("statement.documents", "0x" + "0".repeat(64), stated.documents);
    same("statement.adjustments", "0", stated.adjustments);
    return { key: "nothing" };
  }
  const document = documentOf(given.document, "corrections.document");
  same("corrections.document", stated.documents, hex(document.hash));
  const place = [settlement.stream, distribution.period, stated.version];
  same("corrections.document.period", place, [document.stream, document.period, document.version]);
  same("statement.adjustments", document.adjustment, stated.adjustments);
  const earlier = await earlierDocuments(ctx, given, document);
  same("corrections.document.carried", earlier.reduce((sum, each) => sum + each.owed, 0n), document.carried);
  const bases = await basesOf(ctx, given, document, earlier);
  recompute(document, BigInt(stated.gross), bases, await ctx.committed());
  const count = await anchoredLeaves(ctx, given, document, earlier);
  const open = ctx.node ? [] : ["attested", "anchored"];
  return { key: "corrected", args: [document.periods.flatMap((each) => each.readings).length, count, document.adjustment], open };
}

/** The words of a statement that a transaction attested, for a period and version of the stream. */
async function attested(ctx, tx, period, version, name) {
  const wanted = [ctx.proof.settlement.stream, period, version];
  const events = await ctx.node.events(tx, ctx.proof.contracts.statement_book, ATTESTED);
  const found = events.filter((log) => String([...log.indexed, log.data[0]]) === String(wanted));
  if (found.length !== 1) throw new Broken(`${name}.tx`, `the transaction that attested version ${version} of period ${period}`, tx);
  return found[0].data.slice(5);
}

const hashIn = (value) => "0x" + value.toString(16).padStart(64, "0");

async function earlierDocuments(ctx, given, document) {
  const found = [];
  for (const [at, each] of given.earlier.entries()) {
    const name = `corrections.earlier[${at}]`, known = documentOf(each.document, `${name}.document`);
    same(`${name}.stream`, document.stream, known.stream);
    if (ctx.node) same(`${name}.document`, hashIn((await attested(ctx, each.tx, known.period, known.version, name))[14]), hex(known.hash));
    found.push(known);
  }
  const periods = found.map((each) => each.period);
  const ascends = periods.every((each, at) => each !== document.period && (!at || each > periods[at - 1]));
  if (!ascends) throw new Broken("corrections.earlier", "other periods in ascending order", periods);
  const named = new Set(document.periods.flatMap((part) => part.earlier));
  for (const each of found) if (!named.has(hex(each.hash)) && !each.owed) throw new Broken("corrections.earlier", "only documents that matter here", each.period);
  return found;
}

async function basesOf(ctx, given, document, earlier) {
  const own = ctx.proof.distribution.period;
  const touching = (period) => earlier.filter((known) => known.periods.some((part) => part.period === period));
  const wanted = document.periods.map((part) => part.period).filter((period) => period !== own);
  same("corrections.statements", wanted, given.statements.map((each) => each.period));
  const bases = new Map([[own, { tariff: ctx.tariff, lines: linesIn(ctx.proof.lines), earlier: touching(own) }]]);
  for (const [at, each] of given.statements.entries()) {
    const name = `corrections.statements[${at}]`, tariff = new Tariff(each.tariff, `${name}.tariff`), lines = linesIn(each.lines);
    const prices = (rows, id) => rows.map((row) => [row[id], row.price, row.per]);
    same(`${name}.lines`, prices(tariff.rows, "id"), prices(lines, "row"));
    if (lines.some((line) => line.blinding === 0n)) throw new Broken(`${name}.lines.blinding`, "null for none", "0");
    if (ctx.node) {
      const words = await attested(ctx, each.tx, each.period, each.version, name);
      same(`${name}.tariff`, hashIn(words[10]), hex(tariff.hash()));
      same(`${name}.lines`, hashIn(words[7]), hex(linesRoot(lines)));
      const record = await ctx.node.call(ctx.proof.contracts.statement_book, "recordOf(uint32,uint32)", [word(ctx.proof.settlement.stream), word(each.period)]);
      same(`${name}.version`, record[4], each.version);
    }
    bases.set(each.period, { tariff, lines, earlier: touching(each.period) });
  }
  return bases;
}

/** Every number of the document from what it rests on. */
function recompute(document, gross, bases, committed) {
  same("corrections.adjustment", most(document.total + document.carried, -gross), document.adjustment);
  for (const part of document.periods) {
    const { tariff, lines, earlier } = bases.get(part.period);
    same("corrections.tariff", hex(tariff.hash()), part.tariff);
    same("corrections.earlier", earlier.map((known) => hex(known.hash)), part.earlier);
    const byRow = new Map();
    for (const each of part.readings) {
      const old = leafOf(each.old), now = leafOf(each.now), next = { ...old, quantity: now.quantity, quality: now.quality, record: now.record, rev: old.rev + 1 };
      same("corrections.readings", next, now);
      const index = tariff.rowIndexAt(old.end - old.duration);
      byRow.set(index, [...(byRow.get(index) ?? []), [old, now]]);
    }
    const indices = [...byRow.keys()].sort((a, b) => a - b);
    same("corrections.rows", indices.map((at) => tariff.rows[at].id), part.rows.map((row) => row.row));
    part.rows.forEach((row, at) => checkRow(row, lines[indices[at]], earlier, part.period, byRow.get(indices[at]), committed));
  }
}

function checkRow(row, line, earlier, period, pairs, committed) {
  const changes = earlier.flatMap((known) => known.periods).filter((part) => part.period === period).flatMap((part) => part.rows);
  const before = changes.filter((each) => each.row === row.row).reduce((sum, each) => sum + each.change, 0n), start = line.quantity + before;
  same(`corrections.rows.${row.row}.stated`, line.quantity, row.stated);
  same(`corrections.rows.${row.row}.before`, before, row.before);
  if (least(start, start + row.change) < 0n) throw new Broken(`corrections.rows.${row.row}.change`, "no more than was measured", row.change);
  const worth = (quantity) => (quantity * line.price) / line.per;
  same(`corrections.rows.${row.row}.amount`, worth(start + row.change) - worth(start), row.amount);
  const old = pairs.map((pair) => pair[0].quantity), now = pairs.map((pair) => pair[1].quantity), name = `corrections.rows.${row.row}.sum`;
  if (!committed) {
    if (row.blinding !== null || [...old, ...now].some((field) => field[0] !== 0)) throw new Broken(name, "open quantities", "a commitment");
    const sum = (fields) => fields.reduce((total, field) => total + integer(field.subarray(1)), 0n);
    return same(name, sum(now) - sum(old), row.change);
  }
  if (row.blinding === null) throw new Broken(name, "a blinding", "none");
  return same(name, addCommitments(now), addCommitments([...old, commit(((row.change % ORDER) + ORDER) % ORDER, row.blinding)]));
}

/** Every reading that no correction made is a leaf of an anchored batch of its period. */
async function anchoredLeaves(ctx, given, document, earlier) {
  const revisions = (each) => each.periods.flatMap((part) => part.readings.map((one) => ({ ...one, period: part.period })));
  const made = new Set([...earlier, document].flatMap(revisions).map((each) => hex(each.now)));
  const wanted = revisions(document).filter((each) => !made.has(hex(each.old)));
  same("corrections.leaves", wanted.length, given.leaves.length);
  for (const [at, { old, period }] of ctx.node ? wanted.entries() : []) {
    const name = `corrections.leaves[${at}]`, { seq, tx, path } = given.leaves[at], leaf = leafOf(old), { contracts, settlement } = ctx.proof;
    const events = await ctx.node.events(tx, contracts.telemetry_anchor, BATCH_ANCHORED);
    const found = events.filter((log) => String(log.indexed) === String([settlement.stream, seq]));
    if (found.length !== 1) throw new Broken(`${name}.tx`, `the transaction that anchored batch ${seq}`, tx);
    const [from, to, first, count] = found[0].data.map(Number), root = found[0].raw.subarray(160, 192);
    if (!isLeaf(old, leaf.seq - first, count, path.map((node) => unhex(node, 32)), root)) throw new Broken(name, `a leaf of batch ${seq}`, leaf.seq);
    if (!(from < leaf.end && leaf.end <= to)) throw new Broken(name, "a reading of the batch's window", leaf.end);
    const bounds = (await ctx.node.call(contracts.statement_book, "boundsOf(uint32,uint32)", [word(document.stream), word(period)])).map(Number);
    if (!(bounds[0] < leaf.end && leaf.end <= bounds[1])) throw new Broken(`${name}.period`, `the period of ${leaf.end}`, period);
  }
  return wanted.length;
}

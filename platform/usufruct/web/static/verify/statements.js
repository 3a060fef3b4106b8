// Tariffs, manifests and statement lines (docs/protocol.md §5–§7).
import { Broken, ORDER, commit, digits, documentHash, integer, join, keyed, natural, number, same, treeRoot, unhex } from "./bytes.js";

const TARIFF = ["v", "id", "stream", "currency", "base_unit", "timezone", "rows", "calendar"];
const RULE = ["row", "months", "weekdays", "from", "to"];
const MANIFEST = ["v", "stream", "seq", "from", "to", "first", "count", "root", "expected", "covered", "quantity", "estimated", "lines"];
const list = (value, name) => (Array.isArray(value) ? value : keyed(value, [], name));

/** A tariff: its rows, its hash, and the row of a reading by its local start. */
export class Tariff {
  #document;
  #clock;
  #known = new Map();

  constructor(given, name = "tariff") {
    this.#document = keyed(given, TARIFF, name);
    same(`${name}.v`, 1, given.v);
    this.currency = given.currency;
    this.rows = list(given.rows, `${name}.rows`).map((row) => {
      keyed(row, ["id", "price", "per"], `${name}.rows`);
      return { id: row.id, price: BigInt(natural(row.price, `${name}.price`)), per: BigInt(natural(row.per, `${name}.per`)) };
    });
    if (new Set(this.rows.map((row) => row.id)).size !== this.rows.length) throw new Broken(`${name}.rows`, "ids of their own", "twice the same");
    for (const rule of list(given.calendar, `${name}.calendar`)) this.rowIndex(keyed(rule, RULE, `${name}.calendar`).row);
    const format = { timeZone: given.timezone, hourCycle: "h23", month: "numeric", weekday: "short", hour: "numeric", minute: "numeric" };
    try {
      this.#clock = new Intl.DateTimeFormat("en-US", format);
    } catch {
      throw new Broken(`${name}.timezone`, "an IANA time zone", given.timezone);
    }
  }

  hash = () => documentHash(this.#document);

  rowIndex(id) {
    const found = this.rows.findIndex((row) => row.id === id);
    if (found < 0) throw new Broken("row", `one of ${this.rows.map((row) => row.id)}`, id);
    return found;
  }

  /** Index of the row for a reading that starts at `start` (unix seconds). */
  rowIndexAt(start) {
    const minute = Math.floor(start / 60);
    if (!this.#known.has(minute)) this.#known.set(minute, this.rowIndex(this.#ruleAt(start).row));
    return this.#known.get(minute);
  }

  #ruleAt(start) {
    const local = Object.fromEntries(this.#clock.formatToParts(start * 1000).map((part) => [part.type, part.value]));
    const weekday = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].indexOf(local.weekday) + 1;
    const now = 60 * Number(local.hour) + Number(local.minute), any = (wanted, found) => !wanted.length || wanted.includes(found);
    const rule = this.#document.calendar.find(
      (each) => any(each.months, Number(local.month)) && any(each.weekdays, weekday) && each.from <= now && now < each.to,
    );
    if (!rule) throw new Broken("tariff.calendar", "a rule for every time", start);
    return rule;
  }
}

/** A manifest's numbers, once its lines add up to its totals. */
export function manifestOf(given, name) {
  keyed(given, MANIFEST, name);
  same(`${name}.v`, 1, given.v);
  for (const key of ["stream", "seq", "from", "to", "first", "count", "expected", "covered"]) natural(given[key], `${name}.${key}`);
  const lines = list(given.lines, `${name}.lines`).map((line) => {
    keyed(line, ["row", "count", "quantity", "blinding"], `${name}.lines`);
    const blinding = line.blinding === null ? null : integer(unhex(line.blinding, 32));
    if (natural(line.count, `${name}.count`) === 0 || (blinding ?? 0n) >= ORDER) throw new Broken(`${name}.lines`, "rows with readings and a blinding of the group", line);
    return { row: line.row, count: line.count, quantity: digits(line.quantity, `${name}.quantity`), blinding };
  });
  const quantity = digits(given.quantity, `${name}.quantity`), estimated = digits(given.estimated, `${name}.estimated`);
  same(`${name}.count`, given.count, lines.reduce((sum, line) => sum + line.count, 0));
  same(`${name}.quantity`, quantity, lines.reduce((sum, line) => sum + line.quantity, 0n));
  if (given.covered > given.expected || estimated > quantity) throw new Broken(`${name}.covered`, "no more than the whole", given.covered);
  return { ...given, quantity, estimated, lines, root: unhex(given.root, 32), content: documentHash(given) };
}

/** One statement line for each row of the tariff, from the manifests. */
export function linesOf(tariff, manifests, committed) {
  const found = tariff.rows.map((row) => ({ row: row.id, price: row.price, per: row.per, quantity: 0n, amount: 0n, count: 0, blinding: null }));
  for (const manifest of manifests)
    for (const part of manifest.lines) {
      if ((part.blinding !== null) !== committed) throw new Broken(`batches[${manifest.seq}].${part.row}.blinding`, committed ? "a blinding" : "none", part.blinding);
      const line = found[tariff.rowIndex(part.row)];
      line.quantity += part.quantity;
      line.count += part.count;
      if (committed) line.blinding = ((line.blinding ?? 0n) + part.blinding) % ORDER;
    }
  for (const line of found) line.amount = (line.quantity * line.price) / line.per;
  return found;
}

/** The lines as a file writes them. */
export const linesIn = (given) =>
  given.map((line) => ({
    row: line.row, price: BigInt(line.price), per: BigInt(line.per), quantity: BigInt(line.quantity), amount: BigInt(line.amount),
    count: line.count ?? 0, blinding: line.blinding === null ? null : integer(unhex(line.blinding, 32)),
  }));

/** Root over the line leaves. */
export const linesRoot = (lines) =>
  treeRoot(lines.map((line, index) => {
    const quantity = line.blinding === null ? join(new Uint8Array(1), number(line.quantity, 32)) : commit(line.quantity, line.blinding);
    return join(new Uint8Array(1), number(index, 2), number(line.price, 16), number(line.per, 8), number(line.quantity, 16), number(line.amount, 16), quantity);
  }));

export function coverage(manifests) {
  const sum = (key) => manifests.reduce((total, each) => total + BigInt(each[key]), 0n), expected = sum("expected"), quantity = sum("quantity");
  return {
    covered: expected ? (sum("covered") * 10_000n) / expected : 10_000n,
    estimated: quantity ? (10_000n * sum("estimated") + quantity - 1n) / quantity : 0n,
  };
}


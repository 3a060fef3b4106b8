// The form of a payout proof, version 2 (docs/protocol.md §10): no field more, none less, each of its kind.
import { Broken, keyed, parseStrictly } from "./bytes.js";

const N = /^(0|[1-9][0-9]{0,77})$/, W = /^(0|-?[1-9][0-9]{0,77})$/, H = /^0x[0-9a-f]{64}$/, X = /^0x([0-9a-f]{2})*$/, A = /^0x[0-9a-fA-F]{40}$/;
const C = "count", B = "boolean", T = "text", J = "object";
const orNull = (form) => ({ orNull: form });
const STATED = { row: T, price: N, per: N, quantity: N, amount: N, blinding: orNull(H) };

const PROOF = {
  version: C, chain_id: C,
  contracts: { series: A, currency: A, series_factory: A, waterfall: A, statement_book: A, stream_registry: A, telemetry_anchor: A },
  payout: { id: T, holder: A, units: N, record_at: orNull(C), numerator_before: N, numerator_after: N, amount: N },
  distribution: { tx: H, block: C, log_index: C, number: C, period: C, amount: N, acc: N, supply: N },
  settlement: {
    log_index: C, stream: C, rules_version: C, required: N, receipts: N, shortfall: N, multiplier_bp: C, breached: C,
    lines: [{ due: N, paid: N, released: N, balance: N }],
  },
  statement: {
    tx: H, version: C, from: C, to: C, first_head: H, last_head: H, lines_root: H, gross: N, adjustments: W, tariff_hash: H, coverage_bp: C,
    estimated_bp: C, kpis: H, documents: H, digest: H, signers: N, signatures: X,
  },
  lines: [{ ...STATED, count: C }],
  tariff: J,
  cursor: { digest: H, seq: C, to: C, next: N },
  batches: [{ tx: H, closes: B, manifest: J }],
  scope: /^(sample|day|all)$/,
  readings: [{ seq: C, all: orNull([X]), some: orNull([{ leaf: X, path: [H] }]) }],
  corrections: orNull({
    document: J, earlier: [{ tx: H, document: J }], statements: [{ tx: H, period: C, version: C, tariff: J, lines: [STATED] }],
    leaves: [{ seq: C, tx: H, path: [H] }],
  }),
};

const KINDS = {
  [C]: (value) => Number.isSafeInteger(value) && value >= 0,
  [B]: (value) => typeof value === "boolean",
  [T]: (value) => typeof value === "string",
  [J]: (value) => value !== null && typeof value === "object" && !Array.isArray(value),
};

function check(value, form, name) {
  if (typeof form === "string" || form instanceof RegExp) {
    const fits = typeof form === "string" ? KINDS[form](value) : typeof value === "string" && form.test(value);
    if (!fits) throw new Broken(name, String(form), value);
  } else if (Array.isArray(form)) {
    if (!Array.isArray(value)) throw new Broken(name, "a list", value);
    value.forEach((each, at) => check(each, form[0], `${name}[${at}]`));
  } else if (form.orNull) {
    if (value !== null) check(value, form.orNull, name);
  } else {
    keyed(value, Object.keys(form), name);
    for (const [key, inner] of Object.entries(form)) check(value[key], inner, `${name}.${key}`);
  }
}

const MOST_DEPTH = 16;

/** Refuses what not every language reads alike: numbers that are not whole or beyond 2^53 − 1, texts that are no Unicode, deep nesting. */
function requirePlain(value, left = MOST_DEPTH) {
  if (typeof value === "number" && !Number.isSafeInteger(value)) throw new Broken("proof", "whole numbers up to 2^53 − 1", value);
  if (typeof value === "string" && /\p{Surrogate}/u.test(value)) throw new Broken("proof", "Unicode", "half a character");
  if (value === null || typeof value !== "object") return;
  if (!left) throw new Broken("proof", `nested at most ${MOST_DEPTH} deep`, "deeper");
  for (const [key, each] of Object.entries(value)) {
    requirePlain(key, left);
    requirePlain(each, left - 1);
  }
}

/** The proof in a file's text; Broken if it is none. */
export function parse(source) {
  try {
    return parsed(source);
  } catch (error) {
    if (error instanceof Broken) throw error;
    throw new Broken("proof", "JSON", String(error.message)); // no JSON at all, or nested so deeply that the parser gave up
  }
}

function parsed(source) {
  const proof = parseStrictly(source);
  requirePlain(proof);
  if (KINDS[J](proof)) proof.corrections ??= null;
  check(proof, PROOF, "proof");
  if (proof.version !== 2) throw new Broken("proof.version", 2, proof.version);
  return proof;
}

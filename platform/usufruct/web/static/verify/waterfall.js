// The waterfall run again (docs/protocol.md §13). Money and basis points are BigInt; divisions round down.
import { addressOf } from "./node.js";

const BASIS = 10_000n, MAX_U64 = (1n << 64n) - 1n, UNBOUNDED = (1n << 32n) - 1n;
const PERCENT_OF_RECEIPTS = 1, PERCENT_OF_AVAILABLE = 2, RESERVE = 3, KPI_FEE = 4, RESIDUAL = 6;
const COVERAGE = 0, OPEN_DISPUTE = 2, ALWAYS = 0, BREACHED = 1;
const least = (a, b) => (a < b ? a : b);
const clip = (value, low, high) => (value < low ? low : least(value, high));
const floorDiv = (a, b) => (a % b !== 0n && a < 0n !== b < 0n ? a / b - 1n : a / b);

/** The rules in the words that `rulesAt` answers. */
export function rulesOf(answer) {
  const base = Number(answer[0]) / 32, at = (place) => answer[base + place];
  const rows = (place, width) => {
    const start = base + Number(at(place)) / 32, count = Number(answer[start]);
    return Array.from({ length: count }, (_, row) => answer.slice(start + 1 + row * width, start + 1 + (row + 1) * width));
  };
  return {
    steps: rows(0, 10).map((w) => ({
      kind: Number(w[0]), toSeries: w[1] !== 0n, when: Number(w[3]), trigger: Number(w[4]), account: Number(w[5]), drawFrom: Number(w[6]),
      payee: addressOf(w[7]), amount: w[8], bp: w[9],
    })),
    kpis: rows(1, 5).map(([index, floor, target, cap, weight]) => ({ index: Number(index), floor, target, cap, weight })),
    triggers: rows(2, 5).map(([kind, step, dues, threshold, cure]) => ({ kind: Number(kind), step: Number(step), dues, threshold, cure })),
    schedule: rows(3, 3).map(([step, from, amount]) => ({ step: Number(step), from: Number(from), amount })),
    minimum: at(4), maximum: at(5), change: at(6),
  };
}

export const lineOf = (word) => {
  const part = (shift) => (word >> shift) & MAX_U64;
  return { due: part(192n), paid: part(128n), released: part(64n), balance: part(0n) };
};

/** Balance of each account after a settlement, from its lines alone. */
export function balancesAfter(rules, lines) {
  const balances = new Map();
  rules.steps.forEach((step, place) => {
    if (step.account) balances.set(step.account, lines[place].balance);
    if (balances.has(step.drawFrom)) balances.set(step.drawFrom, balances.get(step.drawFrom) - lines[place].released);
  });
  return balances;
}

export const wasDisputed = (rules, breached) =>
  rules.triggers.some((trigger, place) => trigger.kind === OPEN_DISPUTE && (breached >> BigInt(place)) & 1n);

/** What one payee gets in a period, with all its steps together. */
export const paidTo = (rules, lines, payee) =>
  rules.steps.reduce((sum, step, place) => sum + (step.kind !== RESERVE && step.payee === payee ? lines[place].paid : 0n), 0n);

function multiplier(rules, kpis, last) {
  if (!rules.kpis.length) return 0n;
  const score = ({ index, floor, target, cap }) => {
    const value = BigInt((kpis[2 * index] << 8) | kpis[2 * index + 1]);
    return value === 0xffffn ? 0n : clip(floorDiv((value - floor) * BASIS, target - floor), 0n, cap);
  };
  const total = rules.kpis.reduce((sum, kpi) => sum + kpi.weight * score(kpi), 0n);
  const found = clip(total / BASIS, rules.minimum, rules.maximum);
  return last === null || !rules.change ? found : clip(found, last - rules.change, last + rules.change);
}

/**
 * Distributes receipts. `start`: period, receipts, kpis (32 bytes), terms (one for each step, null for other payees),
 * balances (Map), lastMultiplier (null for none), breached, disputed. Returns lines, multiplier and breached.
 */
export function run(rules, start) {
  const { steps, triggers, schedule } = rules, { period, terms } = start;
  const balances = new Map(steps.filter((s) => s.account).map((s) => [s.account, start.balances.get(s.account) ?? 0n]));
  const m = multiplier(rules, start.kpis, start.lastMultiplier);
  let available = start.receipts;
  let breached = start.breached & ((1n << BigInt(triggers.length)) - 1n);
  const isBreached = (number) => ((breached >> BigInt(number)) & 1n) === 1n;
  const inTail = (place) => terms[place] !== null && terms[place].to < period && period <= terms[place].last;

  function takesPart(place) {
    const step = steps[place], term = terms[place];
    if (step.when !== ALWAYS && isBreached(step.trigger) !== (step.when === BREACHED)) return false;
    if (term === null || (term.first <= period && period <= term.to)) return true;
    return inTail(place) && step.account !== 0;
  }

  function amountOf(place) {
    let amount = steps[place].amount;
    for (const entry of schedule) if (entry.step === place && entry.from <= period) amount = entry.amount;
    return amount;
  }

  function dues(trigger) {
    const accounts = new Set();
    let total = 0n;
    steps.forEach((step, place) => {
      if (!((trigger.dues >> BigInt(place)) & 1n) || !takesPart(place)) return;
      if (!inTail(place)) total += amountOf(place);
      if (trigger.kind === COVERAGE && step.account) accounts.add(step.account);
    });
    for (const account of accounts) total += balances.get(account);
    return total;
  }

  function judge(place) {
    triggers.forEach((trigger, number) => {
      if (trigger.step !== place) return;
      let level = 1n, ratio = start.disputed ? 0n : UNBOUNDED;
      if (trigger.kind !== OPEN_DISPUTE) {
        const due = dues(trigger);
        level = isBreached(number) ? trigger.cure : trigger.threshold;
        ratio = due ? least((available * BASIS) / due, UNBOUNDED) : UNBOUNDED;
      }
      const bit = 1n << BigInt(number);
      breached = ratio < level ? breached | bit : breached & ~bit;
    });
  }

  function asked(place) {
    const { kind, amount, bp } = steps[place];
    if (inTail(place)) return 0n;
    if (kind === PERCENT_OF_RECEIPTS) return (start.receipts * bp) / BASIS;
    if (kind === PERCENT_OF_AVAILABLE) return (available * bp) / BASIS;
    if (kind === KPI_FEE) return amount + (m * ((start.receipts * bp) / BASIS)) / BASIS;
    return kind === RESIDUAL ? available : amountOf(place);
  }

  function reserve({ account, amount }) {
    const balance = balances.get(account), released = balance > amount ? balance - amount : 0n, due = amount > balance ? amount - balance : 0n;
    const paid = least(available, due);
    available += released - paid;
    balances.set(account, balance + paid - released);
    return { due, paid, released, balance: balances.get(account) };
  }

  function line(step, place) {
    if ((step.kind === RESIDUAL && !available) || !takesPart(place))
      return { due: 0n, paid: 0n, released: 0n, balance: balances.get(step.account) ?? 0n };
    if (step.kind === RESERVE) return reserve(step);
    const due = least(asked(place) + (balances.get(step.account) ?? 0n), MAX_U64), paid = least(available, due);
    available -= paid;
    const drawn = least(due - paid, balances.get(step.drawFrom) ?? 0n), left = due - paid - drawn;
    if (step.drawFrom) balances.set(step.drawFrom, (balances.get(step.drawFrom) ?? 0n) - drawn);
    if (step.account) balances.set(step.account, left);
    return { due, paid: paid + drawn, released: drawn, balance: step.account ? left : 0n };
  }

  const lines = steps.map((step, place) => {
    judge(place);
    return line(step, place);
  });
  return { lines, multiplier: m, breached };
}

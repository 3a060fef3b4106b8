// A holder's account rebuilt from the series' own log (docs/protocol.md §9), with those of lost wallets that it replaced.
import { same } from "./bytes.js";
import { addressOf, topicOf } from "./node.js";

const TRANSFER = topicOf("Transfer(address,address,uint256)");
const DISTRIBUTED = topicOf("Distributed(uint32,uint32,uint64,uint64,uint64)");
const WITHDRAWN = topicOf("FundsWithdrawn(address,uint256)");
const SCHEDULED = topicOf("RecordScheduled(uint32,uint40)");
const RECOVERED = topicOf("Recovered(address,address,uint256,uint256)");
const NOBODY = addressOf(0n);
const account = () => ({ units: 0n, numerator: 0n, paid: 0n, kept: new Map() });

/** Times of the blocks from the first announcement of a record date on: before it nothing depends on them. */
async function timesOf(node, logs) {
  const first = logs.findIndex((log) => log.topics[0] === SCHEDULED);
  const blocks = first < 0 ? [] : [...new Set(logs.slice(first).map((log) => log.block))], times = new Map();
  for (let at = 0; at < blocks.length; at += 32)
    await Promise.all(blocks.slice(at, at + 32).map(async (block) => times.set(block, await node.timeOf(block))));
  return times;
}

/** What a distribution did to its holder: recordAt (null for none), units, supply, before, after; and the account's end. */
export async function replay(node, series, holder, dist) {
  const logs = await node.logs(series, [[TRANSFER, DISTRIBUTED, WITHDRAWN, SCHEDULED, RECOVERED]], dist.block);
  const wallets = new Set([holder]);
  for (const log of logs.filter((each) => each.topics[0] === RECOVERED).reverse())
    if (wallets.has(addressOf(log.indexed[1]))) wallets.add(addressOf(log.indexed[0]));
  const accounts = new Map([...wallets].map((each) => [each, account()]));
  const times = await timesOf(node, logs);
  const records = new Map();
  let supply = 0n, acc = 0n, moment = null;

  const handlers = {
    [TRANSFER](log) {
      const [from, to] = log.indexed.map(addressOf), [value] = log.data;
      if (from === NOBODY) supply += value;
      for (const [wallet, change] of from === to ? [] : [[from, -value], [to, value]]) {
        const each = accounts.get(wallet);
        if (!each) continue;
        for (const [period, at] of records) if (!each.kept.has(period) && at <= times.get(log.block)) each.kept.set(period, each.units);
        each.units += change;
      }
    },
    [SCHEDULED](log) {
      const period = Number(log.indexed[0]);
      records.delete(period);
      if (log.data[0]) records.set(period, Number(log.data[0]));
    },
    [DISTRIBUTED](log) {
      const period = Number(log.indexed[0]), [amount, after] = log.data;
      same("distribution.acc", acc + amount, after);
      acc = after;
      const next = [...records.keys()].filter((each) => each >= period).sort((a, b) => a - b)[0];
      const closing = next !== undefined && records.get(next) <= times.get(log.block) ? next : null;
      for (const [wallet, each] of accounts) {
        const units = closing === null ? each.units : each.kept.get(closing) ?? each.units, before = each.numerator;
        each.numerator += amount * units;
        if (wallet === holder && log.block === dist.block && log.index === dist.log_index)
          moment = { recordAt: closing === null ? null : records.get(closing), units, supply, before, after: each.numerator };
      }
      for (const each of [...records.keys()]) if (each <= period) records.delete(each);
    },
    [WITHDRAWN](log) {
      const each = accounts.get(addressOf(log.indexed[0]));
      if (each) each.paid += log.data[0];
    },
    [RECOVERED](log) {
      const lost = accounts.get(addressOf(log.indexed[0])), other = accounts.get(addressOf(log.indexed[1])) ?? account();
      if (!lost) return;
      const unpaid = lost.numerator - lost.paid * supply;
      lost.numerator -= unpaid;
      other.numerator += unpaid;
      for (const [period, units] of lost.kept) {
        other.kept.set(period, (other.kept.get(period) ?? 0n) + units);
        lost.kept.set(period, 0n);
      }
    },
  };
  for (const log of logs) handlers[log.topics[0]](log);
  return { moment, account: accounts.get(holder) };
}

// A node of the chain over JSON-RPC: every answer is asked for once.
import { Broken, checksum, hex, keccak, number, text, unhex } from "./bytes.js";

/** Milliseconds after which a node that says nothing counts as one that does not answer. */
const PATIENCE = 20_000;

/** The node cannot answer, which says nothing about a proof. */
export class NodeFailed extends Error {}

export const word = (value) => hex(number(value, 32)).slice(2);
export const addressWord = (address) => address.slice(2).toLowerCase().padStart(64, "0");
export const topicOf = (signature) => hex(keccak(text(signature)));
/** The 32-byte words of a log's or an answer's data. */
export const words = (data) => (data.slice(2).match(/.{64}/g) ?? []).map((each) => BigInt("0x" + each));
export const addressOf = (value) => checksum("0x" + BigInt.asUintN(160, value).toString(16).padStart(40, "0"));

export class Node {
  #url;
  #answers = new Map();

  constructor(url) {
    this.#url = url;
  }

  async rpc(method, ...params) {
    const key = JSON.stringify([method, params]);
    if (!this.#answers.has(key)) this.#answers.set(key, this.#ask(method, params));
    return this.#answers.get(key);
  }

  async #ask(method, params) {
    let body;
    try {
      const request = { method: "POST", headers: { "content-type": "application/json" }, credentials: "omit", referrerPolicy: "no-referrer" };
      const signal = AbortSignal.timeout(PATIENCE);
      const answer = await fetch(this.#url, { ...request, signal, body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }) });
      body = await answer.json();
    } catch (error) {
      throw new NodeFailed(`${method}: ${error.message}`);
    }
    if (!body.error) return body.result;
    if (method === "eth_call" && /revert/i.test(body.error.message ?? "")) throw new Broken(method, "an answer of the contract", "a revert");
    throw new NodeFailed(`${method}: ${body.error.message}`);
  }

  /** The words that a contract answers to `signature` with arguments given as hex words. */
  async call(to, signature, parameters = [], block = "latest") {
    const data = topicOf(signature).slice(0, 10) + parameters.join("");
    return words((await this.rpc("eth_call", { to, data }, block)) ?? "0x");
  }

  /** Logs of a successful transaction. */
  async receipt(tx) {
    const found = await this.rpc("eth_getTransactionReceipt", tx);
    if (!found || BigInt(found.status) !== 1n) throw new Broken("transaction", "a successful transaction on this chain", tx);
    return found.logs.map(plain);
  }

  /** The logs of one contract and event in a transaction. */
  async events(tx, contract, signature) {
    const topic = topicOf(signature);
    return (await this.receipt(tx)).filter((log) => log.address === contract && log.topics[0] === topic);
  }

  /** All logs of a contract up to a block, in order; a range that the node refuses is asked for in halves. */
  async logs(address, topics, to, from = 0) {
    const range = { address, topics, fromBlock: "0x" + from.toString(16), toBlock: "0x" + to.toString(16) };
    try {
      return (await this.rpc("eth_getLogs", range)).map(plain).sort((a, b) => a.block - b.block || a.index - b.index);
    } catch (error) {
      if (!(error instanceof NodeFailed) || to - from < 1) throw error;
      const middle = Math.floor((from + to) / 2);
      return [...(await this.logs(address, topics, middle, from)), ...(await this.logs(address, topics, to, middle + 1))];
    }
  }

  async timeOf(block) {
    return Number((await this.rpc("eth_getBlockByNumber", "0x" + block.toString(16), false)).timestamp);
  }
}

function plain(log) {
  return {
    address: checksum(log.address), topics: log.topics, indexed: log.topics.slice(1).map(BigInt), data: words(log.data), raw: unhex(log.data),
    block: Number(log.blockNumber), index: Number(log.logIndex),
  };
}

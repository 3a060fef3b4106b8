// What @ethereumjs/client 0.9.0 lacks for several Clique validators, or answers otherwise than the execution API says. The rules
// of Clique (who may seal, in turn or not, how soon again, total difficulty), the tables of peers and transactions, the
// interpreter and the storage are the package's. Each repair names the fault that it is for.
const { Block } = require("@ethereumjs/block");
const { Blockchain, CliqueConsensus } = require("@ethereumjs/blockchain");
const { Miner } = require("@ethereumjs/client/dist/src/miner/miner.js");
const { Eth } = require("@ethereumjs/client/dist/src/rpc/modules/eth.js");
const { getBlockByOption } = require("@ethereumjs/client/dist/src/rpc/helpers.js");
const { RPCManager } = require("@ethereumjs/client/dist/src/rpc/index.js");
const { FullSynchronizer } = require("@ethereumjs/client/dist/src/sync/fullsync.js");
const { Address, bytesToHex, hexToBytes } = require("@ethereumjs/util");

const ANCESTORS = 50;
const LATER_MS = 1_000;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// --- The chain ---

// After a reorganisation the signer of the first block undone stayed among those that sealed lately, and so never sealed again.
const clique = CliqueConsensus.prototype;
const forget = clique._cliqueDeleteSnapshots;
clique._cliqueDeleteSnapshots = function (first) {
  return forget.call(this, first - 1n);
};

// If the chain turned to another fork while a block was executed, the next one was executed on the state of the abandoned block.
const { iterator } = Blockchain.prototype;
Blockchain.prototype.iterator = function (name, onBlock, ...rest) {
  return iterator.call(this, name, (block) => onBlock(block, true), ...rest);
};

// An announced block beside the head, or beyond a gap, was dropped: forks never met again, a gap was never closed. It is
// stored with the ancestors that are missing, which its sender is asked for; the chain then chooses by total difficulty.
const holds = (chain, hash) => chain.getBlock(hash).then(() => true, () => false);

async function withAncestors(chain, block, peer) {
  const found = [block];
  while (!(await holds(chain, found[0].header.parentHash))) {
    const first = { block: found[0].header.parentHash, max: ANCESTORS, reverse: true };
    const [, headers] = await peer.eth.getBlockHeaders(first);
    const [, bodies] = await peer.eth.getBlockBodies({ hashes: headers.map((each) => each.hash()) });
    if (headers.length === 0 || bodies.length !== headers.length) throw new Error("its ancestors are missing");
    for (const [at, header] of headers.entries()) {
      if (await holds(chain, header.hash())) break;
      found.unshift(Block.fromValuesArray([header.raw(), ...bodies[at]], { common: chain.config.chainCommon }));
    }
  }
  return found;
}

let turn = Promise.resolve();
FullSynchronizer.prototype.handleNewBlock = function (block, peer) {
  turn = turn.then(async () => {
    if (peer) this.addToKnownByPeer(block.hash(), peer);
    if (await holds(this.chain, block.hash())) return;
    try {
      await this.chain.putBlocks(await withAncestors(this.chain, block, peer));
    } catch (error) {
      console.error(`refused block ${block.header.number} of ${block.header.cliqueSigner()}: ${error.message}`);
      return;
    }
    this.txPool.removeNewBlockTxs([block]);
    // To all: most got the hash alone, and asked for the block so late that their own was sealed meanwhile.
    await this.sendNewBlock(block, this.pool.peers);
  });
  return turn;
};

// A head is told before it is executed; questions about its state then failed, and so did the next block on it.
async function executed({ chain, execution }) {
  for (let head; head !== chain.blocks.latest; ) {
    head = chain.blocks.latest;
    while (!(await execution.vm.stateManager.hasStateRoot(head.header.stateRoot))) await pause(10);
  }
}

const assemble = Miner.prototype.assembleBlock;
Miner.prototype.assembleBlock = async function () {
  await executed(this.service);
  return assemble.call(this);
};

// Who is not in turn waits a random while, as the protocol advises, and a second more: these nodes share few processors.
const queue = Miner.prototype.queueNextAssembly;
Miner.prototype.queueNextAssembly = async function (timeout = this.period) {
  const { chain } = this.service;
  const [[self]] = this.config.accounts;
  const isInTurn = await chain.blockchain.consensus.cliqueSignerInTurn(self, chain.headers.height + 1n);
  return queue.call(this, timeout + (isInTurn ? 0 : LATER_MS));
};

// --- JSON-RPC ---

// A call that reverted was answered as if it had not, every call was made in block 0, and none by a block's hash (EIP-1898).
async function call({ chain, execution }, [{ from, to, gas, value, data, input }, at]) {
  const block = await (at?.blockHash ? chain.getBlock(hexToBytes(at.blockHash)) : getBlockByOption(at, chain));
  const vm = await execution.vm.shallowCopy();
  await vm.stateManager.setStateRoot(block.header.stateRoot);
  const { execResult } = await vm.evm.runCall({
    block,
    caller: from && Address.fromString(from),
    data: hexToBytes(data ?? input ?? "0x"),
    gasLimit: gas && BigInt(gas),
    to: to && Address.fromString(to),
    value: BigInt(value ?? 0),
  });
  const returned = bytesToHex(execResult.returnValue);
  const failed = execResult.exceptionError;
  if (failed) throw { code: 3, data: returned, message: `execution reverted: ${failed.error}` };
  return returned;
}

// Receipts told no status, and were told of blocks that a reorganisation had undone.
const receiptOf = Eth.prototype.getTransactionReceipt;
Eth.prototype.getTransactionReceipt = async function ([hash]) {
  const found = await receiptOf.call(this, [hash]);
  if (found === null) return null;
  const block = await this._chain.getBlock(BigInt(found.blockNumber));
  if (bytesToHex(block.hash()) !== found.blockHash) return null;
  const [{ status }] = await this.receiptsManager.getReceiptByTxHash(hexToBytes(hash));
  return { ...found, status: `0x${status}` };
};

const methodsOf = RPCManager.prototype.getMethods;
RPCManager.prototype.getMethods = function (...given) {
  const [service] = this._client.services;
  const answer = (method) => async (params) => {
    await executed(service);
    try {
      return await method(params);
    } catch ({ code = -32603, data, message }) {
      throw { code, data, message };
    }
  };
  const methods = { ...methodsOf.apply(this, given), eth_call: (params) => call(service, params) };
  return Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, answer(method)]));
};

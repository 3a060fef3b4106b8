// A node of a network of validators: @ethereumjs/client, with its own key and folder, devp2p to the others, and JSON-RPC.
// node node.cjs NETWORK FOLDER NUMBER: NETWORK is a file with chain, genesis state and the nodes' identities and ports.
const { mkdirSync, readFileSync } = require("node:fs");
const { dirname, join } = require("node:path");
const { Blockchain, CliqueConsensus } = require("@ethereumjs/blockchain");
const { Common } = require("@ethereumjs/common");
const { startRPCServers } = require("@ethereumjs/client/dist/bin/startRpc.js");
const { LevelDB } = require("@ethereumjs/client/dist/src/execution/level.js");
const { Config, EthereumClient } = require("@ethereumjs/client");
const { Address, hexToBytes } = require("@ethereumjs/util");
const { Level } = require("level");
const { EIPs } = require(join(dirname(require.resolve("@ethereumjs/common")), "eips.js"));
require("./repairs.cjs");

const [file, folder, number] = process.argv.slice(2);
const { chain, eips, nodes, state } = JSON.parse(readFileSync(file, "utf8"));
const me = nodes[Number(number)];
const key = hexToBytes(readFileSync(`${folder}/key`, "utf8").trim());
const self = Address.fromPrivateKey(key);
const none = () => {};

// Who is not in the list of the genesis block takes itself for one that is always in turn: what it seals is for the others
// to refuse.
function takeTurns() {
  const clique = CliqueConsensus.prototype;
  const { validateConsensus, validateDifficulty } = clique;
  const isOwn = (header) => !header.isGenesis() && header.cliqueSigner().equals(self);
  clique.cliqueSignerInTurn = async () => true;
  clique.validateConsensus = async function (block) {
    if (!isOwn(block.header)) await validateConsensus.call(this, block);
  };
  clique.validateDifficulty = async function (header) {
    if (!isOwn(header)) await validateDifficulty.call(this, header);
  };
}

async function start() {
  // MCOPY is an instruction like any other; the package allows it from the first hard fork of proof of stake on.
  EIPs[5656].minimumHardfork = "london";
  const config = new Config({
    accounts: [[self, key]],
    bootnodes: [],
    common: Common.custom(chain, { eips, hardfork: "london" }),
    datadir: folder,
    discDns: false,
    discV4: false,
    extIP: "127.0.0.1",
    key,
    logger: { debug: none, error: console.error, info: none, isInfoEnabled: () => false, warn: console.error },
    mine: true,
    port: me.p2p,
    saveReceipts: true,
  });
  mkdirSync(config.getNetworkDirectory(), { recursive: true });
  const [chainDB, stateDB, metaDB] = ["chain", "state", "meta"].map((each) => new Level(config.getDataDirectory(each)));
  const blockchain = await Blockchain.create({
    common: config.chainCommon,
    db: new LevelDB(chainDB),
    genesisState: state,
    hardforkByHeadBlockNumber: true,
    validateBlocks: true,
    validateConsensus: true,
  });
  config.chainCommon.setForkHashes(blockchain.genesisBlock.hash());
  const client = await EthereumClient.create({ blockchain, chainDB, config, genesisState: state, metaDB, stateDB });
  const [service] = client.services;
  const seal = service.miner.start.bind(service.miner);
  service.miner.start = () => false;
  // The miner stored receipts of its block before it was in the chain, where it might never come: they come with execution.
  service.miner.config = Object.create(config, { saveReceipts: { value: false } });
  await client.open();
  config.updateSynchronizedState(client.chain.headers.latest);
  await client.start();
  startRPCServers(client, { rpc: true, rpcAddr: "127.0.0.1", rpcPort: me.rpc });
  keepCompany(service, config.server.rlpx, seal);
}

// Of two nodes the later one calls the other: if both call at once, the client drops both connections. A node seals as soon
// as most of the others are there and none has a longer chain.
function keepCompany({ chain: own, miner, pool }, rlpx, seal) {
  setInterval(() => {
    for (const { id, p2p } of nodes.slice(0, Number(number))) {
      if (!rlpx._peers.has(id.slice(2)))
        rlpx.connect({ id: hexToBytes(id), address: "127.0.0.1", tcpPort: p2p, udpPort: p2p }).catch(none);
    }
    const behind = pool.peers.some(({ eth }) => (eth?.status?.td ?? 0n) > own.blocks.td);
    const signers = nodes.filter(({ outsider }) => !outsider).length;
    if (!miner.running && !behind && pool.size >= Math.floor(signers / 2)) seal();
  }, 500);
}

process.on("unhandledRejection", (error) => console.error(error));
if (me.outsider) takeTurns();
void start();

// A chain like a permissioned network's, by EDR (not Anvil): blocks in an interval, nothing costs anything, the headers name
// four validators, and only methods of the execution API are answered: no anvil_, evm_ or debug_, no tags safe and finalized.
// node node.mjs CHAIN_ID SECONDS EXTRA_DATA; says its port on stdout, and each refused method on stderr.
import { createServer } from "node:http";
import edr from "@nomicfoundation/edr";

const [chainId, seconds, extraData] = process.argv.slice(2);
const limit = 60_000_000n, none = () => {};
const context = new edr.EdrContext();
await context.registerProviderFactory(edr.GENERIC_CHAIN_TYPE, edr.genericChainProviderFactory());
const provider = await context.createProvider(
  edr.GENERIC_CHAIN_TYPE,
  {
    allowBlocksWithSameTimestamp: false,
    allowUnlimitedContractSize: false,
    bailOnCallFailure: true,
    bailOnTransactionFailure: false,
    // With a target as high as the limit a base fee of zero stays zero, as with Besu's zeroBaseFee.
    baseFeeConfig: [{ activation: { blockNumber: 0n }, maxChangeDenominator: 8n, elasticityMultiplier: 1n }],
    chainId: BigInt(chainId),
    coinbase: new Uint8Array(20),
    defaultTransactionGasLimit: limit,
    genesisState: edr.l1GenesisState(edr.L1Hardfork.Cancun),
    hardfork: "cancun",
    initialBaseFeePerGas: 0n,
    initialParentBeaconBlockRoot: new Uint8Array(32),
    minGasPrice: 0n,
    mining: {
      autoMine: false,
      blockGasLimit: limit,
      interval: BigInt(Number(seconds) * 1000),
      memPool: { order: edr.MineOrdering.Fifo },
    },
    network: { genesisBlockGasLimit: limit, genesisBlockTime: BigInt(Math.floor(Date.now() / 1000)) },
    networkId: BigInt(chainId),
    observability: {},
    ownedAccounts: [],
    precompileOverrides: [],
  },
  { enable: false, decodeConsoleLogInputsCallback: () => [], printLineCallback: none },
  { subscriptionCallback: none },
  new edr.ContractDecoder(),
);

function isRefused({ method, params }) {
  if (!/^(eth|net|web3)_[A-Za-z]+$/.test(method) || /^eth_(sign|accounts|sendTransaction)/.test(method)) return true;
  return (params ?? []).some((each) => ["safe", "finalized"].includes(each));
}

async function answer(asked) {
  const head = { jsonrpc: "2.0", id: asked.id };
  if (isRefused(asked)) {
    console.error([asked.method, ...(asked.params ?? []).filter((each) => typeof each === "string")].join(" "));
    return { ...head, error: { code: -32601, message: "the method does not exist or is not available" } };
  }
  const { data } = await provider.handleRequest(JSON.stringify(asked));
  const found = typeof data === "string" ? JSON.parse(data) : data;
  if (found.result?.extraData !== undefined) found.result.extraData = extraData;
  return { ...head, ...found };
}

const server = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const asked = JSON.parse(Buffer.concat(parts));
  const answers = Array.isArray(asked) ? await Promise.all(asked.map(answer)) : await answer(asked);
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(answers));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));

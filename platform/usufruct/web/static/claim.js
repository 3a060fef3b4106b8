// Claims with the reader's own wallet (EIP-1193): this page prepares the call, the wallet shows, signs and sends it.
import { chooser, refusal } from "./wallets.js";

const panel = document.getElementById("claims"), { wallet, chain, data, words } = JSON.parse(panel.dataset.setup);
const told = panel.querySelector("[role=status]"), switching = panel.querySelector(".switch");
const buttons = [...panel.querySelectorAll("button[data-series]")];
const say = (key, value = "") => (words[key] ?? key).replace("{0}", value);
const WAIT = 1_000, TRIES = 120;

function show(state, key, value) {
  told.className = `told ${state}`;
  told.textContent = say(key, value);
}

const chosen = chooser(panel.querySelector(".pick"), (any) => {
  for (const button of buttons) button.disabled = !any;
  if (!any && buttons.length) show("", "no-wallet");
  else if (told.textContent === say("no-wallet")) show("", "ready");
});

async function claim(provider, series) {
  const [account] = await provider.request({ method: "eth_requestAccounts" });
  if (account?.toLowerCase() !== wallet.toLowerCase()) return show("broken", "other-account", account ?? "–");
  const connected = BigInt(await provider.request({ method: "eth_chainId" }));
  if (connected !== BigInt(chain)) {
    switching.hidden = false;
    return show("broken", "other-chain", String(connected));
  }
  const tx = await provider.request({ method: "eth_sendTransaction", params: [{ from: account, to: series, data, value: "0x0" }] });
  show("busy", "sent", tx);
  await settle(provider, tx);
}

/** Waits for the receipt, asked of the wallet's own node. */
async function settle(provider, tx) {
  for (let n = 0; n < TRIES; n += 1) {
    const receipt = await provider.request({ method: "eth_getTransactionReceipt", params: [tx] }).catch(() => null);
    if (receipt?.blockNumber) {
      const done = receipt.status === "0x1";
      return show(done ? "holds" : "broken", done ? "done" : "reverted", String(BigInt(receipt.blockNumber)));
    }
    await new Promise((resolve) => setTimeout(resolve, WAIT));
  }
}

async function tried(button, work) {
  button.disabled = true;
  show("busy", "asking");
  try {
    await work(chosen());
  } catch (error) {
    show("broken", refusal(error), error?.message ?? "");
  } finally {
    button.disabled = false;
  }
}

for (const button of buttons) button.addEventListener("click", () => tried(button, (provider) => claim(provider, button.dataset.series)));

switching.addEventListener("click", () => tried(switching, async (provider) => {
  await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId: `0x${BigInt(chain).toString(16)}` }] });
  switching.hidden = true;
  show("", "switched");
}));

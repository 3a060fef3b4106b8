// Sends what the buttons of a panel prepare with the reader's own wallet (EIP-1193), which shows and signs each call.
import { chooser, refusal } from "./wallets.js";

const WAIT = 1_000, TRIES = 120;

/** What stands in the way before anything is sent: a key of the panel's words and a value for it. */
export class Hindrance extends Error {
  constructor(key, value = "") {
    super(key);
    this.key = key;
    this.value = value;
  }
}

/** Makes the buttons of `panel` send, one after the other, the calls [{to, data, say}] that `calls(provider, button, setup)`
 * gives; `say` is what is told before a call, a key of the words. */
export function acting(panel, calls) {
  const setup = JSON.parse(panel.dataset.setup), { wallet, chain, words } = setup;
  const told = panel.querySelector("[role=status]"), switching = panel.querySelector(".switch");
  const buttons = [...panel.querySelectorAll("button[data-to]")];
  const say = (key, value = "") => (words[key] ?? key).replace("{0}", value);
  // The last call that was sent is kept for this tab until its receipt, so that a reload goes on waiting for it.
  const kept = `usufruct.sent.${chain}.${wallet.toLowerCase()}.${panel.id}`;
  const sent = () => sessionStorage.getItem(kept);
  let busy = false;

  function show(state, key, value) {
    told.className = `told ${state}`;
    told.textContent = say(key, value);
  }

  const chosen = chooser(panel.querySelector(".pick"), (any) => {
    for (const button of buttons) button.disabled = !any || busy;
    if (any && sent()) queueMicrotask(resume); // once the choice is there
    else if (!any && buttons.length) show("", "no-wallet");
    else if (told.textContent === say("no-wallet")) show("", "ready");
  });

  async function act(provider, button) {
    const [account] = await provider.request({ method: "eth_requestAccounts" });
    if (account?.toLowerCase() !== wallet.toLowerCase()) throw new Hindrance("other-account", account ?? "–");
    const connected = BigInt(await provider.request({ method: "eth_chainId" }));
    if (connected !== BigInt(chain)) {
      switching.hidden = false;
      throw new Hindrance("other-chain", String(connected));
    }
    const all = await calls(provider, button, setup);
    for (const [at, { to, data, say: told }] of all.entries()) {
      if (told) show("busy", told);
      const tx = await provider.request({ method: "eth_sendTransaction", params: [{ from: account, to, data, value: "0x0" }] });
      if (at === all.length - 1) sessionStorage.setItem(kept, tx);
      if (!(await settled(provider, tx))) return;
    }
  }

  function resume() {
    if (!busy) tried(null, (provider) => settled(provider, sent()));
  }

  /** Waits for the receipt, asked of the wallet's own node; whether the call did what it should. */
  async function settled(provider, tx) {
    show("busy", "sent", tx);
    for (let n = 0; n < TRIES; n += 1) {
      const receipt = await provider.request({ method: "eth_getTransactionReceipt", params: [tx] }).catch(() => null);
      if (receipt?.blockNumber) {
        const done = receipt.status === "0x1";
        sessionStorage.removeItem(kept);
        show(done ? "holds" : "broken", done ? "done" : "reverted", String(BigInt(receipt.blockNumber)));
        return done;
      }
      await new Promise((resolve) => setTimeout(resolve, WAIT));
    }
    sessionStorage.removeItem(kept);
    show("broken", "slow", tx);
    return false;
  }

  /** Nothing else can be begun meanwhile, so that nothing is paid for twice. */
  async function tried(button, work) {
    busy = true;
    for (const each of [...buttons, switching]) each.disabled = true;
    if (button) show("busy", "asking");
    try {
      await work(chosen());
    } catch (error) {
      if (error instanceof Hindrance) show("broken", error.key, error.value);
      else show("broken", refusal(error), error?.message ?? "");
    } finally {
      busy = false;
      for (const each of [...buttons, switching]) each.disabled = false;
    }
  }

  for (const button of buttons) button.addEventListener("click", () => tried(button, (provider) => act(provider, button)));

  switching.addEventListener("click", () => tried(switching, async (provider) => {
    await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId: `0x${BigInt(chain).toString(16)}` }] });
    switching.hidden = true;
    show("", "switched");
  }));
}

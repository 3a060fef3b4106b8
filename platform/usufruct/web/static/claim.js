// Claims with the reader's own wallet (EIP-1193): this page prepares the call, the wallet shows, signs and sends it.
const panel = document.getElementById("claims");
const { wallet, chain, data, words } = JSON.parse(panel.dataset.setup);
const told = panel.querySelector("[role=status]");
const say = (key, value = "") => (words[key] ?? key).replace("{0}", value);

async function claim(series) {
  const provider = globalThis.ethereum;
  const [account] = await provider.request({ method: "eth_requestAccounts" });
  if (account?.toLowerCase() !== wallet.toLowerCase()) return say("other-account", account ?? "");
  const connected = BigInt(await provider.request({ method: "eth_chainId" }));
  if (connected !== BigInt(chain)) return say("other-chain", String(connected));
  const tx = await provider.request({ method: "eth_sendTransaction", params: [{ from: account, to: series, data, value: "0x0" }] });
  return say("sent", tx);
}

for (const button of panel.querySelectorAll("button[data-series]")) {
  if (!globalThis.ethereum) {
    told.textContent = say("no-wallet");
    continue;
  }
  button.disabled = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    told.textContent = say("asking");
    try {
      told.textContent = await claim(button.dataset.series);
    } catch (error) {
      told.textContent = say("refused", error?.message ?? "");
    } finally {
      button.disabled = false;
    }
  });
}

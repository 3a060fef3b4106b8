// Wallets of this browser: those that announce themselves (EIP-6963), and the one that is simply there (EIP-1193).
const REJECTED = 4001, PENDING = -32002, UNKNOWN_CHAIN = 4902;
const announced = new Map();

/** Calls `changed` with the wallets, [{name, provider}], now and whenever another announces itself. */
export function watchWallets(changed) {
  const tell = () => changed(list());
  globalThis.addEventListener("eip6963:announceProvider", ({ detail }) => {
    const { info, provider } = detail ?? {};
    if (typeof info?.uuid !== "string" || typeof provider?.request !== "function") return;
    announced.set(info.uuid, { name: String(info.name ?? "").slice(0, 60) || info.uuid, provider });
    tell();
  });
  globalThis.dispatchEvent(new Event("eip6963:requestProvider"));
  tell();
}

function list() {
  const found = [...announced.values()], plain = globalThis.ethereum;
  if (plain && !found.some((each) => each.provider === plain) && found.length === 0) found.push({ name: "window.ethereum", provider: plain });
  return found;
}

/** Fills a choice with the wallets, shown where there are several; returns a function that gives the chosen provider. */
export function chooser(place, changed) {
  const select = place.querySelector("select");
  let wallets = [];
  watchWallets((found) => {
    const before = select.value;
    wallets = found;
    select.replaceChildren(...found.map((each, at) => new Option(each.name, String(at))));
    if (Number(before) < found.length) select.value = before || "0";
    place.hidden = found.length < 2;
    changed(found.length > 0);
  });
  return () => wallets[Number(select.value) || 0]?.provider;
}

/** What a wallet's refusal means: a key of the page's words. */
export function refusal(error) {
  const code = error?.code ?? error?.data?.originalError?.code;
  return { [REJECTED]: "rejected", [PENDING]: "pending", [UNKNOWN_CHAIN]: "unknown-chain" }[code] ?? "refused";
}

// Signs in with the reader's own wallet (ERC-4361): the wallet shows and signs the text of this site, which then sets its cookie.
import { translator } from "./told.js";
import { chooser, refusal } from "./wallets.js";

const panel = document.getElementById("sign-in"), { words, told: pairs } = JSON.parse(panel.dataset.setup);
const button = panel.querySelector("button"), told = panel.querySelector("[role=status]");
const say = (key, value = "") => (words[key] ?? key).replace("{0}", value), translate = translator(pairs);

const chosen = chooser(panel.querySelector(".pick"), (any) => {
  button.disabled = !any;
  told.textContent = any ? "" : say("no-wallet");
});

async function post(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const found = await answer.json();
  if (!answer.ok) throw new Error(translate(found.detail ?? String(answer.status)));
  return found;
}

async function signIn(provider) {
  const [address] = await provider.request({ method: "eth_requestAccounts" });
  const { message } = await post("/v1/auth/challenge", { address });
  const bytes = [...new TextEncoder().encode(message)].map((each) => each.toString(16).padStart(2, "0")).join("");
  const signature = await provider.request({ method: "personal_sign", params: [`0x${bytes}`, address] });
  await post("/v1/auth/sign-in", { message, signature, cookie: true });
}

button.addEventListener("click", async () => {
  button.disabled = true;
  told.textContent = say("asking");
  try {
    await signIn(chosen());
    location.reload();
  } catch (error) {
    told.textContent = say(refusal(error), error?.message ?? "");
    button.disabled = false;
  }
});

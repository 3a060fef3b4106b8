// Subscriptions: units against money, and what ends them. An approval comes first where the contract may take too little.
import { acting, Hindrance } from "./acting.js";

const WORD = 64;
const word = (value) => value.toString(16).padStart(WORD, "0");

/** Base units of what was typed; a hindrance for anything but a positive number within the bounds. */
function units(input) {
  const { least, most, decimals } = input.dataset, places = Number(decimals);
  const match = /^([0-9]{1,15})(?:\.([0-9]+))?$/.exec(input.value.trim());
  const fraction = match?.[2] ?? "";
  const found = match && fraction.length <= places ? BigInt(match[1] + fraction.padEnd(places, "0")) : 0n;
  if (found > 0n && found >= BigInt(least) && (most === "" || found <= BigInt(most))) return found;
  input.focus();
  throw new Hindrance("units", input.title);
}

async function calls(provider, button, { currency, allowance, balance, approve }) {
  const { to, data, input, price } = button.dataset;
  if (!input) return [{ to, data }];
  const count = units(document.getElementById(input)), cost = count * BigInt(price);
  const ask = async (question) => BigInt(await provider.request({ method: "eth_call", params: [{ to: currency, data: question }, "latest"] }));
  if ((await ask(balance)) < cost) throw new Hindrance("money");
  const subscribing = { to, data: data + word(count) };
  if ((await ask(allowance)) >= cost) return [subscribing];
  return [{ to: currency, data: approve + word(cost), say: "first" }, { ...subscribing, say: "second" }];
}

acting(document.getElementById("subscribing"), calls);

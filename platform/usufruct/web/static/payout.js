// The panel of a payout's page that checks its proof in this browser.
import { translator } from "./told.js";
import { money } from "./workbench/money.js";
import { Broken, NodeFailed, verify } from "./verify.js";

const panel = document.getElementById("verify");
const { proof, rpc, pins, signers, words, told, zone, currency, decimals } = JSON.parse(panel.dataset.setup);
const translate = translator(told), progress = document.getElementById("verify-progress");
const form = panel.querySelector("form"), button = form.querySelector("button"), list = panel.querySelector("ol");
const verdict = panel.querySelector("[role=status]"), samples = document.getElementById("samples");

const say = (key, args = []) => (words[key] ?? key).replace(/\{(\d+)\}/g, (_, at) => args[at]);
const grouped = (value) => String(value).replace(/^-?\d{4,}$/, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ","));

/** Which values of what was found are amounts of money, in minor units. */
const AMOUNTS = { distribution: [1], payout: [2], settlement: [0], lines: [1], corrected: [2] };
const CHINESE = document.documentElement.lang.startsWith("zh");
const clock = new Intl.DateTimeFormat(CHINESE ? "zh-CN" : "en-US", {
  timeZone: zone,
  ...{ year: "numeric", month: CHINESE ? "long" : "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
});

/** The values as people read them. */
const readable = (key, args = []) =>
  args.map((each, at) => {
    if (AMOUNTS[key]?.includes(at)) return `${money(String(each), decimals)} ${currency}`;
    return key === "chain" ? each : grouped(each); // a chain's id counts nothing
  });

/** A moment as the rest of the page shows it. */
function moment(seconds) {
  if (CHINESE) return clock.format(seconds * 1000);
  const part = Object.fromEntries(clock.formatToParts(seconds * 1000).map(({ type, value }) => [type, value]));
  return `${part.day} ${part.month} ${part.year}, ${part.hour}:${part.minute}`;
}

function add(parent, tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  parent.append(made);
  return made;
}

function state(link) {
  if (link.ok === null) return "unreached";
  if (!link.ok) return "broken";
  return link.open?.length ? "partly" : "holds";
}

function show(link) {
  progress.firstElementChild.value += 1;
  const row = add(list, "li", "", `link ${state(link)}`), head = add(row, "p", "");
  add(head, "strong", say(`link.${link.name}`));
  add(head, "span", say(`state.${state(link)}`), `badge ${state(link)}`);
  if (link.ok) add(row, "p", say(`found.${link.key}`, readable(link.key, link.args)));
  if (link.ok === false) add(row, "p", say("broken", [link.field, link.expected, link.found]), "wrong");
  for (const each of link.open ?? []) add(row, "p", say(`open.${each}`), "open");
}

/** What was found; `sampled` where not every reading was looked at, `away` what the node said instead of an answer. */
function conclude({ ok, links }, sampled, away) {
  const broken = links.find((link) => link.ok === false), open = links.some((link) => link.open?.length);
  const all = ok ? [say(open ? "holds.partly" : "holds.all")] : [say("fails", [say(`link.${broken.name}`)])];
  if (ok && sampled) all.push(say("sampled"));
  if (away) all.unshift(say("node.failed", [away]));
  verdict.className = `verdict ${ok ? (open ? "partly" : "holds") : "broken"}`;
  verdict.replaceChildren();
  for (const each of all) add(verdict, "span", each);
}

/** The readings that the proof carries, as they stand in the anchored leaves. */
function showReadings(text) {
  const given = JSON.parse(text).readings.flatMap((batch) => (batch.some ? batch.some.map((each) => each.leaf) : batch.all ?? []));
  const body = samples.querySelector("tbody");
  body.replaceChildren();
  for (const leaf of given.slice(0, 100)) {
    const at = (from, to) => BigInt("0x" + leaf.slice(2 + 2 * from, 2 + 2 * to)), row = document.createElement("tr");
    const open = leaf.slice(4, 6) === "00";
    add(row, "td", String(at(90, 98)));
    add(row, "td", moment(Number(at(78, 86))));
    add(row, "td", open ? grouped(at(2, 34)) : say("committed"), "right");
    body.append(row);
  }
  samples.hidden = given.length === 0;
}

function begin(text) {
  list.replaceChildren();
  progress.firstElementChild.value = 0;
  verdict.className = "verdict busy";
  verdict.textContent = text;
}

/** The text of the proof; an Error in the reader's words where this site does not give it. */
async function fetched(scope) {
  const answer = await fetch(`${proof}?readings=${scope}`, { headers: { accept: "application/json" } }).catch(() => null);
  const text = await answer?.text().catch(() => null);
  if (typeof text !== "string") throw new Error(say("no-answer"));
  if (answer.ok) return text;
  let detail = "";
  try {
    detail = translate(JSON.parse(text).detail ?? "");
  } catch {
    // Something between here and the site answered: its status is all that there is to tell.
  }
  throw new Error(detail ? `${detail} (${answer.status})` : String(answer.status));
}

async function check(scope, node) {
  progress.hidden = false;
  begin(say("fetching"));
  const text = await fetched(scope);
  begin(say("checking"));
  await new Promise((resolve) => setTimeout(resolve)); // lets the page show it
  const given = { pins, signers, onLink: show };
  let found, away;
  try {
    found = await verify(text, { ...given, rpc: node ? rpc : null });
  } catch (error) {
    if (!(error instanceof NodeFailed)) throw error;
    // What the file alone shows can be checked all the same.
    away = error.message;
    begin(say("checking"));
    found = await verify(text, { ...given, rpc: null });
  }
  conclude(found, scope !== "all", away);
  showReadings(text);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  try {
    await check(form.elements.scope.value, form.elements.node?.checked ?? false);
  } catch (error) {
    verdict.className = "verdict broken";
    if (error instanceof Broken) verdict.textContent = say("refused", [error.message]);
    else verdict.textContent = say("failed", [error.message]);
  } finally {
    progress.hidden = true;
    button.disabled = false;
  }
});
button.disabled = false;

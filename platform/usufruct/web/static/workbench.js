// The issuer's workbench: what is typed, opened or moved is worked out again at once, and compared with the version that was kept.
import { translator } from "./told.js";
import { chart, legend } from "./workbench/chart.js";
import { money, moneyIn } from "./workbench/money.js";

const root = document.getElementById("workbench"), { api, example, attested, words, told } = JSON.parse(root.dataset.setup);
const at = (id) => document.getElementById(`wb-${id}`), text = at("text"), state = at("state");
let moves = [], kept = null, shown = null, asked = 0, timer = 0;

const translate = translator(told);
const say = (key, args = []) => (words[key] ?? key).replace(/\{(\d+)\}/g, (_, n) => String(args[n]));
const version = () => ({ file: text.value, moves });

function add(parent, tag, content = "", className = "") {
  const made = document.createElement(tag);
  made.textContent = content;
  if (className) made.className = className;
  parent.append(made);
  return made;
}

/** What is wrong, with the value, the rule where the first sentence leaves it out, and the remedy. */
function problem({ detail, value, rule, remedy }) {
  const more = rule && !detail.includes(rule) ? rule : "";
  return [translate(detail), value && `(${value})`, ...[more, remedy].filter(Boolean).map(translate)].filter(Boolean).join(" ");
}

/** What has no translation is English. */
const languageOf = (said) => (/[\u4e00-\u9fff]/.test(said) ? document.documentElement.lang : "en");

function failed(said, where = state) {
  where.className = "verdict broken";
  where.lang = languageOf(said);
  where.textContent = said;
}

async function post(path, body) {
  const answer = await fetch(`${api}/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
  const found = await answer.json();
  if (!answer.ok) throw new Error(problem(found));
  return found;
}

async function work() {
  at("empty").hidden = Boolean(text.value.trim());
  if (!text.value.trim()) return;
  root.setAttribute("aria-busy", "true");
  const mine = (asked += 1);
  try {
    const found = kept
      ? await post("compare", { before: kept, after: version() })
      : { before: null, after: await post("simulate", version()), payouts: null, flags_new: [], flags_gone: [] };
    if (mine === asked) show(found);
  } catch (error) {
    if (mine === asked) failed(error.message);
  } finally {
    if (mine === asked) root.removeAttribute("aria-busy");
  }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(work, 200);
}

function show({ before, after, payouts, flags_new: fresh, flags_gone: gone }) {
  shown = after;
  const refused = after.findings.some((each) => each.verdict === "refused");
  const count = after.findings.length;
  state.lang = document.documentElement.lang;
  state.className = `verdict ${refused ? "broken" : count ? "partly" : "holds"}`;
  if (count) state.textContent = say(refused ? "refused" : "flagged", [count]);
  else state.textContent = say("sound");
  const list = at("findings");
  list.replaceChildren();
  for (const each of after.findings) finding(list, each.verdict === "refused" ? "broken" : "partly", each, fresh.includes(line(each)) ? say("new") : "");
  for (const each of before?.findings ?? []) if (gone.includes(line(each))) finding(list, "holds", each, say("gone"));
  showSteps(after);
  showKnobs(after);
  at("money").hidden = after.receipts.length === 0;
  if (after.receipts.length === 0) return;
  for (const each of root.querySelectorAll(".of-currency")) each.textContent = after.currency;
  drawn(after);
  table(after, payouts);
  periods(after);
}

/** A finding as answers name it. */
const line = (found) => `${found.clause}: ${found.words}`;

function finding(list, kind, found, tag) {
  const row = add(list, "li", "", `link ${kind}`), head = add(row, "p"), clause = translate(found.clause);
  add(head, "strong", clause).lang = languageOf(clause);
  if (tag) add(head, "span", tag, "tag");
  const what = add(row, "p"), words = say("finding", [translate(found.rule), translate(found.remedy)]);
  add(what, "code", found.value ? `${found.field} = ${found.value}` : found.field);
  add(what, "span", words).lang = languageOf(words);
}

/** What a value that can be moved is called: whose it is, and what. */
function called(knob) {
  const path = knob.key.split("."), name = path.at(-1);
  if (path[1] === "receipts") return say("knob.receipts", [Number(name) + 1]);
  const owner = knob.label.slice(0, -name.length).replace(/: $/, "");
  return owner ? say("knob.of", [owner, say(`knob.${name}`)]) : say(`knob.${name}`);
}

function showSteps(after) {
  const list = at("steps");
  at("steps-box").hidden = false;
  list.replaceChildren();
  after.steps.forEach((label, place) => {
    const row = add(list, "li");
    add(row, "span", label);
    for (const [to, sign] of [[place - 1, "↑"], [place + 1, "↓"]]) {
      const button = add(row, "button", sign, "second");
      button.type = "button";
      button.disabled = to < 0 || to >= after.steps.length;
      const rising = to < place;
      button.setAttribute("aria-label", say(rising ? "up" : "down", [label]));
      button.addEventListener("click", () => {
        moves.push({ key: `step.${place}`, to });
        work();
      });
    }
  });
}

/** Fields of the values; the one that is being typed into stays as it is. */
function showKnobs(after) {
  const box = at("knobs"), typed = document.activeElement?.closest?.("#wb-knobs") ? document.activeElement.name : null;
  if (typed && after.knobs.some((each) => each.key === typed)) return;
  box.replaceChildren();
  for (const knob of after.knobs) {
    const label = add(box, "label", called(knob)), field = add(label, "input");
    Object.assign(field, { name: knob.key, value: knob.value, maxLength: 40, spellcheck: false });
    field.addEventListener("input", () => {
      const last = moves.at(-1);
      if (last?.key === knob.key && last.value !== undefined) last.value = field.value;
      else moves.push({ key: knob.key, value: field.value });
      soon();
    });
  }
}

function drawn(after) {
  const unit = 10 ** after.decimals;
  const parts = [
    ...after.tranches.map((each) => [say("tranche", [each.code]), each.amounts]),
    ...after.payees.map((each) => [each.name, each.amounts]),
  ].map(([name, amounts]) => [name, amounts.map((each) => Number(each) / unit)]);
  chart(at("chart"), parts, after.receipts.length);
  legend(at("legend"), parts.map(([name]) => name));
}

function table(after, payouts) {
  const body = at("payouts").querySelector("tbody"), sum = (amounts) => String(amounts.reduce((all, each) => all + BigInt(each), 0n));
  const rows = payouts ?? [
    ...after.holders.map((each) => ({ who: `${each.name}, ${each.tranche}`, after: each.total })),
    ...after.payees.map((each) => ({ who: each.name, after: sum(each.amounts) })),
  ];
  body.replaceChildren();
  at("payouts").classList.toggle("alone", !payouts);
  for (const each of rows) {
    const row = add(body, "tr", "", each.change && each.change !== "0" ? "mine" : ""), head = add(row, "th", each.who);
    head.scope = "row";
    for (const [amount, sign] of [[each.after, ""], [each.before, ""], [each.change, "+"]]) {
      const cell = add(row, "td", "", "right");
      if (amount !== undefined) moneyIn(cell, amount, after.decimals, sign);
    }
    add(row, "td", String(each.first_period ?? ""), "right");
  }
}

function periods(after) {
  const where = at("periods"), head = where.querySelector("thead"), body = where.querySelector("tbody");
  const amounts = (all) => all.map((each) => (cell) => moneyIn(cell, each, after.decimals));
  const columns = [
    [say("receipts"), amounts(after.receipts)],
    ...after.tranches.flatMap((each) => [
      [say("tranche", [each.code]), amounts(each.amounts)],
      [say("covered", [each.code]), each.coverage_bp.map((bp) => (cell) => cell.append(bp === null ? "–" : `${bp / 100}\u00a0%`))],
    ]),
    ...after.payees.map((each) => [each.name, amounts(each.amounts)]),
    [say("arrears"), amounts(after.arrears)],
    ...after.holders.map((each) => [`${each.name}, ${each.tranche}`, amounts(each.amounts)]),
  ];
  head.replaceChildren();
  body.replaceChildren();
  const titles = add(head, "tr");
  add(titles, "th", say("period")).scope = "col";
  for (const [title] of columns) Object.assign(add(titles, "th", title, "right"), { scope: "col" });
  after.receipts.forEach((_, n) => {
    const row = add(body, "tr");
    add(row, "th", String(n + 1)).scope = "row";
    for (const [, cells] of columns) cells[n](add(row, "td", "", "right"));
  });
}

/** A structure on what the ledger of this service attests of a stream, with the statements that it stands on. */
async function fill() {
  const answer = await fetch(`${attested}${encodeURIComponent(at("stream").value)}`, { headers: { accept: "application/json" } });
  const found = await answer.json();
  if (!answer.ok) return failed(problem(found));
  fresh(found.file);
  const list = at("sources").querySelector("ul");
  for (const each of found.statements) {
    const row = add(list, "li", `${each.name} (${each.month}), ${money(each.distributable, found.decimals)} `);
    add(row, "code", each.digest);
  }
  at("sources").hidden = false;
}

function fresh(content) {
  text.value = content;
  at("sources").hidden = true;
  at("sources").querySelector("ul").replaceChildren();
  moves = [];
  kept = null;
  work();
}

function askAccounts() {
  const form = at("accounts"), names = new Set([...shown.holders, ...shown.payees].map((each) => each.name));
  at("exporting").hidden = false;
  form.replaceChildren();
  for (const [name, title] of [["stream", say("stream")], ["first_period", say("first")], ...[...names].map((each) => [`of ${each}`, each])]) {
    const label = add(form, "label", title);
    Object.assign(add(label, "input"), { name, required: name !== "first_period", maxLength: 64, spellcheck: false });
  }
  add(form, "button", say("make"));
}

async function exported(event) {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(at("accounts"))), accounts = {};
  for (const [name, value] of Object.entries(given)) if (name.startsWith("of ")) accounts[name.slice(3)] = value;
  const out = at("toml"), wrong = at("export-told");
  wrong.textContent = "";
  try {
    const body = { ...version(), stream: given.stream, accounts, ...(given.first_period ? { first_period: given.first_period } : {}) };
    out.value = (await post("export", body)).toml;
    out.hidden = false;
  } catch (error) {
    out.hidden = true;
    failed(error.message, wrong);
  }
}

text.addEventListener("input", () => {
  moves = [];
  soon();
});
at("attested").addEventListener("click", () => fill().catch((error) => failed(error.message)));
at("example").addEventListener("click", async () => fresh(await (await fetch(example)).text()));
at("open").addEventListener("change", async ({ target }) => target.files[0] && fresh(await target.files[0].text()));
at("keep").addEventListener("click", () => {
  kept = structuredClone(version());
  work();
});
at("export").addEventListener("click", askAccounts);
at("accounts").addEventListener("submit", exported);
new ResizeObserver(() => shown?.receipts.length && drawn(shown)).observe(at("money"));

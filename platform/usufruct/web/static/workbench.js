// The issuer's workbench: what is typed, opened or moved is worked out again at once, and compared with the version that was kept.
import { translator } from "./told.js";

const root = document.getElementById("workbench"), { api, example, attested, words, told } = JSON.parse(root.dataset.setup);
const at = (id) => document.getElementById(`wb-${id}`), text = at("text"), state = at("state");
const SVG = "http://www.w3.org/2000/svg", WIDTH = 680, HEIGHT = 240, LEFT = 76, BOTTOM = 24, TOP = 10;
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

function draw(parent, tag, attributes, content = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = content;
  parent.append(made);
}

/** Minor units as people read them: two places, thin groups. */
function money(minor, decimals) {
  const sign = minor.startsWith("-") ? "−" : "", digits = minor.replace("-", "").padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals).replace(/\B(?=(\d{3})+$)/g, " ");
  const places = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return sign + whole + (places ? `.${places}` : "");
}

const problem = (found) =>
  [translate(found.detail), found.value && `(${found.value})`, found.remedy && translate(found.remedy)].filter(Boolean).join(" ");

/** What the finance engine says is English, where it has no translation. */
const languageOf = (said) => (/[\u4e00-\u9fff]/.test(said) ? document.documentElement.lang : "en");

function failed(said) {
  state.className = "verdict broken";
  state.lang = languageOf(said);
  state.textContent = said;
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
      : { after: await post("simulate", version()), payouts: null, flags_new: [], flags_gone: [] };
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

function show({ after, payouts, flags_new: fresh, flags_gone: gone }) {
  shown = after;
  const refused = after.findings.some((each) => each.verdict === "refused");
  const count = after.findings.length;
  state.lang = document.documentElement.lang;
  state.className = `verdict ${refused ? "broken" : count ? "partly" : "holds"}`;
  if (count) state.textContent = say(refused ? "refused" : "flagged", [count]);
  else state.textContent = say("sound");
  const list = at("findings");
  list.replaceChildren();
  for (const each of after.findings) finding(list, each.verdict === "refused" ? "broken" : "partly", each.clause, each.words, fresh);
  for (const each of gone) finding(list, "holds", say("gone"), each, []);
  showSteps(after);
  showKnobs(after);
  at("money").hidden = after.receipts.length === 0;
  if (after.receipts.length === 0) return;
  chart(after);
  table(after, payouts);
  periods(after);
}

function finding(list, kind, clause, what, fresh) {
  const row = add(list, "li", "", `link ${kind}`), head = add(row, "p");
  add(head, "strong", clause);
  if (fresh.includes(`${clause}: ${what}`)) add(head, "span", say("new"), "tag");
  add(row, "p", what).lang = languageOf(what);
}

function showSteps(after) {
  const list = at("steps");
  at("steps-box").hidden = false;
  list.replaceChildren();
  after.steps.forEach((label, place) => {
    const row = add(list, "li");
    add(row, "span", label);
    for (const [to, sign] of [[place - 1, "↑"], [place + 1, "↓"]]) {
      const button = add(row, "button", sign);
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
    const label = add(box, "label", knob.label), field = add(label, "input");
    Object.assign(field, { name: knob.key, value: knob.value, maxLength: 40, spellcheck: false });
    field.addEventListener("input", () => {
      const last = moves.at(-1);
      if (last?.key === knob.key && last.value !== undefined) last.value = field.value;
      else moves.push({ key: knob.key, value: field.value });
      soon();
    });
  }
}

function chart(after) {
  const svg = at("chart"), legend = at("legend"), unit = 10 ** after.decimals;
  const parts = [
    ...after.tranches.map((each) => [say("tranche", [each.code]), each.amounts]),
    ...after.payees.map((each) => [each.name, each.amounts]),
  ].map(([name, amounts]) => [name, amounts.map((each) => Number(each) / unit)]);
  const count = after.receipts.length, step = (WIDTH - LEFT) / count;
  const top = Math.max(1e-9, ...after.receipts.map((_, n) => parts.reduce((sum, [, amounts]) => sum + amounts[n], 0)));
  const y = (value) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - TOP);
  svg.replaceChildren();
  legend.replaceChildren();
  for (const part of [0, 0.5, 1]) {
    draw(svg, "line", { x1: LEFT, x2: WIDTH, y1: y(top * part), y2: y(top * part), class: "grid" });
    draw(svg, "text", { x: LEFT - 6, y: y(top * part) + 4, "text-anchor": "end" }, Math.round(top * part).toLocaleString("en"));
  }
  for (let n = 0; n < count; n += 1) {
    let base = 0;
    parts.forEach(([, amounts], number) => {
      const height = y(base) - y(base + amounts[n]), x = LEFT + step * (n + 0.15);
      draw(svg, "rect", { x, y: y(base + amounts[n]), width: step * 0.7, height, class: `c${number % 6}` });
      base += amounts[n];
    });
    if (n % Math.ceil(count / 16) === 0) draw(svg, "text", { x: LEFT + step * (n + 0.5), y: HEIGHT - 8, "text-anchor": "middle" }, String(n + 1));
  }
  parts.forEach(([name], number) => {
    const item = add(legend, "li"), box = document.createElementNS(SVG, "svg");
    box.setAttribute("viewBox", "0 0 10 10");
    draw(box, "rect", { width: 10, height: 10, class: `c${number % 6}` });
    item.append(box, name);
  });
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
    const changed = each.change === undefined ? "" : (each.change.startsWith("-") || each.change === "0" ? "" : "+") + money(each.change, after.decimals);
    for (const cell of [money(each.after, after.decimals), each.before === undefined ? "" : money(each.before, after.decimals), changed, each.first_period ?? ""])
      add(row, "td", String(cell), "right");
  }
}

function periods(after) {
  const where = at("periods"), head = where.querySelector("thead"), body = where.querySelector("tbody");
  const columns = [
    [say("receipts"), after.receipts.map((each) => money(each, after.decimals))],
    ...after.tranches.map((each) => [say("covered", [each.code]), each.coverage_bp.map((bp) => (bp === null ? "–" : `${bp / 100}%`))]),
    [say("arrears"), after.arrears.map((each) => money(each, after.decimals))],
    ...after.holders.map((each) => [`${each.name}, ${each.tranche}`, each.amounts.map((one) => money(one, after.decimals))]),
  ];
  head.replaceChildren();
  body.replaceChildren();
  const titles = add(head, "tr");
  add(titles, "th", say("period")).scope = "col";
  for (const [title] of columns) Object.assign(add(titles, "th", title, "right"), { scope: "col" });
  after.receipts.forEach((_, n) => {
    const row = add(body, "tr");
    add(row, "th", String(n + 1)).scope = "row";
    for (const [, cells] of columns) add(row, "td", cells[n], "right");
  });
}

/** A structure on what the ledger of this service attests of a stream, with the statements that it stands on. */
async function fill() {
  const answer = await fetch(`${attested}?stream=${encodeURIComponent(at("stream").value)}`, { headers: { accept: "application/json" } });
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
  const out = at("toml");
  out.hidden = false;
  try {
    const body = { ...version(), stream: given.stream, accounts, ...(given.first_period ? { first_period: given.first_period } : {}) };
    out.value = (await post("export", body)).toml;
  } catch (error) {
    out.value = error.message;
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

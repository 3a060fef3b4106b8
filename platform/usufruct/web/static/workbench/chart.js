// Stacked bars of the workbench: who gets what in each period. The table below it has the same figures.
const SVG = "http://www.w3.org/2000/svg", HEIGHT = 240, LEFT = 76, BOTTOM = 24, TOP = 10, COLOURS = 6;
const WIDEST_BAR = 64, LEAST_LABEL = 26;

function draw(parent, tag, attributes, content = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = content;
  parent.append(made);
  return made;
}

/** Draws parts, pairs of a name and numbers by period, as wide as the place is, so that letters keep their size. */
export function chart(svg, parts, count) {
  const width = Math.max(280, svg.clientWidth || 680), step = (width - LEFT) / count, bar = Math.min(step * 0.7, WIDEST_BAR);
  const top = Math.max(1e-9, ...Array.from({ length: count }, (_, n) => parts.reduce((sum, [, amounts]) => sum + amounts[n], 0)));
  const y = (value) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - TOP);
  svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  svg.replaceChildren();
  for (const part of [0, 0.5, 1]) {
    draw(svg, "line", { x1: LEFT, x2: width, y1: y(top * part), y2: y(top * part), class: "grid" });
    draw(svg, "text", { x: LEFT - 6, y: y(top * part) + 4, "text-anchor": "end" }, Math.round(top * part).toLocaleString("en"));
  }
  for (let n = 0; n < count; n += 1) {
    const middle = LEFT + step * (n + 0.5);
    let base = 0;
    parts.forEach(([, amounts], number) => {
      const height = y(base) - y(base + amounts[n]);
      draw(svg, "rect", { x: middle - bar / 2, y: y(base + amounts[n]), width: bar, height, class: `c${number % COLOURS}` });
      base += amounts[n];
    });
    if (n % Math.ceil(LEAST_LABEL / step) === 0) draw(svg, "text", { x: middle, y: HEIGHT - 8, "text-anchor": "middle" }, String(n + 1));
  }
}

/** What the colours of the parts stand for. */
export function legend(list, names) {
  list.replaceChildren();
  names.forEach((name, number) => {
    const item = document.createElement("li"), box = draw(item, "svg", { viewBox: "0 0 10 10", "aria-hidden": "true" });
    draw(box, "rect", { width: 10, height: 10, rx: 2, class: `c${number % COLOURS}` });
    item.append(name);
    list.append(item);
  });
}

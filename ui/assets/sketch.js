// A Plotly figure of one panel as it will look, drawn without Plotly: curves are there at once, while the library is
// still on its way. It knows what `stackedFigure` makes of one panel, and no more.

const SVG = "http://www.w3.org/2000/svg";
const PLACED = { start: "start", end: "end" };
// Plotly's own: how far apart ticks are at least, in pixels, and how much room is left beyond a curve.
const APART = { x: 80, y: 40 };
const ROOM = 0.05;

export function sketch(node, traces, layout) {
  const { margin: { l, r, t, b }, xaxis, yaxis } = layout;
  const width = node.clientWidth, height = node.clientHeight;
  const [across, down] = [width - l - r, height - t - b];
  if (across <= 0 || down <= 0) return;
  const lines = traces.filter(({ mode }) => mode === "lines"), marks = traces.filter(({ mode }) => mode === "markers");
  const scaled = yaxis.type === "log" ? Math.log10 : Number;
  const [low, high] = reach(lines, layout.shapes, scaled);
  const x = (value) => l + (across * (value - xaxis.range[0])) / (xaxis.range[1] - xaxis.range[0]);
  const y = (value) => t + (down * (high - scaled(value))) / (high - low);
  const grid = (from, to) => drawn("path", { d: `M${from}L${to}`, stroke: xaxis.gridcolor });
  const words = (at, text, font, anchor) => drawn("text", { x: at[0], y: at[1], fill: font.color, "font-size": font.size, "text-anchor": PLACED[anchor] ?? "middle" }, text);
  const ends = { left: l, right: width - r, bottom: height - b };
  node.replaceChildren(drawn("svg", { class: "sl-sketch", width, height, fill: "none", "font-family": layout.font.family }, [
    ...even(...xaxis.range, across / APART.x).flatMap((at) => [
      grid([x(at), t], [x(at), ends.bottom]), words([x(at), ends.bottom + 1.6 * xaxis.tickfont.size], String(at), xaxis.tickfont),
    ]),
    ...ticks(yaxis, low, high, down / APART.y).flatMap((at) => [
      grid([l, y(at)], [ends.right, y(at)]), words([l - 4, y(at) + yaxis.tickfont.size / 3], String(at), yaxis.tickfont, "end"),
    ]),
    ...layout.shapes.map(({ y0, line }) => drawn("path", { d: `M${ends.left},${y(y0)}H${ends.right}`, ...stroke(line) })),
    ...lines.map((trace) => drawn("path", { class: "sl-line", d: path(trace, x, y), ...stroke(trace.line), opacity: trace.opacity ?? 1 })),
    ...marks.flatMap(({ x: steps, y: rows, marker }) => steps.map((step, i) =>
      words([x(step), t + down * (1 - rows[i]) + marker.size / 2], marker.symbol[i].startsWith("x") ? "×" : "▽", { color: marker.color, size: 2 * marker.size }))),
    words([l + across / 2, height - xaxis.title.standoff], xaxis.title.text, xaxis.title.font),
    ...layout.annotations.map(({ text, font, yshift }) => words([l + 2, t - yshift - font.size / 2], spans(text), font, "start")),
  ]));
}

function drawn(tag, attributes, children = []) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...(Array.isArray(children) ? children : [children]));
  return node;
}

// Between which values the axis lies.
function reach(lines, shapes, scaled) {
  const values = [...lines.flatMap(({ y }) => y), ...shapes.map(({ y0 }) => y0)]
    .filter((value) => value !== null).map(scaled).filter(Number.isFinite);
  const low = values.reduce((a, b) => Math.min(a, b), Infinity), high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (low > high) return [0, 1];
  const room = ROOM * (high - low || 1);
  return [low - room, high + room];
}

function ticks({ type, dtick }, low, high, most) {
  if (type !== "log") return even(low, high, most);
  const every = dtick === "D2" ? 1 : dtick, factors = dtick === "D2" ? [1, 2, 5] : [1];
  const decades = Math.ceil(high) - Math.floor(low) + 1;
  return Array.from({ length: decades }, (_, i) => Math.floor(low) + i).filter((power) => power % every === 0)
    .flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`)))
    .filter((value) => Math.log10(value) >= low && Math.log10(value) <= high);
}

// Round numbers of [low, high], about `most` at most.
function even(low, high, most) {
  const rough = (high - low) / (Math.min(9, Math.max(4, most)) + 1), power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const first = Math.ceil(low / step), count = Math.floor(high / step) - first + 1;
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function path({ x: steps, y: values }, x, y) {
  let pen = "M";
  return steps.map((step, i) => {
    const at = values[i] === null ? NaN : y(values[i]);
    const piece = Number.isFinite(at) ? `${pen}${x(step).toFixed(1)},${at.toFixed(1)}` : "";
    pen = piece ? "L" : "M";
    return piece;
  }).join("");
}

function stroke({ color, width, dash = "solid" }) {
  const dashes = { solid: "none", dash: [3, 3], dot: [1, 1.5] }[dash];
  return { stroke: color, "stroke-width": width, "stroke-dasharray": Array.isArray(dashes) ? dashes.map((each) => each * Math.max(3, width)) : dashes };
}

// Plotly's small markup of a heading: bold words, and smaller ones beside them.
function spans(text) {
  const { body } = new DOMParser().parseFromString(text, "text/html");
  return [...body.childNodes].map((part) => {
    const { color, fontSize } = part.style ?? {};
    const own = { ...(part.nodeName === "B" && { "font-weight": "bold" }), ...(color && { fill: color }), ...(fontSize && { "font-size": fontSize }) };
    return drawn("tspan", own, part.textContent);
  });
}

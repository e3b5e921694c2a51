// Figures of the inside of networks in training: gradient through time, numbers by step, histograms by layer.

import { mix } from "./drawing.js";
import { axis, axisTitle, base } from "./figure.js";
import { across } from "./markers.js";
import { escaped } from "./words.js";

// Lengths further below the longest than this many decades are drawn alike: what is left of them is nothing.
const DECADES = 10;
const GROUPS = ["recurrence", "head", "pooling", "embedding", "norms", "other"];
const DASHES = { recurrence: "solid", head: "dash", pooling: "dot", embedding: "dashdot", norms: "longdash", other: "longdashdot" };
const SIGNS = { solid: "—", dash: "– –", dot: "···", dashdot: "–·–", longdash: "—  —", longdashdot: "— · —" };
// Pixels: beside the heatmaps, and that a number on their step axis needs.
const MARGINS = 142, TICK = 45;
const USUAL_RATIO = -3;
const MARKED = [0, 4, 8, 16, 24, 32, 64, 128, 256, 512, 1024, 2048];

// Time from the end × training step for each run, on one colour scale; beside them the reviews behind each row.
export function heatFigure(runs, look, { starts, words, revision, at, wide }) {
  const depth = Math.max(1, ...runs.map(({ looks }) => Math.max(0, ...looks.reviews.map((row) => row.length))));
  // A row a column of the measurement: near the end each token has its own, further back there are ever more together.
  const edges = Array.from({ length: depth + 1 }, (_, row) => row);
  const marked = starts.map((start, row) => [start, row]).filter(([start, row]) => row <= depth && MARKED.includes(start));
  const finite = runs.flatMap(({ looks }) => looks.lengths.flat()).filter(Number.isFinite);
  const highest = finite.length ? Math.max(...finite) : 0;
  const lowest = Math.max(finite.length ? Math.min(...finite) : -1, highest - DECADES);
  const counts = 0.09, gap = 0.03, width = (1 - counts - gap * runs.length) / runs.length;
  const traces = [], annotations = [], shapes = [];
  const layout = {
    ...base(look, revision), hovermode: "closest", margin: { l: 58, r: MARGINS - 58, t: 26, b: 38 }, annotations, shapes,
    yaxis: { ...axis(look), title: axisTitle(look, "tokens before the last one"), range: [0, depth],
      tickvals: marked.map(([, row]) => row), ticktext: marked.map(([start]) => String(start)) },
  };
  for (const [place, run] of runs.entries()) {
    const name = place ? `x${place + 1}` : "x", from = place * (width + gap);
    const { step, lengths, reviews } = run.looks;
    const rows = edges.slice(0, -1);
    layout[name.replace("x", "xaxis")] = { ...axis(look), domain: [from, from + width], title: axisTitle(look, "step"),
      tickangle: 0, nticks: Math.max(2, Math.min(6, Math.floor(((wide - MARGINS) * width) / TICK))) };
    annotations.push(heading(look, run.label, from, run.colour));
    traces.push({
      type: "heatmap", xaxis: name, yaxis: "y", x: stepEdges(step), y: edges, coloraxis: "coloraxis",
      // A length of exactly zero is less than any other.
      z: rows.map((row) => step.map((_, i) => (lengths[i][row] === -Infinity ? lowest - 1 : finiteOr(lengths[i][row], null)))),
      customdata: rows.map((row) => step.map((s, i) => [s, words[row], power(lengths[i][row]), reviews[i][row] ?? 0])),
      hovertemplate: "step %{customdata[0]}, %{customdata[1]} before the last:<br>mean ‖∂L/∂h‖ %{customdata[2]}, %{customdata[3]} reviews"
        + `<extra>${escaped(run.label)}</extra>`,
    });
    if (at !== null) shapes.push(upright(look, at, name));
  }
  const behind = runs.map(({ looks }) => looks.reviews[lastUntil(looks.step, at)]).find(Boolean) ?? [];
  const axisName = `x${runs.length + 1}`;
  layout[`xaxis${runs.length + 1}`] = { ...axis(look), domain: [1 - counts, 1], title: axisTitle(look, "reviews"), rangemode: "tozero", nticks: 3 };
  traces.push({
    type: "bar", orientation: "h", xaxis: axisName, yaxis: "y", x: behind, marker: { color: look.muted }, opacity: 0.55,
    y: behind.map((_, row) => row + 0.5), width: 1,
    customdata: behind.map((_, row) => words[row]), hovertemplate: "%{x} reviews are longer than %{customdata}<extra></extra>",
  });
  layout.coloraxis = {
    cmin: lowest, cmax: highest, colorscale: "Cividis",
    colorbar: {
      thickness: 12, len: 1, x: 1.02, tickfont: { color: look.muted, size: 11 }, outlinewidth: 0,
      ...decadeTicks(lowest, highest), title: { text: "‖∂L/∂h‖", font: { size: 12, color: look.muted } },
    },
  };
  return { traces, layout };
}

// Numbers by step: each of `PANELS` a figure.
export const PANELS = {
  gradients: {
    name: "Gradient norm by part", log: true, line: null,
    caption: "L2 norm of each part's gradient before clipping: the longest decides what clipping by norm does.",
    curves: (looks) => byGroup(looks, "gradient_"),
  },
  ratios: {
    name: "Update : weight, log10", log: false, line: USUAL_RATIO,
    caption: "How far an update moves each part, as a share of its length; the line is one thousandth.",
    curves: (looks) => byGroup(looks, "update_ratio_"),
  },
  spectrum: {
    name: "Recurrent matrix", log: false, line: 1,
    caption: "Largest |eigenvalue| — and largest singular value ··· of W_hh, for each gate: while the latter is below the line, a step of a tanh RNN can only shorten a gradient.",
    curves: ({ matrices, radius, stretch }) => matrices.flatMap((name, m) => [
      { title: `largest |eigenvalue|, ${name}`, dash: "solid", values: radius.map((row) => row[m]) },
      { title: `largest singular value, ${name}`, dash: "dot", values: stretch.map((row) => row[m]) },
    ]),
    quiet: true,
  },
  shares: {
    name: "Saturated and dead units", log: false, line: null, share: true,
    caption: "Share of state outputs with |h| > 0.97, and of the head's ReLUs that are zero for the whole batch.",
    curves: ({ numbers }) => [["saturated", "saturated_share", "solid"], ["dead ReLUs", "dead_relu_share", "dash"]]
      .filter(([, name]) => name in numbers).map(([text, name, dash]) => ({ title: text, dash, values: numbers[name] })),
  },
};

export function numbersFigure(panel, runs, look, { revision, at }) {
  const traces = [], keys = new Map();
  for (const run of runs) {
    for (const { title: text, dash, values } of panel.curves(run.looks)) {
      keys.set(text, dash);
      traces.push({
        type: "scatter", mode: run.looks.step.length > 1 ? "lines" : "markers", x: run.looks.step, connectgaps: false,
        y: values.map((value) => (Number.isFinite(value) && (!panel.log || value > 0) ? value : null)),
        line: { color: run.colour, width: 1.8, dash }, marker: { color: run.colour, size: 6 },
        hovertemplate: `${text} %{y:${panel.share ? ".2~%" : ".3~g"}}, step %{x}<extra>${escaped(run.label)}</extra>`,
      });
    }
  }
  const told = panel.quiet || keys.size < 2 ? "" : [...keys].map(([text, dash]) => `${text} ${SIGNS[dash]}`).join(", ");
  const shapes = panel.line === null ? [] : [across(look, panel.line)];
  if (at !== null) shapes.push(upright(look, at, "x"));
  const layout = {
    ...base(look, revision), hovermode: "closest", margin: { l: 46, r: 8, t: told ? 22 : 8, b: 34 }, shapes,
    xaxis: { ...axis(look), title: axisTitle(look, "step"), nticks: 5 },
    yaxis: { ...axis(look), nticks: 5, ...(panel.log ? { type: "log", exponentformat: "power", dtick: 1 } : {}),
      ...(panel.share ? { tickformat: ".2~%", rangemode: "tozero" } : {}) },
    annotations: told ? [{ ...heading(look, told, 0, look.muted), font: { size: 11, color: look.muted } }] : [],
  };
  return { traces, layout };
}

// Histograms of one kind, a row for each layer of each run: darker is more of its values.
export function histogramFigure(kind, runs, look, revision) {
  const rows = [];
  const shown = runs.map((run) => ({ ...run, found: run.histograms.find((item) => item.kind === kind) })).filter(({ found }) => found);
  for (const place of new Set(shown.flatMap(({ found }) => found.places))) {
    for (const { found, colour, label } of shown) {
      const row = found.places.indexOf(place);
      if (row >= 0) rows.push({ place, colour, label, shares: found.shares[row], edges: found.edges });
    }
  }
  const sizes = kind !== "activations";
  const edges = rows[0]?.edges ?? [0, 1];
  const filled = edges.slice(0, -1).map((_, bin) => rows.some(({ shares }) => shares[bin] > 0.0005));
  const first = Math.max(0, filled.indexOf(true)), last = Math.max(first, filled.lastIndexOf(true));
  const layout = {
    ...base(look, revision), hovermode: "closest", margin: { l: 112, r: 8, t: 8, b: 34 },
    xaxis: { ...axis(look), range: [edges[first], edges[last + 1]], title: axisTitle(look, sizes ? "size" : "value"),
      ...(sizes ? decadeTicks(edges[first], edges[last + 1]) : { nticks: 6 }) },
    yaxis: { ...axis(look), autorange: "reversed", tickvals: rows.map((_, i) => i), showgrid: false,
      ticktext: rows.map(({ place, colour }) => `${escaped(place)} <span style="color:${colour}">■</span>`) },
  };
  const traces = [{
    type: "heatmap", x: edges, y: rows.map((_, i) => i), ygap: 3, showscale: false, zmin: 0, zmax: 1,
    // Each row up to its own fullest bin, or a wide one would be too pale to see.
    z: rows.map(({ shares }) => shares.map((share) => share / Math.max(...shares, 1e-9))),
    customdata: rows.map(({ shares, place, label }) => shares.map((share, bin) => [
      `${(100 * share).toFixed(1)} %`, between(edges, bin, sizes), escaped(place), escaped(label)])),
    colorscale: [[0, mix(look.text, 0.04)], [1, mix(look.text, 0.95)]],
    hovertemplate: "%{customdata[2]}: %{customdata[0]} %{customdata[1]}<extra>%{customdata[3]}</extra>",
  }];
  return { traces, layout, count: rows.length };
}

// Whole powers of ten from exponent `low` to `high`, at most six of them.
function decadeTicks(low, high) {
  const first = Math.ceil(low), every = Math.max(1, Math.ceil((high - first + 1) / 6));
  const tickvals = Array.from({ length: Math.floor((high - first) / every) + 1 }, (_, i) => first + i * every);
  return { tickvals, ticktext: tickvals.map(power) };
}

// The place of the last of `steps` up to `step`; of all for null.
export function lastUntil(steps, step) {
  return step === null ? steps.length - 1 : steps.findLastIndex((each) => each <= step);
}

export function power(exponent) {
  if (exponent === -Infinity) return "0";
  return Number.isFinite(exponent) ? `10<sup>${Number(exponent.toFixed(1))}</sup>`.replaceAll("-", "−") : "not a number";
}

function byGroup({ numbers }, prefix) {
  return GROUPS.filter((group) => prefix + group in numbers)
    .map((group) => ({ title: group, dash: DASHES[group], values: numbers[prefix + group] }));
}

function between(edges, bin, sizes) {
  const say = (value) => (sizes ? power(value) : String(Number(value.toFixed(2))).replace("-", "−"));
  if (bin === 0) return `below ${say(edges[1])}`;
  return bin === edges.length - 2 ? `from ${say(edges[bin])} on` : `from ${say(edges[bin])} to ${say(edges[bin + 1])}`;
}

// Each look holds until the next one; the last as long as the one before it.
function stepEdges(steps) {
  const width = steps.length > 1 ? steps[steps.length - 1] - steps[steps.length - 2] : 1;
  return steps.length ? [...steps, steps[steps.length - 1] + width] : [0, 1];
}

function finiteOr(value, other) {
  return Number.isFinite(value) ? value : other;
}

function upright(look, step, xref) {
  return { type: "line", xref, x0: step, x1: step, yref: "paper", y0: 0, y1: 1, line: { color: look.text, width: 1.3, dash: "dot" } };
}

function heading(look, text, x, colour) {
  return { xref: "paper", yref: "paper", x, y: 1, xanchor: "left", yanchor: "bottom", yshift: 3, showarrow: false,
    text: `<b>${escaped(text)}</b>`, font: { size: 13, color: colour } };
}

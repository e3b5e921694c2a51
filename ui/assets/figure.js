// From series to Plotly figures: panels on one step axis, such as loss above gradient norm; accuracy beside them. What there
// is to draw, and how it is called, the server says.

import { outline } from "./groups.js";
import { across, stepLabel, upright } from "./markers.js";
import { envelope, smooth } from "./series.js";
import { escaped, number } from "./words.js";

const MOST_POINTS = 3000;
const DENSE_POINTS = 900;
// The words of more runs than this in every panel would hide the curves.
const MOST_TOLD_TOGETHER = 3;
const EDGE = { top: 0.965, bottom: 0.035 };

// How the lines of quantities look; the sign stands for it beside the title of a panel.
const LINES = {
  solid: { sign: "—" }, faint: { sign: "thin", faint: true }, dashed: { sign: "– –", dash: "dash" },
  dotted: { sign: "···", dash: "dot", smoothing: 0, unmarked: true }, level: { sign: "- -" },
};

// Panels on one step axis, one above the other. `guessing` are losses to mark in the first of them.
export function stackedFigure(runs, look, panels, quantities, { range, smoothing, revision, markers, guessing }) {
  const guesses = guessing.length ? [`guessing: ${guessing.map((loss) => loss.toFixed(3)).join(", ")} - -`] : [];
  const gap = 0.1, height = (1 - gap * (panels.length - 1)) / panels.length;
  const traces = [];
  const last = `y${panels.length === 1 ? "" : panels.length}`;
  const layout = {
    ...base(look, revision),
    margin: { l: 52, r: 14, t: 26, b: 38 },
    // Pointing at a step in one panel tells what is there in all of them.
    hoversubplots: runs.length > MOST_TOLD_TOGETHER ? "overlaying" : "axis",
    xaxis: { ...axis(look), anchor: last, title: axisTitle(look, "step"), rangemode: "tozero" },
    shapes: [...guessing.map((loss) => across(look, loss)), ...markers.map((marker) => upright(look, marker.step))],
    annotations: markers.map((marker) => stepLabel(look, marker, Math.max(...runs.map(({ series }) => series.columns.step.at(-1) ?? 0)))),
  };
  for (const [row, panel] of panels.entries()) {
    const top = Math.max(height, 1 - row * (height + gap));
    const number = row + 1, edge = panels.length + number;
    const axes = ["x", number === 1 ? "y" : `y${number}`, `y${edge}`];
    const values = new Extent();
    for (const run of runs) {
      for (const { name, line } of inPanel(run, panel, quantities)) if (line === "solid") values.include(run.series.columns[name]);
    }
    // Else a run beside one that explodes would be a line at the bottom.
    const turned = !panel.log && panel.log_beyond && values.high > panel.log_beyond * values.usual;
    const log = panel.log || turned;
    const shown = runs.some(({ series }) => series.bands) ? values.widened(log) : values;
    for (const [place, run] of runs.entries()) {
      run.width = lineWidth(place, runs.length);
      run.row = 0.06 * Math.min(place, 4);
      for (const quantity of inPanel(run, panel, quantities)) {
        traces.push(...traceOf(run, quantity, axes, { range, smoothing, log, bottom: shown.low }));
      }
    }
    layout[axes[1].replace("y", "yaxis")] = {
      // A zoom is in units of its axis.
      ...axis(look), domain: [top - height, top], uirevision: `${revision} ${log}`,
      ...(log ? { type: "log", dtick: shown.tick, tickformat: "~g" } : {}),
      ...(shown === values ? {} : { autorangeoptions: { clipmin: shown.low, clipmax: shown.high } }),
    };
    layout[`yaxis${edge}`] = edgeAxis(axes[1]);
    layout.annotations.push(heading(look, turned ? { title: `${panel.title} (log)` } : panel, top, notes(runs, panel, quantities, row ? [] : guesses)));
  }
  if (unmeasured(runs)) for (const name of Object.keys(layout)) if (/^[xy]axis/.test(name)) layout[name].visible = false;
  return { traces, layout };
}

// Before the first step axes would count from −1 to 4, as if that meant something.
function unmeasured(runs) {
  return runs.every((run) => !run.series.columns.step.length);
}

// The panels in which a curve of some run is drawn.
export function usedPanels(runs, panels, quantities) {
  return panels.filter((panel) => runs.some((run) => inPanel(run, panel, quantities).length));
}

function inPanel(run, panel, quantities) {
  return Object.values(quantities).filter(({ name, panel: own }) =>
    own.name === panel.name && name in run.series.columns && !run.undrawn.includes(name));
}

// What the lines of a panel are, in signs beside its title and in words when the mouse is there.
function notes(runs, panel, quantities, more) {
  const shown = [...new Set(runs.flatMap((run) => inPanel(run, panel, quantities)))];
  const own = panel.title.toLowerCase();
  const told = [...shown.map(({ title, line: kind }) => `${title.toLowerCase() === own ? "" : `${title} `}${LINES[kind].sign}`), ...more];
  return { text: told.length > 1 ? told.join(", ") : "", help: shown.map(explained).join("<br>") };
}

function explained({ title, help, unit }) {
  return escaped(`${title}${unit ? ` (${unit})` : ""}: ${help}`);
}

export function accuracyFigure(runs, look, panel, quantities, { range, smoothing, revision, references }) {
  const traces = [];
  for (const [place, run] of runs.entries()) {
    run.width = lineWidth(place, runs.length);
    run.row = 0.06 * Math.min(place, 4);
    for (const quantity of inPanel(run, panel, quantities)) {
      traces.push(...traceOf(run, quantity, ["x", "y", "y2"], { range, smoothing, log: panel.log }));
    }
    const points = run.series.evaluations.filter((e) => e.part === "validation");
    traces.push({
      ...common(run), mode: "lines+markers", x: points.map((e) => e.step), y: points.map((e) => Number(e.accuracy)),
      ...reach(run, points),
      line: { color: run.colour, width: 2.2 }, marker: { color: run.colour, size: 8, line: { color: look.background, width: 1.5 } },
      hovertemplate: `validation %{y:.3f}<extra>${escaped(run.label)}</extra>`,
    });
    const test = run.series.evaluations.filter((e) => e.part === "test");
    if (test.length) traces.push({
      ...common(run), mode: "markers", x: test.map((e) => e.step), y: test.map((e) => Number(e.accuracy)), cliponaxis: false,
      ...reach(run, test),
      marker: { color: run.colour, size: 12, symbol: "star", line: { color: look.background, width: 1 } },
      hovertemplate: `test %{y:.3f}<extra>${escaped(run.label)}</extra>`,
    });
  }
  const layout = {
    ...base(look, revision),
    margin: { l: 44, r: 14, t: 26, b: 38 },
    xaxis: { ...axis(look), title: axisTitle(look, "step"), rangemode: "tozero" },
    // The interval of few seeds may reach beyond any accuracy.
    yaxis: { ...axis(look), tickformat: ".2~f", autorangeoptions: { clipmin: -0.05, clipmax: 1.05 } },
    yaxis2: edgeAxis("y"),
    ...(unmeasured(runs) ? { xaxis: { visible: false }, yaxis: { visible: false } } : {}),
    shapes: references.map((r) => across(look, r.value)),
    annotations: [
      heading(look, panel, 1, notes(runs, panel, quantities, ["validation ●", "test ★"])),
      ...labelPlaces(references).map(({ reference: r, ...place }) => ({
        xref: "paper", ...place, y: r.value, showarrow: false,
        text: `${escaped(r.label)} ${r.value.toFixed(3).replace(/0$/, "")}`, font: { size: 11, color: look.muted }, bgcolor: look.background, borderpad: 1, opacity: 0.85,
      })),
    ],
  };
  return { traces, layout };
}

// How far the interval of a mean over seeds reaches.
function reach(run, points) {
  if (!points.some((e) => e.reach)) return {};
  return { error_y: { type: "data", array: points.map((e) => e.reach ?? 0), color: run.colour, thickness: 1.4, width: 4 } };
}

// A diagnostic is measured at some steps only; where it was not, there is nothing to draw.
function traceOf(run, quantity, axes, options) {
  let steps = run.series.columns.step, values = run.series.columns[quantity.name];
  if (values.includes(null)) {
    steps = steps.filter((_, i) => values[i] !== null);
    values = values.filter((value) => value !== null);
  }
  if (quantity.line === "level") return [levelLine(run, quantity, steps, values, axes)];
  return curve(run, steps, values, { axes, quantity, ...options, ...LINES[quantity.line] });
}

// One measured quantity of one run: the raw line always, the smoothed one when asked for, and a mark at the panel's edge
// for each value that no axis can show: ✕ at the top for what is not finite, ▽ at the bottom for zero on a log axis.
function curve(run, steps, values, { axes, quantity, range, smoothing, log, bottom, dash, faint, unmarked }) {
  const [xaxis, yaxis, edge] = axes;
  const keep = log ? (v) => Number.isFinite(v) && v > 0 : Number.isFinite;
  const options = { from: range?.[0] ?? -Infinity, to: range?.[1] ?? Infinity, most: MOST_POINTS, keep };
  const { line, marks } = envelope(steps, values, options);
  // Thousands of points in one panel: thinner and translucent, or the last run would hide the others.
  const dense = line.x.length > DENSE_POINTS;
  const opacity = faint ? 0.42 : smoothing > 0 ? 0.38 : dense ? 0.7 : 1;
  const band = dash ? null : run.series.bands?.[quantity.name];
  const reached = band && outline(steps, band, DENSE_POINTS);
  const traces = band ? [{
    // An interval that holds 0 reaches the bottom of a log axis.
    ...common(run), xaxis, yaxis, mode: "lines", x: reached.x, y: reached.y.map((y) => (log && y <= 0 ? bottom : y)), fill: "toself", hoverinfo: "skip",
    line: { width: 0, color: run.colour }, fillcolor: run.colour, opacity: faint ? 0.1 : 0.22,
  }] : [];
  // Where there is nothing on either side, no line is drawn: the first update made by Step, or one between two gaps.
  const alone = line.y.map((y, i) => (y !== null && (line.y[i - 1] ?? line.y[i + 1] ?? null) === null ? 5 : 0));
  traces.push({
    ...common(run), xaxis, yaxis, x: line.x, y: line.y, connectgaps: false,
    ...(alone.some(Boolean) ? { mode: "lines+markers", marker: { color: run.colour, size: alone, line: { width: 0 } } } : { mode: "lines" }),
    line: { color: run.colour, width: faint ? 0.9 : dense ? 1.1 : run.width, dash: dash ?? "solid" }, opacity,
    hovertemplate: hover(run, quantity),
  });
  if (smoothing > 0) {
    const mean = envelope(steps, smooth(values, smoothing), options).line;
    traces.push({
      ...common(run), xaxis, yaxis, mode: "lines", x: mean.x, y: mean.y, hoverinfo: "skip",
      line: { color: run.colour, width: 1.7 },
    });
  }
  if (marks.x.length && !unmarked) {
    traces.push({
      ...common(run), xaxis, yaxis: edge, mode: "markers", x: marks.x, cliponaxis: false,
      // A row for each of the first runs: marks at the same step must not hide each other.
      y: marks.value.map((v) => (Number.isFinite(v) ? EDGE.bottom + run.row : EDGE.top - run.row)),
      marker: {
        color: run.colour, size: 8, line: { color: run.colour, width: 1.5 },
        symbol: marks.value.map((v) => (Number.isFinite(v) ? "triangle-down-open" : "x-thin-open")),
      },
      text: marks.value.map((v, i) => `${escaped(quantity.title)} ${number(v)}${marks.count[i] > 1 ? `, ${marks.count[i]} steps` : ""}`),
      hovertemplate: `%{text}<extra>${escaped(run.label)}</extra>`, meta: "edge",
    });
  }
  return traces;
}

// A level only changes when somebody moves it: two points each are enough.
function levelLine(run, quantity, steps, values, [xaxis, yaxis]) {
  const x = [], y = [];
  values.forEach((value, i) => {
    if (value === values[i - 1] && value === values[i + 1]) return;
    x.push(steps[i]);
    y.push(Number.isFinite(value) && value > 0 ? value : null);
  });
  return {
    ...common(run), xaxis, yaxis, mode: "lines", x, y, opacity: 0.75,
    line: { color: run.colour, width: 1.3, dash: "dash" }, hovertemplate: hover(run, quantity),
  };
}

function hover(run, { title, unit }) {
  return `${escaped(title)} %{y:.4~g}${unit ? ` ${escaped(unit)}` : ""}<extra>${escaped(run.label)}</extra>`;
}

// Runs start on the same weights, so their curves lie on top of each other: earlier ones are wider and show at the rim.
function lineWidth(place, count) {
  return 1.4 + 0.9 * Math.min(3, count - 1 - place);
}

// Where the curves of a panel lie: their lowest and highest value above 0, and the lowest of their medians.
class Extent {
  low = Infinity; usual = Infinity;
  high = 0;

  include(values) {
    const sorted = Float64Array.from(values.filter((value) => Number.isFinite(value) && value > 0)).sort();
    if (!sorted.length) return;
    this.low = Math.min(this.low, sorted[0]);
    this.high = Math.max(this.high, sorted.at(-1));
    this.usual = Math.min(this.usual, sorted[sorted.length >> 1]);
  }

  // What is shown around means over seeds: the band of a few is so wide that nothing else would be left to see.
  widened(log) {
    const { low, high } = this;
    return Object.assign(new Extent(), log ? { low: low / 4, high: high * 4 } : { low: 1.5 * low - 0.5 * high, high: 1.5 * high - 0.5 * low });
  }

  // Labels at 1, 2 and 5 in a narrow range, else at every decade, or every few of them when a run explodes.
  get tick() {
    const decades = this.high ? Math.log10(this.high / this.low) : 3;
    return decades > 2.2 ? Math.ceil(decades / 6) : "D2";
  }
}

// Lines close to one another carry their labels beside one another, so that all can be read; of more than three, the
// others underneath.
export function labelPlaces(references) {
  const sorted = [...references].sort((one, other) => other.value - one.value);
  let before = 0;
  return sorted.map((reference, place) => {
    before = place && sorted[place - 1].value - reference.value < 0.06 ? before + 1 : 0;
    const [x, xanchor] = [[0, "left"], [0.5, "center"], [1, "right"]][before % 3];
    return { reference, x, xanchor, yanchor: before < 3 ? "bottom" : "top" };
  });
}

export function axisTitle(look, text) {
  return { text, standoff: 4, font: { size: 12, color: look.muted } };
}

function common(run) {
  return { type: "scatter", name: run.label, legendgroup: run.id, showlegend: false };
}

export function base(look, revision) {
  return {
    uirevision: revision, autosize: true, showlegend: false, hovermode: "x unified", dragmode: "zoom",
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: look.font, size: 13, color: look.text },
    hoverlabel: { bgcolor: look.panel, bordercolor: look.border, font: { color: look.text, size: 12 } },
    // Plotly would make one of the paper's colour, half black.
    modebar: { bgcolor: "rgba(0,0,0,0)", color: look.muted, activecolor: look.text },
  };
}

export function axis(look) {
  return {
    gridcolor: look.grid, zeroline: false, linecolor: look.border, tickcolor: look.border, automargin: false,
    tickfont: { color: look.muted, size: 12 }, hoverformat: undefined,
  };
}

function edgeAxis(over) {
  return { overlaying: over, range: [0, 1], fixedrange: true, visible: false };
}

function heading(look, panel, y, { text, help }) {
  const small = text ? `  <span style="font-size:11px;font-weight:400;color:${look.muted}">${escaped(text)}</span>` : "";
  return {
    xref: "paper", yref: "paper", x: 0, y, xanchor: "left", yanchor: "bottom", yshift: 3, showarrow: false,
    text: `<b>${escaped(panel.title)}</b>${small}`, font: { size: 13, color: look.text }, hovertext: help,
  };
}

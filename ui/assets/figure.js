// From series to Plotly figures: loss above gradient norm on one step axis, accuracy beside them.

import { envelope, smooth } from "./series.js";
import { number } from "./words.js";

const MOST_POINTS = 3000;
const DENSE_POINTS = 900;
const EDGE = { top: 0.965, bottom: 0.035 };

export function curvesFigure(runs, look, { range, smoothing, revision, markers, guessing, titles }) {
  const traces = [];
  const norms = new Extent();
  for (const [place, run] of runs.entries()) {
    run.width = lineWidth(place, runs.length);
    run.row = 0.06 * Math.min(place, 4);
    norms.include(run.series.columns.grad_norm);
    const { step, loss, grad_norm: before, grad_norm_clipped: after, threshold } = run.series.columns;
    traces.push(...curve(run, step, loss, { axes: ["x", "y", "y3"], name: "loss", range, smoothing }));
    traces.push(...curve(run, step, before, { axes: ["x", "y2", "y4"], name: "gradient norm", range, smoothing, log: true }));
    if (run.clipping === "none") continue;
    traces.push(...curve(run, step, after, {
      axes: ["x", "y2", "y4"], name: "after clipping", range, smoothing: 0, log: true, dash: "dot", unmarked: true,
    }));
    if (run.bounds_norm) traces.push(thresholdLine(run, step, threshold));
  }
  const layout = {
    ...base(look, revision),
    margin: { l: 52, r: 14, t: 26, b: 38 },
    xaxis: { ...axis(look), anchor: "y2", title: stepTitle(look), rangemode: "tozero" },
    yaxis: { ...axis(look), domain: [0.56, 1] },
    yaxis2: { ...axis(look), domain: [0, 0.46], type: "log", dtick: norms.tick, tickformat: "~g" },
    yaxis3: edgeAxis("y"),
    yaxis4: edgeAxis("y2"),
    shapes: [...guessing.map((loss) => line(look, loss, "y")), ...markers.map((marker) => upright(look, marker.step))],
    annotations: [heading(look, titles.loss, 1, guessing.length ? `guessing: ${guessing.map((loss) => loss.toFixed(3)).join(", ")} - -` : ""), heading(look, "Gradient norm", 0.46, "before clipping —, after ···, threshold - -"),
      ...markers.map((marker) => stepLabel(look, marker))],
  };
  return { traces, layout };
}

export function accuracyFigure(runs, look, { range, smoothing, revision, references, titles }) {
  const traces = [];
  for (const [place, run] of runs.entries()) {
    run.width = lineWidth(place, runs.length);
    run.row = 0.06 * Math.min(place, 4);
    const { step, accuracy } = run.series.columns;
    traces.push(...curve(run, step, accuracy, { axes: ["x", "y", "y2"], name: "batch", range, smoothing, faint: true }));
    const points = run.series.evaluations.filter((e) => e.part === "validation");
    traces.push({
      ...common(run), mode: "lines+markers", x: points.map((e) => e.step), y: points.map((e) => Number(e.accuracy)),
      line: { color: run.colour, width: 2.2 }, marker: { color: run.colour, size: 8, line: { color: look.background, width: 1.5 } },
      hovertemplate: `validation %{y:.3f}<extra>${escaped(run.label)}</extra>`,
    });
    const test = run.series.evaluations.filter((e) => e.part === "test");
    if (test.length) traces.push({
      ...common(run), mode: "markers", x: test.map((e) => e.step), y: test.map((e) => Number(e.accuracy)), cliponaxis: false,
      marker: { color: run.colour, size: 12, symbol: "star", line: { color: look.background, width: 1 } },
      hovertemplate: `test %{y:.3f}<extra>${escaped(run.label)}</extra>`,
    });
  }
  const layout = {
    ...base(look, revision),
    margin: { l: 44, r: 14, t: 26, b: 38 },
    xaxis: { ...axis(look), title: stepTitle(look), rangemode: "tozero" },
    yaxis: { ...axis(look), tickformat: ".2~f" },
    yaxis2: edgeAxis("y"),
    shapes: references.map((r) => line(look, r.value, "y")),
    annotations: [
      heading(look, titles.accuracy, 1, "batch thin, validation ●, test ★"),
      ...references.map((r) => ({
        xref: "paper", x: 0, xanchor: "left", y: r.value, yanchor: crowded(r, references) ? "top" : "bottom", showarrow: false,
        text: `${escaped(r.label)} ${r.value.toFixed(3).replace(/0$/, "")}`, font: { size: 11, color: look.muted }, bgcolor: look.background, borderpad: 1, opacity: 0.85,
      })),
    ],
  };
  return { traces, layout };
}

// One measured quantity of one run: the raw line always, the smoothed one when asked for, and a mark at the panel's edge
// for each value that no axis can show: ✕ at the top for what is not finite, ▽ at the bottom for zero on a log axis.
function curve(run, steps, values, { axes, name, range, smoothing, log, dash, faint, unmarked }) {
  const [xaxis, yaxis, edge] = axes;
  const keep = log ? (v) => Number.isFinite(v) && v > 0 : Number.isFinite;
  const options = { from: range?.[0] ?? -Infinity, to: range?.[1] ?? Infinity, most: MOST_POINTS, keep };
  const { line, marks } = envelope(steps, values, options);
  // Thousands of points in one panel: thinner and translucent, or the last run would hide the others.
  const dense = line.x.length > DENSE_POINTS;
  const opacity = faint ? 0.42 : smoothing > 0 ? 0.38 : dense ? 0.7 : 1;
  const traces = [{
    ...common(run), xaxis, yaxis, mode: "lines", x: line.x, y: line.y, connectgaps: false,
    line: { color: run.colour, width: faint ? 0.9 : dense ? 1.1 : run.width, dash: dash ?? "solid" }, opacity,
    hovertemplate: `${name} %{y:.4~g}<extra>${escaped(run.label)}</extra>`,
  }];
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
      text: marks.value.map((v, i) => `${name} ${number(v)}${marks.count[i] > 1 ? `, ${marks.count[i]} steps` : ""}`),
      hovertemplate: `%{text}<extra>${escaped(run.label)}</extra>`, meta: "edge",
    });
  }
  return traces;
}

// The threshold only changes when somebody moves it: two points a level are enough.
function thresholdLine(run, steps, values) {
  const x = [], y = [];
  values.forEach((value, i) => {
    if (value === values[i - 1] && value === values[i + 1]) return;
    x.push(steps[i]);
    y.push(Number.isFinite(value) && value > 0 ? value : null);
  });
  return {
    ...common(run), xaxis: "x", yaxis: "y2", mode: "lines", x, y, opacity: 0.75,
    line: { color: run.colour, width: 1.3, dash: "dash" },
    hovertemplate: `threshold %{y:.4~g}<extra>${escaped(run.label)}</extra>`,
  };
}

// Runs start on the same weights, so their curves lie on top of each other: earlier ones are wider and show at the rim.
function lineWidth(place, count) {
  return 1.4 + 0.9 * Math.min(3, count - 1 - place);
}

class Extent {
  constructor() {
    this.low = Infinity;
    this.high = 0;
  }

  include(values) {
    for (const value of values) {
      if (!Number.isFinite(value) || value <= 0) continue;
      if (value < this.low) this.low = value;
      if (value > this.high) this.high = value;
    }
  }

  // Labels at 1, 2 and 5 in a narrow range, else at every decade, or every few of them when a run explodes.
  get tick() {
    const decades = this.high ? Math.log10(this.high / this.low) : 3;
    return decades > 2.2 ? Math.ceil(decades / 6) : "D2";
  }
}

function line(look, value, yref) {
  return {
    type: "line", xref: "paper", x0: 0, x1: 1, yref, y0: value, y1: value, layer: "below",
    line: { color: look.muted, width: 1.1, dash: "dash" },
  };
}

// A step that matters, through both panels.
function upright(look, step) {
  return { type: "line", xref: "x", x0: step, x1: step, yref: "paper", y0: 0, y1: 1, line: { color: look.muted, width: 1.5, dash: "dot" } };
}

function stepLabel(look, { step, label }) {
  return {
    xref: "x", x: step, xanchor: "auto", yref: "paper", y: 1, yanchor: "top", showarrow: false, text: escaped(label),
    font: { size: 11, color: look.muted }, bgcolor: look.background, borderpad: 1, opacity: 0.9,
  };
}

// A line close below another one carries its label underneath, so that both can be read.
function crowded(reference, references) {
  return references.some(({ value }) => value > reference.value && value - reference.value < 0.06);
}

function stepTitle(look) {
  return { text: "step", standoff: 4, font: { size: 12, color: look.muted } };
}

function common(run) {
  return { type: "scatter", name: run.label, legendgroup: run.id, showlegend: false };
}

// The only place where outside text meets Plotly's small markup: names of runs in hover labels.
function escaped(text) {
  return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("%{", "% {");
}

function base(look, revision) {
  return {
    uirevision: revision, autosize: true, showlegend: false, hovermode: "x unified", dragmode: "zoom",
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: look.font, size: 13, color: look.text },
    hoverlabel: { bgcolor: look.panel, bordercolor: look.border, font: { color: look.text, size: 12 } },
  };
}

function axis(look) {
  return {
    gridcolor: look.grid, zeroline: false, linecolor: look.border, tickcolor: look.border, automargin: false,
    tickfont: { color: look.muted, size: 12 }, hoverformat: undefined,
  };
}

function edgeAxis(over) {
  return { overlaying: over, range: [0, 1], fixedrange: true, visible: false };
}

function heading(look, text, y, note = "") {
  const small = note ? `  <span style="font-size:11px;font-weight:400;color:${look.muted}">${note}</span>` : "";
  return {
    xref: "paper", yref: "paper", x: 0, y, xanchor: "left", yanchor: "bottom", yshift: 3, showarrow: false,
    text: `<b>${escaped(text)}</b>${small}`, font: { size: 13, color: look.text },
  };
}

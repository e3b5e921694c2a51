// Runs that differ in their seed only, drawn as one, and the axis that curves are drawn over.

import { bucketWidth } from "./series.js";

// Runs with the same `group` become one: at each step the mean over those that measured a finite number there, and its
// interval, mean ± t · s / √n. `quantiles[n]` is Student's t; on a log axis both are of the logarithms.
export function grouped(runs, quantiles, logarithmic) {
  const members = new Map();
  for (const run of runs) {
    const key = run.group ?? run.id;
    if (!members.has(key)) members.set(key, []);
    members.get(key).push(run);
  }
  return [...members.values()].map((own) => (own.length > 1 ? together(own, quantiles, logarithmic) : own[0]));
}

function together(runs, quantiles, logarithmic) {
  const [first] = runs;
  const longest = runs.reduce((best, run) => (run.series.last > best.series.last ? run : best)).series.columns;
  const columns = { step: longest.step }, bands = {};
  for (const name of Object.keys(longest)) {
    if (["step", "epoch", "clipped"].includes(name)) continue;
    const log = logarithmic.has(name);
    const own = runs.map((run) => run.series.columns[name] ?? []);
    const found = longest.step.map((_, i) => mean(own.map((values) => values[i]), quantiles, log));
    columns[name] = found.map((at) => at.mean);
    bands[name] = { low: found.map((at) => at.low), high: found.map((at) => at.high) };
  }
  const end = longest.step.at(-1) ?? 0, there = runs.filter((run) => run.series.last >= end).length;
  const count = there < runs.length ? `n = ${runs.length}, at the end ${there}` : `n = ${runs.length}`;
  const shares = runs.map((run) => run.series.clippedShare).filter(Number.isFinite);
  return {
    ...first, id: runs.map((run) => run.id).join("+"), label: `${first.group} (${count})`, error: null,
    validation_accuracy: mean(runs.map((run) => run.validation_accuracy), quantiles).mean,
    test_accuracy: mean(runs.map((run) => run.test_accuracy), quantiles).mean,
    series: {
      columns, bands, last: end, evaluations: evaluations(runs, quantiles),
      clippedShare: shares.length ? shares.reduce((sum, share) => sum + share, 0) / shares.length : NaN,
    },
  };
}

function mean(values, quantiles, log = false) {
  const usable = values.filter((v) => v !== null && v !== undefined && Number.isFinite(Number(v)) && (!log || v > 0));
  const known = usable.map((v) => (log ? Math.log(v) : Number(v)));
  if (!known.length) return { mean: values.some((v) => Number.isNaN(Number(v))) ? NaN : null, low: null, high: null };
  const middle = known.reduce((sum, v) => sum + v, 0) / known.length;
  const variance = known.reduce((sum, v) => sum + (v - middle) ** 2, 0) / Math.max(known.length - 1, 1);
  const half = (quantiles[known.length] ?? 2) * Math.sqrt(variance / known.length);
  const back = log ? Math.exp : (v) => v;
  return { mean: back(middle), low: known.length > 1 ? back(middle - half) : null, high: known.length > 1 ? back(middle + half) : null };
}

function evaluations(runs, quantiles) {
  const places = new Map();
  for (const each of runs.flatMap((run) => run.series.evaluations)) {
    const key = `${each.part} ${each.step}`;
    if (!places.has(key)) places.set(key, { ...each, all: [] });
    places.get(key).all.push(Number(each.accuracy));
  }
  return [...places.values()].sort((a, b) => a.step - b.step).map(({ all, ...each }) => {
    const at = mean(all, quantiles);
    return { ...each, accuracy: at.mean, reach: at.high === null ? 0 : at.high - at.mean };
  });
}

// The outline of a band: of each stretch of steps its lowest and its highest end, so that no reach is lost by thinning.
export function outline(steps, { low, high }, most) {
  const width = bucketWidth(steps[0] ?? 0, steps.at(-1) ?? 0, most);
  const x = [], down = [], up = [];
  for (let i = 0; i < steps.length;) {
    const bucket = Math.floor(steps[i] / width), start = steps[i];
    let bottom = Infinity, top = -Infinity;
    for (; i < steps.length && Math.floor(steps[i] / width) === bucket; i += 1) {
      if (low[i] === null) continue;
      bottom = Math.min(bottom, low[i]);
      top = Math.max(top, high[i]);
    }
    if (bottom === Infinity) continue;
    x.push(start);
    down.push(bottom);
    up.push(top);
  }
  return { x: [...x, ...x.toReversed()], y: [...up, ...down.toReversed()] };
}

const TITLES = { step: "step", epoch: "epoch", reviews: "reviews read" };

// Where a step of a run lies on an axis. A batch that is smaller than the others may be any of its epoch.
function placer(axis, { batch_size: size, per_epoch: whole }) {
  if (axis === "step") return (step) => step;
  const batches = Math.ceil(whole / size);
  const read = (step) => Math.floor(step / batches) * whole + Math.min((step % batches) * size, whole);
  return axis === "reviews" ? read : (step) => read(step) / whole;
}

// The steps that a zoomed stretch of the axis can hold, of any of the runs.
export function stepsOf(range, runs, axis) {
  if (!range || axis === "step" || !runs.length) return range;
  const rates = runs.map((run) => placer(axis, run)(1e6) / 1e6);
  return [Math.floor(Math.min(...rates.map((rate) => range[0] / rate))) - 1, Math.ceil(Math.max(...rates.map((rate) => range[1] / rate))) + 1];
}

// A figure over steps, redrawn over another axis.
export function onAxis(figure, runs, axis) {
  if (axis === "step" || !runs.length) return figure;
  const places = new Map(runs.map((run) => [run.id, placer(axis, run)]));
  const first = places.get(runs[0].id);
  for (const trace of figure.traces) trace.x = trace.x.map(places.get(trace.legendgroup) ?? first);
  for (const shape of figure.layout.shapes) if (shape.xref === "x") shape.x0 = shape.x1 = first(shape.x0);
  for (const note of figure.layout.annotations) if (note.xref === "x") note.x = first(note.x);
  figure.layout.xaxis.title = { ...figure.layout.xaxis.title, text: TITLES[axis] };
  return figure;
}

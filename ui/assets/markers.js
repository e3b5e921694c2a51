// Steps that matter, drawn through all panels: what was changed live, and what else a page marks.

import { escaped } from "./words.js";

// What was changed while the runs trained, a mark for each step and change; named where it was not all of them.
export function changed(runs) {
  const marks = new Map();
  for (const run of runs) {
    for (const { step, words } of run.changes ?? []) {
      const key = `${step} ${words}`;
      if (!marks.has(key)) marks.set(key, { step, words, whose: [] });
      marks.get(key).whose.push(run.label);
    }
  }
  return [...marks.values()].map(({ step, words, whose }) => ({ step, label: whose.length === runs.length ? words : `${whose.join(", ")}: ${words}` }));
}

// A step that matters, through both panels.
export function upright(look, step) {
  return { type: "line", xref: "x", x0: step, x1: step, yref: "paper", y0: 0, y1: 1, line: { color: look.muted, width: 1.5, dash: "dot" } };
}

// A value that matters, through the first panel.
export function across(look, value) {
  return {
    type: "line", xref: "paper", x0: 0, x1: 1, yref: "y", y0: value, y1: value, layer: "below",
    line: { color: look.muted, width: 1.1, dash: "dash" },
  };
}

// Beside its line, where there is room: across it, the first steps' would cover the numbers of the axis.
export function stepLabel(look, { step, label }, last) {
  return {
    xref: "x", x: step, xanchor: step > 0.8 * last ? "right" : "left", yref: "paper", y: 1, yanchor: "top", showarrow: false, text: escaped(label),
    font: { size: 11, color: look.muted }, bgcolor: look.background, borderpad: 1, opacity: 0.9,
  };
}

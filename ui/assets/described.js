// What curves show, for those who do not see them: a sentence worked out from their numbers, and the numbers as a table.

import { element, number } from "./words.js";

const MOST_ROWS = 50;
const MOST_TOLD = 6;

// The curves of `panels`: { label, unit, x, y, main } each; `main` are those that a sentence tells of.
export function linesOf(runs, panels, quantities) {
  return panels.flatMap((panel) => runs.flatMap((run) => Object.values(quantities)
    .filter(({ name, panel: own }) => own.name === panel.name && name in run.series.columns && !(run.undrawn ?? []).includes(name))
    .map(({ name, title, line }) => measured(`${run.label}, ${within(panel, title)}`, run.series.columns.step, run.series.columns[name], line === "solid"))
  )).filter(({ x }) => x.length);
}

// A quantity's own name says too little where its panel has another.
function within(panel, title) {
  return panel.title.toLowerCase() === title.toLowerCase() ? title : `${panel.title}: ${title}`;
}

// Accuracy over whole parts of the reviews.
export function evaluationsOf(runs) {
  return runs.flatMap((run) => ["validation", "test"].map((part) => {
    const found = run.series.evaluations.filter((each) => each.part === part);
    return measured(`${run.label}, ${part}`, found.map(({ step }) => step), found.map(({ accuracy }) => accuracy), true);
  })).filter(({ x }) => x.length);
}

function measured(label, steps, values, main) {
  const there = steps.map((_, i) => i).filter((i) => values[i] !== null && values[i] !== undefined);
  return { label, main, x: there.map((i) => steps[i]), y: there.map((i) => Number(values[i])) };
}

// One sentence a curve: where it begins, where it ends, how far it reached between.
export function sentence(titles, lines) {
  const told = lines.filter(({ main }) => main);
  if (!told.length) return `${titles.join(" and ")}: nothing is measured yet.`;
  const more = told.length > MOST_TOLD ? ` And ${told.length - MOST_TOLD} more curves: all are in the table.` : "";
  return `${titles.join(" and ")} over the steps. ${told.slice(0, MOST_TOLD).map(curve).join(" ")}${more}`;
}

function curve({ label, x, y }) {
  if (y.length === 1) return `${label}: ${number(y[0])} at step ${x[0]}.`;
  const finite = y.filter(Number.isFinite);
  const lost = y.length - finite.length;
  const gone = lost ? ` ${lost} of ${y.length} values are not finite.` : "";
  if (!finite.length) return `${label}:${gone}`;
  const low = finite.reduce((a, b) => Math.min(a, b)), high = finite.reduce((a, b) => Math.max(a, b));
  return `${label}: from ${number(y[0])} at step ${x[0]} to ${number(y.at(-1))} at step ${x.at(-1)}, between ${number(low)} and ${number(high)}.${gone}`;
}

// The steps of a table: evenly chosen where there are many, the last among them, and every one with an evaluation.
export function rowsOf(lines, evaluations, most = MOST_ROWS) {
  const all = [...new Set(lines.flatMap(({ x }) => x))].sort((a, b) => a - b);
  const every = Math.max(1, Math.ceil(all.length / most));
  const chosen = new Set([...all.filter((_, i) => i % every === 0 || i === all.length - 1), ...evaluations.flatMap(({ x }) => x)]);
  const columns = [...lines, ...evaluations].map((line) => ({ ...line, at: new Map(line.x.map((step, i) => [step, line.y[i]])) }));
  const rows = [...chosen].sort((a, b) => a - b).map((step) => [step, ...columns.map(({ at }) => (at.has(step) ? at.get(step) : null))]);
  return { titles: ["step", ...columns.map(({ label }) => label)], rows, thinned: every > 1 ? all.length : 0 };
}

// The table of a plot, folded: filled when it is opened, and anew with each drawing while it is open.
export class DataTable {
  constructor() {
    this.body = element("div", { cls: "sl-data" });
    this.body.tabIndex = 0;
    this.body.setAttribute("role", "region");
    this.body.setAttribute("aria-label", "The data of the curves as a table");
    this.node = element("details", { cls: "sl-described" }, [element("summary", { text: "Data as a table" }), this.body]);
    this.node.ontoggle = () => this.fill();
    this.lines = this.evaluations = [];
  }

  // Describe figures, given as [node, panels, evaluations], and show the data of all of them.
  tell(runs, quantities, figures) {
    const lines = [], evaluations = [];
    for (const [node, panels, points = []] of figures) {
      if (!panels.length) continue;
      const own = linesOf(runs, panels, quantities);
      describe(node, sentence(panels.map(({ title }) => title), [...own, ...points]));
      lines.push(...own);
      evaluations.push(...points);
    }
    this.show(lines, evaluations);
  }

  show(lines, evaluations) {
    Object.assign(this, { lines, evaluations });
    this.fill();
  }

  fill() {
    if (!this.node.open) return;
    const { titles, rows, thinned } = rowsOf(this.lines, this.evaluations);
    const cells = (row) => row.map((value, i) => element(i ? "td" : "th", { text: value === null ? "" : i ? number(value) : String(value) }));
    const note = element("p", { text: thinned ? `${rows.length} of ${thinned} steps.` : rows.length ? "" : "Nothing is measured yet." });
    const head = element("thead", {}, [element("tr", {}, titles.map((text) => element("th", { text })))]);
    this.body.replaceChildren(note, element("table", {}, [head, element("tbody", {}, rows.map((row) => element("tr", {}, cells(row))))]));
  }
}

// What a figure is to a screen reader; its parts are drawn, not read.
export function describe(node, said) {
  node.setAttribute("role", "figure");
  node.setAttribute("aria-label", said);
}

// The live area of a page: status, runs and curves of one or more experiments, polled without a Streamlit rerun. Zoom,
// hidden runs and numbers already fetched survive a change of data or theme.

import { smoothing, wholeRange, zoomOut } from "./controls.js";
import { DataTable, evaluationsOf } from "./described.js";
import { enlarged, lookOf } from "./drawing.js";
import { accuracyFigure, stackedFigure, usedPanels } from "./figure.js";
import { FigureView } from "./figure_view.js";
import { grouped, onAxis, stepsOf } from "./groups.js";
import { changed } from "./markers.js";
import { mounted } from "./mounted.js";
import { follow, Poller } from "./poller.js";
import { announce, ReplayBar } from "./replay.js";
import { RunTable, StatusLine } from "./status.js";
import { Series } from "./series.js";
import { element } from "./words.js";

class View extends FigureView {
  constructor(parent) {
    super();
    this.sources = new Map();
    this.hidden = new Set();
    this.range = null;
    this.smoothing = 0;
    this.status = new StatusLine();
    this.table = new RunTable((id) => this.toggle(id));
    this.replay = new ReplayBar(() => {
      announce(this.data.sources.map((source) => source.url), this.replay.step);
      this.render();
      this.draw();
    });
    this.curves = element("div", { cls: "sl-curves" });
    this.accuracy = element("div", { cls: "sl-accuracy" });
    this.more = element("div", { cls: "sl-more" });
    this.numbers = new DataTable();
    this.out = zoomOut(() => {
      for (const node of this.plots) if (node.listening) this.plotly.relayout(node, wholeRange(node));
    });
    const smooth = smoothing((weight) => {
      this.smoothing = weight;
      this.draw();
    });
    this.appear(parent, element("div", { cls: "sl-live" }, [
      this.status.node,
      this.replay.node,
      element("div", { cls: "sl-panels" }, [
        this.curves,
        element("div", { cls: "sl-side" }, [this.table.node, this.accuracy, element("div", { cls: "sl-set" }, [this.out, smooth])]),
      ]),
      this.more,
      this.numbers.node,
    ]));
  }

  show(data) {
    // A zoom is in units of its axis.
    if (this.data && this.axis !== (data.axis ?? "step")) this.range = null;
    this.data = data;
    this.told = data.status;
    this.root.style.setProperty("--sl-height", `${data.height}px`);
    this.status.node.hidden = Boolean(data.compact);
    this.table.explain(data.quantities);
    follow(this.sources, data.sources, (url) => this.source(url), () => {
      this.range = null;
      this.replay.withdraw();
    });
    this.look = lookOf(this.root);
    this.load(data.plotly, (problem) => this.status.problem(problem));
    this.render();
    this.reveal();
    // The page knows before the next answer.
    if (data.asked?.length) this.status.say(data.asked);
  }

  source(url) {
    const source = { url, latest: null, series: new Map(), overview: null };
    source.poller = new Poller(url, {
      // The last step is asked for again: until the next one is there, more may be measured of it.
      after: () => [...source.series].map(([id, series]) =>
        `${id}:${Math.max(0, series.last - 1)}:${series.evaluations.length}`).join(","),
      receive: (answer) => this.receive(source, answer),
      trouble: (message) => this.status.problem(message),
    });
    return source;
  }

  receive(source, answer) {
    let changed = source.latest === null;
    // An overview is shown until all rows are there, and thrown away then.
    const into = answer.overview ? source.overview = new Map() : source.series;
    for (const run of answer.runs) {
      const series = into.get(run.id) ?? new Series();
      into.set(run.id, series);
      const evaluated = series.evaluations.length;
      changed = series.append(run.steps) || changed;
      // Only sent when there are others than those named in the question.
      run.evaluations ??= series.evaluations;
      series.evaluations = run.evaluations;
      changed ||= series.evaluations.length !== evaluated;
    }
    // The page shows what is in force: what was asked for is, or has become a state of its own.
    const done = source.latest?.asked?.length && !answer.asked?.length;
    if (!answer.overview && source.overview && (changed = !answer.more)) source.overview = null;
    source.latest = answer;
    source.references = answer.references ?? source.references ?? [];
    source.guessing = answer.guessing ?? source.guessing;
    source.titles = answer.titles ?? source.titles;
    this.offerReplay(answer, source);
    this.status.problem("");
    this.render();
    const begun = this.reveal();
    if (changed) this.draw();
    if (this.data.status && !answer.more && (answer.status !== this.told || done || begun)) {
      this.told = answer.status;
      this.notify(answer.status);
    }
  }

  // Where something else stands in their place, curves come with their first point; returns whether they just did.
  reveal() {
    const empty = ![...this.sources.values()].some((source) => [...source.series.values()].some((series) => series.last));
    const before = this.root.classList.toggle("sl-awaited", Boolean(this.data.awaited) && empty);
    const begun = this.empty && !before && !empty;
    this.empty = before;
    return begun;
  }

  // Only what has ended can be replayed, and only one experiment at a time: others have clocks of their own.
  offerReplay(answer, source) {
    if (!this.data.replay) return;
    if (!answer.finished) this.replay.withdraw();
    else if (!answer.more) {
      const last = Math.max(0, ...[...source.series.values()].map((series) => series.last));
      const seconds = Math.max(0, ...answer.runs.map((run) => Number(run.seconds) || 0));
      this.replay.offer(last, seconds, this.data.replay === "playing");
    }
  }

  references() {
    const lines = [...this.sources.values()].flatMap((source) => source.references ?? []);
    const seen = new Set();
    return lines.filter(({ label, value }) => !seen.has(`${label} ${value}`) && seen.add(`${label} ${value}`));
  }

  // A task may call what a panel shows by another name, and experiments drawn together may have different tasks.
  panels(place) {
    const sources = [...this.sources.values()];
    return this.data.panels[place].map((panel) => {
      const titles = new Set(sources.map((source) => source.titles?.[panel.name]).filter(Boolean));
      return { ...panel, title: [...titles].join(" / ") || panel.title };
    });
  }

  runs() {
    const at = this.replay.step;
    const rows = [];
    for (const { url, runs } of this.data.sources) {
      const source = this.sources.get(url);
      for (const run of source?.latest?.runs ?? []) {
        const wanted = runs?.find((candidate) => candidate.id === run.id);
        if (runs && !wanted) continue;
        rows.push({
          ...run,
          label: wanted?.label ?? run.name,
          group: wanted?.group ?? null, batch_size: wanted?.batch_size, per_epoch: wanted?.per_epoch,
          colour: wanted?.colour ?? run.colour,
          series: at === null ? (source.overview ?? source.series).get(run.id) : source.series.get(run.id).until(at),
          // The test reviews are looked at once, at the end.
          test_accuracy: at === null ? run.test_accuracy : null,
          changes: (run.changes ?? []).filter(({ step }) => at === null || step <= at),
          validation_accuracy: at === null ? run.validation_accuracy : undefined,
        });
      }
    }
    const logarithmic = new Set(Object.values(this.data.quantities).filter(({ panel }) => panel.log).map(({ name }) => name));
    return grouped(rows, this.data.quantiles, logarithmic).map((run) => ({ ...run, hidden: this.hidden.has(run.id) }));
  }

  get axis() {
    return this.data.axis ?? "step";
  }

  get plots() {
    return [this.curves, this.accuracy, this.more];
  }

  toggle(id) {
    if (!this.hidden.delete(id)) this.hidden.add(id);
    this.render();
    this.draw();
  }

  render() {
    const runs = this.runs();
    this.table.show(runs);
    const first = this.sources.get(this.data.sources[0]?.url)?.latest;
    if (!first && !this.data.status) return;
    const { step, last } = this.replay;
    if (!first) return this.status.show({ status: this.data.status, progress: null });
    if (step === null) return this.status.show({ ...first, progress: upTo(first.progress, runs) });
    const epochs = Math.max(0, ...first.runs.flatMap((run) => run.evaluations.map((e) => e.epoch)));
    this.status.show({ status: "replay", error: null, progress: { step, total_steps: last, epoch: reached(runs, "epoch"), epochs } });
  }

  drawNow() {
    this.out.hidden = !this.range;
    const runs = this.runs().filter((run) => !run.hidden);
    const revision = [this.axis, ...this.data.sources.map((source) => source.url)].join();
    const { quantities } = this.data;
    const [curves, [accuracy], others] = ["curves", "accuracy", "more"].map((place) => this.panels(place));
    const options = { range: stepsOf(this.range, runs, this.axis), smoothing: this.smoothing, revision, references: this.references(),
      guessing: [...new Set([...this.sources.values()].map((source) => source.guessing).filter(Number.isFinite))],
      markers: [...this.data.markers, ...changed(runs)] };
    const paint = (node, figure) => this.paint(node, onAxis(figure, runs, this.axis));
    paint(this.curves, stackedFigure(runs, this.look, curves, quantities, options));
    paint(this.accuracy, accuracyFigure(runs, this.look, accuracy, quantities, options));
    const more = usedPanels(runs, others, quantities);
    this.more.style.setProperty("--sl-count", more.length);
    this.more.hidden = !more.length;
    if (more.length) paint(this.more, stackedFigure(runs, this.look, more, quantities, { ...options, guessing: [] }));
    this.numbers.tell(runs, quantities, [[this.curves, curves], [this.accuracy, [accuracy], evaluationsOf(runs)], [this.more, more]]);
  }

  paint(node, figure) {
    const { traces, layout } = enlarged(figure, this.look.scale);
    // A touch screen never points: the bar would always lie over what the lines mean.
    const bar = matchMedia("(hover: none)").matches ? false : "hover";
    const config = { displaylogo: false, responsive: false, displayModeBar: bar, scrollZoom: false,
      modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "toImage"] };
    // Each panel keeps its own zoom; only the step axis is shared, so it is passed on to the other figures.
    const first = !node.listening;
    this.plotly.react(node, traces, layout, config);
    if (!first) return;
    node.listening = true;
    node.on("plotly_relayout", (change) => this.zoomed(node, change));
  }

  zoomed(node, change) {
    const range = change["xaxis.range"] ?? (change["xaxis.range[0]"] !== undefined
      ? [change["xaxis.range[0]"], change["xaxis.range[1]"]] : null);
    if (range) this.range = range.map(Number);
    else if (change["xaxis.autorange"]) this.range = null;
    else return;
    for (const other of this.plots) {
      const shown = other.layout?.xaxis;
      if (other === node || !shown) continue;
      const same = this.range ? !shown.autorange && this.range.every((v, i) => v === Number(shown.range[i])) : shown.autorange;
      if (!same) this.plotly.relayout(other, this.range ? { "xaxis.range": [...this.range] } : { "xaxis.autorange": true });
    }
    this.draw();
  }

  close() {
    this.replay.close();
    for (const { poller } of this.sources.values()) poller.stop();
    super.close();
  }
}

function reached(runs, column) {
  return Math.max(0, ...runs.map(({ series }) => series.columns[column]?.at(-1) ?? 0));
}

// What a worker says of its progress is older than the steps that came with it: both are to be of one moment.
function upTo(progress, runs) {
  if (!progress?.step) return progress;
  return { ...progress, step: Math.max(progress.step, reached(runs, "step")), epoch: Math.max(progress.epoch ?? 0, reached(runs, "epoch")) };
}

export default mounted(View, (view, { setTriggerValue }) => {
  view.notify = (status) => setTriggerValue("changed", status);
});

// The inside of runs in training: what they measured at each look, polled like their curves and replayed with them.

import { lookOf } from "./drawing.js";
import { FigureView } from "./figure_view.js";
import { heatFigure, histogramFigure, lastUntil, numbersFigure, PANELS, power } from "./inside_figures.js";
import { mounted } from "./mounted.js";
import { follow, Poller } from "./poller.js";
import { listen } from "./replay.js";
import { count, element } from "./words.js";

const HISTOGRAMS = {
  weights: ["Weights", "log10 of the size of each layer's weights."],
  gradients: ["Gradients", "log10 of the size of each gradient component, before clipping."],
  activations: ["Activations", "What comes out of the recurrent layer and of the head's non-linearities."],
};
// How far back the sentence above the heatmap looks.
const FAR = 32;
const PAUSE = 150;
// Side by side there is room for so many heatmaps.
const MOST_MAPS = 4;

// What one run measured at its looks, in the order of their steps.
class Looks {
  constructor() {
    Object.assign(this, { step: [], numbers: {}, lengths: [], reviews: [], radius: [], stretch: [], matrices: [] });
  }

  get last() {
    return this.step.at(-1) ?? 0;
  }

  // JSON knows no NaN and no infinity: the server writes their names, Number() reads them.
  append(run) {
    const before = this.step.length;
    const fresh = [...run.step.keys()].filter((i) => run.step[i] > this.last);
    if (!fresh.length) return false;
    this.step.push(...fresh.map((i) => run.step[i]));
    for (const name of Object.keys(run.numbers)) this.numbers[name] ??= Array(before).fill(NaN);
    for (const [name, values] of Object.entries(this.numbers)) values.push(...fresh.map((i) => Number(run.numbers[name]?.[i] ?? NaN)));
    for (const name of ["lengths", "reviews", "radius", "stretch"]) this[name].push(...fresh.map((i) => run[name][i].map(Number)));
    this.matrices = run.matrices;
    return true;
  }

  until(step) {
    const end = lastUntil(this.step, step) + 1;
    const part = new Looks();
    part.matrices = this.matrices;
    for (const name of ["step", "lengths", "reviews", "radius", "stretch"]) part[name] = this[name].slice(0, end);
    part.numbers = Object.fromEntries(Object.entries(this.numbers).map(([name, values]) => [name, values.slice(0, end)]));
    return part;
  }
}

class View extends FigureView {
  constructor(parent) {
    super();
    this.sources = new Map();
    this.histograms = new Map(); // "url step" → what the server said
    this.chosen = null; // null: the latest look
    this.replayed = null;
    this.steps = []; // of all looks that are shown
    this.said = element("p", { cls: "si-said" });
    this.problem = element("div", { cls: "si-problem" });
    this.problem.hidden = true;
    this.heat = element("div", { cls: "si-heat" });
    this.left = element("span");
    this.slider = element("input", { cls: "si-scrub" });
    Object.assign(this.slider, { type: "range", min: 0, step: 1 });
    this.slider.setAttribute("aria-label", "Look");
    this.slider.oninput = () => this.scrub(Number(this.slider.value));
    this.shown = element("output", { cls: "si-at" });
    this.small = Object.entries(PANELS).map(([name, panel]) => this.figure(name, panel.name, panel.caption));
    this.layers = Object.entries(HISTOGRAMS).map(([name, [title, caption]]) => this.figure(name, title, caption));
    // Titles without figures are nothing to look at.
    this.seen = element("div", {}, [
      element("p", { cls: "si-caption" }, ["Length of the gradient ∂L/∂h, mean over reviews: upwards is further back from a review's last word, to the right is later in training.", this.left]),
      this.heat,
      element("div", { cls: "si-small" }, this.small.map(({ node }) => node)),
      element("label", { cls: "si-bar" }, [element("span", { text: "Layers at step" }), this.slider, this.shown]),
      element("div", { cls: "si-layers" }, this.layers.map(({ node }) => node)),
    ]);
    this.seen.hidden = true;
    this.appear(parent, element("div", { cls: "si" }, [this.problem, this.said, this.seen]));
    this.unlisten = listen((urls, step) => {
      if (!urls.some((url) => this.sources.has(url))) return;
      this.replayed = step;
      this.draw();
    });
  }

  figure(name, title, caption) {
    const plot = element("div", { cls: "si-plot" });
    return { name, plot, node: element("figure", {}, [element("figcaption", {}, [element("b", { text: title }), element("span", { text: caption })]), plot]) };
  }

  show(data) {
    this.data = data;
    follow(this.sources, data.sources, (url) => this.source(url), () => { this.chosen = null; });
    this.look = lookOf(this.root);
    this.load(data.plotly, (problem) => this.trouble(problem));
  }

  source(url) {
    const source = { latest: null, looks: new Map() };
    source.poller = new Poller(`${url}/inside`, {
      after: () => [...source.looks].map(([id, looks]) => `${id}:${looks.last}`).join(","),
      receive: (answer) => this.receive(source, answer),
      trouble: (message) => this.trouble(message),
    });
    return source;
  }

  receive(source, answer) {
    let changed = source.latest === null;
    for (const run of answer.runs) {
      const looks = source.looks.get(run.id) ?? new Looks();
      source.looks.set(run.id, looks);
      changed = looks.append(run) || changed;
    }
    source.latest = answer;
    this.trouble("");
    if (changed) this.draw();
  }

  trouble(message) {
    this.problem.hidden = !message;
    this.problem.textContent = message;
  }

  // Those that looked at all, in the colours that they have in the curves.
  runs() {
    const rows = [];
    for (const { url, runs } of this.data.sources) {
      const source = this.sources.get(url);
      for (const run of source?.latest?.runs ?? []) {
        const wanted = runs?.find(({ id }) => id === run.id);
        if (runs && !wanted) continue;
        const looks = source.looks.get(run.id);
        rows.push({
          id: run.id, url, label: wanted?.label ?? run.name, colour: wanted?.colour ?? run.colour,
          looks: this.replayed === null ? looks : looks.until(this.replayed), words: source.latest.words, starts: source.latest.starts,
        });
      }
    }
    return rows.filter(({ looks }) => looks.step.length);
  }

  scrub(place) {
    this.chosen = place >= this.steps.length - 1 ? null : this.steps[place];
    this.draw();
  }

  drawNow() {
    const runs = this.runs();
    this.steps = [...new Set(runs.flatMap(({ looks }) => looks.step))].sort((a, b) => a - b);
    const last = this.steps.at(-1) ?? 0;
    if (this.chosen > last) this.chosen = null;
    const at = this.chosen ?? last;
    this.slider.max = String(Math.max(0, this.steps.length - 1));
    this.slider.value = String(Math.max(0, this.steps.indexOf(at)));
    this.slider.setAttribute("aria-valuetext", `step ${at}`);
    this.shown.textContent = this.steps.length ? `${count(at)}, look ${this.steps.indexOf(at) + 1} of ${this.steps.length}` : "";
    this.said.replaceChildren(...this.sentence(runs, at));
    this.seen.hidden = !runs.length;
    if (!runs.length) return;
    const revision = this.data.sources.map(({ url }) => url).join();
    const options = { revision, at: this.chosen };
    const through = runs.filter(({ looks }) => looks.lengths.some((row) => row.length));
    this.heat.hidden = !through.length;
    this.left.textContent = through.length > MOST_MAPS ? ` The first ${MOST_MAPS} of ${through.length} runs are drawn.` : "";
    if (through.length) this.paint(this.heat, heatFigure(through.slice(0, MOST_MAPS), this.look, { ...options, starts: runs[0].starts, words: runs[0].words, wide: this.heat.clientWidth }));
    for (const { name, node, plot } of this.small) {
      const figure = numbersFigure(PANELS[name], runs, this.look, options);
      node.hidden = !figure.traces.length;
      if (figure.traces.length) this.paint(plot, figure);
    }
    this.drawLayers(runs, at, revision);
  }

  // Computed, never judged: how much of the gradient at the last word is left some words earlier.
  sentence(runs, at) {
    if (!runs.length) return [element("span", { text: "The first look comes with the first update." })];
    const parts = [];
    for (const { looks, label, colour } of runs) {
      const place = lastUntil(looks.step, at), row = looks.lengths[place] ?? [];
      if (!Number.isFinite(row[0]) || row[FAR] === undefined || Number.isNaN(row[FAR])) continue;
      const share = element("b");
      share.innerHTML = power(row[FAR] - row[0]); // a number of ours
      const name = element("span", { text: label });
      name.style.color = colour;
      parts.push(element("span", { cls: "si-part" }, [name, ": ", share]));
    }
    if (!parts.length) return [];
    return [element("span", { text: `Step ${count(at)}. Of the last word's gradient, ${FAR} words earlier there is left: ` }), ...parts];
  }

  drawLayers(runs, at, revision) {
    const missing = [...new Set(runs.map(({ url }) => url))].filter((url) => !this.histograms.has(`${url} ${at}`));
    if (missing.length) {
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => missing.forEach((url) => this.fetch(url, at)), PAUSE);
      return;
    }
    const found = runs.map((run) => ({ ...run, histograms: this.histograms.get(`${run.url} ${at}`).find(({ id }) => id === run.id)?.histograms ?? [] }));
    for (const { name, node, plot } of this.layers) {
      const figure = histogramFigure(name, found, this.look, revision);
      node.hidden = !figure.count;
      plot.style.height = `${50 + 22 * figure.count}px`;
      if (figure.count) this.paint(plot, figure);
    }
  }

  async fetch(url, at) {
    try {
      const response = await fetch(new URL(`${url}/inside/${at}`, document.baseURI), { signal: AbortSignal.timeout(10000) });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.error);
      this.histograms.set(`${url} ${at}`, answer.runs);
      if (this.sources.has(url)) this.draw();
    } catch (error) {
      this.trouble(error.message);
    }
  }

  get plots() {
    return [this.heat, ...this.small.map(({ plot }) => plot), ...this.layers.map(({ plot }) => plot)];
  }

  close() {
    this.unlisten();
    clearTimeout(this.waiting);
    for (const { poller } of this.sources.values()) poller.stop();
    super.close();
  }
}

export default mounted(View);

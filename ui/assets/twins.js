// Recorded twins over learning rates and cuts: the sliders choose which of them are drawn, at once and without the
// server. Curves travel once, as float32 in base64.

import { DataTable, describe, evaluationsOf, linesOf } from "./described.js";
import { enlarged, lookOf } from "./drawing.js";
import { stackedFigure } from "./figure.js";
import { FigureView } from "./figure_view.js";
import { mounted } from "./mounted.js";
import { ReplayBar } from "./replay.js";
import { Series } from "./series.js";
import { sketch } from "./sketch.js";
import { element } from "./words.js";

const grids = new Map(); // address → promise of what lies there

function gridAt(url) {
  if (!grids.has(url)) {
    const answer = fetch(new URL(url, document.baseURI)).then(async (response) => {
      const found = await response.json();
      if (!response.ok) throw new Error(found.error);
      return { ...found, losses: numbers(found.losses), norms: numbers(found.norms) };
    });
    answer.catch(() => grids.delete(url));
    grids.set(url, answer);
  }
  return grids.get(url);
}

function numbers(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

class View extends FigureView {
  constructor(parent) {
    super();
    this.still = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.rate = new Slider("Learning rate", () => this.draw(), () => this.told());
    this.cut = new Slider("Clip gradients at length", () => this.draw(), () => this.told());
    this.button = element("button", { cls: "sl-train", text: "Train this live" });
    this.button.type = "button";
    this.button.onclick = () => this.tell("train", this.place);
    this.entries = [new Entry(), new Entry()];
    this.legend = element("div", { cls: "sl-pair" }, this.entries.map((entry) => entry.node));
    this.sentence = element("p", { cls: "sl-sentence" });
    this.sentence.setAttribute("aria-live", "polite");
    this.replay = new ReplayBar(() => this.draw(), "in 10");
    this.plots = ["loss", "gradient"].map(() => element("div", { cls: "sl-twin-figure" }));
    this.knobs = element("div", { cls: "sl-knobs" }, [this.rate.node, this.cut.node, this.button]);
    this.note = element("p", { cls: "sl-twin-note" });
    this.numbers = new DataTable();
    this.appear(parent, element("div", { cls: "sl-twins" }, [
      element("div", { cls: "sl-twin-side" }, [this.knobs, this.legend, this.sentence]), ...this.plots, this.replay.node, this.note,
      this.numbers.node,
    ]));
    this.sent = [];
  }

  get place() {
    return [this.rate.value, this.cut.value];
  }

  show(data) {
    this.data = data;
    this.root.classList.toggle("sl-narrow", data.narrow);
    this.knobs.hidden = this.note.hidden = !data.controls;
    this.root.style.setProperty("--sl-twin-height", `${data.height}px`);
    this.look = lookOf(this.root);
    gridAt(data.grid).then((grid) => {
      if (!this.root.isConnected) return;
      const first = !this.grid;
      this.grid = grid;
      if (first) this.offer();
      this.adopt(data.place);
      this.draw();
    }, (error) => this.failed(error.message));
  }

  failed(problem) {
    this.sentence.textContent = problem || "The recorded runs did not load. Reload the page.";
  }

  // Reading the library takes a second: curves and sliders do not wait for it.
  improve() {
    this.improved ??= setTimeout(() => this.load(this.data.plotly, (problem) => this.failed(problem)));
  }

  offer() {
    this.rate.offer(this.grid.rates);
    this.cut.offer(this.grid.cuts);
    this.note.textContent = this.grid.about;
    if (this.data.playing) this.replay.offer(this.grid.updates, 0, !this.still.matches);
  }

  // What this browser has told itself comes back a moment later, when the sliders may be elsewhere already.
  adopt(place) {
    const known = this.sent.indexOf(String(place));
    if (known >= 0) this.sent.splice(0, known + 1);
    else if (String(place) !== this.given) [this.rate.value, this.cut.value] = place;
    this.given = String(place);
  }

  told() {
    this.sent.push(String(this.place));
    this.tell("moved", this.place);
  }

  runs() {
    const { updates, cuts, losses, norms, clipped, validation, validated } = this.grid;
    const [rate, cut] = this.place, { names } = this.data;
    return [0, cut + 1].map((run, position) => {
      const from = (rate * (cuts.length + 1) + run) * updates;
      const norm = [...norms.subarray(from, from + updates)];
      const limit = run ? cuts[cut] : NaN;
      const series = new Series();
      series.append({
        step: norm.map((_, i) => i + 1),
        [names.loss]: [...losses.subarray(from, from + updates)],
        [names.norm]: norm,
        [names.after]: norm.map((value) => (value > limit ? limit : value)),
        [names.limit]: norm.map(() => limit),
      });
      series.evaluations = validated.map((step, i) => ({ part: "validation", step, accuracy: validation[rate][run][i] }));
      return {
        id: String(run), label: run ? `clipped at ${limit}` : "without clipping", colour: this.data.colours[position],
        undrawn: run ? [] : [names.after, names.limit],
        share: clipped[rate][run], series: this.replay.step === null ? series : series.until(this.replay.step),
      };
    });
  }

  get ready() {
    return Boolean(this.grid);
  }

  drawNow() {
    const runs = this.runs(), [rate, cut] = this.place;
    const said = this.grid.sentences[rate][cut];
    if (this.sentence.textContent !== said) this.sentence.textContent = said;
    runs.forEach((run, i) => this.entries[i].show(run));
    const options = { range: null, smoothing: 0, revision: "twins", markers: [] };
    this.plots.forEach((node, i) => {
      const panel = this.data.panels[i];
      const drawn = stackedFigure(runs, this.look, [panel], this.data.quantities, { ...options, guessing: i ? [] : this.grid.guessing });
      const figure = enlarged(drawn, this.look.scale);
      figure.layout.xaxis.range = [0, this.grid.updates];
      describe(node, `${panel.title} of both runs over ${this.grid.updates} updates. ${said}`);
      this.paint(node, figure);
    });
    this.improve();
    this.numbers.show(linesOf(runs, this.data.panels, this.data.quantities), evaluationsOf(runs));
  }

  // Plotly lays a figure out anew for every frame, which takes half a processor: what moves is sketched.
  paint(node, { traces, layout }) {
    if (this.plotly && !this.replay.playing) {
      if (!node.data) node.replaceChildren();
      return super.paint(node, { traces, layout });
    }
    if (node.data) this.plotly.purge(node);
    sketch(node, traces, layout);
  }

  resize() {
    if (!this.plotly || this.replay.playing) return this.draw();
    super.resize();
  }

  close() {
    clearTimeout(this.improved);
    this.replay.close();
    super.close();
  }
}

// What the legend says of one run.
class Entry {
  constructor() {
    this.swatch = element("span", { cls: "sl-swatch" });
    this.name = element("span");
    this.reached = element("span", { cls: "sl-reached" });
    this.node = element("span", { cls: "sl-twin-run" }, [this.swatch, this.name, this.reached]);
  }

  show(run) {
    const at = run.series.evaluations.at(-1);
    this.swatch.style.background = run.colour;
    this.name.textContent = run.label;
    this.reached.textContent = at ? `validation ${at.accuracy === null ? "NaN" : at.accuracy.toFixed(2)}` : "";
  }
}

// A slider over values that are not evenly spaced.
class Slider {
  constructor(title, moved, settled) {
    this.input = element("input");
    Object.assign(this.input, { type: "range", min: 0, step: 1 });
    // A label names the first thing in it that can be labelled, which is the output.
    this.input.setAttribute("aria-label", title);
    this.shown = element("output");
    this.node = element("label", { cls: "sl-knob" }, [element("span", { text: title }), this.shown, this.input]);
    this.input.oninput = () => {
      this.say();
      moved();
    };
    this.input.onchange = settled;
  }

  offer(values) {
    this.values = values;
    this.input.max = String(values.length - 1);
  }

  get value() {
    return Number(this.input.value);
  }

  set value(place) {
    this.input.value = String(place);
    this.say();
  }

  say() {
    this.shown.textContent = String(this.values[this.value]);
    this.input.setAttribute("aria-valuetext", this.shown.textContent);
  }
}

export default mounted(View, (view, { setTriggerValue }) => {
  view.tell = setTriggerValue;
});

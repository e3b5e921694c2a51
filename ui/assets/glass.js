// One review, word by word, through the units of one or two networks, and the gradient of its loss on the way back.
//
// All steps are here already: playing, stepping and picking ask the server nothing, except for the words near a picked
// one. Everything shown is set with textContent: a review is hostile until proven otherwise.

import { Pane } from "./glass_pane.js";
import { Words } from "./glass_words.js";
import { mounted } from "./mounted.js";
import { element } from "./words.js";

// A word takes so long, a long review in all so long.
const WORD = 160;
const WHOLE = 12_000;

class View {
  constructor(parent) {
    this.position = null; // null: everything is shown; else so many steps forward, then as many back
    this.playing = false;
    this.still = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.symbol = element("span");
    this.symbol.setAttribute("aria-hidden", "true");
    this.label = element("span");
    this.button = element("button", { cls: "gl-play" }, [this.symbol, this.label]);
    this.button.type = "button";
    this.button.onclick = () => this.press();
    this.slider = element("input", { cls: "gl-scrub" });
    Object.assign(this.slider, { type: "range", min: 0, step: 1 });
    this.slider.setAttribute("aria-label", "Word by word forward, then the gradient back");
    this.slider.oninput = () => {
      // Before pausing, which puts the slider where the position still is.
      const wanted = Number(this.slider.value);
      this.pause();
      this.move(wanted);
    };
    this.whole = element("button", { cls: "gl-whole", text: "Show all" });
    this.whole.type = "button";
    this.whole.onclick = () => {
      this.pause();
      this.move(null);
    };
    this.where = element("output", { cls: "gl-where" });
    this.grid = element("div", { cls: "gl-grid" });
    this.legend = element("div", { cls: "gl-legend" });
    const bar = element("div", { cls: "gl-bar" }, [this.button, this.whole, this.slider, this.where]);
    this.text = element("div");
    this.root = element("div", { cls: "gl" }, [bar, this.legend, this.text, this.grid]);
    this.panes = [];
    parent.append(this.root);
    this.observer = new ResizeObserver(() => this.draw(true));
    this.observer.observe(this.grid);
    this.settled = () => this.tellButton();
    this.still.addEventListener("change", this.settled);
  }

  close() {
    this.pause();
    this.observer.disconnect();
    this.still.removeEventListener("change", this.settled);
    this.root.remove();
  }

  show(data) {
    const wanted = JSON.stringify(data.panes);
    if (this.drawn !== wanted) {
      this.drawn = wanted;
      const first = this.panes.length === 0;
      const acts = (i) => ({
        move: (step) => {
          this.pause();
          this.move(step);
        },
        pick: (token) => this.tell(i, token),
      });
      const [one, ...others] = data.panes;
      const shared = others.length > 0 && others.every((given) => given.words.join("\n") === one.words.join("\n"));
      this.words = shared ? new Words({ ...one, title: "All" }, acts(0)) : null;
      this.panes = data.panes.map((given, i) => new Pane(given, shared, acts(i)));
      this.grid.replaceChildren(...this.panes.map(({ node }) => node));
      this.text.replaceChildren(...(shared ? [this.words.node] : []));
      this.grid.classList.toggle("gl-two", this.panes.length > 1);
      this.steps = Math.max(...this.panes.map(({ steps }) => steps));
      this.slider.max = String(2 * this.steps - 1);
      // A link may name a word.
      if (this.position === null && data.near && first) this.position = data.near.token;
      if (this.position !== null) this.position = Math.min(this.position, 2 * this.steps - 1);
      this.describe(data);
    }
    this.panes.forEach((pane, i) => pane.near(data.near?.pane === i ? data.near : null));
    this.draw(true);
    this.tellButton();
  }

  // The colours once for all panes; each has one meaning.
  describe({ panes }) {
    const ramp = (cls, low, high, title) => element("span", { cls: "gl-key" }, [
      element("span", { text: title }), element("span", { text: low, cls: "gl-end" }),
      element("span", { cls: `gl-ramp ${cls}` }), element("span", { text: high, cls: "gl-end" }),
    ]);
    const key = (cls, text) => element("span", { cls: "gl-key" }, [element("span", { cls: `gl-dot ${cls}` }), element("span", { text })]);
    const state = panes.some((pane) => !pane.gates);
    const gate = panes.find((pane) => pane.gates);
    this.legend.replaceChildren(
      ...(state ? [ramp("gl-ramp-state", "−1", "+1", "state of a unit"), key("gl-dot-saturated", "saturated: beyond ±0.97")] : []),
      ...(gate ? [ramp("gl-ramp-gate", "0", "1", `${gate.shown} gate of a unit`)] : []),
      ...(panes.some((pane) => pane.attention) ? [key("gl-dot-attention", "attention weight")] : []),
      key("gl-dot-gradient", "‖∂L/∂h‖, log scale"),
      element("span", { cls: "gl-end", text: "Units from those that rise with the answer over the words to those that fall." }),
    );
  }

  press() {
    if (this.playing) return this.pause();
    const end = 2 * this.steps - 1;
    if (this.still.matches) return this.move(this.position === null || this.position >= end ? 0 : this.position + 1);
    if (this.position === null || this.position >= end) this.position = 0;
    this.playing = true;
    this.from = this.position;
    this.began = performance.now();
    this.tellButton();
    this.frame();
  }

  // The position follows the clock, not the number of frames: a slow browser skips, it does not lag.
  frame() {
    if (!this.playing || !this.root.isConnected) return;
    const end = 2 * this.steps - 1;
    const pace = Math.min(WORD, WHOLE / this.steps);
    const at = Math.min(end, this.from + Math.floor((performance.now() - this.began) / pace));
    if (at !== this.position) this.move(at);
    if (at >= end) return this.pause();
    this.ticking = requestAnimationFrame(() => this.frame());
  }

  pause() {
    this.playing = false;
    cancelAnimationFrame(this.ticking);
    this.tellButton();
  }

  move(position) {
    this.position = position;
    this.draw(false);
    this.tellButton();
  }

  tellButton() {
    const [symbol, label] = this.playing ? ["❚❚", "Pause"] : ["▶", this.still.matches ? "Next word" : "Play"];
    this.symbol.textContent = symbol;
    this.label.textContent = label;
    this.whole.disabled = this.position === null;
    if (!this.steps) return;
    this.slider.value = String(this.position ?? 2 * this.steps - 1);
    const back = this.position !== null && this.position >= this.steps;
    const at = back ? 2 * this.steps - 1 - this.position : this.position;
    this.where.textContent = at === null ? "" : `${back ? "← gradient at" : "→ step"} ${at + 1} of ${this.steps}`;
    this.slider.setAttribute("aria-valuetext", this.where.textContent || "everything is shown");
  }

  draw(anew) {
    if (!this.steps) return;
    const back = this.position !== null && this.position >= this.steps;
    const at = this.position === null ? null : back ? 2 * this.steps - 1 - this.position : this.position;
    this.words?.draw(at === null ? null : Math.min(at, this.steps - 1), back);
    for (const pane of this.panes) pane.draw({ at, back, quiet: this.playing }, anew);
  }
}

export default mounted(View, (view, { setTriggerValue }) => {
  view.tell = (pane, token) => setTriggerValue("picked", [pane, token]);
});

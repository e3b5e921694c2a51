// One network's side of the glass: its review, the strip of its units, its answer, its gradient.

import { Strip } from "./glass_strip.js";
import { Words } from "./glass_words.js";
import { element, equals, number, percent } from "./words.js";

const CHANGES = 6;

export class Pane {
  constructor(given, shared, { move, pick }) {
    this.given = given;
    this.steps = given.steps;
    this.count = given.words.length;
    this.at = null;
    this.states = unpack(given.states);
    this.shown = given.gates ? unpack(given.gates) : this.states;
    const head = element("div", { cls: "gl-head" }, [
      element("span", { cls: "gl-title", text: given.title }),
      element("span", { cls: "gl-verdict", text: given.verdict }),
      element("span", { cls: "gl-note", text: given.note }),
    ]);
    this.readout = element("div", { cls: "gl-readout" });
    this.readout.setAttribute("aria-live", "polite");
    // One that reads what all read has its words above all panes.
    this.words = shared ? null : new Words(given, { move, pick });
    this.strip = new Strip(given, this.shown, (step, unit) => this.point(step, unit), (step) => {
      move(step);
      if (step < this.count) pick(step);
    });
    this.detail = element("div", { cls: "gl-detail" });
    this.node = element("section", { cls: "gl-pane" }, [head, ...(shared ? [] : [this.words.node]), this.readout, this.strip.node, this.detail]);
  }

  // `at`: the step that is reached, null when all is shown; `back`: the gradient is on its way.
  draw({ at, back, quiet }, anew) {
    this.at = at === null ? null : Math.min(at, this.steps - 1);
    this.words?.draw(this.at, back);
    // What is read aloud while it plays would never end.
    this.readout.setAttribute("aria-live", quiet ? "off" : "polite");
    this.readout.textContent = this.at === null ? this.given.rest : this.say(this.at);
    this.strip.draw(this.at, back, anew);
    this.change();
  }

  name(step) {
    return step < this.count ? `“${cut(this.given.words[step])}”` : `padding ${step - this.count + 1}`;
  }

  say(step) {
    const { probabilities, saturated, attention, gradient, units } = this.given;
    const parts = [`${step + 1}. ${this.name(step)}`];
    if (probabilities[step] !== null) parts.push(`P(positive) ${equals(probabilities[step])} if it ended here`);
    parts.push(`${saturated[step]} of ${units} saturated`);
    if (attention) parts.push(`attention ${percent(attention[step])}`);
    parts.push(`‖∂L/∂h‖ ${gradient[step] === null ? "0" : number(10 ** gradient[step])}`);
    return parts.join("  ·  ");
  }

  // Under the pointer: one unit at one step.
  point(step, unit) {
    const { order, forward, shown } = this.given;
    const value = this.shown[step * this.given.units + unit];
    const where = order[unit] >= forward ? ", reads backward" : "";
    const said = value === -128 ? "nothing" : number(Number((value / 127).toFixed(2)));
    this.readout.textContent = `${step + 1}. ${this.name(step)}  ·  unit ${order[unit] + 1}${where}: ${shown} ${said}`;
  }

  // The words near the picked one, as the server found them.
  near(found) {
    this.found = found;
    this.change();
  }

  // What the word at the playhead did to the state: the units that moved most, and the words near its vector.
  change() {
    const step = this.at;
    const { units, order } = this.given;
    if (step === null || step >= this.steps) {
      this.detail.replaceChildren();
      return;
    }
    const moved = [];
    let length = 0;
    for (let unit = 0; unit < units; unit += 1) {
      const after = this.states[step * units + unit];
      const before = step ? this.states[(step - 1) * units + unit] : 0;
      if (after === -128 || before === -128 || order[unit] >= this.given.forward) continue;
      length += ((after - before) / 127) ** 2;
      moved.push([Math.abs(after - before), unit, before / 127, after / 127]);
    }
    moved.sort((one, other) => other[0] - one[0]);
    const rows = moved.slice(0, CHANGES).map(([, unit, before, after]) => element("li", {}, [
      element("span", { cls: "gl-unit", text: `unit ${order[unit] + 1}` }),
      bar(before, after),
      element("span", { cls: "gl-values", text: `${signed(before)} → ${signed(after)}` }),
    ]));
    const words = this.found && this.found.token === step ? this.nearWords() : [];
    this.detail.replaceChildren(
      element("div", { cls: "gl-side" }, [
        element("div", { cls: "gl-caption", text: `${this.name(step)} moves the state by ${length ** 0.5 < 0.005 ? "less than 0.01" : (length ** 0.5).toFixed(2)}; the units that move most, before → after` }),
        element("ul", { cls: "gl-moves" }, rows),
      ]),
      ...words,
    );
  }

  nearWords() {
    const { words, problem } = this.found;
    const listed = words.map(([word, cosine]) => element("span", { cls: "gl-near", text: `${word} ${cosine.toFixed(2)}` }));
    return [element("div", { cls: "gl-side" }, [
      element("div", { cls: "gl-caption", text: problem || "Its vector’s nearest words, by cosine" }),
      element("div", { cls: "gl-words" }, listed),
    ])];
  }
}

function bar(before, after) {
  const node = element("span", { cls: "gl-move" });
  const [low, high] = before < after ? [before, after] : [after, before];
  const run = element("span", { cls: after > before ? "gl-run" : "gl-run gl-down" });
  run.style.left = `${50 + 50 * low}%`;
  run.style.width = `${Math.max(1, 50 * (high - low))}%`;
  const mark = element("span", { cls: "gl-tip" });
  mark.style.left = `${50 + 50 * after}%`;
  node.append(run, mark);
  node.setAttribute("aria-hidden", "true");
  return node;
}

function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}

function cut(word) {
  return word.length > 40 ? `${word.slice(0, 40)}…` : word;
}

// Values are sent as one signed byte each: 127 is 1, −128 says that there is nothing.
function unpack(text) {
  const raw = atob(text);
  const values = new Int8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) values[i] = raw.charCodeAt(i);
  return values;
}

// The drawn part of a pane: units × steps, the answer after each step, attention, and the gradient on its way back.

import { element } from "./words.js";

const LEFT = 46;
const GAP = 14;
const UNITS = 190;
const ANSWER = 54;
const WEIGHTS = 36;
const GRADIENT = 96;
const BOTTOM = 22;
// From here on a state is saturated, as it is sent: see `ui/kit/components/glass.py`.
const SATURATED = 124;
const NOTHING = -128;

export class Strip {
  constructor(given, values, point, pick) {
    this.given = given;
    this.values = values;
    this.canvas = element("canvas", { cls: "gl-canvas" });
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", given.spoken);
    this.node = element("div", { cls: "gl-strip" }, [this.canvas]);
    this.canvas.addEventListener("mousemove", (event) => {
      const { step, unit } = this.place(event);
      if (step !== null && unit !== null) point(step, unit);
    });
    this.canvas.addEventListener("click", (event) => {
      const { step } = this.place(event);
      if (step !== null) pick(step);
    });
  }

  place({ offsetX, offsetY }) {
    const { steps, units } = this.given;
    const step = Math.floor(((offsetX - LEFT) / this.width) * steps);
    const unit = Math.floor((offsetY / UNITS) * units);
    return { step: step >= 0 && step < steps ? step : null, unit: unit >= 0 && unit < units ? unit : null };
  }

  get height() {
    return UNITS + GAP + ANSWER + (this.given.attention ? GAP + WEIGHTS : 0) + GAP + GRADIENT + BOTTOM;
  }

  draw(at, back, anew) {
    const full = this.node.clientWidth;
    if (!full) return;
    this.width = full - LEFT - 4;
    const ratio = window.devicePixelRatio || 1;
    if (anew || !this.still || this.still.width !== Math.round(full * ratio)) this.prepare(full, ratio);
    const context = this.canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.drawImage(this.still, 0, 0);
    if (at === null) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const { steps } = this.given;
    const cell = this.width / steps;
    const top = this.height - BOTTOM - GRADIENT;
    context.globalAlpha = 0.86;
    context.fillStyle = this.colours.ground;
    // What has not been reached yet; on the way back all of the review has been.
    if (!back) context.fillRect(LEFT + (at + 1) * cell, 0, this.width - (at + 1) * cell + 4, top - GAP / 2);
    context.fillRect(LEFT, top - 2, back ? at * cell : this.width, GRADIENT + 3);
    context.globalAlpha = 1;
    context.strokeStyle = this.colours.text;
    context.lineWidth = 1.5;
    const [from, to] = back ? [top, GRADIENT] : [0, top - GAP];
    context.strokeRect(LEFT + at * cell - 0.5, from + 0.75, Math.max(cell, 2) + 1, to - 1.5);
  }

  // All that does not change while it plays, drawn once.
  prepare(full, ratio) {
    const style = getComputedStyle(this.node);
    // What a variable says may depend on the theme; only a property of an element is worked out.
    const probe = element("span");
    // Who wants no motion gets transitions of no length, and on its way a colour still is the one before.
    probe.style.setProperty("transition", "none", "important");
    this.node.append(probe);
    const own = (name) => {
      probe.style.color = `var(${name})`;
      return getComputedStyle(probe).color;
    };
    this.colours = {
      text: own("--st-text-color"), ground: own("--st-background-color"),
      high: own("--gl-high"), low: own("--gl-low"), mid: own("--gl-mid"), saturated: own("--gl-saturated"), gate: own("--gl-gate"),
      attention: own("--gl-attention"), gradient: own("--gl-gradient"), positive: own("--gl-positive"), negative: own("--gl-negative"),
    };
    probe.remove();
    this.canvas.width = Math.round(full * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.canvas.style.height = `${this.height}px`;
    this.still = document.createElement("canvas");
    this.still.width = this.canvas.width;
    this.still.height = this.canvas.height;
    const context = this.still.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.font = `11px ${style.fontFamily}`;
    let top = 0;
    this.units(context);
    top += UNITS + GAP;
    this.answers(context, top);
    top += ANSWER + GAP;
    if (this.given.attention) {
      this.weights(context, top);
      top += WEIGHTS + GAP;
    }
    this.gradients(context, top);
    this.axis(context);
  }

  units(context) {
    const { steps, units, forward, order, words } = this.given;
    const picture = document.createElement("canvas");
    picture.width = steps;
    picture.height = units;
    const image = new ImageData(steps, units);
    const table = this.given.gates ? ramp(this.colours.mid, this.colours.gate) : [ramp(this.colours.mid, this.colours.low), ramp(this.colours.mid, this.colours.high)];
    for (let step = 0; step < steps; step += 1) {
      for (let unit = 0; unit < units; unit += 1) {
        const value = this.values[step * units + unit];
        if (value === NOTHING) continue;
        const side = this.given.gates ? table : table[value < 0 ? 0 : 1];
        const place = 4 * (unit * steps + step);
        const colour = 3 * Math.min(127, Math.abs(value));
        image.data.set([side[colour], side[colour + 1], side[colour + 2], 255], place);
      }
    }
    picture.getContext("2d").putImageData(image, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(picture, LEFT, 0, this.width, UNITS);
    if (!this.given.gates) this.glow(context);
    context.fillStyle = context.strokeStyle = this.colours.text;
    context.globalAlpha = 0.75;
    const backward = order.findIndex((unit) => unit >= forward);
    const split = backward > 0 ? (backward / units) * UNITS : UNITS;
    sideways(context, backward > 0 ? "forward" : "units", 12, split / 2);
    if (backward > 0) {
      sideways(context, "backward", 12, (split + UNITS) / 2);
      line(context, LEFT - 8, split, LEFT + this.width, split);
    }
    context.font = context.font.replace("11px", "10px");
    context.textAlign = "right";
    context.fillText("rise", LEFT - 5, 9);
    context.fillText("fall", LEFT - 5, UNITS - 2);
    context.font = context.font.replace("10px", "11px");
    context.globalAlpha = 1;
    if (words.length < steps) this.border(context, 0, this.height - BOTTOM);
  }

  // Saturated units: a bright core in their cell, with a halo where there is room.
  glow(context) {
    const { steps, units } = this.given;
    const [wide, high] = [this.width / steps, UNITS / units];
    context.fillStyle = this.colours.saturated;
    if (wide > 3 && high > 3) {
      context.shadowColor = this.colours.saturated;
      context.shadowBlur = 5;
    }
    const [left, top] = [Math.min(1.5, wide / 6), Math.min(1.5, high / 6)];
    for (let step = 0; step < steps; step += 1) {
      for (let unit = 0; unit < units; unit += 1) {
        const value = this.values[step * units + unit];
        if (value === NOTHING || Math.abs(value) < SATURATED) continue;
        context.fillRect(LEFT + step * wide + left, unit * high + top, Math.max(0.6, wide - 2 * left), Math.max(0.6, high - 2 * top));
      }
    }
    context.shadowBlur = 0;
  }

  answers(context, top) {
    const { steps, probabilities } = this.given;
    const cell = this.width / steps;
    const y = (value) => top + ANSWER * (1 - value);
    let last = null;
    probabilities.forEach((value, step) => {
      // Between those that were asked, the last one stands.
      if (value !== null) last = value;
      if (last === null) return;
      context.globalAlpha = value === null ? 0.35 : 0.85;
      context.fillStyle = last >= 0.5 ? this.colours.positive : this.colours.negative;
      const from = y(Math.max(last, 0.5));
      context.fillRect(LEFT + step * cell, from, Math.max(cell - (cell > 4 ? 1 : 0), 0.6), Math.max(1, y(Math.min(last, 0.5)) - from));
    });
    context.globalAlpha = 0.5;
    context.strokeStyle = context.fillStyle = this.colours.text;
    line(context, LEFT, y(0.5), LEFT + this.width, y(0.5));
    context.globalAlpha = 0.75;
    context.textAlign = "right";
    for (const [value, text] of [[1, "1"], [0.5, "½"], [0, "0"]]) context.fillText(text, LEFT - 5, Math.max(top + 8, y(value) + 3));
    sideways(context, "P(pos.)", 12, top + ANSWER / 2);
    context.globalAlpha = 1;
  }

  weights(context, top) {
    const { steps, attention } = this.given;
    const cell = this.width / steps;
    const most = Math.max(...attention, 1e-9);
    context.fillStyle = this.colours.attention;
    attention.forEach((weight, step) => {
      const size = (WEIGHTS * weight) / most;
      context.fillRect(LEFT + step * cell, top + WEIGHTS - size, Math.max(cell - (cell > 4 ? 1 : 0), 0.6), size);
    });
    context.globalAlpha = 0.75;
    context.fillStyle = context.strokeStyle = this.colours.text;
    line(context, LEFT, top + WEIGHTS, LEFT + this.width, top + WEIGHTS);
    context.textAlign = "right";
    context.fillText(`${Math.round(100 * most)}%`, LEFT - 5, top + 8);
    sideways(context, "att.", 12, top + WEIGHTS / 2);
    context.globalAlpha = 1;
  }

  gradients(context, top) {
    const { steps, gradient, scale } = this.given;
    const cell = this.width / steps;
    const [low, high] = scale;
    const y = (value) => top + GRADIENT * (1 - (value - low) / (high - low));
    context.fillStyle = context.strokeStyle = this.colours.text;
    context.textAlign = "right";
    const every = Math.max(1, Math.ceil((high - low) / 4));
    for (let power = low; power <= high; power += every) {
      context.globalAlpha = 0.18;
      line(context, LEFT, y(power), LEFT + this.width, y(power));
      context.globalAlpha = 0.75;
      context.fillText(`1e${power < 0 ? "−" : ""}${Math.abs(power)}`, LEFT - 5, Math.min(top + GRADIENT, Math.max(top + 8, y(power) + 3)));
    }
    context.globalAlpha = 1;
    context.fillStyle = this.colours.gradient;
    gradient.forEach((value, step) => {
      const left = LEFT + step * cell;
      // A gradient of exactly 0 has no logarithm: a thin foot says that it is there, and nothing.
      const from = value === null ? top + GRADIENT - 1.5 : y(value);
      context.globalAlpha = value === null ? 0.4 : 1;
      context.fillRect(left, from, Math.max(cell - (cell > 4 ? 1 : 0), 0.6), top + GRADIENT - from);
    });
    context.globalAlpha = 1;
  }

  axis(context) {
    const { steps, words } = this.given;
    const cell = this.width / steps;
    const y = this.height - 6;
    context.fillStyle = context.strokeStyle = this.colours.text;
    context.globalAlpha = 0.75;
    context.textAlign = "left";
    context.fillText("first word", LEFT, y);
    context.textAlign = "right";
    context.fillText(words.length < steps ? `${steps - words.length} × padding` : "last word", LEFT + this.width, y);
    if (words.length < steps && words.length * cell > 130) {
      context.fillText("last word", LEFT + words.length * cell - 4, y);
    }
    context.globalAlpha = 1;
  }

  // Where the review ends and padding begins.
  border(context, top, bottom) {
    const { steps, words } = this.given;
    const x = LEFT + (words.length / steps) * this.width;
    context.strokeStyle = this.colours.text;
    context.setLineDash([4, 3]);
    line(context, x, top, x, bottom);
    context.setLineDash([]);
  }
}

// 128 colours from one to another, three numbers each, mixed by the browser in the space of CSS.
function ramp(from, to) {
  const canvas = document.createElement("canvas");
  canvas.width = 128;
  canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const gradient = context.createLinearGradient(0, 0, 128, 0);
  gradient.addColorStop(0, from);
  gradient.addColorStop(1, to);
  context.fillStyle = gradient;
  context.fillRect(0, 0, 128, 1);
  const { data } = context.getImageData(0, 0, 128, 1);
  return Uint8ClampedArray.from({ length: 384 }, (_, i) => data[4 * Math.floor(i / 3) + (i % 3)]);
}

function line(context, x, y, toX, toY) {
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(toX, toY);
  context.stroke();
}

function sideways(context, text, x, y) {
  context.save();
  context.translate(x, y);
  context.rotate(-Math.PI / 2);
  context.textAlign = "center";
  context.fillText(text, 0, 0);
  context.restore();
}

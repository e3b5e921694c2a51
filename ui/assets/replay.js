// Replay: what was measured is drawn again from the first step on, as if it were being trained now.

import { count, element } from "./words.js";

// As fast as it was trained, or the whole run in so many seconds.
const SPEEDS = [
  ["1", "1×"], ["4", "4×"], ["16", "16×"], ["64", "64×"],
  ["in 10", "in 10 s"], ["in 30", "in 30 s"], ["in 60", "in 60 s"],
];
const USUAL_SPEED = "in 30";
const FRAME = 100;

const REPLAYED = "sl-replayed";

// Tells every other view of the page to which step the experiments at `urls` are shown; null: all of them.
export function announce(urls, step) {
  document.dispatchEvent(new CustomEvent(REPLAYED, { detail: { urls, step } }));
}

// Calls `hear(urls, step)` for what is announced, until the returned function is called.
export function listen(hear) {
  const heard = ({ detail }) => hear(detail.urls, detail.step);
  document.addEventListener(REPLAYED, heard);
  return () => document.removeEventListener(REPLAYED, heard);
}

export class ReplayBar {
  constructor(changed, speed = USUAL_SPEED) {
    this.changed = changed;
    this.step = null; // null: everything is shown
    this.last = 0;
    this.playing = false;
    this.symbol = element("span");
    this.symbol.setAttribute("aria-hidden", "true");
    this.label = element("span");
    this.button = element("button", { cls: "sl-play" }, [this.symbol, this.label]);
    this.button.type = "button";
    this.button.onclick = () => {
      if (this.playing) this.pause();
      else this.play();
      this.changed();
    };
    this.speed = element("select", { cls: "sl-speed", title: "Times the speed of the training, or the length of the replay" },
      SPEEDS.map(([value, text]) => Object.assign(element("option", { text }), { value })));
    this.speed.value = speed;
    this.speed.setAttribute("aria-label", "Speed of the replay");
    this.speed.onchange = () => this.restart();
    this.slider = element("input", { cls: "sl-scrub" });
    Object.assign(this.slider, { type: "range", min: 0, step: 1 });
    this.slider.setAttribute("aria-label", "Step of the replay");
    this.slider.oninput = () => this.scrub(Number(this.slider.value));
    this.shown = element("output", { cls: "sl-at" });
    this.node = element("div", { cls: "sl-replay" }, [this.button, this.speed, this.slider, this.shown]);
    this.node.hidden = true;
  }

  // Called whenever the numbers are complete: `last` is the latest step, `seconds` the time the training took.
  offer(last, seconds, autoplay) {
    const first = this.last === 0;
    this.last = last;
    this.seconds = seconds > 0 ? seconds : last / 10;
    this.slider.max = String(last);
    this.node.hidden = last === 0;
    if (first && autoplay && last > 0) this.play();
    this.tell();
  }

  withdraw() {
    this.pause();
    this.last = 0;
    this.step = null;
    this.node.hidden = true;
  }

  get rate() {
    const [kind, seconds] = this.speed.value.split(" ");
    return kind === "in" ? this.last / Number(seconds) : (Number(kind) * this.last) / this.seconds;
  }

  play() {
    if (this.step === null || this.step >= this.last) this.step = 0;
    this.playing = true;
    this.restart();
    this.tick();
  }

  // The position follows the clock, not the number of frames: a slow browser skips, it does not lag.
  restart() {
    this.from = this.step ?? 0;
    this.began = performance.now();
  }

  pause() {
    this.playing = false;
    clearTimeout(this.timer);
    this.tell();
  }

  scrub(step) {
    this.step = step >= this.last ? null : step;
    if (this.playing && this.step === null) this.pause();
    this.restart();
    this.tell();
    this.changed();
  }

  tick() {
    clearTimeout(this.timer);
    if (!this.playing) return;
    const at = Math.floor(this.from + ((performance.now() - this.began) / 1000) * this.rate);
    if (at >= this.last) {
      this.step = null;
      this.pause();
    } else {
      this.step = at;
      this.timer = setTimeout(() => this.tick(), FRAME);
    }
    this.tell();
    this.changed();
  }

  tell() {
    const at = this.step ?? this.last;
    this.symbol.textContent = this.playing ? "❚❚" : "▶";
    const word = this.playing ? "Pause" : this.step === null ? "Replay" : "Play";
    if (this.label.textContent !== word) this.label.textContent = word;
    this.slider.value = String(at);
    this.slider.setAttribute("aria-valuetext", `step ${at} of ${this.last}`);
    this.shown.textContent = `${count(at)} / ${count(this.last)}`;
  }

  close() {
    this.playing = false;
    clearTimeout(this.timer);
  }
}

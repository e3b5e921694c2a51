// Numbers and states in words, the same in every part of a page.

export const STATUS = {
  queued: "Waiting", running: "Training", paused: "Paused", finished: "Finished",
  stopped: "Stopped", failed: "Failed", interrupted: "Interrupted",
  replay: "Replay",
};

export function count(value) {
  return Number.isFinite(value) ? Math.round(value).toLocaleString("en-US") : "–";
}

export function percent(value, digits = 1) {
  return Number.isFinite(value) ? inside(value, (share) => `${(100 * share).toFixed(digits)} %`, 10 ** -(digits + 2)) : "–";
}

// A probability behind its name.
export function equals(probability) {
  const said = inside(probability, (value) => value.toFixed(3), 1e-3);
  return /^[<>]/.test(said) ? said : `= ${said}`;
}

// As `number_words.py`: only all are 100 %, only none are 0 %.
function inside(value, write, least) {
  const said = write(value);
  if (value > 0 && said === write(0)) return `< ${write(least)}`;
  if (value < 1 && said === write(1)) return `> ${write(1 - least)}`;
  return said;
}

// With a true minus: screen readers pass over a hyphen.
export function number(value) {
  return written(value).replaceAll("-", "−");
}

function written(value) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e5 || size < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "";
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

// A table cell, a label: always text, never markup, because names and errors come from outside.
export function element(tag, { text, cls, title } = {}, children = []) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (cls) node.className = cls;
  if (title) node.title = title;
  node.append(...children);
  return node;
}

// The only place where outside text meets Plotly's small markup: names of runs in hover labels.
export function escaped(text) {
  return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("%{", "% {");
}

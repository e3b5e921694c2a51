// What one sets at the curves: how smooth they are, and the way back out of a zoom.

import { element } from "./words.js";

// `moved(weight)` hears of each change.
export function smoothing(moved) {
  const slider = element("input");
  Object.assign(slider, { type: "range", min: 0, max: 0.98, step: 0.02, value: 0, id: "sl-smoothing" });
  slider.setAttribute("aria-label", "Smoothing of the curves");
  const shown = element("output", { text: "off" });
  slider.oninput = () => {
    const weight = Number(slider.value);
    shown.textContent = weight ? weight.toFixed(2) : "off";
    moved(weight);
  };
  return element("label", { cls: "sl-smoothing" }, [element("span", { text: "Smoothing" }), slider, shown]);
}

// Plotly's own way out is a double click or a bar that only a mouse brings up.
export function zoomOut(pressed) {
  const button = element("button", { cls: "sl-zoom-out", text: "Zoom out" });
  button.type = "button";
  button.hidden = true;
  button.onclick = pressed;
  return button;
}

// Every axis of a figure back to what it shows by itself.
export function wholeRange(figure) {
  const shown = Object.entries(figure.layout ?? {}).filter(([name, axis]) => /^[xy]axis/.test(name) && !axis.fixedrange);
  return Object.fromEntries(shown.map(([name]) => [`${name}.autorange`, true]));
}

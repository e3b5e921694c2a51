// A program line by line, or the tensors before and after a line: what each number was computed from lights up.
//
// Everything shown is set with textContent: words come from reviews, and a review is hostile until proven otherwise.

import { element } from "./words.js";

const views = new WeakMap();

export default function walk({ data, parentElement, setTriggerValue }) {
  let view = views.get(parentElement);
  if (!view) {
    view = { root: element("div", { cls: "wk" }), drawn: null };
    parentElement.append(view.root);
    views.set(parentElement, view);
  }
  view.go = (line) => setTriggerValue("line", line);
  const wanted = JSON.stringify(data);
  if (view.drawn !== wanted) {
    view.drawn = wanted;
    const parts = data.lines ? [program(data.lines, (line) => view.go(line))] : tensors(data, view.root);
    view.root.replaceChildren(...parts);
  }
  return () => {
    view.root.remove();
    views.delete(parentElement);
  };
}

function program(lines, go) {
  const buttons = lines.map(({ code, note, state, wrong }, place) => {
    const button = element("button", { cls: `wk-line wk-${state}${wrong ? " wk-wrong" : ""}` }, [
      element("pre", { text: state === "now" ? code : shortened(code), title: state === "now" ? "" : code }),
      ...(note ? [element("span", { cls: "wk-note", text: note })] : []),
    ]);
    if (state === "now") button.setAttribute("aria-current", "step");
    button.addEventListener("click", () => go(place));
    return element("li", {}, [button]);
  });
  return element("ol", { cls: "wk-code" }, buttons);
}

// What is not read now is named by its beginning: the line that is must not be pushed off the screen.
function shortened(code) {
  const lines = code.split("\n");
  return lines.length > 2 ? `${lines[0]} …` : code;
}

function tensors({ groups, hint }, root) {
  const said = element("div", { cls: "wk-said", text: hint });
  said.setAttribute("aria-live", "polite");
  const cells = new Map();
  const drawn = groups.map(({ title, result, values }) => {
    const shown = values.map((value) => tensor(value, result, cells));
    return element("div", { cls: `wk-group ${result ? "wk-result" : "wk-source"}` }, [
      element("div", { cls: "wk-heading", text: title }),
      element("div", { cls: "wk-tensors" }, shown),
    ]);
  });
  for (const value of groups.filter(({ result }) => result).flatMap(({ values }) => values)) {
    if (value.reads) point(value, cells, said, hint, root);
  }
  return [...drawn, said];
}

function tensor(value, result, cells) {
  const name = element("div", { cls: "wk-name", text: value.name }, [
    element("span", { cls: "wk-shape", text: `  ${value.shape}` }),
  ]);
  const wide = ["picture", "words", "text"].includes(value.kind);
  return element("div", { cls: `wk-tensor${wide ? " wk-tensor-wide" : ""}` }, [name, ...BODIES[value.kind](value, result, cells)]);
}

// What is longer than its place can be scrolled from the keyboard.
const scrolling = (node) => Object.assign(node, { tabIndex: 0 });

const BODIES = {
  cells: ({ name, slabs, labels, numbers, shades, reads }, result, cells) => {
    const nodes = [];
    cells.set(`${result ? "after" : "before"}:${name}`, nodes);
    let place = 0;
    const grids = slabs.map(({ rows, columns }, slab) => {
      const grid = element("div", { cls: "wk-grid" });
      grid.style.gridTemplateColumns = `repeat(${columns}, auto)`;
      for (let i = 0; i < rows * columns; i += 1, place += 1) {
        const cell = element("span", { cls: "wk-cell", text: numbers[place] });
        const shade = shades[place];
        if (shade === null) cell.classList.add("wk-nan");
        else if (shade === 0) cell.classList.add("wk-zero");
        else {
          cell.style.setProperty("--wk-hue", shade > 0 ? "var(--wk-up)" : "var(--wk-down)");
          cell.style.setProperty("--wk-share", Math.abs(shade).toFixed(2));
        }
        if (reads) cell.tabIndex = place ? -1 : 0;
        nodes.push(cell);
        grid.append(cell);
      }
      const label = labels[slab] ? [element("div", { cls: "wk-label", text: labels[slab] })] : [];
      return element("div", {}, [...label, grid]);
    });
    return [element("div", { cls: "wk-slabs" }, grids)];
  },
  picture: ({ parts, about }) => [
    ...parts.map(({ label, width, height, levels }) => element("div", {}, [
      ...(label ? [element("div", { cls: "wk-label", text: label })] : []),
      picture(width, height, levels, about),
    ])),
    element("div", { cls: "wk-label", text: about }),
  ],
  words: ({ words, known, more }) => {
    const shown = words.map((word, i) => element("span", { text: word, cls: known[i] ? "" : "wk-unknown" }));
    return [scrolling(element("div", { cls: "wk-words" }, more ? [...shown, element("em", { text: more })] : shown))];
  },
  text: ({ text }) => [scrolling(element("div", { cls: "wk-words", text }))],
  value: ({ text }) => [element("div", { cls: "wk-value", text })],
};

// Levels are bytes: 0 to 254 from far below zero over zero (127) to far above, 255 is padding.
function picture(width, height, levels, about) {
  const canvas = element("canvas", { cls: "wk-picture" });
  canvas.width = width;
  canvas.height = height;
  // Few rows are stretched, or a single one could not be seen.
  canvas.style.height = `${Math.min(Math.max(height * 1.2, 22), 170)}px`;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", about);
  const bytes = Uint8Array.from(atob(levels), (letter) => letter.charCodeAt(0));
  const image = new ImageData(width, height);
  for (let i = 0; i < bytes.length; i += 1) {
    const level = bytes[i];
    const [r, g, b] = level > 127 ? [31, 138, 84] : [138, 79, 163];
    const strength = Math.min(1, Math.abs(level - 127) / 127);
    image.data.set(level === 255 ? [138, 143, 152, 150] : [r, g, b, Math.round(255 * strength)], 4 * i);
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// `reads[source][i]`: the places in `source` that number i of the result was computed from.
function point(value, cells, said, hint, root) {
  const own = cells.get(`after:${value.name}`);
  const sources = Object.entries(value.reads);
  const light = (place) => {
    for (const nodes of cells.values()) for (const node of nodes) node.classList.remove("wk-lit");
    root.classList.toggle("wk-dim", place !== null);
    if (place === null) {
      said.textContent = hint;
      return;
    }
    own[place].classList.add("wk-lit");
    const words = sources.map(([name, reads]) => {
      for (const source of reads[place]) cells.get(`before:${name}`)?.[source].classList.add("wk-lit");
      return `${reads[place].length} of ${name}`;
    });
    said.textContent = `${value.name}${value.places[place]} = ${own[place].textContent}, computed from ${words.join(" and ")}.`;
  };
  own.forEach((node, place) => {
    node.addEventListener("pointerenter", () => light(place));
    node.addEventListener("pointerleave", () => light(null));
    node.addEventListener("focus", () => light(place));
    node.addEventListener("blur", () => light(null));
    node.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const next = step && own[place + step];
      if (!next) return;
      event.preventDefault();
      next.tabIndex = 0;
      node.tabIndex = -1;
      next.focus();
    });
  });
}

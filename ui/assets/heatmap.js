// A review with every one of its characters, its tokens coloured by a score: one row per model, on one scale.
//
// Everything shown is set with textContent: a review is hostile until proven otherwise.

import { element, number } from "./words.js";

const views = new WeakMap();

export default function heatmap({ data, parentElement }) {
  let view = views.get(parentElement);
  if (!view) {
    view = { root: element("div", { cls: "hm" }), drawn: null };
    parentElement.append(view.root);
    views.set(parentElement, view);
  }
  const wanted = JSON.stringify(data);
  if (view.drawn !== wanted) {
    view.drawn = wanted;
    view.root.replaceChildren(...draw(data));
  }
  return () => {
    view.root.remove();
    views.delete(parentElement);
  };
}

function draw({ text, rows, largest, signed }) {
  const detail = element("div", { cls: "hm-detail", text: "Point at a word, or use the arrow keys, to read its exact value." });
  detail.setAttribute("aria-live", "polite");
  const scored = rows.some((row) => row.tokens.some((token) => token.score !== null));
  const parts = [];
  if (scored) parts.push(legend(largest, signed));
  parts.push(detail);
  for (const row of rows) parts.push(rowNode(text, row, largest, signed, detail));
  return parts;
}

function rowNode(text, row, largest, signed, detail) {
  const body = element("div", { cls: "hm-text" });
  body.dir = "auto";
  body.setAttribute("role", "group");
  body.setAttribute("aria-label", `${row.title}: the review, word by word`);
  const spans = [];
  const nodes = [];
  let place = 0;
  for (const token of row.tokens) {
    if (token.start > place) nodes.push(document.createTextNode(text.slice(place, token.start)));
    const span = element("span", { text: text.slice(token.start, token.end), cls: tokenClass(token) });
    span.tabIndex = spans.length ? -1 : 0;
    paint(span, token, largest, signed);
    span.setAttribute("aria-label", spoken(token, text));
    nodes.push(span);
    spans.push(span);
    place = token.end;
  }
  if (place < text.length) nodes.push(document.createTextNode(text.slice(place)));
  body.append(...nodes);
  follow(body, spans, (i) => { detail.textContent = `${row.title}  ·  ${spoken(row.tokens[i], text)}`; });
  const head = element("div", { cls: "hm-head" }, [
    element("span", { cls: "hm-title", text: row.title }),
    element("span", { cls: "hm-verdict", text: row.verdict }),
    ...(row.probability === null ? [] : [gauge(row.probability)]),
    element("span", { cls: "hm-note", text: row.note }),
  ]);
  return element("section", { cls: "hm-row" }, [head, body]);
}

// Where between negative and positive: a mark on a line with 0.5 in its middle.
function gauge(probability) {
  const mark = element("span", { cls: "hm-mark" });
  mark.style.left = `${(100 * probability).toFixed(1)}%`;
  const node = element("span", { cls: "hm-gauge", title: `P(positive) = ${probability.toFixed(4)}` }, [mark]);
  node.setAttribute("aria-hidden", "true");
  return node;
}

function tokenClass({ known, used }) {
  return `hm-token${known ? "" : " hm-unknown"}${used || !known ? "" : " hm-unused"}`;
}

// Colour is a custom property from 0 to 1, mixed in CSS, so that light and dark themes each have their own ends.
function paint(span, { score, used }, largest, signed) {
  if (score === null || !used || !(largest > 0)) return;
  const share = Math.min(1, Math.abs(score) / largest);
  span.style.setProperty("--hm-share", share.toFixed(3));
  span.classList.add(!signed || score > 0 ? "hm-up" : "hm-down");
  if (share > 0.55) span.classList.add("hm-strong");
  if (signed && share > 0.12) span.dataset.sign = score > 0 ? "+" : "−";
}

function spoken({ start, end, score, known, used }, text) {
  const word = `“${text.slice(start, end)}”`;
  if (!known) return `${word}: not among the word vectors, the model never saw it`;
  if (!used) return `${word}: beyond the part that the model reads`;
  return score === null ? `${word}: read by the model` : `${word}: ${number(score)}`;
}

// One listener a row instead of one a token: a thousand tokens must not stall the page.
function follow(body, spans, show) {
  const index = new Map(spans.map((span, i) => [span, i]));
  let current = 0;
  const at = (event) => index.get(event.target.closest(".hm-token"));
  const reached = (event) => {
    const i = at(event);
    if (i !== undefined) show(i);
  };
  body.addEventListener("mouseover", reached);
  body.addEventListener("focusin", (event) => {
    const i = at(event);
    if (i === undefined) return;
    spans[current].tabIndex = -1;
    current = i;
    spans[current].tabIndex = 0;
    show(i);
  });
  body.addEventListener("keydown", (event) => {
    const rightToLeft = getComputedStyle(body).direction === "rtl";
    const step = { ArrowRight: rightToLeft ? -1 : 1, ArrowLeft: rightToLeft ? 1 : -1, ArrowDown: 10, ArrowUp: -10 }[event.key];
    const target = event.key === "Home" ? 0 : event.key === "End" ? spans.length - 1 : step === undefined ? null : current + step;
    if (target === null || !spans.length) return;
    event.preventDefault();
    spans[Math.min(spans.length - 1, Math.max(0, target))].focus();
  });
}

function legend(largest, signed) {
  const ends = signed ? [`−${number(largest)}`, "0", `+${number(largest)}`] : ["0", number(largest)];
  return element("div", { cls: "hm-legend" }, [
    element("span", { text: signed ? "towards negative" : "attention weight" }),
    element("span", { text: ends[0], cls: "hm-end" }),
    element("span", { cls: `hm-ramp${signed ? " hm-ramp-signed" : ""}` }),
    element("span", { text: ends[ends.length - 1], cls: "hm-end" }),
    ...(signed ? [element("span", { text: "towards positive" })] : []),
    element("span", { cls: "hm-keys" }, [
      element("span", { cls: "hm-token hm-unknown", text: "unknown word" }),
      element("span", { cls: "hm-token hm-unused", text: "not read" }),
    ]),
  ]);
}

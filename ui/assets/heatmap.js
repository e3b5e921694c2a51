// A review with every one of its characters, its tokens coloured by scores: a block per model, in it a row per method.
//
// Everything shown is set with textContent: a review is hostile until proven otherwise.

import { element, equals, number } from "./words.js";

const views = new WeakMap();
const KNOWN = 1;
const USED = 2;
const MASKED = 4;

export default function heatmap({ data, parentElement, setTriggerValue }) {
  let view = views.get(parentElement);
  if (!view) {
    view = { root: element("div", { cls: "hm" }), drawn: null };
    parentElement.append(view.root);
    views.set(parentElement, view);
  }
  view.pick = (block, token) => setTriggerValue("picked", [block, token]);
  const wanted = JSON.stringify(data);
  if (view.drawn !== wanted) {
    view.drawn = wanted;
    view.root.replaceChildren(...draw(data, (block, token) => view.pick(block, token)));
  }
  return () => {
    view.root.remove();
    views.delete(parentElement);
  };
}

function draw({ text, blocks, scales, hint }, pick) {
  const rest = `Point at a word, or use the arrow keys, to read its exact values.${hint ? ` ${hint}` : ""}`;
  const detail = element("div", { cls: "hm-detail", text: rest });
  detail.setAttribute("aria-live", "polite");
  return [
    legend(scales, blocks),
    detail,
    ...blocks.map((block, i) => blockNode(text, block, scales, detail, (token) => pick(i, token))),
  ];
}

function blockNode(text, block, scales, detail, pick) {
  const tokens = unpack(block.tokens);
  const rows = block.rows.length ? block.rows : [{ title: "", note: "", scale: "", scores: tokens.map(() => null) }];
  const bodies = rows.map((row) => body(text, block, row, tokens, scales[row.scale]));
  const show = (i) => {
    for (const { spans } of bodies) {
      spans[bodies.at ?? 0]?.classList.remove("hm-here");
      spans[i].classList.add("hm-here");
    }
    bodies.at = i;
    detail.textContent = `${block.title}  ·  ${spoken(tokens[i], text, rows, i)}`;
  };
  for (const { node, spans } of bodies) follow(node, spans, show, pick);
  if (bodies.length > 1) scrollTogether(bodies.map(({ node }) => node));
  const head = element("div", { cls: "hm-head" }, [
    element("span", { cls: "hm-title", text: block.title }),
    element("span", { cls: "hm-verdict", text: block.verdict }),
    ...(block.probability === null ? [] : [gauge(block.probability)]),
    element("span", { cls: "hm-note", text: block.note }),
  ]);
  const parts = rows.flatMap((row, i) => {
    const title = element("div", { cls: "hm-method" }, [
      element("span", { text: row.title }),
      element("span", { cls: "hm-note", text: row.note }),
    ]);
    return row.title ? [title, bodies[i].node] : [bodies[i].node];
  });
  return element("section", { cls: `hm-row${bodies.length > 1 ? " hm-stacked" : ""}` }, [head, ...parts]);
}

function unpack(numbers) {
  const tokens = [];
  for (let i = 0; i < numbers.length; i += 3) {
    const flags = numbers[i + 2];
    tokens.push({
      start: numbers[i], end: numbers[i + 1], known: !!(flags & KNOWN), used: !!(flags & USED), masked: !!(flags & MASKED),
    });
  }
  return tokens;
}

function body(text, block, row, tokens, scale) {
  const node = element("div", { cls: "hm-text" });
  node.dir = "auto";
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", `${block.title}${row.title ? `, ${row.title}` : ""}: the review, word by word`);
  const spans = [];
  const nodes = [];
  let place = 0;
  tokens.forEach((token, i) => {
    if (token.start > place) nodes.push(document.createTextNode(text.slice(place, token.start)));
    const span = element("span", { text: text.slice(token.start, token.end), cls: tokenClass(token) });
    span.tabIndex = i ? -1 : 0;
    paint(span, token, row.scores[i], scale);
    span.setAttribute("role", "button");
    span.setAttribute("aria-label", spoken(token, text, row.title ? [row] : [], i));
    nodes.push(span);
    spans.push(span);
    place = token.end;
  });
  if (place < text.length) nodes.push(document.createTextNode(text.slice(place)));
  node.append(...nodes);
  return { node, spans };
}

// Where between negative and positive: a mark on a line with 0.5 in its middle.
function gauge(probability) {
  const mark = element("span", { cls: "hm-mark" });
  mark.style.left = `${(100 * probability).toFixed(1)}%`;
  const node = element("span", { cls: "hm-gauge", title: `P(positive) ${equals(probability)}` }, [mark]);
  node.setAttribute("aria-hidden", "true");
  return node;
}

function tokenClass({ known, used, masked }) {
  const state = masked ? " hm-masked" : !known ? " hm-unknown" : !used ? " hm-unused" : "";
  return `hm-token${state}`;
}

// Colour is a custom property from 0 to 1, mixed in CSS, so that light and dark themes each have their own ends.
function paint(span, { used, masked }, score, scale) {
  if (score === null || !used || masked || !(scale?.largest > 0)) return;
  const share = Math.min(1, Math.abs(score) / scale.largest);
  span.style.setProperty("--hm-share", share.toFixed(3));
  span.classList.add("hm-coloured", !scale.signed ? "hm-weight" : score > 0 ? "hm-positive" : "hm-negative");
  if (!scale.signed) return;
  if (share > 0.12) span.dataset.sign = score > 0 ? "+" : "−";
}

function spoken({ start, end, known, used, masked }, text, rows, i) {
  const whole = text.slice(start, end);
  const word = `“${whole.length > 80 ? `${whole.slice(0, 80)}…` : whole}”`;
  if (masked) return `${word}: masked, the model read nothing in its place`;
  if (!known) return `${word}: not among the word vectors, the model never saw it`;
  if (!used) return `${word}: beyond the part that the model reads`;
  const scored = rows.filter((row) => row.title && row.scores[i] !== null);
  if (!scored.length) return `${word}: read by the model`;
  return `${word}: ${scored.map((row) => `${row.title} ${number(row.scores[i])}`).join("  ·  ")}`;
}

function scrollTogether(nodes) {
  for (const node of nodes) {
    node.addEventListener("scroll", () => {
      for (const other of nodes) if (other !== node && other.scrollTop !== node.scrollTop) other.scrollTop = node.scrollTop;
    }, { passive: true });
  }
}

// One listener a row instead of one a token: a thousand tokens must not stall the page.
function follow(node, spans, show, pick) {
  const index = new Map(spans.map((span, i) => [span, i]));
  let current = 0;
  const at = (event) => index.get(event.target.closest(".hm-token"));
  node.addEventListener("mouseover", (event) => {
    const i = at(event);
    if (i !== undefined) show(i);
  });
  node.addEventListener("focusin", (event) => {
    const i = at(event);
    if (i === undefined) return;
    spans[current].tabIndex = -1;
    current = i;
    spans[current].tabIndex = 0;
    show(i);
  });
  node.addEventListener("click", (event) => {
    const i = at(event);
    if (i !== undefined) pick(i);
  });
  node.addEventListener("keydown", (event) => {
    const i = at(event);
    if (i !== undefined && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      pick(i);
      return;
    }
    const rightToLeft = getComputedStyle(node).direction === "rtl";
    const step = { ArrowRight: rightToLeft ? -1 : 1, ArrowLeft: rightToLeft ? 1 : -1, ArrowDown: 10, ArrowUp: -10 }[event.key];
    const target = event.key === "Home" ? 0 : event.key === "End" ? spans.length - 1 : step === undefined ? null : current + step;
    if (target === null || !spans.length) return;
    event.preventDefault();
    spans[Math.min(spans.length - 1, Math.max(0, target))].focus();
  });
}

function legend(scales, blocks) {
  const shown = Object.values(scales).filter(({ largest }) => largest > 0);
  const signed = shown.some((scale) => scale.signed);
  const items = shown.map(({ title, signed, largest }) => element("span", { cls: "hm-scale" }, [
    element("span", { text: title }),
    element("span", { text: signed ? `−${number(largest)}` : "0", cls: "hm-end" }),
    element("span", { cls: `hm-ramp${signed ? " hm-ramp-signed" : ""}` }),
    element("span", { text: signed ? `+${number(largest)}` : number(largest), cls: "hm-end" }),
  ]));
  if (signed) items.push(element("span", { text: "− speaks for negative, + for positive, in log-odds" }));
  if (shown.length > 1) items.push(element("span", { text: "Each method has its own scale." }));
  const flags = new Set(blocks.flatMap((block) => block.tokens.filter((_, i) => i % 3 === 2)));
  const any = (wanted) => [...flags].some(wanted);
  const keys = [];
  if (any((flag) => !(flag & KNOWN))) keys.push(element("span", { cls: "hm-token hm-unknown", text: "unknown word" }));
  if (any((flag) => flag & KNOWN && !(flag & USED))) keys.push(element("span", { cls: "hm-token hm-unused", text: "not read" }));
  if (any((flag) => flag & MASKED)) keys.push(element("span", { cls: "hm-token hm-masked", text: "masked" }));
  if (keys.length) items.push(element("span", { cls: "hm-keys" }, keys));
  return element("div", { cls: "hm-legend" }, items);
}

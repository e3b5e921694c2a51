// The review as words to step through and to pick.

import { element } from "./words.js";

export class Words {
  constructor({ title, words, steps }, { move, pick }) {
    this.count = words.length;
    this.node = element("div", { cls: "gl-text" });
    this.node.setAttribute("role", "group");
    this.node.setAttribute("aria-label", `${title}: the review, word by word`);
    this.spans = words.map((word, i) => {
      const span = element("span", { cls: "gl-word", text: word });
      span.tabIndex = i ? -1 : 0;
      span.setAttribute("role", "button");
      return span;
    });
    this.spans.forEach((span, i) => this.node.append(...(i ? [" "] : []), span));
    if (steps > this.count) {
      this.zeros = element("span", { cls: "gl-zeros", text: `+ ${steps - this.count} × 0` });
      this.node.append(" ", this.zeros);
    }
    const index = new Map(this.spans.map((span, i) => [span, i]));
    const chosen = (event) => index.get(event.target.closest(".gl-word"));
    const take = (i) => {
      this.focus(i);
      move(i);
      pick(i);
    };
    this.node.addEventListener("click", (event) => {
      const i = chosen(event);
      if (i !== undefined) take(i);
    });
    this.node.addEventListener("keydown", (event) => {
      const i = chosen(event);
      if (i === undefined) return;
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        return take(i);
      }
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 10, ArrowUp: -10 }[event.key];
      const to = event.key === "Home" ? 0 : event.key === "End" ? this.count - 1 : step === undefined ? null : i + step;
      if (to === null) return;
      event.preventDefault();
      const target = Math.min(this.count - 1, Math.max(0, to));
      this.focus(target);
      this.spans[target].focus();
      move(target);
    });
  }

  focus(i) {
    for (const span of this.spans) span.tabIndex = -1;
    this.spans[i].tabIndex = 0;
  }

  // `at`: the step that is reached, null when all is shown; `back`: the gradient is on its way.
  draw(at, back) {
    this.spans.forEach((span, i) => {
      span.classList.toggle("gl-now", i === at);
      span.classList.toggle("gl-ahead", at !== null && !back && i > at);
    });
    this.zeros?.classList.toggle("gl-now", at !== null && at >= this.count);
    if (at !== null && at < this.count) scrollInto(this.node, this.spans[at]);
  }
}

function scrollInto(box, span) {
  const top = span.offsetTop - box.offsetTop;
  if (top < box.scrollTop || top + span.offsetHeight > box.scrollTop + box.clientHeight) {
    box.scrollTop = top - box.clientHeight / 2;
  }
}

// The status line and the table of runs above the curves.

import { STATUS, count, duration, element, number, percent } from "./words.js";

export class StatusLine {
  constructor() {
    this.badge = element("span", { cls: "sl-badge" });
    this.message = element("span", { cls: "sl-message" });
    this.asked = element("span", { cls: "sl-asked" });
    this.asked.setAttribute("role", "status");
    this.facts = element("span", { cls: "sl-facts" });
    this.fill = element("div", { cls: "sl-fill" });
    this.bar = element("div", { cls: "sl-bar" }, [this.fill]);
    this.bar.setAttribute("role", "progressbar");
    this.bar.setAttribute("aria-label", "Training progress");
    this.error = element("div", { cls: "sl-error" });
    this.error.setAttribute("role", "alert");
    this.note = element("div", { cls: "sl-note" });
    this.note.setAttribute("role", "status");
    this.node = element("div", { cls: "sl-status" }, [
      element("div", { cls: "sl-line" }, [this.badge, this.message, this.asked, this.facts]), this.bar, this.error, this.note,
    ]);
    this.error.hidden = this.note.hidden = true;
  }

  show({ status, error, progress, asked, queue_position: position, queue_seconds: wait }) {
    set(this.badge, STATUS[status] ?? status);
    this.badge.dataset.status = status;
    const training = progress && progress.step > 0;
    const running = status === "running";
    let message = "";
    if (status === "queued") {
      message = position > 1 ? `number ${position} in the queue` : "next in the queue";
      if (Number(wait) >= 5) message += `, starts in about ${duration(Number(wait))}`;
    }
    else if (running && !progress) message = "starting";
    else if (running && progress.message !== STATUS.running) message = progress.message;
    set(this.message, message);
    this.say(asked ?? []);
    const facts = [];
    if (progress?.total_steps) facts.push(`step ${count(progress.step)} / ${count(progress.total_steps)}`);
    if (progress?.epochs) facts.push(`epoch ${progress.epoch} / ${progress.epochs}`);
    if (training && progress.tokens_per_second) facts.push(`${count(progress.tokens_per_second)} tokens/s`);
    if (running && Number.isFinite(progress?.eta_seconds ?? NaN)) facts.push(`${duration(progress.eta_seconds)} ${training ? "left" : "until this is done"}`);
    set(this.facts, facts.join("  ·  "));
    const share = progress?.total_steps && training ? progress.step / progress.total_steps : progress?.fraction;
    const known = Number.isFinite(share);
    this.fill.style.width = `${100 * (status === "finished" ? 1 : known ? Math.min(1, share) : 0)}%`;
    this.bar.classList.toggle("sl-waiting", running && !known);
    if (known) this.bar.setAttribute("aria-valuenow", String(Math.round(100 * share)));
    set(this.error, error ?? "");
    this.error.hidden = !error;
  }

  // What was asked of the training and is not done yet.
  say(asked) {
    set(this.asked, asked.join("  ·  "));
  }

  problem(message) {
    set(this.note, message);
    this.note.hidden = !message;
    if (message) this.node.hidden = false;
  }
}

const HEADS = [
  ["", ""], ["Run", "Click a name to hide its curves"], ["Loss", ""],
  ["Valid.", "Accuracy on the validation reviews, of the weights that are kept"], ["Test", "Accuracy on the test reviews, once, at the end"],
  ["Clipped", "Share of steps whose gradient was clipped"],
];

export class RunTable {
  constructor(toggle) {
    this.toggle = toggle;
    this.body = element("tbody");
    const head = element("thead", {}, [element("tr", {}, HEADS.map(([text, title]) => element("th", { text, title })))]);
    this.node = element("table", { cls: "sl-runs" }, [head, this.body]);
    this.rows = new Map();
  }

  explain({ loss }) {
    this.node.querySelectorAll("th")[2].title = `Of the latest batch. ${loss.help}`;
  }

  show(runs) {
    const wanted = new Set(runs.map((run) => run.id));
    for (const [id, row] of this.rows) {
      if (wanted.has(id)) continue;
      row.remove();
      this.rows.delete(id);
    }
    for (const [place, run] of runs.entries()) {
      const row = this.rows.get(run.id) ?? this.add(run.id);
      // Experiments answer in any order; their rows do not.
      if (this.body.children[place] !== row) this.body.insertBefore(row, this.body.children[place]);
      this.fill(row, run);
    }
  }

  add(id) {
    const swatch = element("span", { cls: "sl-swatch" });
    const name = element("button", { cls: "sl-name" });
    name.type = "button";
    name.onclick = () => this.toggle(id);
    const row = element("tr", {}, [element("td", {}, [swatch]), element("td", {}, [name, element("span", { cls: "sl-changes" })]),
      ...HEADS.slice(2).map(() => element("td", { cls: "sl-value" }))]);
    this.rows.set(id, row);
    this.body.append(row);
    return row;
  }

  fill(row, run) {
    const [swatch, name, loss, valid, test, clipped] = row.children;
    swatch.firstChild.style.background = run.colour;
    set(name.firstChild, run.label);
    name.firstChild.title = [run.label, run.parameters ? `${count(run.parameters)} trained parameters` : "", run.error ?? ""].filter(Boolean).join("\n");
    name.firstChild.setAttribute("aria-pressed", String(!run.hidden));
    set(name.lastChild, (run.changes ?? []).map(({ step, words }) => `${words} at step ${count(step)}`).join(", "));
    row.classList.toggle("sl-hidden", run.hidden);
    const losses = run.series.columns.loss ?? [];
    set(loss, losses.length ? number(losses[losses.length - 1]) : "–");
    const accuracies = run.series.evaluations.filter((e) => e.part === "validation").map((e) => Number(e.accuracy));
    // A replay has come to some epoch, which need not be the one whose weights are kept.
    const shown = run.validation_accuracy === undefined ? accuracies.at(-1) ?? null : run.validation_accuracy;
    set(valid, shown === null ? "–" : Number(shown).toFixed(3));
    set(test, run.test_accuracy === null ? "–" : Number(run.test_accuracy).toFixed(3));
    set(clipped, run.clipping === "none" ? "off" : percent(run.series.clippedShare, 0));
  }
}

function set(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// The losses of many runs in one figure: what there is to draw comes with the page, and replaces what was there.

import { DataTable } from "./described.js";
import { enlarged, lookOf } from "./drawing.js";
import { stackedFigure } from "./figure.js";
import { FigureView } from "./figure_view.js";
import { grouped } from "./groups.js";
import { mounted } from "./mounted.js";
import { Series } from "./series.js";
import { element } from "./words.js";

class View extends FigureView {
  constructor(parent) {
    super();
    this.figure = element("div", { cls: "sl-cloud-figure" });
    this.problem = element("p", { cls: "sl-cloud-problem" });
    this.numbers = new DataTable();
    this.appear(parent, element("div", { cls: "sl-cloud" }, [this.figure, this.problem, this.numbers.node]));
  }

  show(data) {
    this.data = data;
    this.root.style.setProperty("--sl-cloud-height", `${data.height}px`);
    this.load(data.plotly, (problem) => { this.problem.textContent = problem; });
  }

  get plots() {
    return [this.figure];
  }

  drawNow() {
    const { panel, quantities, quantiles } = this.data;
    const rows = JSON.parse(this.data.runs).map(({ rows, ...run }) => {
      const series = new Series();
      series.append(rows);
      return { ...run, series, undrawn: [] };
    });
    const runs = grouped(rows, quantiles, new Set());
    const look = lookOf(this.root);
    const figure = stackedFigure(runs, look, [panel], quantities, { range: null, smoothing: 0, revision: "cloud", markers: [], guessing: [] });
    // A hundred lines on top of each other: what many share must look darker than what one does.
    if (runs.length > 12) for (const trace of figure.traces) if (trace.mode === "lines") Object.assign(trace, { opacity: 0.5, line: { ...trace.line, width: 1.2 } });
    // One name at a time: a list of a hundred would hide the cloud.
    figure.layout.hovermode = runs.length > 6 ? "closest" : figure.layout.hovermode;
    this.paint(this.figure, enlarged(figure, look.scale));
    this.numbers.tell(runs, quantities, [[this.figure, [panel]]]);
  }
}

export default mounted(View);

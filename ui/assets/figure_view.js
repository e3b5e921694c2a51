// What views of figures share: they draw with Plotly at most once a frame, keep their figures as wide as they are, and take
// them along when they end. A view has `plots`, the nodes that it draws into, and `drawNow()`, which draws all of them.

import { loadPlotly } from "./drawing.js";

const CONFIG = { displaylogo: false, responsive: false, displayModeBar: false, scrollZoom: false };

export class FigureView {
  // Show `root`, in which the figures are.
  appear(parent, root) {
    this.root = root;
    parent.append(root);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(root);
  }

  // `failed` hears why the library is not there.
  load(url, failed) {
    loadPlotly(url).then((plotly) => {
      this.plotly = plotly;
      this.draw();
    }, (error) => failed(error.message));
  }

  // Whether there is what it takes to draw.
  get ready() {
    return Boolean(this.plotly);
  }

  draw() {
    if (!this.ready || this.pending || this.closed) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = null;
      this.drawNow();
    });
  }

  paint(node, { traces, layout }) {
    this.plotly.react(node, traces, layout, CONFIG);
  }

  resize() {
    if (!this.plotly) return;
    for (const node of this.plots) if (node.data && node.offsetWidth) this.plotly.Plots.resize(node);
  }

  close() {
    this.closed = true;
    this.observer.disconnect();
    if (this.pending) cancelAnimationFrame(this.pending);
    for (const node of this.plots) this.plotly?.purge(node);
    this.root.remove();
  }
}

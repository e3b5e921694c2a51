"""How long the Runs page takes with many long runs: listing, opening, laying eight runs over each other.

    python -m benchmarks.runs_page [--experiments 25] [--steps 10000]

Each experiment is a twin; the steps are made up and written as a worker would. `listed` is the work of the core and the
table (database, differing settings, accuracies), without a browser; the other times are measured in Chromium, in a tab
that has shown the page before. All numbers are medians, with the largest in brackets.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.app_server import CHROMIUM, FLAGS, AppServer
from sentiment_core.config import from_fields
from sentiment_core.metrics import Evaluation, Status
from sentiment_core.presets import vary_clipping
from sentiment_core.steps.quantities import StepMetrics
from sentiment_core.store import Search, Store

REPEATS = 7
DRAWN = """(steps) => {
  const plot = document.querySelector('.sl-curves');
  const ends = (plot?.data ?? []).filter((t) => t.yaxis === 'y' && t.x.length > 100).map((t) => t.x.at(-1));
  return document.querySelectorAll('.sl-runs tbody tr').length && ends.length >= %d && ends.every((x) => x >= steps);
}"""


def fill(store: Store, experiments: int, steps: int) -> list[str]:
    """Write finished twins and return the ids of their runs, newest experiment first."""
    rng = np.random.default_rng(1)
    ids: list[str] = []
    for number in range(experiments):
        made = store.create_experiment(
            vary_clipping(from_fields({"name": f"Twin {number}", "training.learning_rate": 1e-4 * (number + 1)}))
        )
        norms = rng.lognormal(0, 0.7, steps)
        for place, run in enumerate(made.runs):
            noise = rng.normal(0, 0.02, steps) if place else np.zeros(steps)
            store.write_steps({run.id: [_step(n, norms[n], noise[n], bool(place)) for n in range(steps)]})
            ends = range(steps // 10, steps + 1, steps // 10)
            results = [Evaluation(end, e, "validation", 0.5, 0.6 + e / 50) for e, end in enumerate(ends, start=1)]
            store.write_evaluations(run.id, results)
            store.update_run(run.id, steps=steps, seconds=60.0, tokens=9_000_000, parameters=20000, test_accuracy=0.75)
        store.set_status(made.id, Status.FINISHED)
        ids = [run.id for run in made.runs] + ids
    return ids


def _step(number: int, norm: float, noise: float, clipped: bool) -> StepMetrics:
    loss = 0.69 * math.exp(-number / 6000) + noise * (number > 5)
    after = min(norm, 1.0) if clipped else norm
    return StepMetrics(number + 1, 1, loss, 0.6, 1e-3, norm, after, 0.1, 1.0, 1.0, 9000, number * 0.01)


def listed(store: Store) -> None:
    """List all runs as the page does."""
    from ui.runs.search import ROWS
    from ui.runs.table import Entry, setting_columns, table_rows

    store.count_runs(Search())
    entries = [Entry(*pair) for pair in store.search_runs(Search(), ROWS)]
    table_rows(entries)
    setting_columns([entry.run for entry in entries])


def timed(action: Callable[[], object], repeats: int = REPEATS) -> str:
    """Return median and largest of the times that `action` takes, after one that warms up."""
    action()
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return f"{statistics.median(seconds):.3f} s ({max(seconds):.3f})"


def opened(page: Page, runs: int, steps: int) -> None:
    """Click through to the page from Home and wait for its table and its curves."""
    page.get_by_role("link", name="Home", exact=True).click()
    page.wait_for_selector(".sl-twins")
    started = time.perf_counter()
    page.get_by_role("link", name="Runs", exact=True).click()
    page.wait_for_selector("[data-testid=stDataFrame] canvas")
    table = time.perf_counter() - started
    page.wait_for_function(DRAWN % runs, arg=steps)
    OPENINGS.append((table, time.perf_counter() - started))


# Milliseconds from the first question for numbers until the curves are drawn, and until all their rows are.
FROM_FIRST_QUESTION = """async ([runs, steps]) => {
  const asked = () => performance.getEntriesByType('resource').filter((e) => e.name.includes('/api/experiments/'));
  const curves = () => document.querySelector('.sl-curves')?.data ?? [];
  const ends = () => curves().filter((t) => t.yaxis === 'y' && t.x.length > 100);
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  let drawn = null;
  for (;;) {
    await frame();
    if (drawn === null && ends().length >= runs && ends().every((t) => t.x.at(-1) >= steps)) drawn = performance.now();
    if (drawn !== null && ends().every((t) => t.x.length > 2000)) break;
  }
  const first = Math.min(...asked().map((e) => e.startTime));
  return [drawn - first, performance.now() - first];
}"""
OPENINGS: list[tuple[float, float]] = []
ZOOM = """async () => {
  const plot = document.querySelector('.sl-curves');
  const started = performance.now();
  for (let n = 0; n < 10; n++) {
    await window.Plotly.relayout(plot, { 'xaxis.range': [1000 + n * 50, 3000 + n * 50] });
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  }
  await window.Plotly.relayout(plot, { 'xaxis.autorange': true });
  return (performance.now() - started) / 10;
}"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=int, default=25)
    parser.add_argument("--steps", type=int, default=10_000)
    options = parser.parse_args()
    os.environ["SENTIMENT_HOME"] = home = tempfile.mkdtemp()
    with Store() as store, sync_playwright() as playwright:
        ids = fill(store, options.experiments, options.steps)
        print(f"{len(ids)} runs of {options.steps:,} steps")
        print(f"listed: {timed(lambda: listed(store))}")
        print(f"searched for a word: {timed(lambda: store.search_runs(Search((('clip',), ('cell=gru',))), 200))}")
        from sentiment_core.findings.twins import parting

        pair = [store.run(identifier) for identifier in ids[:2]]
        print(f"where twins part: {timed(lambda: parting(*pair, *(store.steps(run.id) for run in pair)))}")
        with AppServer(Path(home)) as server:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 720}, bypass_csp=True)
            page.goto(server.url)
            for _ in range(REPEATS + 1):
                opened(page, 2, options.steps)
            tables, curves = zip(*OPENINGS[1:], strict=True)
            print(f"page opened until the table is there: {statistics.median(tables):.3f} s ({max(tables):.3f})")
            print(f"page opened until two runs are drawn: {statistics.median(curves):.3f} s ({max(curves):.3f})")
            link = f"{server.url}/runs?runs={','.join(ids[:8])}"
            started = time.perf_counter()
            page.goto(link)
            page.wait_for_function(DRAWN % 8, arg=options.steps)
            print(f"eight runs from a link until they are drawn: {time.perf_counter() - started:.2f} s")
            for again in range(3):
                page.goto("about:blank")
                page.goto(link)
                drawn, whole = page.evaluate(FROM_FIRST_QUESTION, [8, options.steps])
                since = f"drawn {drawn:.0f} ms, all rows {whole:.0f} ms"
                print(f"  again ({again + 1}), since the plot first asked: {since}")
            print(f"eight runs, one zoom: {page.evaluate(ZOOM):.0f} ms")
            browser.close()


if __name__ == "__main__":
    main()

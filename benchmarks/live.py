"""How soon a new metric is on screen, and what ten browsers watching one run cost the server.

    python -m benchmarks.live [--seconds 20]

This process plays the worker: it writes a step every quarter of a second into a store of its own, and looks for its
number on the page. The real worker collects for up to 0.25 s before it writes, which is added to the delay.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import statistics
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import Page, sync_playwright

from benchmarks.app_server import CHROMIUM, FLAGS, AppServer
from sentiment_core.config import ExperimentConfig
from sentiment_core.presets import vary_clipping
from sentiment_core.steps.quantities import StepMetrics
from sentiment_core.store import Store, Worker, WorkProgress
from sentiment_core.work.reporting import FLUSH_SECONDS

WRITE_SECONDS = 0.25
TOTAL_STEPS = 900


class FakeWorker:
    """Writes steps of a twin experiment as a worker would."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.experiment = store.create_experiment(vary_clipping(ExperimentConfig()))
        self.worker = Worker.of()
        store.claim_experiment(self.experiment.id, self.worker)
        self.step = 0
        self.write(1)

    def write(self, count: int) -> None:
        """Write `count` more steps of both runs."""
        rows = []
        for _ in range(count):
            self.step += 1
            loss, norm = 0.7 * math.exp(-self.step / 2000), random.lognormvariate(0, 0.5)
            rows.append(
                StepMetrics(self.step, 1, loss, 0.6, 1e-3, norm, min(norm, 1.0), 0.1, 1.0, 1.0, 9000, self.step * 0.1)
            )
        self.store.write_steps({run.id: rows for run in self.experiment.runs})
        progress = WorkProgress(
            "training", "Training", self.step / TOTAL_STEPS, self.step, TOTAL_STEPS, 1, 5, 9e4, 60.0
        )
        self.store.heartbeat(self.experiment.id, progress, self.worker)


def delay(page: Page, worker: FakeWorker) -> float:
    """Write one step at a random moment and return the seconds until the page shows its number."""
    time.sleep(random.uniform(0.2, 1.2))
    worker.write(1)
    started = time.monotonic()
    page.get_by_text(f"step {worker.step} /").first.wait_for(timeout=20_000)
    return time.monotonic() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--samples", type=int, default=40)
    options = parser.parse_args()
    os.environ["SENTIMENT_HOME"] = home = tempfile.mkdtemp()
    with Store() as store, sync_playwright() as playwright:
        worker = FakeWorker(store)
        with AppServer(Path(home)) as server:
            link = f"{server.url}/train?experiment={worker.experiment.id}"
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.goto(link)
            page.get_by_text("step 1 /").first.wait_for(timeout=60_000)
            delays = sorted(delay(page, worker) + random.uniform(0, FLUSH_SECONDS) for _ in range(options.samples))
            p95 = delays[math.ceil(0.95 * len(delays)) - 1]
            print(f"one browser, {len(delays)} samples: median {statistics.median(delays):.2f} s, p95 {p95:.2f} s")
            pages = [page] + [browser.new_page(viewport={"width": 1280, "height": 720}) for _ in range(9)]
            for other in pages[1:]:
                other.goto(link)
                other.get_by_text(f"/ {TOTAL_STEPS}").first.wait_for(timeout=60_000)
            process = psutil.Process(server.pid)
            before, started = sum(process.cpu_times()[:2]), time.monotonic()
            while time.monotonic() - started < options.seconds:
                time.sleep(WRITE_SECONDS)
                worker.write(3)
            used = (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - started)
            print(f"ten browsers: the server used {used:.0%} of one core, {process.memory_info().rss / 1e6:.0f} MB")
            browser.close()


if __name__ == "__main__":
    main()

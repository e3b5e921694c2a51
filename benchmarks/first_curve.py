"""How long from the click on Train until the first point of a curve is on the screen, in real Chromium.

    python -m benchmarks.first_curve [--repetitions 5]

Train's own settings (the twin on demo reviews) in a home that is new: first with a worker that waits, then without
(`SENTIMENT_STANDBY=0`). Each repetition is another seed, started once the one before was stopped and a worker had its
time to get ready. Beside each figure stands the load of the machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.app_server import CHROMIUM, FLAGS, AppServer
from sentiment_core.work.executors.standby import PAUSE_SECONDS, SWITCH

DRAWN = """() => (document.querySelector('.sl-curves')?.data ?? []).some((trace) => trace.x?.length)"""
# Time to import what a training needs, on a slow machine too.
READY_SECONDS = PAUSE_SECONDS + 10.0


def first_point(page: Page, url: str, seed: int) -> float:
    """Return the seconds from the click to the first point, then stop the training."""
    page.goto(f"{url}/train?seed={seed}")
    button = page.get_by_role("button", name="Train", exact=True)
    button.wait_for()
    page.wait_for_timeout(READY_SECONDS * 1000)
    began = time.perf_counter()
    button.click()
    page.wait_for_function(DRAWN, polling=20, timeout=120_000)
    taken = time.perf_counter() - began
    page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True).click()
    page.locator(".sl-badge", has_text="Stopped").wait_for(timeout=120_000)
    return taken


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    for name, switch in (("a worker waits", "1"), ("none waits", "0")):
        os.environ[SWITCH] = switch
        with tempfile.TemporaryDirectory() as home, AppServer(Path(home)) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            # Playwright asks again with an `eval`, which the page's policy refuses.
            page = browser.new_page(viewport={"width": 1280, "height": 720}, bypass_csp=True)
            taken = [first_point(page, server.url, seed) for seed in range(1, options.repetitions + 1)]
            browser.close()
        each = ", ".join(f"{seconds:.2f}" for seconds in taken)
        load = os.getloadavg()[0]
        print(f"{name}: median {statistics.median(taken):.2f} s ({each}); load {load:.1f}", flush=True)


if __name__ == "__main__":
    main()

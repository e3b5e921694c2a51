"""Two visits that once stalled everybody, and how long another page takes to open meanwhile.

    python benchmarks/stall.py

One visitor reads a kilobyte-sized file of fifty million blank lines, one opens a link with five methods and a long
text and presses Compute; a third opens Home and Runs in a Chromium of its own, alternately, throughout.
"""

from __future__ import annotations

import gzip
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

import psutil
from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.app_server import CHROMIUM, FLAGS, AppServer
from ui.kit.uploads import save_upload

METHODS = "attention,integrated_gradients,gradient_x_input,occlusion_delete,occlusion_mask"
TEXT = "not a word of it is lazy " * 1_000
OPENINGS = 4
SIGHTS = {"": "Ready on this machine", "runs": "Nothing has been trained yet"}


def opening_seconds(browser: Browser, url: str) -> list[float]:
    """Open pages in new windows, one after another; return how long each takes until its text is there."""
    seconds = []
    for number in range(OPENINGS):
        path, sight = list(SIGHTS.items())[number % len(SIGHTS)]
        page = browser.new_context().new_page()
        started = time.perf_counter()
        page.goto(f"{url}/{path}")
        page.get_by_text(sight).first.wait_for(timeout=120_000)
        seconds.append(time.perf_counter() - started)
        page.context.close()
    return seconds


def told(name: str, seconds: list[float], server: psutil.Process) -> None:
    """Print median and worst."""
    memory = server.memory_info().rss / 1e6
    print(
        f"{name}: median {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s; server {memory:.0f} MB",
        flush=True,
    )


def main() -> None:
    """Measure alone, then beside each visit."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder)
        os.environ["SENTIMENT_HOME"] = folder
        blank = save_upload("blank.csv.gz", gzip.compress(b"text,label\n" + b"\n" * 50_000_000))
        with AppServer(home) as server:
            process = psutil.Process(server.pid)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            other = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            opening_seconds(browser, server.url)
            told("alone", opening_seconds(browser, server.url), process)
            visitor = other.new_page()
            visitor.goto(f"{server.url}/data?{urlencode({'source': 'csv', 'file': blank.name})}")
            visitor.get_by_role("button", name="Read the reviews").click()
            told(
                f"a file of blank lines, {blank.stat().st_size / 1e3:.0f} kB",
                opening_seconds(browser, server.url),
                process,
            )
            visitor.get_by_text("blank ones included").wait_for(timeout=120_000)
            visitor = other.new_page()
            visitor.goto(f"{server.url}/explain?{urlencode({'text': TEXT, 'methods': METHODS})}")
            told("a link with five methods", opening_seconds(browser, server.url), process)
            visitor.get_by_role("button", name="Compute").click(timeout=120_000)
            told("its methods being computed", opening_seconds(browser, server.url), process)
            visitor.get_by_role("button", name="Cancel").click(timeout=120_000)
            browser.close()
            other.close()


if __name__ == "__main__":
    main()

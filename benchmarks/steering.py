"""How soon the page says what was asked of a training, and how soon it shows that it was done.

    python -m benchmarks.steering [--repetitions 5]

A twin trains on the demo reviews. From a click on Pause, Step or Resume until the state follows on the screen (paused,
one more point on the curves, training), and until the page first answers: with the words about what was asked, or with
the state where that is sooner. Beside the figures stands the load of the machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.app_server import CHROMIUM, FLAGS, AppServer

LONG = "training.epochs=100&training.batch_size=16&training.clipping=norm&training.max_norm=0.5&runs=%5B%5D"
LAST = "Math.max(0, ...(document.querySelector('.sl-curves')?.data ?? []).flatMap((trace) => trace.x ?? []))"
STATUS = "document.querySelector('.sl-badge')?.dataset.status"
WORDS = """() => {
  window.said = null;
  const node = document.querySelector('.sl-asked');
  new MutationObserver(() => { window.said ??= node.textContent && performance.now(); })
    .observe(node, { childList: true, characterData: true, subtree: true });
  document.addEventListener("click", () => { window.clicked = performance.now(); }, { capture: true, once: true });
}"""


def asked(page: Page, name: str, done: str) -> tuple[float, float]:
    """Click a button; return the seconds until the page answers, and until the condition `done` holds."""
    page.evaluate(WORDS)
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_function(done, polling=20, timeout=60_000)
    words, whole = page.evaluate(
        "() => [window.said && window.said - window.clicked, performance.now() - window.clicked]"
    )
    return min(words or whole, whole) / 1000, whole / 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    taken = defaultdict(list)
    with tempfile.TemporaryDirectory() as home, AppServer(Path(home)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        # Playwright asks again with an `eval`, which the page's policy refuses.
        page = browser.new_page(viewport={"width": 1280, "height": 720}, bypass_csp=True)
        page.goto(f"{server.url}/train?{LONG}")
        page.get_by_role("button", name="Train", exact=True).click()
        page.wait_for_function(f"() => {LAST} >= 5", polling=100, timeout=120_000)
        for _ in range(options.repetitions):
            taken["Pause"].append(asked(page, "Pause", f"() => {STATUS} === 'paused'"))
            page.get_by_role("button", name="Resume", exact=True).wait_for()
            time.sleep(1.0)
            steps = page.evaluate(LAST)
            taken["Step"].append(asked(page, "Step", f"() => {LAST} > {steps}"))
            assert page.evaluate(LAST) == steps + 1, "one update, no more"
            taken["Resume"].append(asked(page, "Resume", f"() => {STATUS} === 'running'"))
            page.get_by_role("button", name="Pause", exact=True).wait_for()
            time.sleep(1.0)
        page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True).click()
        page.locator(".sl-badge", has_text="Stopped").wait_for(timeout=120_000)
        browser.close()
    for name, each in taken.items():
        answer, whole = (statistics.median(times) for times in zip(*each, strict=True))
        worst = max(answer for answer, _ in each)
        print(f"{name}: answered after {answer:.2f} s (at most {worst:.2f}), done on the screen after {whole:.2f} s")
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()

"""How soon Home shows its curves once the server answers, and how soon they follow a slider.

    python -m benchmarks.home [--repetitions 5]

Each repetition is a browser that has been nowhere before: it fetches every script. The first figure is from the first
byte of the page to the frame in which both figures have their curves; the second from the move of a slider, as soon as
there are curves, to the frame with others; the third the same once all has loaded. Beside them stands the load.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.app_server import CHROMIUM, FLAGS, AppServer

# The lines that are drawn, before the plotting library is there and after.
CURVES = """[...document.querySelectorAll('.sl-twin-figure')]
  .map((node) => [...node.querySelectorAll('.sl-line, .js-line')].map((line) => line.getAttribute('d')))"""
DRAWN = f"({CURVES}).length === 2 && ({CURVES}).every((traces) => traces.length > 1)"
# Moves a slider as a hand does; returns the milliseconds to the frame with other curves, null where none comes.
MOVED = """async ([label, place]) => {
  const curves = () => JSON.stringify(CURVES);
  const knob = [...document.querySelectorAll('.sl-knob')].find((each) => each.textContent.includes(label));
  const input = knob.querySelector('input'), before = curves(), began = performance.now();
  input.value = place;
  input.dispatchEvent(new Event('input', { bubbles: true }));
  while (curves() === before && performance.now() - began < 30000) await new Promise(requestAnimationFrame);
  const taken = performance.now() - began, followed = curves() !== before;
  input.dispatchEvent(new Event('change', { bubbles: true }));
  return followed ? taken : null;
}""".replace("CURVES", CURVES)
PAINTED = f"""() => ({DRAWN}) && performance.now() - performance.getEntriesByType('navigation')[0].responseStart"""
FIRST_MOVE = ("Learning rate", 9)
MOVES = [("Learning rate", 2), ("Clip gradients", 4), ("Learning rate", 7), ("Clip gradients", 1)]


def visit(browser: Browser, url: str) -> tuple[float, float, list[float]]:
    """Open Home in a browser that knows nothing; return the seconds to its curves, to those that follow a slider moved
    at once, and to those that follow each later move.
    """
    # Playwright asks again with an `eval`, which the page's policy refuses.
    page = browser.new_page(viewport={"width": 1280, "height": 720}, bypass_csp=True)
    page.goto(url, wait_until="commit")
    painted = float(page.wait_for_function(PAINTED, polling=20, timeout=60_000).json_value())
    at_once = float(page.evaluate(MOVED, list(FIRST_MOVE)))
    page.wait_for_selector(".sl-twin-figure .main-svg", state="attached")
    moved = [float(page.evaluate(MOVED, list(move))) for move in MOVES]
    page.close()
    return painted / 1000, at_once / 1000, [taken / 1000 for taken in moved]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, AppServer(Path(home)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        visits = [visit(browser, server.url) for _ in range(options.repetitions)]
        browser.close()
    painted, at_once = ([visit[place] for visit in visits] for place in (0, 1))
    moved = [seconds for *_, each in visits for seconds in each]
    each = ", ".join(f"{seconds:.2f}" for seconds in painted)
    print(f"Home's curves are there {statistics.median(painted):.2f} s after the server answers ({each})")
    print(
        f"they follow a slider at once in {1000 * statistics.median(at_once):.0f} ms, at most {1000 * max(at_once):.0f}"
    )
    print(f"they follow it later in {1000 * statistics.median(moved):.0f} ms, at most {1000 * max(moved):.0f}")
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()

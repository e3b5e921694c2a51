"""Take the pictures of every page: light and dark, projector and phone width, into one folder.

    python -m docs.screenshots [--out docs/images] [--readme]

Starts the app with a home of its own, trains the twin experiment on demo reviews through the browser, and photographs
what a user sees. `--readme` takes only the pictures that README.md shows, the moving one (`docs/film.py`) among them.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, sync_playwright

from benchmarks.app_server import CHROMIUM, FLAGS, AppServer
from docs import film
from ui.labs.registry import LABS

ROOT = Path(__file__).resolve().parents[1]
REVIEW = (
    "I was told this would be a dull two hours, and for a while I believed it. The plot wanders and the music is far "
    "too loud, but the last act is simply wonderful: funny, tender, never cheap. Not a perfect film, yet I would "
    "happily see it again tomorrow."
)
README_PICTURES = {"home", "train", "lessons", "explain", "runs", "data"}
SLOW = {"explain", "data"}
SIZES = {"wide": (1280, 720), "narrow": (390, 844)}


def settle(page: Page, seconds: float = 1.5) -> None:
    """Wait until Streamlit has finished a run and the plots have been drawn."""
    page.get_by_test_id("stStatusWidget").wait_for(state="detached", timeout=60_000)
    page.wait_for_timeout(seconds * 1000)


def train(page: Page, address: str) -> str:
    """Start the default twin experiment through the form, photograph it half-way, and return its link."""
    page.goto(f"{address}/train")
    page.get_by_role("button", name="Train", exact=True).wait_for(timeout=60_000)
    settle(page)
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url("**experiment=**", timeout=60_000)
    return page.url


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default=str(ROOT / "docs" / "images"))
    parser.add_argument("--readme", action="store_true")
    options = parser.parse_args()
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home, AppServer(Path(home)) as server:
        address = server.url
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            looks = [("light", "wide")] if options.readme else [(c, s) for c in ("light", "dark") for s in SIZES]
            experiment = ""
            for scheme, size in looks:
                width, height = SIZES[size]
                page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                suffix = "" if options.readme else f"-{scheme}-{size}"
                if not experiment:
                    page.goto(f"{address}/train")
                    settle(page)
                    experiment = train(page, address)
                    page.wait_for_timeout(16_000)
                    if not options.readme:
                        page.screenshot(path=out / f"train-live{suffix}.png")
                    page.get_by_text("Finished", exact=False).first.wait_for(timeout=180_000)
                links = {
                    "home": address,
                    "train-form": f"{address}/train",
                    "train": experiment,
                    "lessons": f"{address}/lessons?lesson=clip-norm",
                    "runs": f"{address}/runs",
                    "explain": f"{address}/explain?{urlencode({'text': REVIEW})}",
                    "explain-file": f"{address}/explain?view=file",
                    "explain-study": f"{address}/explain?view=study",
                    "data": f"{address}/data",
                    "labs": f"{address}/labs",
                    **{f"lab-{lab.name}": f"{address}/labs?lab={lab.name}" for lab in LABS},
                }
                for name, link in links.items():
                    if options.readme and name not in README_PICTURES:
                        continue
                    page.goto(link)
                    settle(page)
                    if name in SLOW:
                        settle(page, 4)
                    page.screenshot(path=out / f"{name}{suffix}.png")
                if options.readme:
                    film.write(page, address, out / film.NAME)
                page.close()
            browser.close()


if __name__ == "__main__":
    main()

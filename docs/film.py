"""Film Home's recorded twins while their sliders move: the moving picture on top of README.md.

    python -m docs.film [--out docs/images]

Real curves of the recordings that ship, photographed in Chromium slider step by slider step.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.app_server import CHROMIUM, FLAGS, AppServer

IMAGES = Path(__file__).with_name("images")
NAME = "twins.webp"
LARGEST = 2_000_000
WIDTH = 960
# Milliseconds of a picture, and of one in which a slider has arrived.
STEP, REST = 450, 1800
# Which slider moves how often, and where to; they end where they began.
MOVES = (
    ("Clip gradients at length", 5, "ArrowRight"),
    ("Clip gradients at length", 5, "ArrowLeft"),
    ("Learning rate", 4, "ArrowLeft"),
    ("Learning rate", 4, "ArrowRight"),
)
MARGIN = 12


def pictures(page: Page, address: str) -> Iterator[tuple[Image.Image, int]]:
    """Give pictures of the twins while their sliders move, and how long each is seen, in milliseconds."""
    page.goto(address)
    twins = page.locator(".st-key-home-twins .sl-twins")
    expect(twins.locator(".main-svg").first).to_be_visible(timeout=60_000)
    page.get_by_test_id("stStatusWidget").wait_for(state="detached", timeout=60_000)
    yield _picture(page, REST)
    for label, times, key in MOVES:
        slider = twins.get_by_role("slider", name=label)
        for left in reversed(range(times)):
            slider.press(key)
            yield _picture(page, STEP if left else REST)


def _picture(page: Page, milliseconds: int) -> tuple[Image.Image, int]:
    page.wait_for_timeout(250)  # the curves are drawn in the next frame
    box = page.locator(".st-key-home-twins .sl-twins").bounding_box()
    assert box is not None
    # What the twins are made of lies above the note on how they were recorded.
    note = page.locator(".sl-twin-note").bounding_box()
    bottom = note["y"] if note else box["y"] + box["height"]
    clip = {
        "x": box["x"] - MARGIN,
        "y": box["y"] - MARGIN,
        "width": box["width"] + 2 * MARGIN,
        "height": bottom - box["y"] + MARGIN,
    }
    image = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")
    return image.resize((WIDTH, round(image.height * WIDTH / image.width)), Image.Resampling.LANCZOS), milliseconds


def write(page: Page, address: str, path: Path) -> None:
    """Film the twins into `path`; raise `ValueError` for a film too large to be looked at on the way."""
    taken = list(pictures(page, address))
    (first, _), *others = taken
    first.save(
        path,
        save_all=True,
        append_images=[image for image, _ in others],
        duration=[milliseconds for _, milliseconds in taken],
        loop=0,
        quality=80,
        method=6,
    )
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path.name} has {path.stat().st_size:,} bytes; at most {LARGEST:,} are meant")


def main() -> None:
    """Film."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=IMAGES)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home,
        AppServer(Path(home)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        write(browser.new_page(viewport={"width": 1280, "height": 720}), server.url, options.out / NAME)
        browser.close()


if __name__ == "__main__":
    main()

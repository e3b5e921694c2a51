"""What the browser's tests share: how they wait for what only a script can tell."""

from __future__ import annotations

import time
from typing import Any

FITS = "document.documentElement.scrollWidth <= window.innerWidth"
# A projector and a phone.
SIZES = [
    ({"width": 1280, "height": 720}, "light"),
    ({"width": 390, "height": 844}, "dark"),
]
# Visible at 1280×720 without scrolling.
SEEN_AT_ONCE = "document.querySelector('.sl-curves')?.getBoundingClientRect().top < 300"

GO = """to => {
    const app = document.querySelector("[data-test-script-state]");
    window.wasRunning = false;
    new MutationObserver((_, watching) => {
        if (app.dataset.testScriptState === "running") { window.wasRunning = true; watching.disconnect(); }
    }).observe(app, { attributeFilter: ["data-test-script-state"] });
    history.pushState(null, "", to);
    dispatchEvent(new PopStateEvent("popstate"));
}"""


def go(page: Any, address: str) -> None:
    """Go to an address of the app in the page that shows it, as Back and Forward do: its scripts are not read anew.

    Comes back when the page there is drawn and nothing is left of the one before.
    """
    page.evaluate(GO, address)
    page.wait_for_url(f"**{address}")
    # A page that was drawn at one blow has never been seen at work.
    deadline = time.monotonic() + 10
    while not page.evaluate("window.wasRunning") and time.monotonic() < deadline:
        page.wait_for_timeout(20)
    page.locator("[data-test-script-state=notRunning]").wait_for()


def until(page: Any, condition: str, arg: Any = None) -> None:
    """Wait until a script's condition holds: asked ten times a second, not at each frame, which would draw them all.

    Asked from here: what Playwright leaves in the page to ask again is an `eval`, which the page's policy refuses.
    """
    deadline = time.monotonic() + 30
    while not page.evaluate(condition, arg):
        assert time.monotonic() < deadline, f"not within 30 s: {condition} ({arg})"
        page.wait_for_timeout(100)

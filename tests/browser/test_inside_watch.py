"""The inside of a run that watched it, in a real browser: drawn, scrubbed, replayed with the curves, on a phone too."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from sentiment_core.store import Store
from tests.browser.shared import FITS, until
from tests.pages.test_inside_panel import watched_run

pytestmark = pytest.mark.browser

COLUMNS = "document.querySelector('.si-heat').data[0].z[0].length"
SHARES = "[...document.querySelectorAll('.si-layers .si-plot')].map((plot) => plot.data?.[0].z[0].indexOf(1))"


def test_looks_are_drawn_scrubbed_and_replayed_with_the_curves(page, server):
    with Store(f"sqlite:///{server.home / 'store.sqlite3'}") as store:
        experiment = watched_run(store)
    page.goto(f"{server.url}/train?experiment={experiment.id}")
    said = page.locator(".si-said")
    said.get_by_text("10−16").wait_for(timeout=60_000)
    expect(said).to_contain_text(re.compile("^Step 21. Of the last word's gradient, 32 words earlier there is left: "))
    until(page, f"{COLUMNS} === 3")
    until(page, f"JSON.stringify({SHARES}) === '[20,20,21]'")
    found = page.evaluate("""() => {
      const { data, layout } = document.querySelector('.si-heat');
      return { z: data[0].z.map((row) => row[0]), at: data[0].customdata[39][0], most: layout.coloraxis.cmax,
               least: layout.coloraxis.cmin, behind: data[1].x.length };
    }""")
    assert found["z"][:3] == [0, -0.5, -1] and found["z"][39] < found["least"] == -10 and found["most"] == 0
    assert found["at"] == [1, "60–63", "0", 32] and found["behind"] == 40
    page.get_by_role("slider", name="Look").press("Home")
    page.get_by_text("1, look 1 of 3").wait_for()
    until(page, f"JSON.stringify({SHARES}) === '[20,20,1]'")
    page.get_by_role("slider", name="Step of the replay").fill("12")
    until(page, f"{COLUMNS} === 2")
    page.get_by_text("1, look 1 of 2").wait_for()
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    until(page, FITS)
    expect(said).to_be_visible()

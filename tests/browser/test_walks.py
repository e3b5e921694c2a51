"""The sheet, the tensor stepper, the blanks and the loop in a real browser: two sizes, light and dark."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.shared import FITS, SIZES, go, until

pytestmark = pytest.mark.browser

PAGES = {
    "/lessons?lesson=sheet": "Outside sources",
    "/labs?lab=blanks": "It has been run",
    "/labs?lab=loop": "Now the weights move",
    "/labs?lab=tensors&walk=words&step=5": "gets rows of zeros",
    "/labs?lab=tensors&walk=attention&step=2": "Broadcasting repeats",
}


def test_numbers_light_up_what_they_were_computed_from_and_lines_lead_on(page, server):
    page.goto(f"{server.url}/lessons")
    page.get_by_text("One network, ten rungs").wait_for()
    for turn, (address, sentence) in enumerate(PAGES.items()):
        go(page, address)
        said = page.get_by_text(sentence).first
        said.wait_for(timeout=60_000)
        for size, scheme in SIZES if turn % 2 else SIZES[::-1]:
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            until(page, FITS)
            expect(said).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("button", name="Show it").click()
    page.locator(".wk-result .wk-cell").first.hover()
    page.get_by_text("product[0, 0, 0] = ").wait_for()
    page.get_by_text("computed from 1 of output and 1 of h_n").wait_for()
    expect(page.locator(".wk-lit")).to_have_count(3)
    page.keyboard.press("Tab")
    page.get_by_role("button", name="scores = product.sum(2)").click()
    page.wait_for_url(re.compile("step=3"))
    page.get_by_text("The six products of a word are added up").wait_for()
    page.get_by_role("textbox", name="Predict first").fill("2, 5")
    page.keyboard.press("Enter")
    page.get_by_text("Yes, [2, 5]: reviews 2 × words 5.").wait_for()
    page.goto("about:blank")

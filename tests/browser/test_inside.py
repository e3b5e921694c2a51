"""The labs that look inside, in a real browser: projector and phone, light and dark, and a knob that answers."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.browser

LABS = {
    "saturation": "of the pre-activations lie",
    "clipping-geometry": "times the threshold",
    "batch-norm": "moves by exactly 0",
    "temporal-order": "seeds solve length 30",
    "initialisation": "The gradient at word 1 of",
}
FITS = "document.documentElement.scrollWidth <= window.innerWidth"


def test_each_lab_is_drawn_at_both_sizes_and_a_knob_answers(page, server):
    for name, sentence in LABS.items():
        page.set_viewport_size({"width": 1280, "height": 720})
        page.emulate_media(color_scheme="light")
        page.goto(f"{server.url}/labs?lab={name}")
        said = page.get_by_text(sentence).first
        said.wait_for(timeout=60_000)
        page.locator(".js-plotly-plot .main-svg").first.wait_for(timeout=90_000)
        assert page.evaluate(FITS)
        page.set_viewport_size({"width": 390, "height": 844})
        page.emulate_media(color_scheme="dark")
        page.wait_for_function(FITS)
        assert said.is_visible()
    page.set_viewport_size({"width": 1280, "height": 720})
    before = said.inner_text()
    page.get_by_role("slider", name="Gain: every weight matrix times").press("End")
    page.wait_for_url(re.compile("gain=3"))
    page.wait_for_function("before => !document.body.innerText.includes(before)", arg=before)
    page.get_by_text("It explodes", exact=True).click()
    page.get_by_text("Yes. The gradient at word 1").wait_for()
    page.goto(f"{server.url}/labs?lab=temporal-order")
    square = page.locator(".annotation-text").last
    square.wait_for()
    place = square.bounding_box()
    page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.wait_for_url(re.compile("way=orthogonal"))
    page.get_by_text("from an orthogonal start, clipped: with").wait_for()
    page.goto("about:blank")

"""The BERT lab in a real browser, by keyboard alone: a gap, the way its word was learned, and where a head looks."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_a_word_is_masked_scrubbed_through_training_and_attention_is_read(page, server):
    page.goto(f"{server.url}/labs?lab=bert&text=What+a+complete+waste+of+time.")
    said = page.get_by_text(re.compile("it was “waste”"))
    page.get_by_role("button", name="waste", exact=True).press("Enter")
    expect(said).to_be_visible(timeout=60_000)
    learned = said.inner_text()

    slider = page.get_by_role("slider", name="Weights after update")
    slider.press("Home")
    expect(said).not_to_have_text(learned)
    expect(page).to_have_url(re.compile(r"[?&]step=\d"))
    slider.press("End")
    expect(said).to_have_text(learned)

    page.get_by_role("radio", name="Attention").press("Space")
    page.get_by_role("button", name="Data as a table").press("Enter")
    # A row for each pair of tokens: the first are those of [CLS], the gap among them as the model reads it.
    cells = page.get_by_test_id("stDataFrame").locator("td")
    expect(cells.filter(has_text="0 [CLS]").first).to_be_attached()
    expect(cells.filter(has_text="4 [MASK]").first).to_be_attached()

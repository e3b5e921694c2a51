"""Explain in a real browser: strange reviews, every number by keyboard, and words changed from the heatmap."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.shared import until

pytestmark = pytest.mark.browser

HEBREW = "סרט נהדר a wonderful film 👩‍👩‍👧 é́ <b>bold</b> & <script>document.title='owned'</script>"
REVIEW = "A lazy plot and a beautiful waste of two hours."
METHODS = "attention,integrated_gradients,occlusion_delete"

BACKGROUND = "() => getComputedStyle(document.querySelector('.stApp')).backgroundColor"
LEAST_CONTRAST = """() => {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (colour) => [0, 1, 2].map((i) => {
    const part = colour[i] / 255;
    return [0.2126, 0.7152, 0.0722][i] * (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  }).reduce((sum, part) => sum + part, 0);
  const seen = (...layers) => {
    for (const layer of layers) { pen.fillStyle = layer; pen.fillRect(0, 0, 1, 1); }
    return light(pen.getImageData(0, 0, 1, 1).data);
  };
  const page = getComputedStyle(document.querySelector(".stApp")).backgroundColor;
  return Math.min(...[...document.querySelectorAll(".hm-coloured")].map((token) => {
    const { backgroundColor, color } = getComputedStyle(token);
    const both = [seen(page, backgroundColor), seen(color)];
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
  }));
}"""


def open_review(page, server, **query) -> None:
    page.goto(f"{server.url}/explain?{urlencode(query)}")
    page.wait_for_selector(".hm-text", timeout=60_000)


def test_what_a_link_says_of_a_choice_that_is_folded_away_is_there_when_it_is_opened(page, server):
    open_review(page, server, text=REVIEW, target="negative")
    # A later answer, told when the browser still has not drawn the choice.
    page.wait_for_timeout(2500)
    page.get_by_role("button", name="Occlusion").first.click()
    expect(page.locator(".hm-method")).to_have_count(2)
    page.get_by_role("button", name="More", exact=True).click()
    expect(page.get_by_role("radio", name="Negative")).to_be_checked()


def test_every_number_of_a_strange_review_is_reachable_by_keyboard(page, server):
    open_review(page, server, text=HEBREW, methods=METHODS)
    rows = page.locator(".hm-text")
    expect(rows).to_have_text([HEBREW] * 3, use_inner_text=True)
    expect(page.locator(".hm-text :is(b, script)")).to_have_count(0)
    assert rows.first.evaluate("(node) => getComputedStyle(node).direction") == "rtl"
    detail = page.locator(".hm-detail")
    expect(page.locator(".hm-method").nth(1)).to_contain_text("sum of attributions")
    for row in range(3):
        tokens = rows.nth(row).locator(".hm-token")
        tokens.first.focus()
        for place in range(tokens.count()):
            token = tokens.nth(place)
            expect(token).to_be_focused()
            expect(detail).to_contain_text(token.inner_text(), use_inner_text=True)
            # What a screen reader says of one row is part of what is shown of all rows.
            expect(detail).to_contain_text(token.get_attribute("aria-label").split(": ", 1)[1], use_inner_text=True)
            page.keyboard.press("ArrowLeft")
    assert "owned" not in page.title()


def test_word_is_masked_from_the_keyboard_deleted_by_click_and_undone(page, server):
    open_review(page, server, text=REVIEW)
    page.locator(".hm-token", has_text="lazy").first.focus()
    page.keyboard.press("Enter")
    mask = page.get_by_role("button", name="Mask ", exact=False).filter(has_not_text="Occlusion")
    mask.click()
    expect(page.locator(".hm-text .hm-masked")).to_have_text("lazy")
    page.locator(".hm-text .hm-token", has_text="beautiful").click()
    page.get_by_role("button", name="Delete ", exact=False).filter(has_not_text="Occlusion").click()
    page.locator(".hm-text", has_text="A lazy plot and a waste").wait_for()
    # The address is written after the heatmap.
    page.wait_for_url("**edited=A+lazy+plot+and+a+waste+*")
    query = parse_qs(urlsplit(page.url).query)
    assert (query["edited"], query["masked"]) == (["A lazy plot and a waste of two hours."], ["2-6"])
    verdict = page.locator(".hm-verdict")
    expect(verdict).to_contain_text("Δ")
    said = verdict.inner_text()
    page.goto("about:blank")
    open_review(page, server, **{name: value[0] for name, value in query.items()})
    expect(verdict).to_have_text(said, use_inner_text=True)
    page.get_by_role("button", name="Undo").click()
    page.locator(".hm-text", has_text="beautiful").wait_for()
    expect(page.get_by_role("textbox", name="Review", exact=True)).to_have_value(REVIEW)


NUMBERS = {0: "0", 1000: "1000", 2340: "2340", -0.25: "−0.25", 0.000885: "8.85e−4", 123456: "1.23e+5", 12.3456: "12.35"}


def test_numbers_keep_their_zeros_and_letters_stay_readable_on_every_colour(page, server):
    open_review(page, server, text=REVIEW, methods=METHODS)
    found = page.evaluate("async (all) => all.map((await import('/assets/words.js')).number)", list(NUMBERS))
    assert found == list(NUMBERS.values())
    light = page.evaluate(BACKGROUND)
    until(page, f"({LEAST_CONTRAST})() >= 4.5")
    page.emulate_media(color_scheme="dark")
    until(page, f"light => ({BACKGROUND})() !== light && ({LEAST_CONTRAST})() >= 4.5", light)

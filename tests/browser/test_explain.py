"""Explain in a real browser: strange reviews, every number by keyboard, and words changed from the heatmap."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

pytestmark = pytest.mark.browser

HEBREW = "סרט נהדר a wonderful film 👩‍👩‍👧 é́ <b>bold</b> & <script>document.title='owned'</script>"
REVIEW = "A lazy plot and a beautiful waste of two hours."
METHODS = "attention,integrated_gradients,occlusion_delete"


def open_review(page, server, **query) -> None:
    page.goto(f"{server.url}/explain?{urlencode(query)}")
    page.wait_for_selector(".hm-text", timeout=60_000)


def test_every_number_of_a_strange_review_is_reachable_by_keyboard(page, server):
    open_review(page, server, text=HEBREW, methods=METHODS)
    rows = page.locator(".hm-text")
    assert rows.all_inner_texts() == [HEBREW] * 3
    assert page.locator(".hm-text :is(b, script)").count() == 0
    assert rows.first.evaluate("(node) => getComputedStyle(node).direction") == "rtl"
    detail = page.locator(".hm-detail")
    assert "sum of attributions" in page.locator(".hm-method").nth(1).inner_text()
    for row in range(3):
        tokens = rows.nth(row).locator(".hm-token")
        tokens.first.focus()
        for place in range(tokens.count()):
            token = tokens.nth(place)
            assert token.evaluate("(node) => node === document.activeElement")
            assert token.inner_text() in detail.inner_text()
            # What a screen reader says of one row is part of what is shown of all rows.
            assert token.get_attribute("aria-label").split(": ", 1)[1] in detail.inner_text()
            page.keyboard.press("ArrowLeft")
    assert "owned" not in page.title()


def test_word_is_masked_from_the_keyboard_deleted_by_click_and_undone(page, server):
    open_review(page, server, text=REVIEW)
    page.locator(".hm-token", has_text="lazy").first.focus()
    page.keyboard.press("Enter")
    mask = page.get_by_role("button", name="Mask ", exact=False).filter(has_not_text="Occlusion")
    mask.click()
    page.wait_for_selector(".hm-text .hm-masked")
    assert page.locator(".hm-text .hm-masked").inner_text() == "lazy"
    page.locator(".hm-text .hm-token", has_text="beautiful").click()
    page.get_by_role("button", name="Delete ", exact=False).filter(has_not_text="Occlusion").click()
    page.locator(".hm-text", has_text="A lazy plot and a waste").wait_for()
    query = parse_qs(urlsplit(page.url).query)
    assert (query["edited"], query["masked"]) == (["A lazy plot and a waste of two hours."], ["2-6"])
    verdict = page.locator(".hm-verdict").inner_text()
    assert "Δ" in verdict
    page.goto("about:blank")
    open_review(page, server, **{name: value[0] for name, value in query.items()})
    assert page.locator(".hm-verdict").inner_text() == verdict
    page.get_by_role("button", name="Undo").click()
    page.locator(".hm-text", has_text="beautiful").wait_for()
    assert page.get_by_role("textbox", name="Review", exact=True).input_value() == REVIEW

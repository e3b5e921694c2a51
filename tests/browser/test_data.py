"""The Data page in a real browser: from a filter to one review, and on to Explain."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

pytestmark = pytest.mark.browser


def test_from_the_overview_to_one_review_and_on_to_explain(page, server):
    page.goto(f"{server.url}/data")
    page.get_by_text("4,000 reviews").wait_for()
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    page.get_by_role("radio", name="Padding").click()
    page.get_by_text("of this batch is padding").first.wait_for()
    page.get_by_role("button", name="Next batch").click()
    page.wait_for_url("**batch=2**")
    page.get_by_role("radio", name="Words").click()
    page.get_by_label("Word", exact=True).fill("zzqqx")
    page.keyboard.press("Enter")
    page.get_by_text("is not among the 400,000 words").wait_for()
    page.get_by_role("radio", name="Reviews").click()
    page.get_by_placeholder("Part of a review").fill("wonderful")
    page.keyboard.press("Enter")
    page.wait_for_url("**search=wonderful**")
    page.get_by_text("Page 1 of").wait_for()
    table = page.get_by_test_id("stDataFrame").first
    table.wait_for()
    # The table is a canvas; the box for choosing its first row is at its left edge, below the header.
    table.click(position={"x": 15, "y": 52})
    page.wait_for_url("**review=**")
    review = page.locator(".hm-text")
    expect(review).to_contain_text("wonderful", ignore_case=True)
    text = review.inner_text()
    page.get_by_text("Tokens and ids").wait_for()
    page.get_by_text("Explain this review").click()
    page.wait_for_url("**/explain**")
    expect(page.get_by_label("Review", exact=True)).to_have_value(text)


def test_what_is_typed_before_a_click_is_answered_stays(page, server):
    """The answer to the click said once more what the field was set to, and took the text back."""
    sockets, held = [], []
    holding = False

    def carry(route):
        sockets.append(route)
        route.connect_to_server().on_message(lambda message: held.append(message) if holding else route.send(message))

    def let_go():
        while held:
            sockets[-1].send(held.pop(0))

    page.route_web_socket("**/_stcore/stream", carry)
    page.goto(f"{server.url}/data?tab=reviews")
    search = page.get_by_placeholder("Part of a review")
    search.wait_for()
    page.get_by_role("combobox", name=re.compile("Label")).click()
    holding = True
    page.get_by_role("option", name="Positive").click()
    deadline = time.monotonic() + 30
    while not any(ForwardMsg.FromString(message).WhichOneof("type") == "script_finished" for message in held):
        assert time.monotonic() < deadline
        page.wait_for_timeout(50)
    search.fill("wonderful")
    search.press("Enter")
    let_go()
    # The browser takes in the answer to the click before the one to the text.
    page.wait_for_timeout(300)
    holding = False
    let_go()
    page.wait_for_url("**search=wonderful&label=positive**")
    expect(page.get_by_text("Page 1 of")).to_be_visible()
    expect(search).to_have_value("wonderful")

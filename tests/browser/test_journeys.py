"""What people do with the application, in a real browser against a real server with real training."""

from __future__ import annotations

import re
import time
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from sentiment_core.store import Store
from tests.browser.shared import SEEN_AT_ONCE, until
from tests.pages.conftest import finished_twin

pytestmark = pytest.mark.browser

POINTS = """() => {
  const plot = document.querySelector('.sl-curves');
  return (plot?.data ?? []).filter((t) => t.yaxis === 'y').map((t) => Math.max(0, ...t.x));
}"""
BEGUN = f"({POINTS})().length === 2 && Math.min(...({POINTS})()) >= 3"
ALL_GREW = f"(before) => ({POINTS})().every((last, run) => last > before[run])"
ONE_GREW = f"(before) => ({POINTS})()[0] > before[0]"
ZOOM = "() => document.querySelector('.sl-curves').layout.xaxis.range"
LONG = {"training.epochs": "40", "training.clipping": "norm", "training.max_norm": "0.5", "data.limit": "1500"}
HOSTILE = 'Not bad <script>document.title="owned"</script> at all <img src=x onerror=\'document.title="owned"\'> zzqxv!'


def start_twin(page, server) -> None:
    page.goto(f"{server.url}/train?{urlencode(LONG)}")
    page.get_by_role("combobox", name="Compare with").click()
    page.get_by_role("option", name="With and without clipping").click()
    button(page, "Train").click()
    page.wait_for_selector(".sl-curves .main-svg")
    until(page, BEGUN)


def steps(page) -> list[int]:
    return page.evaluate(POINTS)


# Where each of the buttons above the curves has stood, in each frame.
WATCH_PLACES = """() => {
  window.places = {};
  const look = () => {
    for (const each of document.querySelectorAll('[data-testid=stButton] button, [data-testid=stCheckbox] label')) {
      const [word] = each.innerText.match(/(Step|Stop|Reset|Adjust)$/) ?? [];
      const { x, width } = each.getBoundingClientRect();
      if (word && width) (window.places[word] ??= new Set()).add(x);
    }
    requestAnimationFrame(look);
  };
  look();
}"""
PLACES = "() => Object.fromEntries(Object.entries(window.places).map(([word, places]) => [word, places.size]))"
ONE_PLACE = {"Step": 1, "Stop": 1, "Reset": 1, "Adjust": 1}


def expect_badge(page, word: str) -> None:
    expect(page.locator(".sl-badge")).to_have_text(word)


def button(page, name: str):
    # Streamlit has a Stop of its own while a page is being drawn.
    return page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True)


def choose(page, control: str, option: str) -> None:
    page.get_by_role("combobox", name=control).click()
    page.get_by_role("option", name=option, exact=True).click()


def test_twin_runs_grow_pause_resume_and_stop_and_keep_their_zoom(page, server):
    start_twin(page, server)
    expect(page.locator(".sl-name")).to_have_text(["no clipping", "clip by norm 0.5"])
    until(page, SEEN_AT_ONCE)
    page.evaluate("""() => {
      const plot = document.querySelector('.sl-curves');
      plot.querySelector('.main-svg').dataset.mark = 'same';
      document.querySelector('.sl-live').dataset.mark = 'same';
      Plotly.relayout(plot, {'xaxis.range': [1, 900], 'yaxis.range': [0.2, 1.1]});
    }""")
    until(page, ALL_GREW, steps(page))

    page.evaluate(WATCH_PLACES)
    button(page, "Pause").click()
    expect_badge(page, "Paused")
    button(page, "Resume").wait_for()
    # The page has run again, and nothing was drawn anew.
    assert page.evaluate(ZOOM) == [1, 900]
    assert page.evaluate("() => document.querySelector('.sl-curves').layout.yaxis.range") == [0.2, 1.1]
    assert page.evaluate("() => document.querySelector('.sl-accuracy').layout.xaxis.range") == [1, 900]
    expect(page.locator(".sl-live")).to_have_attribute("data-mark", "same")
    expect(page.locator(".sl-curves .main-svg").first).to_have_attribute("data-mark", "same")
    time.sleep(1.5)
    still = steps(page)
    time.sleep(1.5)
    assert steps(page) == still

    button(page, "Step").click()
    until(page, f"(still) => ({POINTS})().every((last, run) => last === still[run] + 1)", still)
    still = steps(page)
    expect_badge(page, "Paused")
    button(page, "Resume").click()
    until(page, ONE_GREW, still)
    button(page, "Pause").wait_for()
    button(page, "Stop").click()
    expect_badge(page, "Stopped")
    expect(button(page, "Train")).to_be_enabled()  # a new experiment can start
    button(page, "Resume").click()
    button(page, "Pause").wait_for()
    button(page, "Stop").click()
    button(page, "Resume").wait_for()
    assert page.evaluate(PLACES) == ONE_PLACE, "a click meant for one of them would meet another"


def test_reload_in_the_middle_still_shows_the_run(page, fresh_server):
    start_twin(page, fresh_server)
    page.reload()
    page.wait_for_selector(".sl-curves .main-svg")
    until(page, BEGUN)
    expect_badge(page, "Training")
    fresh_server.stop()
    note = page.locator(".sl-note")
    expect(note).to_be_visible()  # the page says that the server does not answer
    fresh_server.start()
    # The worker outlived the server, and the plot goes on.
    until(page, ONE_GREW, steps(page))
    expect(note).to_be_hidden()


def test_a_preset_is_what_the_form_then_shows_and_what_is_trained(page, server):
    page.goto(f"{server.url}/train?{urlencode({'data.limit': '200'})}")
    choose(page, "Start from", "Learning rates")
    expect(page.get_by_role("spinbutton", name="Epochs")).to_have_value("1")
    expect(page.get_by_role("combobox", name="Compare with")).to_have_value(re.compile("^As loaded: rate 0.1"))
    choose(page, "Start from", "Bidirectional GRU with attention")
    expect(page.get_by_role("combobox", name="Cell")).to_have_value("GRU")
    expect(page.get_by_role("spinbutton", name="Hidden size")).to_have_value("96")
    choose(page, "Start from", "Learning rates")
    expect(page.get_by_role("spinbutton", name="Epochs")).to_have_value("1")
    button(page, "Train").click()
    page.wait_for_selector(".sl-badge[data-status=finished]", timeout=60_000)
    expect(page.locator(".sl-name")).to_have_text(["rate 0.1", "rate 0.01", "rate 0.0001"])


def test_hostile_review_is_shown_as_text(page, server):
    page.goto(f"{server.url}/explain")
    page.get_by_role("textbox", name="Review").fill(HOSTILE)
    button(page, "Explain").click()
    shown = page.locator(".hm-text").first
    # The page opens on an example.
    expect(shown).to_have_text(HOSTILE, use_inner_text=True, timeout=60_000)
    expect(page.locator(".hm-text img, .hm-text script")).to_have_count(0)
    assert "owned" not in page.title()
    expect(shown.locator(".hm-unknown").filter(has_text="zzqxv")).to_have_count(1)
    token = page.locator(".hm-token", has_text="bad").first
    token.focus()
    detail = page.locator(".hm-detail")
    expect(detail).to_contain_text("bad")
    page.keyboard.press("ArrowRight")
    expect(detail).not_to_contain_text("bad")


SIGNS = {
    "Home": "Here are two that differ in one",
    "Train": "Compare with",
    "Lessons": "One network, ten rungs",
    "Explain": "Explain",
}


def test_cold_deep_link_opens_the_page_whole_and_nothing_is_fetched_from_elsewhere(page, fresh_server):
    foreign = []
    page.on("request", lambda request: foreign.append(request.url) if not ours(request.url, fresh_server) else None)
    page.goto(f"{fresh_server.url}/runs")
    page.get_by_text("You have trained nothing yet").wait_for()
    for name, sign in SIGNS.items():
        page.get_by_role("link", name=name, exact=True).first.click()
        page.get_by_test_id("stMain").get_by_text(sign).first.wait_for()
        expect(page).to_have_title(re.compile(f"Sentiment Lab|^{name}$"))
        page.wait_for_load_state("networkidle")
    page.get_by_role("link", name="Runs", exact=True).first.wait_for()
    assert foreign == []


def test_unknown_link_says_so(page, server):
    page.goto(f"{server.url}/lessons-of-tomorrow")
    page.get_by_text("Page not found").wait_for()


def test_runs_are_deleted_after_asking(page, fresh_server):
    with Store(f"sqlite:///{fresh_server.home / 'store.sqlite3'}") as store:
        finished_twin(store)
    page.goto(f"{fresh_server.url}/runs")
    page.wait_for_selector(".sl-curves .main-svg")
    button(page, "Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    page.get_by_text("You have trained nothing yet").wait_for()


def ours(url: str, server) -> bool:
    return url.startswith((server.url, server.url.replace("http", "ws"), "data:", "blob:"))


def test_on_a_projector_the_first_comparison_can_be_read_whole(page, server):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{server.url}/train")
    box = page.get_by_role("combobox", name="Compare with")
    expect(box).to_have_value("With and without clipping")
    assert box.evaluate("box => box.scrollWidth <= box.clientWidth")

"""What people do with the application, in a real browser against a real server with real training."""

from __future__ import annotations

import time
from urllib.parse import urlencode

import pytest

pytestmark = pytest.mark.browser

POINTS = """() => {
  const plot = document.querySelector('.sl-curves');
  return (plot.data ?? []).filter((t) => t.yaxis === 'y').map((t) => Math.max(0, ...t.x));
}"""
ZOOM = "() => document.querySelector('.sl-curves').layout.xaxis.range"
LONG = {"training.epochs": "40", "training.clipping": "norm", "training.max_norm": "0.5", "data.limit": "1500"}
HOSTILE = 'Not bad <script>document.title="owned"</script> at all <img src=x onerror=\'document.title="owned"\'> zzqxv!'


def until(condition, seconds: float = 60.0, what: str = ""):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")


def start_twin(page, server) -> None:
    page.goto(f"{server.url}/train?{urlencode(LONG)}")
    page.get_by_role("combobox", name="Compare with").click()
    page.get_by_role("option", name="With and without clipping").click()
    button(page, "Train").click()
    page.wait_for_selector(".sl-curves .main-svg")
    until(lambda: len(steps(page)) == 2 and min(steps(page)) >= 3, what="both curves have begun")


def steps(page) -> list[int]:
    return page.evaluate(POINTS)


def badge(page) -> str:
    return page.locator(".sl-badge").inner_text()


def button(page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def choose(page, control: str, option: str) -> None:
    page.get_by_role("combobox", name=control).click()
    page.get_by_role("option", name=option, exact=True).click()


def test_twin_runs_grow_pause_resume_and_stop(page, server):
    start_twin(page, server)
    names = page.locator(".sl-name").all_inner_texts()
    assert names == ["no clipping", "clip by norm 0.5"]
    assert page.locator(".sl-curves").bounding_box()["y"] < 300  # visible at 1280×720 without scrolling
    first = steps(page)
    until(lambda: all(new > old for new, old in zip(steps(page), first, strict=True)), what="both curves grow")

    button(page, "Pause").click()
    until(lambda: badge(page) == "Paused", what="the page says that it paused")
    button(page, "Resume").wait_for()
    time.sleep(1.5)
    still = steps(page)
    time.sleep(1.5)
    assert steps(page) == still

    button(page, "Resume").click()
    until(lambda: steps(page)[0] > still[0], what="the curves go on")
    button(page, "Stop").click()
    until(lambda: badge(page) == "Stopped", what="the page says that it stopped")
    until(lambda: button(page, "Train").is_enabled(), what="a new experiment can start")


def test_zoom_survives_updates_and_nothing_is_drawn_anew(page, server):
    start_twin(page, server)
    page.evaluate("""() => {
      const plot = document.querySelector('.sl-curves');
      plot.querySelector('.main-svg').dataset.mark = 'same';
      document.querySelector('.sl-live').dataset.mark = 'same';
      Plotly.relayout(plot, {'xaxis.range': [1, 6], 'yaxis.range': [0.2, 1.1]});
    }""")
    before = page.evaluate("() => document.querySelector('.sl-runs tbody').innerText")
    until(lambda: page.evaluate("() => document.querySelector('.sl-runs tbody').innerText") != before, what="an update")
    button(page, "Pause").click()
    until(lambda: badge(page) == "Paused", what="a rerun of the page")
    button(page, "Resume").wait_for()
    assert page.evaluate(ZOOM) == [1, 6]
    assert page.evaluate("() => document.querySelector('.sl-curves').layout.yaxis.range") == [0.2, 1.1]
    assert page.evaluate("() => document.querySelector('.sl-accuracy').layout.xaxis.range") == [1, 6]
    assert page.locator(".sl-live").get_attribute("data-mark") == "same"
    assert page.locator(".sl-curves .main-svg").first.get_attribute("data-mark") == "same"


def test_reload_in_the_middle_still_shows_the_run(page, fresh_server):
    start_twin(page, fresh_server)
    page.reload()
    page.wait_for_selector(".sl-curves .main-svg")
    until(lambda: len(steps(page)) == 2 and min(steps(page)) >= 3, what="the curves are back")
    assert badge(page) == "Training"
    fresh_server.stop()
    until(lambda: page.locator(".sl-note").is_visible(), what="the page says that the server does not answer")
    fresh_server.start()
    shown = steps(page)
    until(lambda: steps(page)[0] > shown[0], what="the worker outlived the server and the plot goes on")
    assert not page.locator(".sl-note").is_visible()


def test_a_preset_is_what_the_form_then_shows_and_what_is_trained(page, server):
    page.goto(f"{server.url}/train?{urlencode({'data.limit': '200'})}")
    choose(page, "Start from", "Learning rates")
    until(lambda: page.get_by_role("spinbutton", name="Epochs").input_value() == "1", what="the preset's epochs")
    assert page.get_by_role("combobox", name="Compare with").input_value().startswith("As loaded: rate 0.1")
    choose(page, "Start from", "Bidirectional GRU with attention")
    until(lambda: page.get_by_role("combobox", name="Cell").input_value() == "GRU", what="the other preset's cell")
    assert page.get_by_role("spinbutton", name="Hidden size").input_value() == "96"
    choose(page, "Start from", "Learning rates")
    until(lambda: page.get_by_role("spinbutton", name="Epochs").input_value() == "1", what="the first preset again")
    button(page, "Train").click()
    page.wait_for_selector(".sl-badge[data-status=finished]", timeout=60_000)
    assert page.locator(".sl-name").all_inner_texts() == ["rate 0.1", "rate 0.01", "rate 0.0001"]


def test_hostile_review_is_shown_as_text(page, server):
    page.goto(f"{server.url}/train?{urlencode({'training.max_steps': '3', 'data.limit': '300'})}")
    button(page, "Train").click()
    page.wait_for_selector(".sl-badge[data-status=finished]", timeout=60_000)
    page.goto(f"{server.url}/explain")
    page.get_by_role("textbox", name="Review").fill(HOSTILE)
    button(page, "Explain").click()
    # The page opens on an example.
    page.locator(".hm-text", has_text="zzqxv").first.wait_for(timeout=60_000)
    assert page.locator(".hm-text").first.inner_text() == HOSTILE
    assert page.locator(".hm-text img, .hm-text script").count() == 0
    assert "owned" not in page.title()
    assert page.locator(".hm-text").first.locator(".hm-unknown").filter(has_text="zzqxv").count() == 1
    token = page.locator(".hm-token", has_text="bad").first
    token.focus()
    assert "bad" in page.locator(".hm-detail").inner_text()
    page.keyboard.press("ArrowRight")
    assert "bad" not in page.locator(".hm-detail").inner_text()
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector(".hm-text", timeout=60_000)
    assert page.locator(".hm-text").first.inner_text() == HOSTILE


SIGNS = {
    "train": "Compare with",
    "": "Set up an experiment",
    "lessons": "One network, ten rungs",
    "runs": "Nothing has been trained yet",
    "explain": "Explain",
}


@pytest.mark.parametrize("first", ["train", "runs"])
def test_cold_deep_link_opens_the_page_whole_and_nothing_is_fetched_from_elsewhere(page, fresh_server, first):
    foreign = []
    page.on("request", lambda request: foreign.append(request.url) if not ours(request.url, fresh_server) else None)
    for path in [first] if first == "runs" else SIGNS:
        page.goto(f"{fresh_server.url}/{path}")
        page.get_by_text(SIGNS[path], exact=False).first.wait_for()
        for name in ("Home", "Train", "Runs", "Explain"):
            page.get_by_role("link", name=name, exact=True).first.wait_for()
        assert "Sentiment Lab" in page.title() or page.title() in {"Train", "Lessons", "Runs", "Explain", "Home"}
        page.wait_for_load_state("networkidle")
    assert foreign == []


def test_unknown_link_says_so(page, server):
    page.goto(f"{server.url}/lessons-of-tomorrow")
    page.get_by_text("Page not found").wait_for()


def test_runs_are_deleted_after_asking(page, fresh_server):
    page.goto(f"{fresh_server.url}/train?{urlencode({'training.max_steps': '3', 'data.limit': '300'})}")
    button(page, "Train").click()
    page.wait_for_selector(".sl-badge[data-status=finished]", timeout=60_000)
    page.get_by_role("link", name="Runs", exact=True).click()
    page.wait_for_selector(".sl-curves .main-svg")
    button(page, "Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    page.get_by_text("Nothing has been trained yet").wait_for()


def ours(url: str, server) -> bool:
    return url.startswith((server.url, server.url.replace("http", "ws"), "data:", "blob:"))

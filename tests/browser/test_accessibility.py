"""What axe-core, the checker that browsers and auditors use, finds on every page, in light and in dark."""

from __future__ import annotations

from threading import Event, Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from sentiment_core.classroom.people import LECTURER
from sentiment_core.classroom.settings import class_settings, set_up
from sentiment_core.findings.twin_grid import twin
from sentiment_core.metrics import Status
from sentiment_core.store import Store, Worker, WorkProgress
from tests.browser.shared import go, until
from ui.server.tickets import COOKIE, issue

pytestmark = pytest.mark.browser

# What only that address shows, of it and the one before: the page there has come.
STATES = {
    "": "home-doors",
    "?present=1": "home-present-leave",
    "train": "widget-preset",
    "lessons": "door-sheet",
    "lessons?lesson=sheet&question=saturation": "copy-link",
    "lessons?lesson=clip-norm&watch=recorded": "recorded-plot",
    "lessons?lesson=clip-norm&present=1": "lessons-present-leave",
    "runs": "runs-grouped",
    "explain": "explain-along",
    "explain?below=edit": "explain-typed",
    "explain?view=study": "study-findings",
    "data": "data-balance",
    "labs": "door-blanks",
    "labs?lab=tensors": "lab-tensors-walk",
    "labs?lab=loop": "lab-loop-view",
    "labs?lab=glass-rnn": "glass",
    "labs?lab=learning-rates": "lab-rates-figure",
    "labs?lab=bert": "lab-bert-view",
}
ELSEWHERE = Worker("another host", 1, 1.0)
GRAVE = {"serious", "critical"}
# Screen readers go from heading to heading: a level that is left out reads as a part that is missing.
ALSO = {"heading-order"}
DRAWN = """() => document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning"
  && !document.querySelector("[data-testid=stSkeleton]")
  && document.querySelector("[data-testid=stMainBlockContainer] h1, [data-testid=stMainBlockContainer] button")"""

# What no rule of the checker asks of a plot: a role, and more than a title to say.
UNTOLD = """() => [...document.querySelectorAll(".js-plotly-plot")]
  .filter((node) => !(node.closest("[role=figure]")?.ariaLabel?.length > 20))
  .map((node) => node.outerHTML.slice(0, 160))"""

# The theme has changed, and so have the styles of every field: Streamlit writes those a little later.
THEMED = """async (scheme) => {
  const fields = [...document.querySelectorAll("input, button, p, span, select, output")];
  const told = () => fields.map((node) => getComputedStyle(node).color).join();
  if (getComputedStyle(document.querySelector(".stApp")).colorScheme !== scheme) return false;
  const before = told();
  await new Promise((done) => setTimeout(done, 150));
  return told() === before;
}"""


@pytest.fixture
def steered(server):
    """The address of an experiment that can be steered: its worker is on another machine, and lives."""
    with Store(f"sqlite:///{server.home / 'store.sqlite3'}") as store:
        experiment, ended = store.create_experiment(twin(0.6, 0.25)), Event()
        store.claim_experiment(experiment.id, ELSEWHERE)

        def live():
            while store.heartbeat(experiment.id, WorkProgress("training", "Training", step=1), ELSEWHERE):
                if ended.wait(2):
                    return

        life = Thread(target=live)
        life.start()
        yield f"train?experiment={experiment.id}"
        ended.set()
        life.join()
        store.release(experiment.id, ELSEWHERE, Status.STOPPED)


def faults(page, axe, scheme, options):
    """Return what is grave in a theme: places by theme and rule."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    until(page, THEMED, scheme)
    answer = axe.run(page, options={"resultTypes": ["violations"], **options}).response
    return {
        (scheme, fault["id"]): [node["html"][:160] for node in fault["nodes"]]
        for fault in answer["violations"]
        if fault["impact"] in GRAVE or fault["id"] in ALSO
    }


def test_nothing_grave_is_found_on_any_page(page, server, steered):
    axe, found = Axe(), {}
    # Colours are all that the other theme changes.
    schemes = [("light", {}), ("dark", {"runOnly": ["color-contrast"]})]
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.goto(f"{server.url}/labs")
    until(page, DRAWN)
    for state, mark in [*STATES.items(), (steered, "live-plot")]:
        shown = page.locator(f".st-key-{mark}")
        expect(shown).to_have_count(0)
        go(page, f"/{state}")
        expect(shown).not_to_have_count(0)
        until(page, DRAWN)
        if state == steered:
            page.get_by_text("Adjust", exact=True).click()
            page.locator(".st-key-live-controls").get_by_text("Exact threshold").wait_for()
        if state == "data":
            # Whoever has just chosen a tab is still on it.
            page.get_by_role("radio", name="Overview").hover()
        if untold := page.evaluate(UNTOLD):
            found[state, "untold"] = untold
        for scheme, options in schemes:
            found |= {(state, *fault): places for fault, places in faults(page, axe, scheme, options).items()}
        schemes.reverse()  # each page comes in the theme that the one before left
    assert not found


def test_nothing_grave_is_found_in_a_room(fresh_server, chromium, monkeypatch):
    monkeypatch.setenv("SENTIMENT_HOME", str(fresh_server.home))
    set_up()
    axe, found = Axe(), {}
    with Store() as store:
        code = store.open_room("Monday").code
        store.send_link(code, "/train?preset=clip-norm")
        for person, opens, view in [
            (LECTURER, "Limits", "class"),
            (store.join(code, "Anna"), "What you may have", "class"),
            (store.join(code, "Ben"), None, "fool"),
        ]:
            context = chromium.new_context(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
            cookie = {"name": COOKIE, "value": issue(person, class_settings()), "url": fresh_server.url}
            context.add_cookies([cookie])
            page = context.new_page()
            page.goto(f"{fresh_server.url}/room?view={view}")
            until(page, DRAWN)
            if opens:
                page.get_by_text(opens, exact=True).first.click()
                until(page, DRAWN)
            for scheme, options in [("light", {}), ("dark", {"runOnly": ["color-contrast"]})]:
                told = faults(page, axe, scheme, options)
                found |= {(person.name, *fault): places for fault, places in told.items()}
            context.close()
    assert not found


# How wide the ring around what has the focus is, in pixels.
RING = """() => {
  const { tagName, innerText } = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  return [tagName, innerText, outlineStyle === "none" ? 0 : parseFloat(outlineWidth)];
}"""


def test_whoever_goes_by_keyboard_sees_which_link_is_next(page, server):
    page.goto(server.url)
    page.get_by_role("link", name="For lecturers").wait_for()
    seen = {}
    for _ in range(40):
        page.keyboard.press("Tab")
        tag, words, ring = page.evaluate(RING)
        if tag == "A":
            seen[words] = ring
    names = " ".join(seen)
    assert "Runs" in names and "For lecturers" in names and "All runs" in names
    assert min(seen.values()) >= 2, seen

"""What axe-core, the checker that browsers and auditors use, finds on every page, in light and in dark."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.shared import go, until

pytestmark = pytest.mark.browser

STATES = [
    "",
    "?present=1",
    "train",
    "lessons",
    "lessons?lesson=sheet&question=saturation",
    "lessons?lesson=clip-norm&watch=recorded",
    "lessons?lesson=clip-norm&present=1",
    "runs",
    "explain",
    "explain?below=edit",
    "explain?view=study",
    "data",
    "labs",
    "labs?lab=tensors",
    "labs?lab=loop",
    "labs?lab=glass-rnn",
    "labs?lab=learning-rates",
    "labs?lab=bert",
]
GRAVE = {"serious", "critical"}
# Screen readers go from heading to heading: a level that is left out reads as a part that is missing.
ALSO = {"heading-order"}
DRAWN = """() => document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning"
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


def test_nothing_grave_is_found_on_any_page(page, server):
    axe, found = Axe(), {}
    page.goto(server.url)
    for state in STATES:
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        go(page, f"/{state}")
        until(page, DRAWN)
        if untold := page.evaluate(UNTOLD):
            found[state, "untold"] = untold
        # Colours are all that the other theme changes.
        for scheme, options in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            until(page, THEMED, scheme)
            answer = axe.run(page, options={"resultTypes": ["violations"], **options}).response
            for fault in answer["violations"]:
                if fault["impact"] in GRAVE or fault["id"] in ALSO:
                    places = [node["html"][:160] for node in fault["nodes"]]
                    found[state, scheme, fault["id"]] = places
    assert not found

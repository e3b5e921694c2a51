"""Through the Runs page as a user goes: filter, rename, select, from a mistake to its review in Explain."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

ROW, HEAD, CHECKBOX = 35, 36, 17


def train(home: Path, monkeypatch: pytest.MonkeyPatch, tiny) -> list[str]:
    """Train a twin and a run of its own; return the ids of the twin's runs."""
    monkeypatch.setenv("SENTIMENT_HOME", str(home))
    from sentiment_core.presets import vary_clipping
    from sentiment_core.store import Store
    from sentiment_core.work.training import train_here

    with Store() as store:
        single = tiny({"name": "Lonely", "model.cell": "gru", "training.epochs": 1})
        twin = vary_clipping(tiny({"name": "Couple", "training.max_norm": 0.05, "training.epochs": 1}))
        train_here(store, single, lambda progress: None)
        return [run.id for run in train_here(store, twin, lambda progress: None).runs]


def bring_archive(page, home: Path, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Export a run's model and bring the archive in through the page."""
    monkeypatch.setenv("SENTIMENT_HOME", str(home))
    from sentiment_core.explain.archive.writer import model_archive
    from sentiment_core.store import Store

    with Store() as store:
        content = model_archive(store, run)
    page.get_by_role("button", name="Import").click()
    chooser = page.get_by_test_id("stFileUploaderDropzoneInput").last
    chooser.set_input_files({"name": "model.zip", "mimeType": "application/zip", "buffer": content})


def test_from_the_filter_to_a_mistake_in_explain(page, server, monkeypatch, tiny):
    runs = train(server.home, monkeypatch, tiny)
    names = page.locator(".sl-name")
    page.goto(f"{server.url}/runs")
    expect(names).to_have_text(["no clipping", "clip by norm 0.05"])
    filter_field = page.get_by_role("textbox", name="Filter")
    filter_field.fill("lonely")
    filter_field.press("Enter")
    expect(names).to_have_text(["run"])
    page.wait_for_url(re.compile("filter=lonely"))
    filter_field.fill("couple")
    filter_field.press("Enter")
    expect(names).to_have_text(["no clipping", "clip by norm 0.05"])

    page.get_by_role("button", name="Rename").locator("visible=true").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Run 2").fill("no clipping")
    dialog.get_by_role("button", name="Save").locator("visible=true").click()
    dialog.get_by_text("give each run a name of its own").first.wait_for()
    dialog.get_by_role("textbox", name="Run 2").fill("clipped")
    dialog.get_by_role("button", name="Save").locator("visible=true").click()
    expect(names).to_have_text(["no clipping", "clipped"])
    page.get_by_text("part at step").wait_for()

    table = page.get_by_test_id("stDataFrame")
    second_row = {"x": CHECKBOX, "y": HEAD + 1.5 * ROW}
    table.click(position=second_row)
    expect(names).to_have_text(["no clipping"])
    page.get_by_text("part at step").wait_for(state="detached")
    table.click(position=second_row)
    expect(names).to_have_text(["no clipping", "clipped"])
    page.wait_for_url(re.compile(re.escape("%2C".join(runs))))

    cells = {
        name: page.locator(f".st-key-cell-{name} button").locator("visible=true") for name in ("tn", "fp", "fn", "tp")
    }
    counts = {name: int(re.sub(r"\D", "", cell.inner_text())) for name, cell in cells.items()}
    assert sum(counts.values()) == 24
    largest = max(counts, key=counts.__getitem__)
    cells[largest].click()
    page.get_by_text("surest first").wait_for()
    page.wait_for_url(re.compile(f"cell={largest}"))
    review = page.locator("[class*=st-key-review-] button").locator("visible=true").first
    words = re.sub(r"\s+", " ", review.inner_text()).split("0.", 1)[1][4:40].strip()
    review.click()
    page.wait_for_url(re.compile(f"/explain.*{runs[0]}"))
    shown = page.get_by_role("textbox", name="Review")
    expect(shown).to_have_value(re.compile(re.escape(words)))

    # The same model from an archive: it becomes a run of its own and is asked about the review at once.
    bring_archive(page, server.home, runs[0], monkeypatch)
    page.wait_for_url(lambda address: "models=" in address and runs[0] not in address)
    page.locator(".hm-text").first.wait_for()
    expect(shown).to_have_value(re.compile(re.escape(words)))


def test_a_report_on_a_phone_breaks_no_word(page, home):
    from sentiment_core.config import ExperimentConfig
    from sentiment_core.report import report
    from sentiment_core.store import Store

    with Store() as store:
        content = report(store, [store.create_experiment(ExperimentConfig()).id])
    page.set_viewport_size({"width": 390, "height": 844})
    page.set_content(content.decode())
    heights = page.locator("th").evaluate_all("heads => heads.map((head) => head.getBoundingClientRect().height)")
    assert len(heights) > 8 and max(heights) < 80, "a line for each word at most"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

"""Gradient through time on real reviews, on its page."""

from __future__ import annotations

from sentiment_core.steps.inside import USUAL_EVERY
from ui.labs.inside.flow import twins

from .conftest import texts


def said(page) -> str:
    return texts([*page.markdown, *page.caption]).replace("\\", "")


def test_it_opens_on_what_was_measured_and_leads_to_runs_that_watch(open_page):
    page = open_page("labs", lab="gradient-through-time")
    assert not page.exception and not page.error
    assert "64 words earlier" in said(page) and "LSTM, forget bias + 3 against LSTM" in said(page)
    links = [item.proto for item in page.get("page_link") if item.proto.page.endswith("train")]
    assert [link.label for link in links] == list(twins())
    assert all(f"watch_every={USUAL_EVERY}" in link.query_string for link in links)
    for config in twins().values():
        assert config.watch_every == USUAL_EVERY and len({run.name for run in config.runs}) == 2


def test_distance_and_time_go_into_the_address(open_page):
    page = open_page("labs", lab="gradient-through-time", when="after")
    page.select_slider(key="lab:gradient-through-time:distance").set_value(8).run()
    assert not page.exception and page.query_params["distance"] == "8" and page.query_params["when"] == "after"
    assert "8 words earlier" in said(page)
    assert len(page.get("plotly_chart")) == 1 and len(page.dataframe[0].value) == 6
    bad = open_page("labs", lab="gradient-through-time", distance="7")
    assert "64 words earlier" in said(bad) and bad.warning


def test_the_question_is_answered_by_the_record(open_page):
    page = open_page("labs", lab="gradient-through-time")
    page.button_group(key="lab:predict:gradient-through-time").set_value("Less than a thousandth").run()
    assert ":material/check: Yes." in said(page) and len(page.dataframe[0].value) == 7

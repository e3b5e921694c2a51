"""The lecturer's guide: every link of it opens a page without a complaint that shows what the guide says."""

from __future__ import annotations

import pytest

from docs.teaching import GUIDE, as_markdown
from sentiment_core.lessons.plans import PLANS, path_of

from .test_sheet import everything

PLACES = list({path_of(step.place): step.place for plan in PLANS for step in plan.steps}.values())


@pytest.mark.parametrize("place", PLACES, ids=path_of)
def test_every_step_opens_what_it_is_about(open_page, place):
    page = open_page(place.page, **dict(place.query))
    assert not page.exception and not page.error and not page.warning
    assert place.shows in everything(page)


def test_the_guide_is_on_its_page_and_in_its_document(open_page):
    assert [plan.minutes for plan in PLANS] == [45, 90, 60]
    assert GUIDE.read_text(encoding="utf-8") == as_markdown(), "run `python -m docs.teaching`"
    page = open_page("lessons", lesson="teaching")
    assert not page.exception
    said = everything(page)
    assert all(step.place.label in said and step.ask in said for plan in PLANS for step in plan.steps)
    for name in ("home", "lessons"):
        links = [link.proto.query_string for link in open_page(name).get("page_link")]
        assert "lesson=teaching" in links

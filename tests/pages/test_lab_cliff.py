"""The clipping geometry on its page."""

from __future__ import annotations

from .conftest import texts


def said(page) -> str:
    return texts([*page.markdown, *page.caption]).replace("\\", "")


def test_it_opens_at_the_wall(open_page):
    page = open_page("labs", lab="clipping-geometry")
    assert not page.exception and not page.error
    assert "times the threshold" in said(page) and "outside the picture" in said(page)
    assert len(page.get("plotly_chart")) == 3


def test_before_the_wall_nothing_is_said_about_clipping_it(open_page):
    page = open_page("labs", lab="clipping-geometry", update="0")
    assert "leaves it alone" in said(page) and "times the threshold" not in said(page)


def test_a_slow_rate_never_leaves_the_picture_and_goes_into_the_address(open_page):
    page = open_page("labs", lab="clipping-geometry")
    page.select_slider(key="lab:clipping-geometry:rate").set_value(0.5).run()
    assert not page.exception and page.query_params["rate"] == "0.5"
    assert "outside the picture" not in said(page)


def test_the_question_is_answered_by_the_angles(open_page):
    page = open_page("labs", lab="clipping-geometry")
    page.button_group(key="lab:predict:cliff").set_value("By norm").run()
    assert "You said by norm." in said(page)
    page.button_group(key="lab:predict:cliff").set_value("By value").run()
    assert ":material/check: Yes." in said(page)

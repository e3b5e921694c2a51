"""The initialisation bench on its page: alive at once, its knobs in the address, its sentences as measured."""

from __future__ import annotations

import pytest
import torch

from sentiment_core.inside.batch import WordBatch
from sentiment_core.inside.deep import GAIN
from ui.labs.inside import initialisation, reviews

from .conftest import texts


@pytest.fixture(autouse=True)
def small_batch(monkeypatch):
    """Eight reviews of twelve drawn words, so that no corpus has to be read."""
    generator = torch.Generator().manual_seed(0)
    batch = WordBatch(torch.randn(8, 30, 4, generator=generator), torch.arange(8.0) % 2, (("word",) * 30,) * 8)
    monkeypatch.setattr(reviews, "batch_of", lambda source, path, count=8, steps=30: batch)
    for kept in (initialisation._bench, initialisation._symmetric):
        kept.clear()
    yield
    for kept in (initialisation._bench, initialisation._symmetric):
        kept.clear()


def said(page) -> str:
    return texts([*page.markdown, *page.caption]).replace("\\", "")


def test_it_opens_with_an_answer_and_a_question(open_page):
    page = open_page("labs", lab="initialisation")
    assert not page.exception and not page.error
    assert "The gradient at word 1 of 30 is" in said(page)
    assert len(page.get("plotly_chart")) == 2
    assert "check" not in said(page) and "You said" not in said(page)


def test_a_knob_changes_the_sentence_and_the_address(open_page):
    page = open_page("labs", lab="initialisation")
    page.slider(key="lab:initialisation:gain").set_value(3.0).run()
    assert not page.exception and not page.error
    assert page.query_params == {"lab": "initialisation", "gain": "3"}
    page.button_group(key="lab:initialisation:scheme").set_value("orthogonal").run()
    assert page.query_params["scheme"] == "orthogonal"
    assert "largest singular value 3.00" in said(page)


def test_a_prediction_stands_beside_what_was_measured(open_page):
    page = open_page("labs", lab="initialisation", view="symmetric")
    page.button_group(key="lab:predict:symmetric").set_value("16").run()
    assert "You said 16. All 16 units are one" in said(page)
    page.button_group(key="lab:predict:symmetric").set_value("1").run()
    assert "Yes. All 16 units are one" in said(page).replace(":material/check: ", "")


def test_noise_parts_the_units(open_page):
    page = open_page("labs", lab="initialisation", view="symmetric", noise="0.1")
    assert not page.error
    assert "16 of 16 units differ" in said(page) and "units are one" not in said(page)


def test_the_lectures_figures_stand_beside_ours_only_where_they_belong(open_page):
    page = open_page("labs", lab="initialisation", view="deep")
    assert not page.exception and not page.error
    assert "points of the lecture's figure" in said(page) and "after 1,001 updates" not in said(page)
    page.toggle(key="lab:initialisation:norm").set_value(True).run()
    assert "after 1,001 updates" in said(page)
    page = open_page("labs", lab="initialisation", view="deep", deep_gain="3")
    assert "points of the lecture's figure" not in said(page)
    assert "flat ends of tanh" in said(page)
    assert open_page("labs", lab="initialisation", view="deep", deep_gain=f"{GAIN:.4g}").error == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"gain": "99"}, "The gain in this link must be a number from 0.1 to 3"),
        ({"gain": "nan"}, "The gain in this link must be"),
        ({"scheme": "<b>magic</b>"}, "The scheme in this link must be one of default, xavier"),
        ({"view": "sideways"}, "The view in this link must be"),
        ({"source": "csv", "file": "../../etc/passwd"}, "The file in this link must be the name of an upload"),
    ],
)
def test_a_bad_link_says_what_is_wrong_and_what_it_is_now(open_page, query, message):
    page = open_page("labs", lab="initialisation", **query)
    assert not page.exception
    assert message in texts(page.warning).replace("\\", "")


def test_a_file_that_is_not_here_is_asked_for(open_page):
    page = open_page("labs", lab="initialisation", source="csv", file="0" * 24 + ".csv")
    assert not page.exception
    assert "upload the file here" in page.error[0].value.replace("\\", "")


def test_a_second_link_replaces_the_first(open_page):
    page = open_page("labs", lab="initialisation", gain="2")
    page.query_params.update({"gain": "0.5", "activation": "relu"})
    page.run()
    assert page.slider(key="lab:initialisation:gain").value == 0.5
    assert "outputs are zero" in said(page)

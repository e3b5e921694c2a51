"""The saturation lab on its page."""

from __future__ import annotations

import pytest
import torch

from sentiment_core.inside.batch import WordBatch
from ui.labs.inside import reviews, saturation

from .conftest import texts


@pytest.fixture(autouse=True)
def small_batch(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    batch = WordBatch(torch.randn(20, 6, 5, generator=generator), torch.arange(20.0) % 2, (("word",) * 6,) * 20)
    monkeypatch.setattr(reviews, "batch_of", lambda *question: batch)
    saturation._stacks.clear()
    yield
    saturation._stacks.clear()


def said(page) -> str:
    return texts([*page.markdown, *page.caption]).replace("\\", "")


def test_it_opens_with_an_answer(open_page):
    page = open_page("labs", lab="saturation")
    assert not page.exception and not page.error
    assert "of the pre-activations lie where the slope is under 6 %" in said(page)
    assert "Through 10 layers" in said(page) and "20 training reviews" in said(page)
    assert "dead" not in said(page)
    assert len(page.get("plotly_chart")) == 2


def test_small_pre_activations_do_not_saturate(open_page):
    page = open_page("labs", lab="saturation", scale="0.1")
    assert "Hardly a pre-activation" in said(page)


def test_relu_dies_under_a_shift(open_page):
    page = open_page("labs", lab="saturation", function="relu")
    assert "No unit is dead" in said(page)
    page.slider(key="lab:saturation:shift").set_value(-4.0).run()
    assert not page.exception
    assert "are dead: zero for all 20 reviews; the gradient of their weights is exactly 0" in said(page)
    assert page.query_params["shift"] == "-4" and page.query_params["function"] == "relu"


def test_the_prediction_is_measured(open_page):
    page = open_page("labs", lab="saturation")
    page.button_group(key="lab:predict:saturation").set_value("Less than a thousandth").run()
    assert ":material/check: Yes." in said(page)

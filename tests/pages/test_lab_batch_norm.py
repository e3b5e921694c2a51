"""The batch-norm lab on its page."""

from __future__ import annotations

import pytest
import torch

from sentiment_core.inside.normed import PaddedReviews
from ui.labs.inside import batch_norm, reviews

from .conftest import texts


@pytest.fixture(autouse=True)
def small_data(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    mask = torch.arange(8) < torch.randint(2, 9, (130,), generator=generator)[:, None]
    vectors = (torch.randn(130, 8, 3, generator=generator) + 0.5) * mask.unsqueeze(-1)
    data = PaddedReviews(vectors, mask, (torch.arange(130) % 2).float(), ("A review of <b>nothing</b>.",) * 130)
    monkeypatch.setattr(reviews, "padded_of", lambda source, path: data)
    for kept in (batch_norm._trained, batch_norm._scores):
        kept.clear()
    yield
    for kept in (batch_norm._trained, batch_norm._scores):
        kept.clear()


def said(page) -> str:
    return texts([*page.markdown, *page.caption]).replace("\\", "")


def test_it_opens_with_one_review_in_company(open_page):
    page = open_page("labs", lab="batch-norm")
    assert not page.exception and not page.error
    assert "In evaluation mode it is" in said(page)
    assert len(page.get("plotly_chart")) == 1
    page.button_group(key="lab:predict:company").set_value("The same in both").run()
    assert "In training mode it lies between" in said(page)


def test_a_layer_norm_moves_in_neither_mode(open_page):
    page = open_page("labs", lab="batch-norm")
    page.selectbox(key="lab:batch-norm:norm").set_value("layer").run()
    assert not page.exception and page.query_params["norm"] == "layer"
    assert "depending on who shares its batch" not in said(page)


def test_a_norm_made_anew_moves_in_evaluation_too(open_page):
    page = open_page("labs", lab="batch-norm", norm="per_call")
    assert "In evaluation mode it lies between" in said(page)
    assert "exactly 0" not in said(page)


def test_the_prediction_is_measured(open_page):
    page = open_page("labs", lab="batch-norm")
    page.button_group(key="lab:predict:company").set_value("More among 128").run()
    assert "You said more among 128." in said(page) and "among 2 and by" in said(page)


def test_running_statistics_and_affine(open_page):
    page = open_page("labs", lab="batch-norm", view="running")
    assert not page.exception and not page.error
    assert "the running variance is" in said(page)
    page.button_group(key="lab:batch-norm:view").set_value("affine").run()
    assert not page.exception
    assert "Normalised over real words" in said(page) and "deviation 1.00" in said(page)
    page.toggle(key="lab:batch-norm:counted").set_value(True).run()
    assert "with padding counted" in said(page) and page.query_params["counted"] == "on"

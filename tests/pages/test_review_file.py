"""A file of reviews: asked as a job, judged at a threshold, each row a way into the heatmap."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from sentiment_core.datasets.copies import text_hashes
from sentiment_core.explain.many_reviews import PREDICTIONS, arguments_for
from tests.pages.conftest import answered, button, texts
from ui.kit.uploads import save_upload
from ui.server.backend import desk, store

REVIEWS = [
    ("A wonderful film, funny and moving.", 1),
    ("Dull, badly acted and far too long.", 0),
    ("I loved every minute of it.", 0),
    ("<img src=x onerror=alert(1)> a terrible waste of time", 0),
    ("=HYPERLINK(1) the worst film of the year", 1),
]


def asked(path: Path) -> None:
    """Have the job done before a page asks for it."""
    arguments = arguments_for("pretrained", str(path), store())
    desk().submit(PREDICTIONS, arguments)
    assert answered(PREDICTIONS, arguments).result is not None


@pytest.fixture
def opened(open_page: Callable[..., AppTest]) -> Callable[..., AppTest]:
    return partial(open_page, "explain", view="file")


@pytest.fixture
def labelled(lab: Any) -> Path:
    rows = "\n".join(f'"{text}",{label}' for text, label in REVIEWS)
    return save_upload("mine.csv", f"text,label\n{rows}\n".encode())


def test_the_demo_reviews_are_offered_and_nothing_is_asked_before_the_button(opened: Any) -> None:
    page = opened()
    assert not page.exception and not page.error
    assert button(page, "Ask the model") and "1,000 reviews" in texts(page.caption).replace("\\", "")


def test_mistakes_come_first_and_the_threshold_moves_them(labelled: Path, opened: Any) -> None:
    asked(labelled)
    page = opened(data=labelled.name)
    assert not page.exception and not page.error
    shown = page.dataframe[0].value
    assert len(shown) == 2 and set(shown["Label"]) == {"negative", "positive"}
    assert page.metric[0].label == "Accuracy" and page.metric[0].value == "0.600"
    assert "Calibration error" in texts(page.markdown)
    page.slider[0].set_value(0.0).run()
    assert page.metric[0].value == "0.400" and page.query_params["threshold"] == "0"
    page.segmented_control(key="file:show").set_value("all").run()
    assert len(page.dataframe[0].value) == len(REVIEWS)


def test_without_labels_there_is_no_talk_of_mistakes(opened: Any) -> None:
    path = save_upload("mine.csv", b"text\nA fine film.\nA poor one.\n")
    asked(path)
    page = opened(data=path.name)
    assert not page.exception and not page.metric and "No labels" in texts(page.markdown)
    assert list(page.dataframe[0].value.columns) == ["P(positive)", "Answer", "Review"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"data": "../../etc/passwd"}, "upload the file here"),
        ({"threshold": "nan"}, "threshold in this link"),
        ({"show": "<b>"}, "choice of reviews in this link"),
        ({"model": "nobody"}, "model in this link"),
    ],
)
def test_a_bad_link_says_so_and_goes_on(opened: Any, query: dict[str, str], said: str) -> None:
    page = opened(**query)
    assert not page.exception
    assert said in (texts(page.warning) + texts(page.error)).replace("\\", "")


def test_a_broken_file_is_named(opened: Any) -> None:
    path = save_upload("mine.csv", b"a,b\n1,2\n")
    page = opened(data=path.name)
    assert not page.exception and "text" in texts(page.error)


def test_threshold_and_filter_outlive_a_model_not_asked_yet(labelled: Path, opened: Any) -> None:
    asked(labelled)
    page = opened(data=labelled.name, threshold="0.40", show="all")
    page.selectbox(key="file:data").set_value("demo").run()
    assert not page.slider
    page.selectbox(key="file:data").set_value(labelled.name).run()
    assert page.slider[0].value == 0.4 and page.segmented_control(key="file:show").value == "all"


def test_a_row_opens_in_the_heatmap(labelled: Path, opened: Any) -> None:
    asked(labelled)
    page = opened(data=labelled.name)
    page.session_state["file:table"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    page.run()
    link = next(item for item in page.get("page_link") if item.proto.label == "Explain this review")
    page.query_params.clear()
    page.query_params.update(dict(parse_qsl(link.proto.query_string)))
    page.run()
    assert not page.exception
    assert page.query_params["text"] in {text for text, _ in REVIEWS}
    assert page.text_area[0].value == page.query_params["text"]


def test_copies_of_what_the_model_learned_from_are_said(labelled: Path, opened: Any, monkeypatch: Any) -> None:
    asked(labelled)
    assert "trained or validated" not in texts(opened(data=labelled.name).warning)
    hashes = text_hashes([REVIEWS[0][0].upper(), REVIEWS[2][0]])
    monkeypatch.setattr("sentiment_core.explain.unseen.seen_by", lambda model, store: np.sort(hashes))
    st.cache_resource.clear()
    said = texts(opened(data=labelled.name).warning).replace("\\", "")
    assert "trained or validated on the text of 2 of these 5 reviews. Over the 3 others: accuracy 0.667" in said

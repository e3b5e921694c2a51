"""Vectors of one's own on the pages: what they know of the reviews is seen before anything is trained with them."""

from __future__ import annotations

import pytest

from sentiment_core.config import from_query
from sentiment_core.data_view.own_vectors import run
from sentiment_core.progress import silent
from ui.kit.uploads import save_upload

from .conftest import button, texts
from .test_form import key_of

VECTORS = b"the 1 0\nfilm 0 1\nPlot 1 1\nand 2 0\na 0 2\n"


@pytest.fixture
def upload(lab):
    return save_upload("own.vec", VECTORS, ".vectors")


def test_the_data_page_reads_them_once_and_shows_their_coverage(open_page, upload, monkeypatch):
    page = open_page("data", tab="coverage", embeddings="own", vectors=upload.name)
    assert button(page, "Read the vectors") and not page.exception and not page.dataframe
    # Read here and now, not by a process of its own.
    monkeypatch.setattr("ui.kit.own_vectors.job_panel", lambda kind, question, **_: run(question, silent))
    page = open_page("data", tab="coverage", embeddings="own", vectors=upload.name)
    assert not page.exception and not page.error
    assert "5 words of 2 components each" in texts(page.caption)
    table = page.dataframe[0].value
    shares = {row["Vocabulary"]: float(row["Known tokens"].rstrip("%")) for _, row in table.iterrows()}
    assert 0 < shares["your vectors"] < shares["glove-50"]
    assert "unknown to your vectors" in texts(page.markdown)
    assert page.query_params["vectors"] == upload.name
    # Another tab of the browser, or another reader, has others.
    assert "your vectors" not in open_page("data", tab="coverage").dataframe[0].value["Vocabulary"].tolist()


@pytest.mark.parametrize("given", ["/etc/passwd", "../secret.vectors", "0" * 24 + ".csv", "a b"])
def test_a_link_may_name_no_other_file(open_page, given):
    page = open_page("data", tab="coverage", embeddings="own", vectors=given)
    assert not page.exception and not page.dataframe
    assert "vectors in this link must be" in texts(page.warning)
    page = open_page("train", **{"data.embeddings": "own", "data.vectors": given})
    assert not page.exception and "here is the first experiment instead" in texts(page.error)


def test_train_asks_for_them_and_its_link_names_no_folder(open_page, upload):
    page = open_page("train")
    page.selectbox(key=key_of(page, "field:data.embeddings")).set_value("own").run()
    assert not page.exception and not page.error and button(page, "Train").disabled
    page = open_page("train", **{"data.embeddings": "own", "data.vectors": upload.name})
    assert not page.exception and not page.error and not button(page, "Train").disabled
    assert page.query_params["data.vectors"] == upload.name
    assert page.session_state["draft"]["data.vectors"] == str(upload)
    name = next(item for item in page.text_input if "gensim" in item.label)
    name.set_value("glove-twitter-25").run()
    assert from_query(page.query_params).data.vectors == "glove-twitter-25" and not button(page, "Train").disabled


def test_train_says_of_an_upload_what_they_do_not_know_once_they_are_read(open_page, upload, monkeypatch):
    rows = "".join(f"the story of a brave young woman number {n},{n % 2}\n" for n in range(40))
    reviews = save_upload("mine.csv", f"text,label\n{rows}".encode())
    query = {"data.source": "csv", "data.path": reviews.name, "data.embeddings": "own", "data.vectors": upload.name}
    page = open_page("train", **query)
    assert button(page, "Read the vectors") and "full of words" not in texts(page.warning)
    monkeypatch.setattr("ui.kit.own_vectors.job_panel", lambda kind, question, **_: run(question, silent))
    page = open_page("train", **query)
    assert not page.exception and not page.error and not button(page, "Train").disabled
    assert "5 words of 2 components each" in texts(page.caption)
    assert "40 reviews are full of words" in texts(page.warning)
    page.selectbox(key=key_of(page, "field:data.embeddings")).set_value("glove-50").run()
    assert "full of words" not in texts(page.warning)

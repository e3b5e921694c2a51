"""Uploaded reviews: kept by content, named by nothing else, refused with a reason."""

from __future__ import annotations

import gzip
import io
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from sentiment_core.artifacts import folder
from sentiment_core.data_view.job import REVIEWS, arguments_for, run
from sentiment_core.errors import ConfigError, DataError, StoreError
from sentiment_core.progress import silent
from sentiment_core.settings import DataConfig
from sentiment_core.sources import Source
from sentiment_core.work.desk import Job
from tests.pages.conftest import texts
from ui.kit.reading_first import read_first
from ui.kit.uploads import NAMES, in_users_words, remember_name, save_upload, upload_path

GOOD = "text,label\n" + "".join(f"review number {n},{n % 2}\n" for n in range(40))


def test_same_content_is_kept_once_and_found_by_its_name(lab):
    first = save_upload("../../evil.csv", GOOD.encode())
    assert save_upload("other name.csv", GOOD.encode()) == first
    assert upload_path(f"/somewhere/else/{first.name}") == str(first)
    assert first.parent.name == "uploads"


def test_upload_is_counted(lab):
    path = save_upload("reviews.csv.gz", gzip.compress(GOOD.encode()))
    assert read_first(DataConfig(source="csv", path=str(path))).reviews == 40


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"text,label\nfine,maybe\n", b"\x00\x01\x02", GOOD[:60].encode()]
)
def test_bad_upload_is_refused_with_a_reason(lab, content):
    path = save_upload("bad.csv", content)
    with pytest.raises(DataError):
        read_first(DataConfig(source="csv", path=str(path)))


@pytest.mark.parametrize("name", ["/etc/passwd", "../store.sqlite3", "0" * 24 + ".csv", ""])
def test_a_link_cannot_name_other_files(lab, name):
    with pytest.raises(ConfigError, match="upload"):
        upload_path(name)


def test_messages_call_the_file_what_the_user_calls_it(lab):
    path = save_upload("my reviews.csv", b"")
    remember_name(path, "my reviews.csv")
    with pytest.raises(DataError) as found:
        read_first(DataConfig(source="csv", path=str(path)))
    assert in_users_words(str(found.value), str(path)).startswith("my reviews.csv is empty")


def test_remarks_on_the_overview_are_in_the_users_words(open_page):
    path = save_upload("flags.csv", GOOD.replace("label", "flag", 1).encode())
    page = open_page("data")
    page.session_state[NAMES] = {path.name: "flags.csv"}
    page.query_params.update({"source": "csv", "file": path.name})
    page.run()
    (said,) = [each.value.replace("\\", "") for each in page.caption if "taken from" in each.value]
    assert said.startswith("flags.csv: the labels were taken from 'flag'") and "data.label" not in said
    assert "Set “Label column” for another choice" in said
    # Who opens it by a link has never heard its name.
    del page.session_state[NAMES]
    (linked,) = [each.value.replace("\\", "") for each in page.run().caption if "taken from" in each.value]
    assert linked.startswith("The uploaded file: the labels were taken from 'flag'")
    assert path.name not in texts(page.caption)
    page.query_params.update({"file": save_upload("named.csv", GOOD.encode()).name})
    assert "taken from" not in texts(page.run().caption)


def test_a_file_in_chunks_is_the_same_as_in_one_piece(lab, monkeypatch):
    whole = save_upload("a.csv", GOOD.encode())
    whole.unlink()
    monkeypatch.setattr("ui.kit.uploads.CHUNK_BYTES", 7)
    assert save_upload("a.csv", io.BytesIO(GOOD.encode())) == whole
    assert whole.read_text() == GOOD and [path.name for path in whole.parent.iterdir()] == [whole.name]


def test_a_full_disk_leaves_nothing_behind(lab, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sentiment_core.artifacts.os.replace", full)
    with pytest.raises(StoreError, match="No space left on device"):
        save_upload("a.csv", GOOD.encode())
    assert list((folder("uploads")).iterdir()) == []


def page():
    import streamlit as st

    from ui.kit.uploads import reviews_file

    def arrived(path):
        st.session_state["arrived"] = path.name

    reviews_file("upload", st.session_state.get("arrived"), arrived)
    st.text(f"kept: {st.session_state.get('arrived')}")
    manager = st.runtime.scriptrunner.get_script_run_ctx().uploaded_file_mgr
    st.text(f"in memory: {sum(len(files) for files in manager.file_storage.values())}")


TWO = "review,comment,label,stars\n" + "".join(f"review number {n},comment on {n},{n % 2},5\n" for n in range(40))


def test_columns_that_are_left_open_are_chosen_from_a_list_beside_the_first_rows(lab):
    app = AppTest.from_function(page)
    app.session_state["arrived"] = save_upload("two.csv", TWO.encode()).name
    app.run()
    assert "could be in any of the columns" in app.error[0].value
    raw = app.dataframe[0].value
    assert list(raw.columns) == ["review", "comment", "label", "stars"] and len(raw) == 10
    boxes = {item.label: item for item in app.selectbox if item.label.endswith("column")}
    assert boxes["Text column"].options == ["Found by itself", "review", "comment", "label", "stars"]
    boxes["Text column"].set_value("comment").run()
    assert not app.error and not app.exception
    shown = app.dataframe[0].value
    assert shown["Review"][3] == "comment on 3" and shown["Label"][:2].tolist() == ["negative", "positive"]
    assert "40 reviews, 20 of them positive" in texts(app.caption)


def test_the_server_forgets_an_upload_once_it_is_on_disk(lab):
    app = AppTest.from_function(page).run()
    app.file_uploader[0].set_value(("mine.csv", GOOD.encode(), "text/csv"))
    app.run()
    kept = save_upload("mine.csv", GOOD.encode())
    assert [item.value for item in app.text] == [f"kept: {kept.name}", "in memory: 0"]
    assert "mine.csv: 40 reviews, 20 of them positive" in texts(app.caption).replace("\\", "")


def test_a_large_file_is_read_by_a_job_that_somebody_starts(lab, monkeypatch):
    drawn = []
    monkeypatch.setattr("ui.kit.reading_first.job_panel", lambda *asked, **_words: drawn.append(asked))
    path = save_upload("blank.csv.gz", gzip.compress(GOOD.encode() + b"\n" * 50_000_000))
    assert path.stat().st_size < 60_000
    assert read_first(DataConfig(source="csv", path=str(path))) is None
    (kind, arguments) = drawn[0]
    assert kind is REVIEWS
    with pytest.raises(DataError, match="blank ones included"):
        run(arguments, silent)


def test_what_a_page_cannot_hold_is_refused_and_still_trained_on(lab, monkeypatch):
    monkeypatch.setattr("ui.kit.reading_first.MOST_CHARACTERS", 100)
    path = save_upload("mine.csv", GOOD.encode())
    data = DataConfig(source="csv", path=str(path))
    assert read_first(data, shown=False).reviews == 40
    with pytest.raises(DataError, match="Training reads them all"):
        read_first(data)


def test_counts_of_a_job_without_labels_and_with_tokens(lab):
    path = save_upload("texts.csv", b"text\nA fine film.\nA poor one.\n")
    found = run(arguments_for(DataConfig(source="csv", path=str(path)), labelled=False), silent)
    assert (found.reviews, found.positive, found.characters) == (2, None, 23)
    path = save_upload("mine.csv", GOOD.encode())
    for tokens, kept in ((("word",), 1), (("word", "unified", "whitespace"), 3)):
        run(arguments_for(DataConfig(source="csv", path=str(path)), tokens=tokens), silent)
        assert len(list(folder("readings").glob("*.npz"))) == kept


def test_only_the_tokens_that_are_shown_are_waited_for(lab, monkeypatch):
    """Of 40,000 reviews each tokenizer takes seconds, and most tabs show one."""
    asked, answers = [], {}
    monkeypatch.setattr(Source, "is_quick", lambda *_: False)
    monkeypatch.setattr("ui.kit.reading_first.job_panel", lambda kind, question, **_: asked.append(question.tokens))
    monkeypatch.setattr(
        "ui.kit.reading_first.desk",
        lambda: SimpleNamespace(look=lambda kind, question: Job("x", None, result=answers.get(question.tokens))),
    )
    data = DataConfig(source="csv", path=str(save_upload("mine.csv", GOOD.encode())))
    read_first(data, tokens=("word",))
    # Whoever has opened the table of all tokenizers is asked for nothing again.
    every = ("unified", "word", "whitespace")
    answers[every] = run(arguments_for(data), silent)
    read_first(data, tokens=("word",))
    assert asked == [("word",), every]

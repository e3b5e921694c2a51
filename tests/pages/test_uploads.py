"""Uploaded reviews: kept by content, named by nothing else, refused with a reason."""

from __future__ import annotations

import gzip
import io

import pytest
from streamlit.testing.v1 import AppTest

from sentiment_core.errors import ConfigError, DataError, StoreError
from sentiment_core.paths import home as lab_home
from ui.uploads import check_upload, in_users_words, remember_name, save_upload, upload_path

GOOD = "text,label\n" + "".join(f"review number {n},{n % 2}\n" for n in range(40))


def test_same_content_is_kept_once_and_found_by_its_name(lab):
    first = save_upload("../../evil.csv", GOOD.encode())
    assert save_upload("other name.csv", GOOD.encode()) == first
    assert upload_path(f"/somewhere/else/{first.name}") == str(first)
    assert first.parent.name == "uploads"


def test_upload_is_counted(lab):
    path = save_upload("reviews.csv.gz", gzip.compress(GOOD.encode()))
    assert check_upload(str(path), "text", "label")["reviews"] == 40


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"text,label\nfine,maybe\n", b"\x00\x01\x02", GOOD[:60].encode()]
)
def test_bad_upload_is_refused_with_a_reason(lab, content):
    path = save_upload("bad.csv", content)
    with pytest.raises(DataError):
        check_upload(str(path), "text", "label")


@pytest.mark.parametrize("name", ["/etc/passwd", "../store.sqlite3", "0" * 24 + ".csv", ""])
def test_a_link_cannot_name_other_files(lab, name):
    with pytest.raises(ConfigError, match="upload"):
        upload_path(name)


def test_messages_call_the_file_what_the_user_calls_it(lab):
    path = save_upload("my reviews.csv", b"")
    remember_name(path, "my reviews.csv")
    with pytest.raises(DataError) as found:
        check_upload(str(path), "text", "label")
    assert in_users_words(str(found.value), str(path)).startswith("my reviews.csv is empty")


def test_a_file_in_chunks_is_the_same_as_in_one_piece(lab, monkeypatch):
    whole = save_upload("a.csv", GOOD.encode())
    whole.unlink()
    monkeypatch.setattr("ui.uploads.CHUNK_BYTES", 7)
    assert save_upload("a.csv", io.BytesIO(GOOD.encode())) == whole
    assert whole.read_text() == GOOD and [path.name for path in whole.parent.iterdir()] == [whole.name]


def test_a_full_disk_leaves_nothing_behind(lab, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ui.uploads.os.replace", full)
    with pytest.raises(StoreError, match="No space left on device"):
        save_upload("a.csv", GOOD.encode())
    assert list((lab_home() / "uploads").iterdir()) == []


def page():
    import streamlit as st

    from ui.uploads import upload_csv

    path = upload_csv()
    st.text(f"kept: {path and path.name}")
    manager = st.runtime.scriptrunner.get_script_run_ctx().uploaded_file_mgr
    st.text(f"in memory: {sum(len(files) for files in manager.file_storage.values())}")


def test_the_server_forgets_an_upload_once_it_is_on_disk(lab):
    app = AppTest.from_function(page).run()
    app.file_uploader[0].set_value(("mine.csv", GOOD.encode(), "text/csv"))
    app.run()
    kept = save_upload("mine.csv", GOOD.encode())
    assert [item.value for item in app.text] == [f"kept: {kept.name}", "in memory: 0"]

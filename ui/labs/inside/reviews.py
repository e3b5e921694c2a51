"""Which reviews a lab pushes through its networks: the demo's or an uploaded file's, as one batch without padding."""

from __future__ import annotations

import re

import streamlit as st

from sentiment_core.artifacts import home
from sentiment_core.config import from_fields
from sentiment_core.datasets import load_reviews
from sentiment_core.embeddings import load_saved
from sentiment_core.errors import SentimentLabError
from sentiment_core.inside.batch import WordBatch, word_batch
from sentiment_core.text import TextEncoder
from ui.kit.kept import kept
from ui.kit.notices import show_error
from ui.kit.reading_first import read_first
from ui.kit.uploads import NAME, in_users_words, upload_csv, upload_path
from ui.labs.inside.settings import Setting, Settings, one_of

SOURCES = {"demo": "Demo reviews", "csv": "A CSV file"}
REVIEWS, STEPS = 32, 50


def _file(text: str) -> str:
    if text and not re.fullmatch(NAME, text):
        raise ValueError
    return text


FIELDS = {"source": one_of("demo", list(SOURCES)), "file": Setting("", _file, "the name of an upload")}


def choose(settings: Settings) -> tuple[str, str | None] | None:
    """Draw the choice of reviews behind a button; return what `batch_of` needs, None while there is nothing to read."""
    with st.popover(SOURCES[settings["source"]], icon=":material/description:", width="content"):
        source = settings.choice("source", "Reviews", SOURCES.__getitem__)
        if source == "csv":
            try:
                arrived = upload_csv(key=settings.key("upload"), help="Columns text and label; .csv or .csv.gz.")
            except SentimentLabError as error:
                show_error(error)
                arrived = None
            if arrived is not None and arrived.name != settings["file"]:
                settings.put("file", arrived.name)
    if source == "demo":
        return "demo", None
    if not settings["file"]:
        st.caption("Choose a CSV file with the columns text and label.")
        return None
    path = None
    try:
        path = upload_path(settings["file"])
        return ("csv", path) if read_first(from_fields({"data.source": "csv", "data.path": path}).data) else None
    except SentimentLabError as error:
        show_error(error.worded(in_users_words(str(error), path or "")))
        return None


def batch_of(source: str, path: str | None, count: int = REVIEWS, steps: int = STEPS) -> WordBatch:
    """Return the batch, made once for all visitors. Raises `SentimentLabError`."""
    return _batch(str(home()), source, path, count, steps)


@kept(max_entries=8, show_spinner="Reading the reviews")
def _batch(where: str, source: str, path: str | None, count: int, steps: int) -> WordBatch:
    fields = {"data.source": source} | ({"data.path": path} if path else {})
    vectors = load_saved("glove-50")
    return word_batch(load_reviews(from_fields(fields).data), vectors, _encoder(), count, steps)


@kept(max_entries=1)
def _encoder() -> TextEncoder:
    return TextEncoder(load_saved("glove-50").words, "word")

"""Which reviews a lab pushes through its networks: the demo's or an uploaded file's, as one batch without padding."""

from __future__ import annotations

import streamlit as st

from sentiment_core.artifacts import home
from sentiment_core.config import from_fields
from sentiment_core.datasets import load_reviews
from sentiment_core.embeddings import load_saved
from sentiment_core.inside.batch import WordBatch, word_batch
from sentiment_core.inside.normed import PaddedReviews, padded_reviews
from sentiment_core.settings import DataConfig
from sentiment_core.text import TextEncoder
from ui.kit.kept import kept
from ui.kit.uploads import reviews_file, upload
from ui.labs.inside.settings import Setting, Settings, one_of

SOURCES = {"demo": "Demo reviews", "csv": "A file"}
REVIEWS, STEPS = 32, 50


SETTINGS = (one_of("source", "demo", list(SOURCES)), Setting(upload("file", "")))


def choose(settings: Settings) -> tuple[str, str | None] | None:
    """Draw the choice of reviews behind a button; return what `batch_of` needs, None while there is nothing to read."""
    address = settings.address
    with st.popover(SOURCES[settings["source"]], icon=":material/description:", width="content"):
        if settings.choice("source", "Reviews", SOURCES.__getitem__) == "demo":
            return "demo", None
        found = reviews_file(
            f"{address.prefix}:upload",
            settings["file"],
            lambda path: address.put(file=path.name),
            shown=True,
            looked_up={},
        )
    if found is None:
        st.caption("Choose a file behind the button.")
        return None
    return "csv", found.path


def batch_of(source: str, path: str | None, count: int = REVIEWS, steps: int = STEPS) -> WordBatch:
    """Return the batch, made once for all visitors. Raises `SentimentLabError`."""
    return _batch(str(home()), source, path, count, steps)


@kept(max_entries=8, show_spinner="Reading the reviews")
def _batch(where: str, source: str, path: str | None, count: int, steps: int) -> WordBatch:
    return word_batch(load_reviews(config_of(source, path)), load_saved("glove-50"), _encoder(), count, steps)


def padded_of(source: str, path: str | None) -> PaddedReviews:
    """Return some hundred reviews with their padding, made once for all visitors. Raises `SentimentLabError`."""
    return _padded(str(home()), source, path)


@kept(max_entries=4, show_spinner="Reading the reviews")
def _padded(where: str, source: str, path: str | None) -> PaddedReviews:
    return padded_reviews(load_reviews(config_of(source, path)), load_saved("glove-50"), _encoder())


def config_of(source: str, path: str | None) -> DataConfig:
    """Return the settings that mean these reviews."""
    return from_fields({"data.source": source} | ({"data.path": path} if path else {})).data


@kept(max_entries=1)
def _encoder() -> TextEncoder:
    return TextEncoder(load_saved("glove-50").words, "unified")

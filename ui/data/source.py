"""What the Data page reads: reviews, their tokens and the vectors, each made once and shared by all visitors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import streamlit as st

from sentiment_core.artifacts import home, place
from sentiment_core.config import build, choices
from sentiment_core.data_view.job import REVIEWS, arguments_for
from sentiment_core.data_view.neighbours import WordSpace, word_space
from sentiment_core.data_view.shown import reviews_to_show
from sentiment_core.data_view.statistics import learnable
from sentiment_core.data_view.tokenized import TokenizedReviews, read_tokens
from sentiment_core.datasets import Reviews, check_here
from sentiment_core.embeddings import load_saved
from sentiment_core.errors import EmbeddingsError, SentimentLabError
from sentiment_core.remarks import remarks
from sentiment_core.setting_words import say
from sentiment_core.settings import DataConfig, Tokenizer
from sentiment_core.sources import SOURCES
from sentiment_core.text import is_word
from sentiment_core.vector_files import is_name
from sentiment_core.work.pace import Pace, with_time
from ui.addresses import DATA
from ui.kit.kept import kept
from ui.kit.notices import literal
from ui.kit.own_vectors import choose_vectors, read_vectors_first
from ui.kit.reading_first import read_first
from ui.kit.uploads import in_users_words, reviews_file, upload_path

# Under which name the vectors that this visitor brought lie on disk.
OWN_KEY = "data:own-vectors"


@dataclass(frozen=True)
class KnownWords:
    """What a vocabulary knows of the reviews: which tokens `(W,)` bool, and how many tokens of each review `(N,)`.

    `spelled (N,)`: how many of those are words; `unknown (N,)`: tokens that it does not know.
    """

    words: np.ndarray
    lengths: np.ndarray
    spelled: np.ndarray
    unknown: np.ndarray


def vocabularies() -> list[str]:
    """Return the vectors that are on this machine, the user's own last: a page must not start to download others."""
    found = ["glove-50"]
    found += ["glove-100"] if _is_here("glove-100") else []
    own = st.session_state.get(OWN_KEY)
    return found + ([own] if own is not None and _is_here(own) else [])


def _is_here(key: str) -> bool:
    return place("embeddings", key, "matrix.npy").is_file()


def vectors() -> str:
    """Return which vectors the page shows, as `embeddings.load_saved` calls them."""
    chosen = str(DATA.value("embeddings"))
    return chosen if chosen != "own" else str(st.session_state[OWN_KEY])


def named(vectors: str) -> str:
    """Return what a page calls vectors."""
    return "your vectors" if vectors == st.session_state.get(OWN_KEY) else vectors


def choose() -> DataConfig | None:
    """Draw the choice of reviews, tokenizer and vectors; None while a file is missing."""
    first, second, third = st.columns([1.2, 1, 1], vertical_alignment="bottom")
    first.selectbox(
        "Reviews",
        list(SOURCES),
        key=DATA.key("source"),
        format_func=lambda name: SOURCES[name].short,
        on_change=_restart,
    )
    second.selectbox(
        "Tokenizer",
        choices("data.tokenizer"),
        key=DATA.key("tokenizer"),
        format_func=lambda name: say("data.tokenizer", name),
    )
    with third:
        here = [*(name for name in vocabularies() if name.startswith("glove-")), "own"]
        if DATA.value("embeddings") not in here:
            st.warning(
                f"{DATA.value('embeddings')} has not been fetched on this machine yet; a training that uses it does."
            )
            DATA.put(embeddings=here[0])
        st.selectbox(
            "Word vectors", here, key=DATA.key("embeddings"), format_func=lambda name: say("data.embeddings", name)
        )
    if DATA.value("embeddings") == "own" and not _own_vectors():
        return None
    source = DATA.value("source")
    if "path" in SOURCES[source].needs:
        read = DATA.value("tab") != "words"
        return reviews_file(
            "data:upload", DATA.value("file"), _take_file, labelled=False, read=read, tokens=_splitting(), shown=True
        )
    config = DataConfig(source=source)
    check_here(config)
    return config


def _own_vectors() -> bool:
    """Draw where the user's own vectors come from; return whether they have been read."""
    given = DATA.value("vectors")
    path = given if not given or is_name(given) else upload_path(given)
    st.session_state.pop(OWN_KEY, None)
    with st.popover("Which vectors", icon=":material/upload_file:", width="content"):
        choose_vectors("data:vectors", path or None, lambda chosen: DATA.put(vectors=Path(chosen).name))
    if not path:
        st.caption("Choose vectors: a file, or a name of gensim's downloader.")
        return False
    found = read_vectors_first(path)
    if found is None:
        return False
    st.session_state[OWN_KEY] = found.key
    return True


def are_read(config: DataConfig) -> bool:
    """Return whether the reviews and their tokens may be loaded; else draw the job that reads them first."""
    try:
        return read_first(config, labelled=False, tokens=_splitting()) is not None
    except SentimentLabError as error:
        raise error.worded(in_users_words(str(error), config.path or "")) from error.__cause__


def _splitting() -> tuple[Tokenizer, ...]:
    """Return the tokenizers whose tokens the tab shows."""
    return get_args(Tokenizer) if DATA.value("tab") == "coverage" else (DATA.value("tokenizer"),)


def reviews_of(config: DataConfig) -> Reviews:
    """Return the reviews; the first time shows progress, later ones share them. Raises `SentimentLabError`."""
    try:
        return _reviews(str(home()), key_of(config))
    except SentimentLabError as error:
        raise error.worded(in_users_words(str(error), config.path or "")) from error.__cause__


def remarks_of(config: DataConfig) -> tuple[str, ...]:
    """Return what is odd about the reviews, a sentence each."""
    return _remarks(str(home()), key_of(config))


def tokenized_of(config: DataConfig, tokenizer: Tokenizer) -> TokenizedReviews:
    """Return the tokens of the reviews; the first time shows progress."""
    return _tokenized(str(home()), key_of(config), tokenizer)


def known_by(config: DataConfig, tokenizer: Tokenizer, embeddings: str) -> KnownWords:
    """Return what the vectors know of the reviews."""
    return _known(str(home()), key_of(config), tokenizer, embeddings)


def learnable_words(config: DataConfig, tokenizer: Tokenizer) -> np.ndarray:
    """Return which words `(W,)` the vectors learned from the reviews would have."""
    return _learnable(str(home()), key_of(config), tokenizer)


@kept(max_entries=2)
def space_of(embeddings: str) -> WordSpace:
    """Return vectors that can be searched; raise `EmbeddingsError` for ones that are not here."""
    if embeddings not in vocabularies():
        raise EmbeddingsError(f"{embeddings} has not been fetched on this machine; choose glove-50")
    return word_space(load_saved(embeddings))


@kept(max_entries=2, show_spinner="Reading the reviews")
def _reviews(where: str, question: str) -> Reviews:
    return reviews_to_show(build(DataConfig, REVIEWS.read(question).data))


@kept(max_entries=4)
def _remarks(where: str, question: str) -> tuple[str, ...]:
    return remarks(_reviews(where, question))


@kept(max_entries=3)
def _tokenized(where: str, question: str, tokenizer: Tokenizer) -> TokenizedReviews:
    bar = st.progress(0.0, "Splitting the reviews into tokens, once")

    pace = Pace()

    def progress(message: str, fraction: float | None) -> None:
        bar.progress(min(1.0, fraction or 0.0), literal(with_time(message, pace.left(fraction))))

    try:
        return read_tokens(_reviews(where, question), tokenizer, progress)
    finally:
        bar.empty()


@kept(max_entries=6)
def _known(where: str, question: str, tokenizer: Tokenizer, embeddings: str) -> KnownWords:
    tokenized = _tokenized(where, question, tokenizer)
    words = tokenized.known(space_of(embeddings).ids)
    lengths = tokenized.known_lengths(words)
    spelled = tokenized.known_lengths(words & np.fromiter(map(is_word, tokenized.words), bool, len(words)))
    return KnownWords(words, lengths, spelled, tokenized.lengths - lengths)


@kept(max_entries=4)
def _learnable(where: str, question: str, tokenizer: Tokenizer) -> np.ndarray:
    return learnable(_tokenized(where, question, tokenizer), _reviews(where, question))


def key_of(config: DataConfig) -> str:
    """Return what decides which reviews these are: what has been made of them is kept by it."""
    return REVIEWS.written(arguments_for(config))


def _take_file(path: Path) -> None:
    if path.name != DATA.value("file"):
        DATA.put(file=path.name)
        _restart()


def _restart() -> None:
    DATA.put(page=1, batch=1, review=0)

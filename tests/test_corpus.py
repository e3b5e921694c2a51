"""Encoded reviews: what is dropped, what is cut, and a cache that is used, rebuilt when damaged, and never required."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sentiment_core import artifacts
from sentiment_core import corpus as module
from sentiment_core.corpus import Corpus, prepare
from sentiment_core.datasets import Reviews
from sentiment_core.errors import DataError
from sentiment_core.excerpt import is_read, read_of
from sentiment_core.progress import silent
from sentiment_core.settings import DataConfig

DATA = DataConfig(embeddings="random", embedding_dim=4, max_tokens=None)


def words_of(corpus: Corpus, index: int) -> list[str]:
    ids = corpus.token_ids[corpus.offsets[index] :][: corpus.lengths[index]]
    return [corpus.vectors.words[corpus.vocabulary[number] - 1] for number in ids]


@pytest.fixture
def cache(home: Path) -> Callable[[], Path]:
    def only_file() -> Path:
        (path,) = (home / "corpora").iterdir()
        return path

    return only_file


def test_reviews_keep_their_known_words_in_order(make_reviews: Callable[..., Reviews]) -> None:
    reviews = make_reviews(30)
    corpus = prepare(DATA, reviews, 1, silent)
    known = set(corpus.vectors.words)
    for index, text in enumerate(reviews.texts):
        assert words_of(corpus, index) == [word for word in text.split() if word in known]
    assert len(corpus) == 30
    np.testing.assert_array_equal(corpus.labels, reviews.labels)
    np.testing.assert_array_equal(corpus.parts, reviews.parts)


def test_ids_are_local_and_row_zero_is_padding(make_reviews: Callable[..., Reviews]) -> None:
    corpus = prepare(DATA, make_reviews(30), 1, silent)
    assert corpus.vocabulary[0] == 0 and not corpus.matrix[0].any()
    assert corpus.token_ids.min() >= 1 and corpus.token_ids.max() == len(corpus.matrix) - 1
    np.testing.assert_array_equal(corpus.matrix[1:], corpus.vectors.matrix[corpus.vocabulary[1:] - 1])


def test_vocabulary_comes_from_training_reviews_alone() -> None:
    texts = ["good film good film"] * 2 + ["secret secret good"] * 2
    labels, parts = np.array([0, 1, 0, 1], dtype=np.int8), np.array([0, 0, 1, 2], dtype=np.int8)
    corpus = prepare(DATA, Reviews(texts, labels, parts), 1, silent)
    assert set(corpus.vectors.words) == {"good", "film"}
    assert words_of(corpus, 3) == ["good"]


def test_long_reviews_are_cut_to_the_first_known_tokens(make_reviews: Callable[..., Reviews]) -> None:
    whole = prepare(DATA, make_reviews(30), 1, silent)
    cut = prepare(DATA.model_copy(update={"max_tokens": 5}), make_reviews(30), 1, silent)
    np.testing.assert_array_equal(cut.lengths, np.minimum(whole.lengths, 5))
    assert words_of(cut, 3) == words_of(whole, 3)[:5]


@pytest.mark.parametrize(("keep", "head"), [("head", 5), ("tail", 0), ("head_tail", 1)])
def test_the_part_that_is_kept_of_long_reviews(keep: Any, head: int, make_reviews: Callable[..., Reviews]) -> None:
    whole = prepare(DATA, make_reviews(30), 1, silent)
    cut = prepare(DATA.model_copy(update={"max_tokens": 5, "keep": keep}), make_reviews(30), 1, silent)
    assert whole.lengths.max() > 5 >= whole.lengths.min()
    for place in range(30):
        words = words_of(whole, place)
        assert words_of(cut, place) == (words[:head] + words[len(words) - 5 + head :] if len(words) > 5 else words)
        row = np.arange(len(words))
        assert len(read_of(row, 5, keep)) == cut.lengths[place]
        known = np.array([True, False] * len(words), dtype=bool)
        assert np.flatnonzero(is_read(known, 5, keep)).tolist() == (2 * read_of(row, 5, keep)).tolist()


def test_an_unknown_or_empty_review_has_length_zero(make_reviews: Callable[..., Reviews]) -> None:
    reviews = make_reviews(30)
    reviews.texts[4], reviews.texts[5] = "", "zyzzyva"
    corpus = prepare(DATA, reviews, 1, silent)
    assert corpus.lengths[[4, 5]].tolist() == [0, 0]
    assert words_of(corpus, 6)


def test_punctuation_is_no_word(make_reviews: Callable[..., Reviews]) -> None:
    reviews = make_reviews(30)
    reviews.texts[4], reviews.texts[5], reviews.texts[6] = "", "zyzzyva", "… ! ! zyzzyva ?"
    corpus = prepare(DataConfig(embeddings="random", embedding_dim=4, tokenizer="word"), reviews, 1, silent)
    assert np.flatnonzero(~corpus.readable).tolist() == [4, 5, 6]
    # What is cut away counts: the words are known, though the model reads none of them.
    reviews.texts[6] = f"! ! {reviews.texts[7]}"
    cut = prepare(DataConfig(embeddings="random", embedding_dim=4, tokenizer="word", max_tokens=1), reviews, 1, silent)
    assert np.flatnonzero(~cut.readable).tolist() == [4, 5]


def test_reviews_in_another_language_are_refused() -> None:
    reviews = Reviews(["電影" * 3] * 4, np.array([0, 1, 0, 1], dtype=np.int8), np.zeros(4, dtype=np.int8))
    with pytest.raises(DataError, match="no review has a word that the vectors know; check the text column"):
        prepare(DataConfig(tokenizer="whitespace"), reviews, 1, silent)


def test_the_second_time_comes_from_the_cache(
    make_reviews: Callable[..., Reviews], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = prepare(DATA, make_reviews(30), 1, silent)
    monkeypatch.setattr(module, "_encode", None)
    again = prepare(DATA.model_copy(update={"max_tokens": 7}), make_reviews(30), 1, silent)
    assert words_of(again, 3) == words_of(first, 3)[:7]
    np.testing.assert_array_equal(again.matrix, first.matrix)


@pytest.mark.parametrize("change", ["texts", "tokenizer", "parts"])
def test_other_content_is_another_entry(change: str, make_reviews: Callable[..., Reviews], home: Path) -> None:
    reviews = make_reviews(30)
    prepare(DATA, reviews, 1, silent)
    if change == "texts":
        reviews.texts[0] += " word1"
    elif change == "parts":
        reviews.parts[:] = reviews.parts[::-1].copy()
    prepare(DATA.model_copy(update={"tokenizer": "whitespace"} if change == "tokenizer" else {}), reviews, 1, silent)
    assert len(list((home / "corpora").iterdir())) == 2


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def pickled(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, token_ids=np.array([{}], dtype=object), offsets=np.arange(31))


def other_reviews(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, token_ids=np.ones(3, dtype=np.int32), offsets=np.array([0, 3]))


@pytest.mark.parametrize("damage", [truncate, flip, empty, pickled, other_reviews])
def test_a_damaged_entry_is_made_again(
    damage: Callable[[Path], None],
    make_reviews: Callable[..., Reviews],
    cache: Callable[[], Path],
    caplog: pytest.LogCaptureFixture,
) -> None:
    first = prepare(DATA, make_reviews(30), 1, silent)
    assert caplog.text == ""
    intact = cache().read_bytes()
    damage(cache())
    again = prepare(DATA, make_reviews(30), 1, silent)
    assert "a damaged cache is made again" in caplog.text
    np.testing.assert_array_equal(again.token_ids, first.token_ids)
    np.testing.assert_array_equal(again.offsets, first.offsets)
    assert len(cache().read_bytes()) == len(intact)


@pytest.mark.parametrize("step", ["mkstemp", "savez"])
def test_a_full_disk_costs_the_cache_only(
    step: str, make_reviews: Callable[..., Reviews], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: Any, **options: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(artifacts.tempfile if step == "mkstemp" else module.np, step, full)
    assert len(prepare(DATA, make_reviews(30), 1, silent)) == 30
    assert list((home / "corpora").iterdir()) == []

"""Data sets looked at before any model: counts by hand, padding against `collate`, neighbours against brute force."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment_core.batches import collate, plan_epoch
from sentiment_core.data_view.batch_image import batch_images
from sentiment_core.data_view.browse import search, tokens_of
from sentiment_core.data_view.neighbours import nearest, project, word_space
from sentiment_core.data_view.statistics import (
    balances,
    coverage,
    frequent_unknown,
    learnable,
    length_histogram,
    truncation,
)
from sentiment_core.data_view.tokenized import read_tokens
from sentiment_core.datasets import TEST, TRAIN, VALIDATION, Reviews, load_reviews
from sentiment_core.embeddings import WordVectors, load_saved
from sentiment_core.errors import DataError
from sentiment_core.metrics import Balance
from sentiment_core.settings import DataConfig
from sentiment_core.text import TextEncoder, token_strings

TEXTS = ["A good film, good cast.", "bad", "It's a film.", "  "]


@pytest.fixture
def few() -> Reviews:
    return Reviews(
        TEXTS, np.array([1, 0, 1, 0], dtype=np.int8), np.array([TRAIN, TRAIN, TEST, VALIDATION], dtype=np.int8)
    )


@pytest.fixture
def vectors() -> WordVectors:
    matrix = np.random.default_rng(3).normal(size=(50, 6)).astype(np.float32)
    return WordVectors("made-up", [f"w{place}" for place in range(50)], matrix, "made-up")


def test_a_reading_holds_every_token_in_order(few):
    for tokenizer in ("word", "whitespace"):
        tokenized = read_tokens(few, tokenizer)
        for place, text in enumerate(TEXTS):
            row = tokenized.token_ids[tokenized.offsets[place] : tokenized.offsets[place + 1]]
            assert [tokenized.words[index] for index in row] == token_strings(text, tokenizer)
        again = read_tokens(few, tokenizer)
        assert again.words == tokenized.words
        for name in ("counts", "token_ids", "offsets"):
            np.testing.assert_array_equal(getattr(again, name), getattr(tokenized, name))


def test_a_damaged_cache_is_made_again(few, home):
    first = read_tokens(few, "word")
    (path,) = (home / "readings").glob("*.npz")
    path.write_bytes(path.read_bytes()[:100])
    assert read_tokens(few, "word").words == first.words


def test_reviews_without_tokens_are_refused():
    blank = Reviews([" ", ""], np.array([0, 1], dtype=np.int8), np.array([TRAIN, TEST], dtype=np.int8))
    with pytest.raises(DataError, match="no tokens"):
        read_tokens(blank, "word")


def test_counts_by_hand(few):
    tokenized = read_tokens(few, "word")  # a good film , good cast . | bad | it 's a film . |
    assert tokenized.lengths.tolist() == [7, 1, 5, 0]
    known = tokenized.known({"a", "film", "good"})
    assert tokenized.known_lengths(known).tolist() == [4, 0, 2, 0]
    found = coverage(tokenized, known)
    assert (found.tokens, found.words) == (13, 9)
    assert found.known_share == pytest.approx(6 / 13)
    assert found.known_words_share == pytest.approx(3 / 9)
    unknown = frequent_unknown(tokenized, known)
    assert unknown[0] == (".", 2)
    assert sorted(unknown[1:]) == [("'s", 1), (",", 1), ("bad", 1), ("cast", 1), ("it", 1)]
    assert frequent_unknown(tokenized, tokenized.known(set(tokenized.words))) == []
    assert [word for word, twice in zip(tokenized.words, learnable(tokenized, few), strict=True) if twice] == ["good"]


def test_balance_lengths_and_truncation_by_hand(few):
    assert balances(few) == {"train": Balance(2, 1), "validation": Balance(1, 0), "test": Balance(1, 1)}
    cut = truncation(np.array([10, 4, 6, 0]), 5)
    assert (cut.reviews_cut, cut.tokens_lost) == (0.5, 6 / 20)
    edges, whole, cut = length_histogram(np.array([0, 1, 1, 4, 5, 5, 9]), longest=4, bins=5)
    assert edges.tolist() == [0, 2, 4, 6, 8, 10]
    assert whole.tolist() == [3, 0, 1, 0, 0] and cut.tolist() == [0, 0, 2, 0, 1], "the limit lies within the third"
    edges, whole, cut = length_histogram(np.array([0, 0]), longest=4)
    assert edges.tolist() == [0, 1] and whole.tolist() == [2] and cut.tolist() == [0]


def test_known_lengths_are_what_a_model_would_read():
    reviews = load_reviews(DataConfig(limit=60))
    words = load_saved("glove-50").words
    for tokenizer in ("word", "whitespace"):
        rows = [row for chunk in TextEncoder(words, tokenizer).encode_known(reviews.texts) for row in chunk]
        tokenized = read_tokens(reviews, tokenizer)
        assert tokenized.known_lengths(tokenized.known(set(words))).tolist() == [len(row) for row in rows]


def test_search(few):
    assert search(few).tolist() == [0, 1, 2, 3]
    assert search(few, " FILM ").tolist() == [0, 2]
    assert search(few, "film", label="positive", part="test").tolist() == [2]
    assert search(few, label="negative").tolist() == [1, 3]
    assert search(few, "nothing like it").tolist() == []
    with pytest.raises(DataError, match="label"):
        search(few, label="neither")
    with pytest.raises(DataError, match="part"):
        search(few, part="rest")


def test_tokens_of_a_review_carry_ids_and_places():
    text = "A GOOD film 🎬 isn't bad"
    rows = tokens_of(text, "word", {"good": 7, "film": 3, "bad": 9}, longest=2)
    assert [(row.word, row.id, row.used) for row in rows] == [
        ("a", 0, False),
        ("good", 7, True),
        ("film", 3, True),
        ("🎬", 0, False),
        ("is", 0, False),
        ("n't", 0, False),
        ("bad", 9, False),
    ]
    assert [text[row.start : row.end].lower() for row in rows] == [row.word for row in rows]
    assert tokens_of("  ", "word", {}, 10) == []


@pytest.mark.parametrize("batching", ["random", "bucketed"])
def test_a_batch_image_is_what_collate_pads(make_corpus, batching):
    corpus = make_corpus(count=90, longest=40, empty=2)
    members = np.flatnonzero(corpus.parts == TRAIN)
    plan = plan_epoch(members, corpus.lengths, 16, batching, 1, 1)
    made = [collate(corpus, indices) for indices in plan]
    for place, batch in enumerate(made):
        image = batch_images(members, corpus.lengths, 16, batching, place)
        assert image.real.shape == tuple(batch.token_ids.shape)
        assert image.share == pytest.approx(float((batch.token_ids == 0).float().mean()), abs=1e-6)
        assert sorted(image.real.sum(axis=1)) == sorted(batch.lengths.tolist())
    cells = sum(batch.token_ids.numel() for batch in made)
    assert image.epoch_share == pytest.approx(1 - sum(batch.tokens for batch in made) / cells)
    again = batch_images(members, corpus.lengths, 16, batching, len(plan))
    np.testing.assert_array_equal(again.real, batch_images(members, corpus.lengths, 16, batching, 0).real)


def test_neighbours_against_brute_force(vectors):
    space = word_space(vectors)
    target = vectors.matrix[4]
    cosines = {
        word: float(row @ target / np.linalg.norm(row) / np.linalg.norm(target))
        for word, row in zip(vectors.words, vectors.matrix, strict=True)
        if word != "w4"
    }
    expected = sorted(cosines.items(), key=lambda item: -item[1])
    found = nearest(space, " W4 ", 10)
    assert [word for word, _ in found] == [word for word, _ in expected[:10]]
    np.testing.assert_allclose([cosine for _, cosine in found], [cosine for _, cosine in expected[:10]], atol=1e-6)
    assert len(nearest(space, "w4", 500)) == 49
    for word, message in (("nonsense", "'nonsense' is not among the 50 words"), (" ", "write a word")):
        with pytest.raises(DataError, match=message):
            nearest(space, word)


def test_a_projection_keeps_distances_on_a_plane(vectors):
    flat = np.zeros((50, 6), dtype=np.float32)
    flat[:, :2] = np.random.default_rng(0).normal(size=(50, 2))
    space = word_space(WordVectors("flat", vectors.words, flat, "flat"))
    places, share = project(space, ["w1", "w2", "W3", "w4"])
    assert share == pytest.approx(1.0)
    between = np.linalg.norm(places[:, None] - places[None], axis=-1)
    rows = flat[1:5]
    np.testing.assert_allclose(between, np.linalg.norm(rows[:, None] - rows[None], axis=-1), atol=1e-5)
    with pytest.raises(DataError, match="no vector in flat for: q, z"):
        project(space, ["w1", "q", "w2", "z"])
    with pytest.raises(DataError, match="at least three"):
        project(space, ["w1", "w2"])


@pytest.mark.real_data
def test_coverage_of_real_reviews(real_data):
    reviews = load_reviews(DataConfig(source="csv", path=str(real_data / "movie.csv.gz"), limit=2000))
    words = set(load_saved("glove-50").words)
    shares = {}
    for tokenizer in ("whitespace", "word"):
        tokenized = read_tokens(reviews, tokenizer)
        shares[tokenizer] = coverage(tokenized, tokenized.known(words)).known_share
    assert shares["whitespace"] == pytest.approx(0.838, abs=0.005)
    assert shares["word"] > 0.99

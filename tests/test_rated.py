"""Learning from rated sentences: what is held back or shares words with what is asked is not among what is learned."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from benchmarks.polished import Opinions
from benchmarks.rated import Rating, Sentences, read_ratings
from benchmarks.variants import Writer
from sentiment_core.datasets.demo import generate
from sentiment_core.explain.predictor import Predictor
from ui.kit.examples import EXAMPLES

PRAISE = Rating("a warm and witty film with a splendid cast", 2.5, "movie", False)
BLAME = Rating("a dull and clumsy film with a wooden cast", -2.5, "movie", False)


@pytest.fixture(scope="module")
def writer(pretrained: Predictor) -> Writer:
    reviews = generate(60, seed=4)
    rows = [ids for chunk in pretrained.encoder.encode_known(reviews.texts) for ids in chunk]
    return Writer(pretrained, rows, np.asarray(reviews.labels).astype(int))


@pytest.fixture
def lab(tmp_path: Path, pretrained: Predictor) -> Path:
    said = [("the cast is splendid", 2.0), ("the cast is wooden", -9.0), (_words(pretrained), 1.0)]
    (tmp_path / "said.pkl").write_bytes(pickle.dumps([(words.split(), odds) for words, odds in said]))
    return tmp_path


def _words(pretrained: Predictor) -> str:
    """Return the words of an example, as the model reads them."""
    chunk = next(iter(pretrained.encoder.encode_known([EXAMPLES["Sarcasm"]])))
    return " ".join(pretrained.vectors.words[token - 1] for token in next(iter(chunk)))


def test_ratings_are_read_with_what_is_held_back(tmp_path: Path) -> None:
    films = [f"{place}\t{place / 1000 - 1}\ta ''film'' {place}" for place in range(2_000)]
    (tmp_path / "movieReviewSnippets_GroundTruth.txt").write_text("\n".join(films))
    (tmp_path / "amazonReviewSnippets_GroundTruth.txt").write_text("1_1\t-3\tit broke\n1_2\t2\tworks\twell\n")
    (tmp_path / "yelp.json").write_text(json.dumps([{"text": "Tasty", "class": 1}, {"text": " ", "class": 0}]))
    found = read_ratings(tmp_path)
    assert sum(rating.held for rating in found if rating.source == "movie") == 1_600 and len(found) == 2_003
    assert found[7].text == 'a "film" 7' and found[7].value == pytest.approx(-0.993)
    assert [(rating.text, rating.held) for rating in found[2_000:]] == [
        ("it broke", True),
        ("works\twell", False),
        ("Tasty", False),
    ]


def test_what_is_learned_keeps_its_rating_and_nothing_asked(pretrained: Predictor, writer: Writer, lab: Path) -> None:
    ratings = [
        PRAISE,
        BLAME,
        Rating("it works and i like it", 1.0, "amazon", False),
        Rating("only the encoder hears of it", 1.0, "yelp", False),
        Rating("held back and never learned", 3.0, "movie", True),
        Rating(EXAMPLES["Sarcasm"], 3.0, "movie", False),
    ]
    own = Sentences(pretrained, writer, Opinions(pretrained, writer, seed=1), ratings, lab, seed=1)
    assert [value for _, value in own.films] == [2.5, -2.5] and len(own.said) == 2
    texts = {tuple(ids): target for ids, target in (own.rated(0) for _ in range(60))}
    assert sorted(texts.values()) == pytest.approx([0.018, 0.832, 0.982], abs=1e-3)
    assert all((target > 0.5) == label for label in (0, 1) for _, target in (own.replaced(label) for _ in range(20)))
    joined = [own.joined(1) for _ in range(40)]
    assert all(target > 0.5 and len(ids) > len(own.films[0][0]) for ids, target in joined)
    # What the encoder is surest of is not learned as certain.
    assert all(0.017 < target < 0.983 for _, target in (own.asked(0) for _ in range(60)))

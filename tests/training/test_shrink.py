"""A shrunk model answers as the one it was made from, as far as its words go, and needs no other vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.shrink import frequent_words, shrink
from sentiment_core.corpus import Corpus
from sentiment_core.datasets import load_reviews
from sentiment_core.errors import CheckpointError
from sentiment_core.explain.predictor import load
from sentiment_core.progress import silent
from sentiment_core.store import Experiment, Store, Worker
from sentiment_core.training.sentiment import prepare_corpora
from sentiment_core.work.training import run_experiment
from sentiment_core.work.worker import StopSignal

TEXT = "A good film with a bad end, and not one dull minute."


@pytest.fixture(params=[True, False], ids=["frozen", "fine-tuned"])
def trained(store: Store, tiny: Any, request: pytest.FixtureRequest) -> Experiment:
    config = tiny({"training.epochs": 2, "model.freeze_embeddings": request.param, "training.learning_rate": 0.01})
    experiment = store.create_experiment(config)
    store.claim_experiment(experiment.id, Worker.of(), threads=1)
    return run_experiment(store, experiment.id, StopSignal(), Worker.of())


def _corpus(experiment: Experiment) -> Corpus:
    return prepare_corpora(experiment.config, load_reviews(experiment.config.data), silent)[0]


def _folder(home: Path, experiment: Experiment) -> Path:
    return home / "experiments" / experiment.id / experiment.runs[0].id


def test_the_answer_stays(home: Path, trained: Experiment, tmp_path: Path) -> None:
    corpus = _corpus(trained)
    shrink(_folder(home, trained), tmp_path / "small", corpus, len(corpus.vocabulary), temperature=1.5)
    before, after = load("before", _folder(home, trained)), load("after", tmp_path / "small")
    assert after.vectors.key == "own"
    words = [corpus.vectors.words[index - 1] for index in corpus.vocabulary[frequent_words(corpus, 20)]]
    text = " ".join(words)
    expected, found = before.explain(text), after.explain(text)
    assert [(token.text, token.known) for token in found.tokens] == [(word, True) for word in words]
    # Beside half precision, the temperature is the only difference.
    log_odds = np.log(expected.probability / (1 - expected.probability))
    assert np.log(found.probability / (1 - found.probability)) == pytest.approx(log_odds / 1.5, abs=5e-3)


def test_the_most_used_words_stay(home: Path, trained: Experiment, tmp_path: Path) -> None:
    corpus = _corpus(trained)
    shrink(_folder(home, trained), tmp_path / "small", corpus, 30)
    words = json.loads((tmp_path / "small" / "words.json").read_text())
    assert len(words) == 30
    assert {"the", ".", ","} <= set(words)
    small = load("small", tmp_path / "small")
    known = {token.text.lower() for token in small.explain(TEXT).tokens if token.known}
    assert known <= set(words)
    assert not small.explain("zyzzyva").used_tokens
    # Ties keep the order of the vocabulary, so the same model comes out every time.
    assert frequent_words(corpus, 30).tolist() == frequent_words(corpus, 60)[:30].tolist()


@pytest.mark.parametrize(
    "words", ['["one"]', "[1, 2]", "{}", "not json", "[" * 5000], ids=["number", "types", "object", "text", "nested"]
)
def test_damaged_words_are_refused(home: Path, trained: Experiment, tmp_path: Path, words: str) -> None:
    shrink(_folder(home, trained), tmp_path / "small", _corpus(trained), 10)
    (tmp_path / "small" / "words.json").write_text(words)
    with pytest.raises(CheckpointError):
        load("small", tmp_path / "small")


def test_other_reviews_are_refused(home: Path, trained: Experiment, tiny: Any, tmp_path: Path) -> None:
    if trained.config.model.freeze_embeddings:
        pytest.skip("frozen vectors are the same whatever the reviews")
    config = tiny({"data.limit": 40})
    other = prepare_corpora(config, load_reviews(config.data), silent)[0]
    with pytest.raises(CheckpointError, match="other reviews"):
        shrink(_folder(home, trained), tmp_path / "small", other, 10)

"""Linear models on the same reviews and the same split: what a network has to beat.

run(arguments_for(config.data), progress)     # trains all of them; also the job "baselines"
trained(config.data, store)                   # what such a job has found, {} before
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import (
    Any,
    NotRequired,  # pydantic reads no other on Python 3.11
)

import numpy as np
from typing_extensions import TypedDict

from sentiment_core.config import build, choices
from sentiment_core.datasets import TEST, TRAIN, VALIDATION, load_reviews
from sentiment_core.progress import Progress, silent
from sentiment_core.remarks import MEANS, about_words, remarks
from sentiment_core.settings import DataConfig
from sentiment_core.sources import SOURCES
from sentiment_core.store import Store
from sentiment_core.work.desk import look
from sentiment_core.work.kinds import Kind

# What decides which reviews are trained and tested on, and what the mean word vectors are taken over.
REVIEWS = ("source", "split", "limit", "validation_fraction")
VECTORS = ("tokenizer", "embeddings")
PUBLISHED = tuple((words, vectors) for words in choices("data.tokenizer") for vectors in ("glove-50", "glove-100"))
SEED = 1
# Raised when the models change, so that what older ones reached is not taken for theirs.
RECIPE = 2


@dataclass(frozen=True)
class BaselineQuestion:
    """What makes a difference to a baseline: fields of `DataConfig`, and which version of the models is asked."""

    data: dict[str, str | int | float | None]
    recipe: int = RECIPE


class BaselineRow(TypedDict):
    """One baseline: `seconds` are those of making the features and fitting."""

    title: str
    description: str
    validation_accuracy: float
    test_accuracy: float
    seconds: float
    features: int
    converged: bool


class Majority(TypedDict):
    """What the label that most training reviews have reaches as the answer to every review."""

    label: str
    validation_accuracy: float
    test_accuracy: float


class BaselineResults(TypedDict):
    """All baselines on one set of reviews: `reviews` counts them by part, `warnings` say what is odd about them."""

    reviews: dict[str, int]
    embeddings: str
    majority: Majority
    rows: list[BaselineRow]
    warnings: NotRequired[list[str]]


BASELINES = Kind("baselines", "Baselines", BaselineQuestion, BaselineResults, "sentiment_core.baselines:run")


def arguments_for(data: DataConfig) -> BaselineQuestion:
    """Return the job's arguments for `data`: equal for all settings that make no difference to a baseline."""
    names = [*REVIEWS, *VECTORS]
    if data.embeddings in {"word2vec", "random"}:
        names.append("embedding_dim")
    if data.embeddings == "own":
        names.append("vectors")
    own = SOURCES[data.source].settings(data)
    return BaselineQuestion({name: getattr(data, name) for name in names} | own)


def trained(data: DataConfig, store: Store) -> dict[str, float]:
    """Return `{title: test accuracy}` of the baselines that somebody trained on the reviews of `data`; {} before.

    Any vectors will do for the elastic net, but its own come first.
    """
    for arguments in _candidates(data):
        found = look(store, BASELINES, arguments)
        if found.result is not None:
            return {row["title"]: row["test_accuracy"] for row in found.result["rows"]}
    return {}


def run(question: BaselineQuestion, progress: Progress = silent) -> BaselineResults:
    """Train every baseline; return review counts and one row each: accuracies, seconds, number of features.

    `converged` says whether the solver reached its optimum. `majority` is what answering every review with the label
    that most training reviews have reaches.
    `seconds` are those of making the features and fitting; counting word pairs is shared and counts for both models
    that use it. Raises `ConfigError` for bad arguments, and what reading reviews and vectors raises.
    """
    # Imported late: this module is asked for results by pages that have no use for scikit-learn.
    from sklearn.exceptions import ConvergenceWarning

    from sentiment_core.baselines.features import count_ngrams, mean_vectors
    from sentiment_core.baselines.models import elastic_net, naive_bayes_svm, tf_idf
    from sentiment_core.corpus import prepare

    data = build(DataConfig, {**question.data, "max_tokens": None})
    reviews = load_reviews(data, progress)
    parts = [reviews.select(part) for part in (TRAIN, VALIDATION, TEST)]
    labels = [reviews.labels[rows] for rows in parts]
    rows: list[BaselineRow] = []

    def measure(title: str, model: Any, features: list[Any], seconds: float, description: str) -> None:
        began = time.perf_counter()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ConvergenceWarning)
            model.fit(features[0], labels[0])
        seconds += time.perf_counter() - began
        validation, test = (float(model.score(features[part], labels[part])) for part in (1, 2))
        rows.append(
            {
                "title": title,
                "description": description,
                "validation_accuracy": validation,
                "test_accuracy": test,
                "seconds": seconds,
                "features": int(features[0].shape[1]),
                "converged": not any(issubclass(item.category, ConvergenceWarning) for item in caught),
            }
        )

    progress("Averaging word vectors", 0.05)
    began = time.perf_counter()
    corpus = prepare(data, reviews, SEED, progress)
    vectors = mean_vectors(corpus)
    means = [vectors[indices] for indices in parts]
    measure(
        "elastic net",
        elastic_net(),
        means,
        time.perf_counter() - began,
        f"logistic regression on the mean {data.embeddings} vector, L1 and L2 penalty",
    )
    progress("Counting words and pairs of words", 0.2)
    began = time.perf_counter()
    counts = count_ngrams([[reviews.texts[index] for index in indices] for indices in parts], progress)
    counting = time.perf_counter() - began
    progress("Fitting TF-IDF and logistic regression", 0.8)
    text = "logistic regression on TF-IDF weights of words and pairs of words"
    measure("TF-IDF", tf_idf(), counts, counting, text)
    progress("Fitting NB-SVM", 0.9)
    text = "linear SVM on naive Bayes log-count ratios of words and pairs of words"
    measure("NB-SVM", naive_bayes_svm(), counts, counting, text)
    sizes = dict(zip(("train", "validation", "test"), map(len, parts), strict=True))
    return {
        "reviews": sizes,
        "warnings": [*reviews.warnings, *remarks(reviews), *about_words(corpus.words, corpus.unknown, MEANS)],
        "embeddings": data.embeddings,
        "majority": majority(*labels),
        "rows": rows,
    }


def how_to_read(result: BaselineResults) -> list[str]:
    """Return what has to be known to read the accuracies of a result of `run`, a sentence each."""
    sizes, most = result["reviews"], result["majority"]
    sentences = [
        f"Trained on {sizes['train']:,} reviews, {sizes['validation']:,} for validation, tested on {sizes['test']:,}.",
        f"The same answer to every review, {most['label']}, reaches {most['test_accuracy']:.3f}.",
    ]
    if unfinished := [row["title"] for row in result["rows"] if not row["converged"]]:
        sentences.append(f"Not converged, so possibly below what the model can reach: {', '.join(unfinished)}.")
    return [*sentences, *result.get("warnings", ())]


def majority(training: np.ndarray, validation: np.ndarray, test: np.ndarray) -> Majority:
    """Return what the more frequent label of `training` (N,) reaches as the answer to every review of the others."""
    label = int(2 * training.sum() >= len(training))
    return {
        "label": ("negative", "positive")[label],
        "validation_accuracy": float((validation == label).mean()),
        "test_accuracy": float((test == label).mean()),
    }


def _candidates(data: DataConfig) -> Iterator[BaselineQuestion]:
    own = arguments_for(data)
    yield own
    reviews = {name: value for name, value in own.data.items() if name not in {"embedding_dim", "vectors"}}
    for tokenizer, embeddings in PUBLISHED:
        other = BaselineQuestion({**reviews, "tokenizer": tokenizer, "embeddings": embeddings})
        if other != own:
            yield other

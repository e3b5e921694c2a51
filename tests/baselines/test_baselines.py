"""Baselines: their parts against numbers worked by hand, the whole on demo reviews, and when a result counts."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning

from sentiment_core import baselines
from sentiment_core.baselines import BaselineQuestion, models
from sentiment_core.baselines.elastic_net import ElasticNetLogistic
from sentiment_core.baselines.features import count_ngrams, mean_vectors
from sentiment_core.baselines.models import InterpolatedSVM, LogCountRatios, naive_bayes_svm
from sentiment_core.cli import main
from sentiment_core.datasets import load_reviews
from sentiment_core.errors import ConfigError, DataError
from sentiment_core.metrics import Status
from sentiment_core.progress import silent
from sentiment_core.settings import DataConfig
from sentiment_core.store import Store
from sentiment_core.work.desk import Job

# Rows: reviews; columns: good, bad, film.
COUNTS = csr_matrix(np.array([[2, 0, 1], [1, 0, 0], [0, 3, 1], [0, 1, 1]], dtype=np.float32))
LABELS = np.array([1, 1, 0, 0])


def test_log_count_ratios_equal_the_paper_by_hand():
    ratios = LogCountRatios().fit(COUNTS, LABELS).ratios_
    # Positive reviews hold good 2, bad 0, film 1 times (each review counts once), plus one: 3, 1, 2 of 6.
    # Negative ones good 0, bad 2, film 2: 1, 3, 3 of 7.
    expected = [math.log((3 / 6) / (1 / 7)), math.log((1 / 6) / (3 / 7)), math.log((2 / 6) / (3 / 7))]
    np.testing.assert_allclose(ratios, expected, rtol=1e-6)


def test_presence_counts_once_and_the_counts_stay_as_they_were():
    before = COUNTS.toarray()
    model = LogCountRatios().fit(COUNTS, LABELS)
    transformed = model.transform(COUNTS).toarray()
    np.testing.assert_allclose(transformed[0], [model.ratios_[0], 0, model.ratios_[2]], rtol=1e-6)
    np.testing.assert_array_equal(COUNTS.toarray(), before)


def test_interpolation_is_the_svm_at_one_and_equal_weights_at_zero():
    plain = InterpolatedSVM(beta=1.0).fit(COUNTS, LABELS).coef_
    np.testing.assert_allclose(InterpolatedSVM(beta=0.0).fit(COUNTS, LABELS).coef_, np.abs(plain).mean())
    half = InterpolatedSVM(beta=0.5).fit(COUNTS, LABELS).coef_
    np.testing.assert_allclose(half, 0.5 * np.abs(plain).mean() + 0.5 * plain)
    assert naive_bayes_svm().fit(COUNTS, LABELS).score(COUNTS, LABELS) == 1.0


def test_the_elastic_net_reaches_the_optimum_of_a_general_solver():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 12))
    labels = (features[:, 0] - features[:, 1] + rng.normal(size=200) > 0.5).astype(int)
    model = ElasticNetLogistic(alpha=0.02, l1_ratio=0.3).fit(features, labels)

    def objective(point):
        logits = features @ point[:-1] + point[-1]
        penalty = 0.3 * np.abs(point[:-1]).sum() + 0.35 * point[:-1] @ point[:-1]
        return (np.logaddexp(0, logits) - labels * logits).mean() + 0.02 * penalty

    found = np.append(model.coef_[0], model.intercept_)
    # Powell's method takes no derivatives: it knows nothing of what the model computes.
    general = minimize(objective, np.zeros(13), method="Powell", options={"ftol": 1e-12, "maxfev": 100_000})
    assert objective(found) <= general.fun + 1e-9
    assert (found[2:12] == 0).any()
    assert model.score(features, labels) == ((features @ found[:-1] + found[-1] >= 0) == labels).mean()


def test_an_elastic_net_on_reviews_that_one_word_separates_ends():
    features = np.array([[1.0], [2.0], [-1.0], [-2.0]])
    model = ElasticNetLogistic().fit(features, LABELS)
    assert np.isfinite(model.coef_).all() and model.predict(features).tolist() == LABELS.tolist()


def test_a_model_that_did_not_converge_is_said(monkeypatch):
    found = baselines.run(baselines.arguments_for(DataConfig(limit=200)))
    assert all(row["converged"] for row in found["rows"])
    assert "Not converged" not in " ".join(baselines.how_to_read(found))
    monkeypatch.setattr(models, "elastic_net", lambda: ElasticNetLogistic(max_iter=1))
    cut = baselines.run(baselines.arguments_for(DataConfig(limit=200)))
    assert [row["converged"] for row in cut["rows"]] == [False, True, True]
    assert "Not converged, so possibly below what the model can reach: elastic net." in baselines.how_to_read(cut)
    with pytest.warns(ConvergenceWarning):
        ElasticNetLogistic(max_iter=1).fit(COUNTS.toarray(), LABELS)


def test_the_majority_class_is_chosen_on_the_training_part():
    most = baselines.majority(np.array([0, 0, 1]), np.array([0, 1]), np.array([1, 1, 1, 0]))
    assert most == {"label": "negative", "validation_accuracy": 0.5, "test_accuracy": 0.25}
    assert baselines.majority(np.array([0, 1]), np.array([1]), np.array([1]))["label"] == "positive"


def test_unbalanced_reviews_and_copies_are_said(tmp_path, capsys):
    path = tmp_path / "mine.csv"
    lines = [f"a film that is {'good' if n % 5 else 'bad'} {n % 90},{int(n % 5 > 0)}" for n in range(100)]
    path.write_text("text,label\n" + "\n".join(lines) + "\n")
    assert main(["baselines", "--data", str(path), "--split", "notebook"]) == 0
    said = capsys.readouterr().out
    reviews = load_reviews(DataConfig(source="csv", path=str(path), split="notebook"))
    test = reviews.select(2)
    learned = {reviews.texts[index] for index in np.flatnonzero(reviews.parts != 2)}
    copies = sum(reviews.texts[index] in learned for index in test)
    assert copies and f"{copies} of the {len(test)} test reviews have a copy in training or validation" in said
    assert f"The same answer to every review, positive, reaches {reviews.labels[test].mean():.3f}." in said


def test_mean_vectors_equal_a_loop(make_reviews):
    data = DataConfig(embeddings="random", embedding_dim=4, max_tokens=None)
    reviews = make_reviews(30)
    reviews.texts[3] = "zzz yyy"  # no known word
    from sentiment_core.corpus import prepare

    corpus = prepare(data, reviews, 1, silent)
    found = mean_vectors(corpus)
    for place in range(30):
        ids = corpus.token_ids[corpus.offsets[place] :][: corpus.lengths[place]]
        expected = corpus.matrix[ids].mean(axis=0) if len(ids) else np.zeros(4)
        np.testing.assert_allclose(found[place], expected, atol=1e-6)
    assert not found[3].any()


def test_word_pairs_come_from_the_training_part_only():
    first, second = count_ngrams([["not good", "not good at all"], ["very bad", "not good"]], silent)
    assert first.shape[1] == second.shape[1] == 3  # not, good, not good
    assert second.toarray().tolist() == [[0, 0, 0], [1, 1, 1]]


def test_reviews_without_a_common_word_are_refused():
    with pytest.raises(DataError, match="more reviews"):
        count_ngrams([["alpha", "beta"]], silent)


def test_all_are_trained_on_the_split_of_the_networks():
    data = DataConfig(limit=400)
    told: list[float | None] = []
    found = baselines.run(baselines.arguments_for(data), lambda message, fraction: told.append(fraction))
    reviews = load_reviews(data)
    assert found["reviews"] == {name: len(reviews.select(part)) for part, name in enumerate(found["reviews"])}
    assert [row["title"] for row in found["rows"]] == ["elastic net", "TF-IDF", "NB-SVM"]
    assert found["rows"][0]["features"] == 50
    for row in found["rows"]:
        assert 0.55 < row["test_accuracy"] <= 1 and 0.4 < row["validation_accuracy"] <= 1
        assert row["seconds"] > 0
    assert json.loads(json.dumps(found)) == found
    assert told[-1] == 0.9
    again = baselines.run(baselines.arguments_for(data))
    assert [row["test_accuracy"] for row in again["rows"]] == [row["test_accuracy"] for row in found["rows"]]


def test_bad_arguments_are_named():
    with pytest.raises(ConfigError, match="limit"):
        baselines.run(BaselineQuestion({"source": "demo", "limit": 3}))


def test_what_makes_no_difference_to_a_baseline_asks_for_the_same_job():
    plain = baselines.arguments_for(DataConfig())
    assert baselines.arguments_for(DataConfig(max_tokens=20, batching="random", embedding_dim=7)) == plain
    for other in ({"limit": 100}, {"validation_fraction": 0.2}, {"tokenizer": "whitespace"}, {"embeddings": "random"}):
        assert baselines.arguments_for(DataConfig(**other)) != plain
    assert "path" not in plain.data


def test_a_result_counts_for_the_same_reviews_whatever_the_vectors(monkeypatch):
    done = baselines.arguments_for(DataConfig(limit=500, embeddings="glove-100"))
    result = {"rows": [{"title": "elastic net", "test_accuracy": 0.78}]}

    def look(store, kind, arguments):
        assert kind is baselines.BASELINES
        return Job("key", Status.FINISHED, result=result) if arguments == done else Job("key", None)

    monkeypatch.setattr(baselines, "look", look)
    with Store() as store:
        for reached in (DataConfig(limit=500), DataConfig(limit=500, embeddings="random", embedding_dim=8)):
            assert baselines.trained(reached, store) == {"elastic net": 0.78}
        assert baselines.trained(DataConfig(limit=600), store) == {}


def test_command_line_prints_a_row_each(capsys):
    assert main(["baselines", "--data", "demo", "--limit", "300", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [row["title"] for row in document["rows"]] == ["elastic net", "TF-IDF", "NB-SVM"]
    assert main(["baselines", "--data", "/no/such/file.csv"]) == 2
    assert "file.csv" in capsys.readouterr().err

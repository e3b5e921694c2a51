"""One interface over all sources: limit, parts, fingerprint, evidence, warnings."""

import csv
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from sentiment_core.datasets import TEST, TRAIN, VALIDATION, Reviews, load_reviews
from sentiment_core.settings import DataConfig


@pytest.fixture
def config(tmp_path):
    with (tmp_path / "reviews.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("text", "label"), ("", 1), *((f"text {number}", number % 2) for number in range(400))]
        )
    return DataConfig(source="csv", path=str(tmp_path / "reviews.csv"))


def test_every_review_is_in_one_part(config):
    reviews = load_reviews(config)
    parts = [reviews.select(part) for part in (TRAIN, VALIDATION, TEST)]
    assert [len(part) for part in parts] == [288, 32, 80]
    assert sorted(np.concatenate(parts)) == list(range(400))
    assert "1 of 401 rows" in reviews.warnings[0]


def test_limit_is_balanced_repeatable_and_keeps_the_order(config):
    limited = config.model_copy(update={"limit": 50})
    reviews = load_reviews(limited)
    assert len(reviews) == 50 and reviews.labels.sum() == 25
    numbers = [int(text.split()[1]) for text in reviews.texts]
    assert numbers == sorted(numbers) and numbers != list(range(50))
    assert [number % 2 for number in numbers] == reviews.labels.tolist()
    assert load_reviews(limited).fingerprint() == reviews.fingerprint()
    assert len(load_reviews(config.model_copy(update={"limit": 5000}))) == 400


def test_fingerprint_depends_on_all_content():
    def make(texts, labels=(0, 1), parts=(0, 2)):
        return Reviews(list(texts), np.array(labels, np.int8), np.array(parts, np.int8)).fingerprint()

    base = make(["ab", "c"])
    assert base == make(["ab", "c"])
    assert len({base, make(["a", "bc"]), make(["ab", "c"], labels=(1, 0)), make(["ab", "c"], parts=(2, 0))}) == 4
    assert make(["\ud800", ""]) != base


def test_demo_is_generated_with_its_evidence(monkeypatch):
    def generate(count):
        return SimpleNamespace(
            texts=[f"t{number}" for number in range(count)],
            labels=[number % 2 for number in range(count)],
            evidence=tuple(((0, number),) for number in range(count)),
        )

    monkeypatch.setattr("sentiment_core.datasets.demo.generate", generate)
    assert len(load_reviews(DataConfig())) == 4000
    reviews = load_reviews(DataConfig(limit=60))
    assert reviews.evidence is not None and reviews.evidence[59] == ((0, 59),)
    assert len(reviews) == 60 and reviews.labels.dtype == np.int8


def test_importing_datasets_is_light():
    code = (
        "import sys, sentiment_core.datasets; print({'torch','pandas','pyarrow','sklearn','requests'} & {*sys.modules})"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "set()"

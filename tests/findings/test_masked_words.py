"""Two masked language models held against each other, and when nothing may be said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sentiment_core import cli
from sentiment_core.artifacts import PAIR_MEASURES, run_place
from sentiment_core.config import ExperimentConfig, RunConfig, build, from_fields
from sentiment_core.errors import CheckpointError
from sentiment_core.findings.masked_words import LEAST_REVIEWS, Held, best_of, hold, hold_runs, sentences, share_of
from sentiment_core.pair_measures import PairMeasures, read_pair_measures
from sentiment_core.store import Experiment, Store, table
from sentiment_core.work.training import train_here
from tests.training.test_pretraining import FIELDS

REVIEWS, PAIRS = 200, 3


@pytest.fixture
def experiment(home: Path) -> Experiment:
    fields = {**FIELDS, "data.limit": 300, "training.max_steps": 2}
    tree = from_fields(fields).model_dump()
    tree["runs"] = [
        RunConfig(name="always", overrides={"training.masked_share": 1.0, "training.replaced_share": 0.0}),
        RunConfig(name="more", overrides={"training.mask_share": 0.4}),
    ]
    with Store() as store:
        return train_here(store, build(ExperimentConfig, tree), lambda progress: None)


def measures(loss: float, right: float, seed: int = 0, spread: float = 0.3) -> PairMeasures:
    rng = np.random.default_rng(seed)
    count = REVIEWS * PAIRS
    words = np.full(count, 5.0)
    losses = words * (loss + spread * np.repeat(rng.standard_normal(REVIEWS), PAIRS))
    values = np.column_stack([words, losses, rng.random(count) < right]).astype(np.float32)
    place = np.arange(count)
    return PairMeasures(np.column_stack([place, place]), place // PAIRS, values, guess=6.0)


def said(runs: Any, ours: PairMeasures, theirs: PairMeasures) -> str:
    found = hold(runs[0], ours, runs[1], theirs)
    assert found is not None
    return " ".join(sentences(found))


def test_every_run_is_tested_on_the_same_words_and_what_it_measured_is_kept(experiment: Experiment) -> None:
    one, two = (read_pair_measures(run) for run in experiment.runs)
    assert one is not None and two is not None and np.array_equal(one.examples, two.examples)
    assert np.array_equal(one.column("words"), two.column("words")) and one.column("words").sum() > 100
    with Store() as store:
        for run, found in zip(experiment.runs, (one, two), strict=True):
            last = {name: values[-1] for name, values in table(store, run.id).items()}
            loss = found.column("word_loss").sum() / found.column("words").sum()
            assert loss == pytest.approx(last["test_word_loss"], rel=1e-4)
            assert found.column("pair_right").mean() == pytest.approx(last["test_pair_accuracy"], rel=1e-4)


def test_what_has_not_learned_to_read_is_not_compared(experiment: Experiment, capsys: Any) -> None:
    (found,) = hold_runs(experiment.runs)
    words, pairs = sentences(found)
    assert words.startswith("Neither has learned more about masked words yet") and "better" not in words
    assert pairs.startswith("Neither names the next sentence")
    capsys.readouterr()
    assert cli.main(["masked-words", *(run.id for run in experiment.runs), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["said"] == sentences(found)


def test_a_difference_is_said_only_where_the_interval_leaves_no_doubt(experiment: Experiment) -> None:
    runs = experiment.runs
    clear = said(runs, measures(4.0, 0.5), measures(4.5, 0.7, seed=1))
    assert "always fills in words better than more: always 4." in clear and "difference +0." in clear
    assert "Only more names the next sentence" in clear and "one seed cannot tell" in clear
    alike = said(runs, measures(4.0, 0.7), measures(4.0, 0.7, seed=1))
    assert "cannot be told apart" in alike and "better than more" not in alike and "Both name" in alike
    assert "one seed" not in alike
    # Two models may be told apart surely by less than matters.
    ours = measures(4.0, 0.5)
    nearly = ours.values + np.array([0.0, 0.001, 0.0], dtype=np.float32)
    close = said(runs, ours, replace(ours, values=nearly))
    assert "always and more fill in words alike" in close and "better than more" not in close


def test_the_best_is_better_than_each_other_one(experiment: Experiment) -> None:
    first, second = experiment.runs
    third = replace(second, name="third")
    losses = {"always": measures(4.0, 0.5), "more": measures(4.5, 0.5), "third": measures(4.5, 0.5)}

    def held(pairs: list[tuple[Any, Any]]) -> list[Held]:
        found = [hold(one, losses[one.name], other, losses[other.name]) for one, other in pairs]
        return [one for one in found if one is not None]

    assert best_of(held([(first, second), (first, third), (second, third)])) == "always"
    assert best_of(held([(second, third)])) is None and best_of(held([(second, first)])) == "always"


def test_nothing_is_said_of_other_words_of_few_reviews_or_of_no_number(experiment: Experiment) -> None:
    (first, second), ours = experiment.runs, measures(4.0, 0.6)
    assert hold(first, ours, second, ours) is not None
    values = ours.values.copy()
    values[0, 0] += 1
    assert hold(first, ours, second, replace(ours, values=values)) is None
    assert hold(first, ours, second, replace(ours, examples=ours.examples[::-1])) is None
    seeded = second.config.model_copy(update={"seed": second.config.seed + 1})
    assert hold(first, ours, replace(second, config=seeded), ours) is None
    assert hold(first, ours, replace(second, experiment_id="other"), ours) is not None
    few = replace(ours, reviews=ours.reviews % (LEAST_REVIEWS - 1))
    assert hold(first, few, second, few) is None
    assert hold(first, ours, second, replace(ours, values=np.full_like(values, np.nan))) is None
    (run_place(first.experiment_id, first.id) / PAIR_MEASURES).unlink()
    assert hold_runs(experiment.runs) == []


def test_the_interval_counts_reviews_not_pairs() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(300):
        sizes = rng.integers(1, 5, 60)
        reviews = np.repeat(np.arange(60), sizes)
        values = np.repeat(rng.standard_normal(60), sizes) + 0.1 * rng.standard_normal(len(reviews))
        found = share_of(values, np.ones(len(values)), reviews)
        assert found is not None
        covered += found.low < 0 < found.high
    assert 0.90 < covered / 300 < 0.98


def test_a_damaged_file_says_so(experiment: Experiment) -> None:
    run = experiment.runs[0]
    (run_place(run.experiment_id, run.id) / PAIR_MEASURES).write_bytes(b"PK nonsense")
    with pytest.raises(CheckpointError, match="damaged"):
        hold_runs(experiment.runs)


def test_one_run_is_held_against_guessing(experiment: Experiment, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    run = experiment.runs[0]

    def said(found: PairMeasures) -> str:
        monkeypatch.setattr("sentiment_core.findings.masked_words.read_pair_measures", lambda run: found)
        assert cli.main(["masked-words", run.id]) == 0
        return str(capsys.readouterr().out)

    learned = said(measures(5.0, 0.7))
    assert "nats a masked word, 1.0" in learned and "below answering by frequency (6.00)" in learned
    assert "where chance is 50 %" in learned and "not told" not in learned
    lost = said(measures(6.2, 0.5))
    assert "no better than answering by frequency" in lost and "below" not in lost
    assert "not told from chance (50 %)" in lost and "where chance" not in lost
    few = measures(5.0, 0.7)
    assert "too few of them" in said(replace(few, reviews=few.reviews % (LEAST_REVIEWS - 1)))

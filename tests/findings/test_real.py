"""Is it real? What twins over one seed and over several can tell, in figures, in words, and how often it is wrong."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from sentiment_core.artifacts import run_place
from sentiment_core.config import ExperimentConfig, from_fields
from sentiment_core.findings.real import Twins, in_words, is_it_real, judge_twins
from sentiment_core.findings.seed_groups import group_by_seed, mean_in_words, siblings
from sentiment_core.intervals import crossed, mcnemar, mean_of, tail
from sentiment_core.metrics import Status
from sentiment_core.predictions import write_predictions
from sentiment_core.seeds import over_seeds
from sentiment_core.store import Run, Store


def test_formulas_agree_with_scipys_own() -> None:
    from scipy import stats

    values = [0.1, 0.25, -0.05, 0.3, 0.12]
    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    found = mean_of(values)
    assert found is not None and (found.low, found.high) == pytest.approx((low, high))
    error = crossed(values, 0.0)
    assert tail(np.mean(values) / error, 5) == pytest.approx(stats.ttest_1samp(values, 0).pvalue)
    for one, other in itertools.product(range(0, 12, 3), repeat=2):
        expected = stats.binomtest(one, one + other).pvalue if one + other else 1.0
        assert mcnemar(one, other) == pytest.approx(expected)


def simulated(
    rng: np.random.Generator, seeds: int, taste: float, effect: float = 0.0, reviews: int = 400
) -> list[Twins]:
    """Answers of two settings: reviews differ in difficulty, each setting likes some more, each seed makes a model."""
    difficulty = rng.normal(1.5, 1.5, reviews)
    tastes = rng.normal(0, taste, (2, reviews)) + np.array([[0.0], [effect]])
    pairs = []
    for seed in range(seeds):
        right = np.stack([difficulty + each + rng.normal(0, 0.4) + rng.normal(0, 1, reviews) > 0 for each in tastes])
        pairs.append(Twins(seed, float(right[0].mean()), float(right[1].mean()), right))
    return pairs


@pytest.mark.parametrize("taste", [0.0, 0.7, 1.5])
def test_200_null_twins_are_rarely_called_real(taste: float) -> None:
    rng = np.random.default_rng(7)
    found = [judge_twins("a", "b", simulated(rng, 5, taste)) for _ in range(200)]
    assert sum(item.real is True for item in found) <= 10
    # One seed never says so of the settings, whatever its two models are like.
    assert not any(judge_twins("a", "b", simulated(rng, 1, taste)).real for _ in range(200))


def test_200_equally_accurate_models_rarely_differ() -> None:
    rng = np.random.default_rng(11)
    chances = rng.uniform(0.5, 1, 400)
    false = 0
    for _ in range(200):
        right = rng.random((2, 400)) < chances
        found = judge_twins("a", "b", [Twins(1, float(right[0].mean()), float(right[1].mean()), right)])
        false += bool(found.models_differ)
    assert false <= 10


def test_a_real_difference_is_found_and_said() -> None:
    rng = np.random.default_rng(3)
    found = [judge_twins("plain", "better", simulated(rng, 5, 0.3, effect=1.2)) for _ in range(20)]
    assert sum(item.real is True for item in found) >= 15
    yes = next(item for item in found if item.real)
    assert in_words(yes).startswith("better against plain: real, more accurate. Over 5 seeds: test accuracy +")
    assert "other seeds and other reviews than these 400" in in_words(yes)


def without_answers(*differences: float) -> list[Twins]:
    return [Twins(seed, 0.7, 0.7 + value, None) for seed, value in enumerate(differences)]


def test_words_say_no_more_than_the_seeds_do() -> None:
    few = judge_twins("a", "b", without_answers(0.1, 0.1, 0.11, 0.1))
    assert few.real is None and "too few seeds to tell" in in_words(few) and "real" not in in_words(few)
    none = judge_twins("a", "b", without_answers(0.1, -0.1, 0.05, -0.04, 0.01))
    assert none.real is False and "no difference shown" in in_words(none)
    worse = judge_twins("a", "b", without_answers(-0.1, -0.11, -0.09, -0.1, -0.12))
    assert (
        worse.real is True
        and "real, less accurate" in in_words(worse)
        and "interval for other seeds:" in in_words(worse)
    )
    assert "nothing can be said" in in_words(judge_twins("a", "b", [], lost=2))
    one = judge_twins("a", "b", without_answers(0.2))
    assert one.models_differ is None and "one seed cannot tell" in in_words(one) and "McNemar" not in in_words(one)


def test_the_chance_of_one_seeds_difference_is_a_number_or_below_one() -> None:
    for better, said in ((3, "p = 0.250)"), (20, "p < 0.001)")):
        right = np.ones((2, 40), dtype=bool)
        right[0, :better] = False
        (of_a, of_b) = right.mean(axis=1)
        words = in_words(judge_twins("a", "b", [Twins(1, float(of_a), float(of_b), right)]))
        assert f"McNemar's exact test: {said}" in words


def test_many_comparisons_are_judged_more_strictly() -> None:
    twins = without_answers(0.02, 0.05, 0.01, 0.04, 0.03)
    assert judge_twins("a", "b", twins).real is True
    strict = judge_twins("a", "b", twins, comparisons=20)
    assert strict.real is False and "99.8 % interval" in in_words(strict)


def trained(
    store: Store, config: ExperimentConfig, seeds: list[int], accuracies: dict[str, list[float | None]]
) -> list[Run]:
    runs: list[Run] = []
    for place, single in enumerate(over_seeds(config, seeds)):
        experiment = store.create_experiment(single)
        for run in experiment.runs:
            store.update_run(run.id, steps=3, test_accuracy=accuracies[run.name][place], validation_accuracy=0.5)
        store.set_status(experiment.id, Status.FINISHED)
        runs += store.experiment(experiment.id).runs
    return runs


def twin_config() -> ExperimentConfig:
    return ExperimentConfig.model_validate(
        {"name": "t", "runs": [{"name": "off"}, {"name": "on", "overrides": {"training.clipping": "norm"}}]}
    )


def test_runs_are_grouped_by_everything_but_the_seed(home: Path) -> None:
    with Store() as store:
        tests: dict[str, list[float | None]] = {"off": [0.5, 0.6, None], "on": [0.7, 0.8, 0.9]}
        runs = trained(store, twin_config(), [3, 1, 2], tests)
        again = trained(store, twin_config(), [1], {"off": [0.99], "on": [0.99]})
        groups = group_by_seed([*runs, *again])
    assert [group.name for group in groups] == ["off", "on"]
    assert [[run.config.seed for run in group.runs] for group in groups] == [[1, 2, 3]] * 2
    assert [group.repeats for group in groups] == [1, 1]
    off, on = (group.test for group in groups)
    assert off is not None and off.count == 2 and off.mean == pytest.approx(0.55)
    assert on is not None and on.mean == pytest.approx(0.8)
    # t(2) = 4.3027 times 0.1 / √3
    assert mean_in_words(on) == "0.800 ± 0.248 (n = 3)" and mean_in_words(None) == "–"


@pytest.mark.parametrize(
    ("fields", "comparable"),
    [({"data.limit": 500}, False), ({"task": "temporal-order"}, False), ({"data.tokenizer": "whitespace"}, True)],
)
def test_without_answers_only_accuracies_of_one_test_part_are_compared(
    home: Path, fields: dict[str, object], comparable: bool
) -> None:
    with Store() as store:
        runs = trained(store, ExperimentConfig(), [1, 2], {"run": [0.5, 0.6]})
        runs += trained(store, from_fields(fields), [1, 2], {"run": [0.7, 0.8]})
        found = is_it_real(*group_by_seed(runs))
    assert (found.lost, found.mean) == ((0, pytest.approx(0.2)) if comparable else (2, None))


def test_siblings_differ_in_seed_and_in_what_changes_no_training(home: Path) -> None:
    with Store() as store:
        one, two = over_seeds(twin_config(), [1, 2])
        watched = two.model_copy(update={"watch_every": 20, "snapshots": 0})
        first, second = store.create_experiments([one, watched])
        elsewhere = store.create_experiment(two.model_copy(update={"device": "cpu"}))
        larger = store.create_experiment(from_fields({"training.batch_size": 32}, one))
    others = [elsewhere, larger, second, first]
    assert siblings(first, others) == [first, second]
    assert siblings(second, others, ("training.batch_size",)) == [larger, first, second]


def test_one_seed_is_judged_by_what_the_models_said(home: Path) -> None:
    labels = np.arange(100) % 2
    with Store() as store:
        runs = trained(store, twin_config(), [1], {"off": [0.7], "on": [0.9]})
        for run, wrong in zip(runs, (30, 10), strict=True):
            logits = np.where(labels == 1, 2.0, -2.0) * np.where(np.arange(100) < wrong, -1, 1)
            place = run_place(run.experiment_id, run.id)
            place.mkdir(parents=True)
            write_predictions(place, np.arange(100), logits, labels)
        found = is_it_real(*group_by_seed(runs))
        assert (found.only_first, found.only_second, found.real) == (0, 20, None)
        assert found.models_differ is True and "of these two models on is the more accurate one" in in_words(found)
        # Other reviews: there is nothing to pair.
        write_predictions(run_place(runs[1].experiment_id, runs[1].id), np.arange(1, 101), logits, labels)
        other = is_it_real(*group_by_seed(runs))
        assert other.lost == 1 and other.mean is None and math.isfinite(other.confidence)

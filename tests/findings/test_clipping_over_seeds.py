"""Clipping over seeds: equal but for clipping, measured as defined, and advice that follows from the numbers."""

from __future__ import annotations

import math
from typing import Any

import pytest

from sentiment_core.clipping import RULES
from sentiment_core.config import RunConfig
from sentiment_core.datasets import TRAIN, load_reviews
from sentiment_core.errors import ConfigError
from sentiment_core.findings.clipping_over_seeds import (
    MOST_UPDATES,
    RunClipping,
    Spread,
    check_alike,
    clipping_experiment,
    guidance,
    measure,
    over_seeds,
)
from sentiment_core.metrics import Evaluation, Status
from sentiment_core.presets import preset
from sentiment_core.steps.quantities import StepMetrics
from sentiment_core.store import Store


def step(number: int, norm: float, after: float, loss: float = 0.6, cosine: float = 1.0) -> StepMetrics:
    return StepMetrics(number, 1, loss, 0.6, 1e-3, norm, after, 0.5, cosine, 1.0, 300, 0.1 * number)


def run(way: str, seed: int = 1, **fields: Any) -> RunClipping:
    known: dict[str, Any] = {
        "steps": 10,
        "clipped_share": None if way == "none" else 0.2,
        "length_ratio": 0.5,
        "cosine": 1.0,
        "usual_norm": 2.0,
        "norm_percentile": 3.0,
        "last_loss": 0.6,
        "spread": 0.1,
        "accuracy": 0.7,
        "diverged": False,
    }
    return RunClipping(way=way, seed=seed, **{**known, **fields})


def test_the_runs_differ_in_clipping_alone_and_the_experiments_in_the_seed_alone() -> None:
    one, two = clipping_experiment(1, {}), clipping_experiment(2, {})
    assert [item.overrides for item in one.runs] == [{"training.clipping": way} for way in RULES]
    assert one.model == preset("clip-norm").config.model
    assert {**two.model_dump(), "seed": 1, "name": one.name} == one.model_dump()


def test_changes_reach_all_runs_and_bad_ones_are_named() -> None:
    config = clipping_experiment(1, {"training.optimizer": "sgd", "training.learning_rate": "0.3"})
    assert {config.resolve(item).training.optimizer for item in config.runs} == {"sgd"}
    with pytest.raises(ConfigError, match="max_norm"):
        clipping_experiment(1, {"training.max_norm": "-1"})


def test_what_a_run_measured() -> None:
    with Store() as store:
        experiment = store.create_experiment(clipping_experiment(3, {"training.max_norm": 1.0}))
        free, norm, value = experiment.runs
        norms = [0.5, 2.0, 4.0, math.nan, 0.25, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
        store.write_steps({free.id: [step(at, size, size) for at, size in enumerate(norms, start=1)]})
        clipped = [(size, min(size, 1.0)) for size in norms if math.isfinite(size)]
        store.write_steps({norm.id: [step(at, *pair, loss=0.1 * at) for at, pair in enumerate(clipped, start=1)]})
        turned = [step(1, 1.0, 0.8, cosine=0.9), step(2, 1.0, 0.6, cosine=0.7), step(3, 1.0, 0.2, cosine=0.5)]
        store.write_steps({value.id: turned})
        store.write_evaluations(norm.id, [Evaluation(10, 1, "validation", 0.5, 0.75)])
        store.update_run(value.id, status=Status.FAILED, error="Diverged")
        found = measure(store, [store.experiment(experiment.id)])
    assert [item.way for item in found] == ["none", "norm", "value"] and {item.seed for item in found} == {3}
    assert found[0].length_ratio is found[0].accuracy is None
    assert found[0].diverged and not found[1].diverged and found[2].diverged
    assert found[0].usual_norm == 0.5
    assert found[0].norm_percentile == 2.0  # nine of ten finite norms are at most that
    assert found[1].clipped_share == 0.2
    assert found[1].length_ratio == pytest.approx((0.5 + 0.25) / 2)
    assert found[1].last_loss == pytest.approx(1.0) and found[1].accuracy == 0.75
    assert found[2].length_ratio == 0.6 and found[2].cosine == 0.7


def test_seeds_are_summed_up_by_median_and_range() -> None:
    runs = [run("none"), *[run("norm", seed, clipped_share=seed / 10, diverged=seed == 2) for seed in (1, 2, 4)]]
    none, norm = over_seeds(runs)
    assert (none.way, none.seeds, none.clipped_share) == ("none", 1, None)
    assert norm.clipped_share == Spread(0.2, 0.1, 0.4)
    assert (norm.seeds, norm.diverged) == (3, 1)
    assert Spread.of([None, math.nan]) is None


@pytest.mark.parametrize(("threshold", "place"), [(0.9, "below"), (1.1, "within"), (19, "within"), (21, "above")])
def test_thresholds_are_judged_by_the_norm_without_clipping(threshold: float, place: str) -> None:
    (sentence,) = guidance([run("none", usual_norm=99.0), run("norm")], threshold)
    assert f"is {place} that range" in sentence
    assert "from 1 to 20" in sentence and "90th percentile is 3" in sentence


@pytest.mark.parametrize(("share", "said"), [(0.0, "no step was clipped"), (0.5, None), (0.51, "More than half")])
def test_over_half_clipped_is_said(share: float, said: str | None) -> None:
    sentences = guidance([run("none"), run("norm", clipped_share=share)], 2.0)[1:]
    assert len(sentences) == (said is not None)
    assert said is None or said in sentences[0]
    assert "learning rate" not in "".join(sentences), "the rates that fail are clipped least"


def test_seeds_that_diverged_are_counted() -> None:
    assert "1 of 2 seeds" in guidance([run("value", 1, diverged=True), run("value", 2)], 1.0)[-1]
    assert guidance([], 1.0) == []


def test_the_epochs_come_to_the_updates_that_the_page_names() -> None:
    config = clipping_experiment(1, {})
    reviews = load_reviews(config.data)
    per_epoch = -(-len(reviews.select(TRAIN)) // config.training.batch_size)
    assert per_epoch * config.training.epochs == MOST_UPDATES


def test_only_seeds_of_one_comparison_are_put_together() -> None:
    one, two = clipping_experiment(1, {}), clipping_experiment(2, {})
    check_alike([one, two.model_copy(update={"watch_every": 20})])
    more = {**one.runs[2].overrides, "training.learning_rate": 0.01}
    for configs, said in (
        ([one, clipping_experiment(2, {"training.max_norm": "5"})], "more than their seed"),
        ([one, one.model_copy(update={"name": "again"})], "same seed"),
        ([one.model_copy(update={"runs": (*one.runs, RunConfig(name="faster", overrides=more))})], "does not compare"),
    ):
        with pytest.raises(ConfigError, match=said):
            check_alike(configs)

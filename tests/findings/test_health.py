"""What is wrong with a run is said with its figure, and never about a run that is well."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sentiment_core import cli
from sentiment_core.config import ExperimentConfig, RunConfig, from_fields, with_runs
from sentiment_core.findings.health import PLACES, Remark, examine_run
from sentiment_core.findings.verdict import judge
from sentiment_core.lessons import lesson
from sentiment_core.metrics import Balance, Evaluation, Status
from sentiment_core.recorded import recording, recordings
from sentiment_core.steps.quantities import Diagnostic, StepMetrics
from sentiment_core.store import RunSource, Store
from ui.labs.registry import lab

EVEN = Balance(3200, 1600)
GUESS = math.log(2)
Examined = Callable[..., list[Remark]]


def around(mean: float, count: int = 150, spread: float = 0.05, seed: int = 1) -> list[float]:
    """Batch losses of a run that has come to `mean`."""
    return list(np.random.default_rng(seed).normal(mean, spread, count))


@pytest.fixture
def examined() -> Examined:
    """`examined(losses, validation losses, …)` writes one run, an epoch a validation, and returns what is said."""

    def make(
        losses: Sequence[float],
        validations: Sequence[float] = (0.6,),
        *,
        accuracy: float = 0.5,
        norm: float = 0.5,
        after: float | None = None,
        fields: dict[str, Any] | None = None,
        looks: dict[str, Sequence[float]] | None = None,
        status: Status | None = None,
    ) -> list[Remark]:
        config = with_runs(from_fields(fields or {}), [RunConfig(name="it")])
        threshold = math.nan if config.training.threshold is None else config.training.threshold
        with Store() as store:
            experiment = store.create_experiment(config)
            (run,) = experiment.runs
            epochs = max(1, len(validations))
            steps = [
                StepMetrics(
                    step=number,
                    epoch=1 + (number - 1) * epochs // len(losses),
                    loss=loss,
                    accuracy=0.5,
                    learning_rate=1e-3,
                    grad_norm=norm,
                    grad_norm_clipped=norm if after is None else after,
                    grad_max=0.1,
                    clip_cosine=1.0,
                    threshold=threshold,
                    tokens=100,
                    seconds=0.1 * number,
                )
                for number, loss in enumerate(losses, start=1)
            ]
            seen = [
                Diagnostic(run.id, 10 * place, name, value)
                for name, values in (looks or {}).items()
                for place, value in enumerate(values, start=1)
            ]
            store.write_steps({run.id: steps}, seen)
            store.write_evaluations(
                run.id,
                [
                    Evaluation(10 * epoch, epoch, "validation", loss, accuracy)
                    for epoch, loss in enumerate(validations, 1)
                ],
            )
            store.write_balances(run.id, {"train": EVEN, "validation": EVEN})
            (run,) = store.experiment(experiment.id).runs
            return examine_run(store, replace(run, status=status or run.status))

    return make


def examine(source: RunSource, experiment_id: str) -> list[Remark]:
    return [remark for run in source.experiment(experiment_id).runs for remark in examine_run(source, run)]


def kinds(remarks: Sequence[Remark]) -> list[str]:
    return [remark.kind for remark in remarks]


def test_every_kind_leads_to_a_lab_and_a_lesson_that_there_are() -> None:
    for named, taught in PLACES.values():
        assert lab(named).name == named and lesson(taught).name == taught


def test_a_loss_at_that_of_guessing_is_stuck(examined: Examined) -> None:
    (remark,) = examined(around(GUESS))
    assert remark.kind == "stuck" and remark.topic == "learned"
    mean = np.mean(around(GUESS)[-100:])
    assert f"{mean:.3f} ± 0.009" in remark.text and "(0.693)" in remark.text


def test_a_loss_with_other_weights_is_not_compared_with_guessing(examined: Examined) -> None:
    assert examined(around(1.2), fields={"training.class_weights": "balanced"}) == []


def test_a_loss_that_is_a_little_better_is_not_called_no_better(examined: Examined) -> None:
    (remark,) = examined(around(GUESS * 0.99, spread=0.005))
    assert remark.kind == "stuck" and "is hardly below that of answering without reading" in remark.text


@pytest.mark.parametrize(
    ("losses", "validations", "accuracy"),
    [
        (around(GUESS * 0.9), (0.62,), 0.5),  # it gets on
        (around(GUESS, 60), (0.69,), 0.5),  # too early to tell
        (around(GUESS), (), 0.5),  # in its first epoch
        (around(GUESS * 0.98, spread=0.2), (0.68,), 0.5),  # better than guessing by less than this can tell
        (around(GUESS), (0.69,), 0.6),  # as unsure as a guess, and right more often
    ],
)
def test_what_learns_or_cannot_be_told_is_not_called_stuck(
    examined: Examined, losses: list[float], validations: tuple[float, ...], accuracy: float
) -> None:
    assert "stuck" not in kinds(examined(losses, validations, accuracy=accuracy))


def test_a_loss_above_that_of_guessing_is_a_rate_too_high(examined: Examined) -> None:
    (remark,) = examined(around(1.2), fields={"training.learning_rate": 0.5})
    # The rate in force, which may have been changed while it trained.
    assert (
        remark.kind == "rate too high"
        and "updates up to step 150, 1.195 ± 0.009," in remark.text
        and remark.text.endswith(
            "A learning rate below 0.001 is the first thing to try, clipping the gradient the second."
        )
    )
    clipped = {"training.learning_rate": 0.5, "training.clipping": "norm"}
    assert examined(around(1.2), fields=clipped)[0].text.endswith("below 0.001 is the first thing to try.")
    # One jump within the last updates is none.
    assert kinds(examined([*around(0.5, 149), 60.0])) == []


def test_a_short_run_that_blew_up_is_told_once_it_has_ended(examined: Examined) -> None:
    wild = around(200.0, 15, spread=90.0)
    (remark,) = examined(wild, status=Status.FINISHED)
    assert remark.kind == "rate too high" and "the last 15 updates" in remark.text
    assert examined(wild) == [] == examined(wild[:9], status=Status.FINISHED)
    # It may not have got going yet, and one jump is none.
    assert examined(around(GUESS, 15), status=Status.FINISHED) == []
    assert examined([*around(GUESS, 14), 60.0], status=Status.FINISHED) == []


def test_numbers_that_are_not_finite_are_said_in_the_words_of_the_verdict(examined: Examined) -> None:
    (remark,) = examined([*around(0.6), math.nan])
    assert remark.kind == "not finite" and remark.text.startswith("1 step has a loss or gradient")
    assert remark.topic == "diverged"


CLIPPED = {"training.clipping": "norm", "training.max_norm": 0.5}


def test_a_threshold_below_the_usual_norm(examined: Examined) -> None:
    (remark,) = examined(around(0.4), norm=4.0, after=0.5, fields=CLIPPED)
    assert remark.kind == "threshold" and remark.topic == "clipped"
    # Of a run that trains: the curves beside it have gone on.
    assert remark.text.startswith("100% of the first 150 updates were clipped.") and "median 4" in remark.text
    (remark,) = examined(around(0.4), norm=4.0, after=0.5, fields=CLIPPED, status=Status.FINISHED)
    assert remark.text.startswith("100% of the 150 updates were clipped.")
    assert kinds(examined(around(0.4), norm=0.4, fields=CLIPPED)) == []
    assert kinds(examined(around(0.4, 40), norm=4.0, after=0.5, fields=CLIPPED)) == []  # too few to tell
    hidden = {**CLIPPED, "training.mistakes": ("norm_after_clipping",)}
    assert kinds(examined(around(0.4), norm=0.5, after=0.4, fields=hidden)) == []


def falling(epochs: int) -> list[float]:
    return [loss for epoch in range(epochs) for loss in around(0.5 - 0.08 * epoch, 60, seed=epoch)]


def test_a_validation_loss_that_stays_above_its_lowest_is_overfitting(examined: Examined) -> None:
    (remark,) = examined(falling(4), (0.5, 0.42, 0.48, 0.55), accuracy=0.8)
    assert remark.kind == "overfitting" and "from 0.420 after epoch 2 to 0.550" in remark.text
    assert "3,200 reviews" in remark.text and "Patience would keep those" in remark.text
    kept = examined(falling(4), (0.5, 0.42, 0.48, 0.55), accuracy=0.8, fields={"training.early_stopping": 5})
    assert "The weights of then are kept." in kept[0].text


@pytest.mark.parametrize(
    "validations",
    [
        (0.5, 0.45, 0.42, 0.40),  # still falling
        (0.5, 0.42, 0.41, 0.55),  # one bad epoch
        (0.5, 0.42, 0.425, 0.43),  # no more than other reviews would make of it
        (0.5, 0.55),  # too early to tell
    ],
)
def test_what_may_be_luck_is_not_called_overfitting(examined: Examined, validations: tuple[float, ...]) -> None:
    assert kinds(examined(falling(len(validations)), validations, accuracy=0.8)) == []


def test_a_training_loss_that_rises_along_is_no_overfitting(examined: Examined) -> None:
    assert kinds(examined(falling(4)[::-1], (0.5, 0.42, 0.48, 0.55), accuracy=0.8)) == []


@pytest.mark.parametrize(
    ("kind", "looks", "figure"),
    [
        ("saturated", {"saturated_share": [0.1] * 5 + [0.6] * 9 + [0.8]}, "60% to 80% of the states are beyond ±0.97"),
        ("dead", {"dead_relu_share": [0.55] * 6}, "In the last 6 looks 55% to 55% of the ReLU units are zero"),
        ("update ratio", {"update_ratio_head": [-1.2] * 9 + [-1.0]}, "of the head by 6.3e-02 to 1.0e-01 of their size"),
        ("update ratio", {"update_ratio_recurrence": [-6.0] * 5}, "far below the usual 1e-3"),
    ],
)
def test_what_was_seen_inside(examined: Examined, kind: str, looks: dict[str, Sequence[float]], figure: str) -> None:
    (remark,) = examined(around(0.4), looks=looks)
    assert remark.kind == kind and figure in remark.text and remark.alert


@pytest.mark.parametrize(
    "looks",
    [
        {"saturated_share": [0.9] * 4},  # too few looks
        {"saturated_share": [0.9] * 9 + [0.4]},  # not always
        {"dead_relu_share": [0.4] * 10},
        {"update_ratio_head": [-1.2] * 9 + [-2.0], "update_ratio_recurrence": [-3.0] * 10},
        {"update_ratio_head": [-2.0, -3.0, -4.5, -2.0, -3.0]},
        {"update_ratio_head": [-1.0] * 9 + [math.nan]},
    ],
)
def test_what_was_seen_inside_of_healthy_runs_is_no_remark(
    examined: Examined, looks: dict[str, Sequence[float]]
) -> None:
    assert examined(around(0.4), looks=looks) == []


def test_a_schedule_that_ends_at_zero_makes_small_updates_on_purpose(examined: Examined) -> None:
    looks = {"update_ratio_head": [-6.0] * 5}
    assert examined(around(0.4), looks=looks, fields={"training.schedule": "cosine"}) == []


def test_recorded_runs_that_learned_are_called_healthy_and_the_others_are_not() -> None:
    for name in recordings():
        found = recording(name)
        if found.recorded.config.task != "sentiment":
            continue
        verdict = judge(found, found.recorded.id)
        learned = {run.name for run in verdict.runs if run.learned}
        said = {(remark.run, remark.kind) for remark in examine(found, found.recorded.id)}
        assert {run for run, _ in said}.isdisjoint(learned), name
        assert {(run.name, "stuck") for run in verdict.runs if not run.learned} == said, name


def test_the_command_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    with Store() as store:
        experiment = store.create_experiment(ExperimentConfig())
        (run,) = experiment.runs
        assert cli.main(["health", run.id]) == 0
        assert capsys.readouterr().out == f"{run.id}  run, 0 steps: nothing to remark\n"
        store.write_steps({run.id: [StepMetrics(1, 1, math.inf, 0.5, 1e-3, 0.5, 0.5, 0.1, 1.0, math.nan, 100, 0.1)]})
        (remark,) = examine(store, experiment.id)
    assert cli.main(["health", run.id, "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["remarks"] == [{"kind": remark.kind, "text": remark.text}]
    assert cli.main(["health", "nobody"]) == 2

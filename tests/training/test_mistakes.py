"""The notebook's mistakes in training, each beside its correct twin in lockstep."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from sentiment_core.errors import ConfigError
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.gradients import measure_and_clip
from sentiment_core.training.mistakes import CarryOver, batch_averaged_accuracy
from sentiment_core.training.run import share

CLIPPED = {"training.clipping": "norm", "training.max_norm": 0.05, "training.optimizer": "sgd"}


def on(*names: str) -> dict[str, Any]:
    return {"training.mistakes": names}


def losses(record: Any, name: str) -> list[float]:
    return [step.loss for step in record.steps[name]]


def test_the_correct_path_calls_no_mistake(train: Any, experiment: Any) -> None:
    record = train(experiment(None, right={}, wrong=on("clip_wrong_model", "batch_averaged_accuracy")))
    right, wrong = record.trainer.runs
    assert right.measure_and_clip is measure_and_clip and right.share is share
    assert wrong.measure_and_clip is not measure_and_clip and wrong.share is batch_averaged_accuracy
    assert not any(isinstance(callback, CarryOver) for callback in record.trainer.callbacks)


def test_a_norm_read_after_clipping_never_exceeds_the_threshold(train: Any, experiment: Any) -> None:
    record = train(experiment(CLIPPED, right={}, wrong=on("norm_after_clipping")))
    right, wrong = record.steps["right"], record.steps["wrong"]
    assert max(step.grad_norm for step in right) > 0.05
    assert max(step.grad_norm for step in wrong) <= 0.05
    assert [step.grad_norm for step in wrong] == [step.grad_norm_clipped for step in right]
    # Only what is logged is wrong.
    assert losses(record, "right") == losses(record, "wrong")


def test_clipping_another_model_clips_nothing(train: Any, experiment: Any) -> None:
    runs = {"none": {"training.clipping": "none"}, "right": {}, "wrong": on("clip_wrong_model")}
    record = train(experiment(CLIPPED, **runs))
    assert losses(record, "wrong") == losses(record, "none") != losses(record, "right")
    assert all(step.grad_norm == step.grad_norm_clipped for step in record.steps["wrong"])
    assert all(step.threshold == 0.05 for step in record.steps["wrong"])


def test_kept_weights_start_where_the_run_before_ended(train: Any, experiment: Any) -> None:
    rates = {"training.learning_rate": 0.05}, {"training.learning_rate": 0.003}
    both = experiment(None, first=rates[0], fresh=rates[1])
    correct = train(both)
    kept = train(experiment(None, first=rates[0], kept={**rates[1], **on("kept_weights")}))
    assert losses(kept, "first") == losses(correct, "first"), "the run before is not disturbed"
    assert correct.steps["first"][0].loss == correct.steps["fresh"][0].loss
    assert losses(kept, "kept") != losses(correct, "fresh")

    # By hand: a run at the second rate that starts with the first's last weights.
    by_hand = train(experiment(None, second=rates[1]), StartWith(correct.weights("first")))
    assert losses(by_hand, "second") == losses(kept, "kept")


def test_kept_biases_are_all_that_the_run_before_leaves(train: Any, experiment: Any) -> None:
    rates = {"training.learning_rate": 0.05}, {"training.learning_rate": 0.003}
    xavier = {"model.initialisation": "xavier_matrices"}
    kept = train(experiment(xavier, first=rates[0], kept={**rates[1], **on("kept_biases")}))
    correct = train(experiment(xavier, first=rates[0], fresh=rates[1]))
    assert losses(kept, "first") == losses(correct, "first"), "the run before is not disturbed"
    assert losses(kept, "kept")[0] != losses(correct, "fresh")[0]

    # By hand: the second rate's own first weights, with the biases that the first rate ended with.
    begin = Begin()
    train(experiment({**xavier, "training.max_steps": 1}, second=rates[1]), begin)
    ended = correct.weights("first")
    assert any("bias" in name for name in ended) and any("weight" in name for name in ended)
    start = {name: ended[name] if "bias" in name else value for name, value in begin.weights.items()}
    by_hand = train(experiment(xavier, second=rates[1]), StartWith(start))
    assert losses(by_hand, "second") == losses(kept, "kept")


def test_kept_weights_pass_through_the_whole_sweep(train: Any, experiment: Any) -> None:
    rates = [{"training.learning_rate": rate} for rate in (0.05, 0.02, 0.003)]
    sweep = train(experiment(on("kept_weights"), **{f"run {number}": rate for number, rate in enumerate(rates)}))
    carried = None
    for number, rate in enumerate(rates):
        alone = train(experiment(None, one=rate), *([StartWith(carried)] if carried else []))
        assert losses(alone, "one") == losses(sweep, f"run {number}")
        carried = alone.weights("one")


def test_a_stopped_preparation_of_kept_weights_begins_anew_on_resume(train: Any, experiment: Any) -> None:
    config = experiment(None, first={"training.learning_rate": 0.05}, kept=on("kept_weights"))
    stop = StopAfter(3)
    stopped = train(config, stop)
    assert not stopped.steps["kept"] and stop.calls == 3 and stopped.moments == ["start", "end"]
    assert stopped.trainer is not None
    resumed = train(config, state=stopped.trainer.state_dict())
    assert losses(resumed, "kept") == losses(train(config), "kept")


def test_weights_of_another_network_cannot_be_kept(train: Any, experiment: Any) -> None:
    with pytest.raises(ConfigError, match="another network"):
        train(experiment(None, small={}, large={"model.hidden_size": 9, **on("kept_weights")}))


def test_averaging_over_batches_counts_the_small_last_batch_too_much(
    train: Any, experiment: Any, make_corpus: Callable[..., Any]
) -> None:
    assert batch_averaged_accuracy([256, 0], [256, 4]) == 0.5
    assert share([256, 0], [256, 4]) == 256 / 260
    corpus = make_corpus(6 * 300)  # 300 validation reviews: a batch of 256 and one of 44
    record = train(
        experiment({"training.max_steps": 20}, right={}, wrong=on("batch_averaged_accuracy")), corpora=[corpus, corpus]
    )
    right, wrong = record.evaluations["right"][-1], record.evaluations["wrong"][-1]
    assert right.loss == wrong.loss and right.accuracy != wrong.accuracy
    assert losses(record, "right") == losses(record, "wrong")
    assert (right.accuracy * 300) == pytest.approx(round(right.accuracy * 300))
    assert math.isfinite(wrong.accuracy)


class StopAfter(Callback):
    """A callback that stops at its `calls`-th update, the unseen ones included."""

    def __init__(self, calls: int) -> None:
        self.limit, self.calls = calls, 0

    def on_step(self, trainer: Any) -> None:
        self.calls += 1
        trainer.should_stop = self.calls >= self.limit


class Begin(Callback):
    """A callback that keeps the weights with which the only run starts."""

    def on_start(self, trainer: Any) -> None:
        self.weights = {name: value.clone() for name, value in trainer.runs[0].model.state_dict().items()}


class StartWith(Callback):
    """A callback that puts `weights` into the only run before its first update."""

    def __init__(self, weights: dict[str, torch.Tensor]) -> None:
        self.weights = weights

    def on_start(self, trainer: Any) -> None:
        trainer.runs[0].model.load_state_dict(self.weights)

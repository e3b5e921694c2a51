"""Resuming from a checkpoint gives exactly the numbers of never having stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment_core.errors import CheckpointError
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.checkpoints import load_checkpoint
from sentiment_core.training.trainer import Trainer
from tests.training.saving import KilledAt

EVERYTHING = {
    "model.word_dropout": 0.2,
    "model.head_dropout": 0.3,
    "model.state_norm": "batch",
    "training.epochs": 3,  # of 4 steps
    "training.clipping": "norm",
    "training.max_norm": 0.5,
    "training.schedule": "one_cycle",
}
# So small a rate changes no weight, on any processor: no epoch has a lower loss than the first.
STILL = {"training.learning_rate": 1e-30, "training.schedule": "constant", "model.state_norm": "none"}
OPTIMIZERS = {"adam": {}, "adamw": {"training.weight_decay": 0.1}, "sgd": {"training.momentum": 0.9}}


class SaveEpoch(KilledAt):
    """Save after an epoch's evaluation."""

    def on_step(self, trainer: Trainer) -> None:
        return

    def on_epoch_end(self, trainer: Trainer) -> None:
        super().on_step(trainer)


def check(config: Any, train: Any, path: Path, callback: Callback) -> None:
    """Train whole; train up to the callback's end and on from its checkpoint: nothing may differ."""
    whole = train(config)
    interrupted = []

    class Keep(Callback):
        def on_start(self, trainer: Trainer) -> None:
            interrupted.append(trainer.callbacks[0])

    with pytest.raises(KeyboardInterrupt):
        train(config, Keep(), callback)
    rest = train(config, state=load_checkpoint(path))
    for run in config.runs:
        name = run.name
        assert interrupted[0].steps[name] + rest.steps[name] == whole.steps[name]
        assert interrupted[0].evaluations[name] + rest.evaluations[name] == whole.evaluations[name]
        assert rest.ends[name] == whole.ends[name]
        for key, value in whole.weights(name).items():
            assert torch.equal(value, rest.weights(name)[key]), key


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("extra", [{}, {"training.weight_averaging": 0.9}, {"training.early_stopping": 1}])
def test_resuming_in_the_middle_of_an_epoch(
    optimizer: str, extra: dict[str, Any], train: Any, experiment: Any, tmp_path: Path
) -> None:
    config = experiment({**EVERYTHING, **OPTIMIZERS[optimizer], **extra, "training.optimizer": optimizer})
    check(config, train, tmp_path / "state.pt", KilledAt(6, tmp_path / "state.pt"))


@given(step=st.integers(1, 12), averaging=st.sampled_from([0.0, 0.9]), limit=st.sampled_from([None, 10]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
def test_resuming_at_any_step(
    step: int, averaging: float, limit: int | None, train: Any, experiment: Any, tmp_path: Path
) -> None:
    changes = {"training.weight_averaging": averaging, "training.max_steps": limit}
    config = experiment({**EVERYTHING, **changes, "training.early_stopping": 5})
    path = tmp_path / "state.pt"
    check(config, train, path, KilledAt(min(step, limit or 12), path))


@pytest.mark.parametrize("step", [4, 12])
def test_resuming_after_an_evaluation(step: int, train: Any, experiment: Any, tmp_path: Path) -> None:
    check(experiment(EVERYTHING), train, tmp_path / "state.pt", SaveEpoch(step, tmp_path / "state.pt"))


def test_resuming_twins(train: Any, experiment: Any, tmp_path: Path) -> None:
    config = experiment(EVERYTHING, off={"training.clipping": "none"}, on={}, gru={"model.cell": "gru"})
    check(config, train, tmp_path / "state.pt", KilledAt(7, tmp_path / "state.pt"))


def test_resuming_when_one_run_has_already_ended(train: Any, experiment: Any, tmp_path: Path) -> None:
    """A run that learns nothing runs out of patience while its twin, which has none, goes on."""
    config = experiment(
        {**EVERYTHING, **STILL, "training.epochs": 4},
        moving={"training.learning_rate": 1e-3},
        still={"training.early_stopping": 1},
    )
    whole = train(config)
    assert len(whole.steps["still"]) == 8 and len(whole.steps["moving"]) == 16
    check(config, train, tmp_path / "state.pt", KilledAt(13, tmp_path / "state.pt"))


def test_patience_already_used_up_is_remembered(train: Any, experiment: Any, tmp_path: Path) -> None:
    config = experiment({**EVERYTHING, **STILL, "training.early_stopping": 3, "training.epochs": 20})
    ended = len(train(config).steps["run"])
    assert ended == 16
    check(config, train, tmp_path / "state.pt", KilledAt(ended - 1, tmp_path / "state.pt"))


def test_what_was_changed_live_stays_changed(train: Any, experiment: Any, tmp_path: Path) -> None:
    path = tmp_path / "state.pt"

    class Change(KilledAt):
        def on_step(self, trainer: Trainer) -> None:
            if trainer.step == 3:
                trainer.runs[0].learning_rate, trainer.runs[0].threshold = 0.005, 0.01
            super().on_step(trainer)

    with pytest.raises(KeyboardInterrupt):
        train(experiment(EVERYTHING), Change(6, path))
    steps = train(experiment(EVERYTHING), state=load_checkpoint(path)).steps["run"]
    assert {(step.learning_rate, step.threshold) for step in steps} == {(0.005, 0.01)}


def test_a_checkpoint_of_another_experiment_is_refused(train: Any, experiment: Any, tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    with pytest.raises(KeyboardInterrupt):
        train(experiment(), KilledAt(2, path))
    state = load_checkpoint(path)
    others = [
        (experiment({"model.hidden_size": 9}), state),
        (experiment({"model.cell": "gru"}), state),
        (experiment({}, one={}, two={}), state),
        (experiment(), {}),
        (experiment(), {**state, "runs": [1]}),
        (experiment(), {**state, "step": "soon"}),
        (experiment(), {**state, "runs": {"run-0": {**state["runs"]["run-0"], "progress": None}}}),
    ]
    for config, wrong in others:
        with pytest.raises(CheckpointError, match="does not fit this experiment"):
            train(config, state=wrong)


def test_what_a_gpu_left_goes_on_here(train: Any, experiment: Any, tmp_path: Path) -> None:
    """Its random numbers fit no CPU, and its graphs are none here; without dropout nothing else differs."""
    config = experiment({"training.epochs": 3, "training.optimizer": "adamw"})
    whole = train(config)
    with pytest.raises(KeyboardInterrupt):
        train(config, KilledAt(5, tmp_path / "state.pt"))
    state = load_checkpoint(tmp_path / "state.pt")
    state["updates"] = "graphs"
    for run in state["runs"].values():
        run["generator"] = torch.zeros(16, dtype=torch.uint8)
    rest = train(config, state=state)
    assert rest.trainer.updates == whole.trainer.updates
    ((name, steps),) = whole.steps.items()
    assert [step.loss for step in rest.steps[name]] == pytest.approx([step.loss for step in steps[5:]], rel=1e-6)

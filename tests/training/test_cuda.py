"""A GPU trains the same model: only where there is one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from sentiment_core.training.checkpoints import load_checkpoint, save_checkpoint

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

NETWORKS: dict[str, dict[str, Any]] = {
    "rnn": {"model.cell": "rnn", "model.pooling": ("last",)},
    "padded": {"model.cell": "rnn", "model.pooling": ("padded_last",)},
    "gru both ways": {"model.cell": "gru", "model.bidirectional": True, "model.pooling": ("attention_additive", "max")},
    "lstm": {"model.cell": "lstm", "model.pooling": ("mean",), "model.state_norm": "batch"},
}
DROPOUT = {"model.word_dropout": 0.2, "model.state_dropout": 0.2, "model.head_dropout": 0.3}
CLIPPED = {"training.clipping": "norm", "training.max_norm": 0.5}


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_the_curve_is_that_of_the_cpu(experiment: Any, train: Any, network: dict[str, Any]) -> None:
    config = experiment({**network, **CLIPPED, "training.epochs": 2}, one={}, two={"training.clipping": "none"})
    here, there = train(config), train(config, device="cuda")
    for run in ("one", "two"):
        for name in ("loss", "accuracy", "grad_norm", "grad_norm_clipped"):
            ours = [getattr(step, name) for step in there.steps[run]]
            assert ours == pytest.approx([getattr(step, name) for step in here.steps[run]], rel=2e-3, abs=2e-4)
        assert [item.loss for item in there.evaluations[run]] == pytest.approx(
            [item.loss for item in here.evaluations[run]], rel=2e-3
        )


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_learns(experiment: Any, train: Any, precision: str) -> None:
    fields = {**NETWORKS["gru both ways"], **CLIPPED, "training.epochs": 6, "training.learning_rate": 1e-2}
    record = train(experiment({**fields, "training.precision": precision}), device="cuda")
    ((_, steps),) = record.steps.items()
    assert record.ends == {next(iter(record.steps)): None}
    assert steps[-1].loss < steps[0].loss


def test_a_checkpoint_goes_on_there(experiment: Any, train: Any, stop_at: Any, tmp_path: Path) -> None:
    fields = {**NETWORKS["gru both ways"], **CLIPPED, **DROPOUT, "training.epochs": 3, "training.weight_averaging": 0.9}
    config = experiment(fields)
    whole, half = train(config, device="cuda"), train(config, stop_at(5), device="cuda")
    save_checkpoint(tmp_path / "state.pt", half.trainer.state_dict())
    rest = train(config, state=load_checkpoint(tmp_path / "state.pt"), device="cuda")
    ((name, steps),) = whole.steps.items()
    assert [step.loss for step in half.steps[name] + rest.steps[name]] == pytest.approx(
        [step.loss for step in steps], rel=1e-3
    )


def test_a_checkpoint_of_the_cpu_goes_on_there(experiment: Any, train: Any, stop_at: Any, tmp_path: Path) -> None:
    """It draws anew: the numbers of its dropout are others."""
    config = experiment({**NETWORKS["rnn"], **DROPOUT, "training.epochs": 3})
    half = train(config, stop_at(5))
    save_checkpoint(tmp_path / "state.pt", half.trainer.state_dict())
    rest = train(config, state=load_checkpoint(tmp_path / "state.pt"), device="cuda")
    ((name, steps),) = rest.steps.items()
    assert rest.ends == {name: None} and rest.trainer.updates == half.trainer.updates
    assert steps[0].step == 6 and all(0 < step.loss < 2 for step in steps)

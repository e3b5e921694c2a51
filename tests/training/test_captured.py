"""Updates replayed as CUDA graphs measure what separate plain ones do, and are made only where that is so.

On a CPU, where there are no graphs, a replay is the same work once more: the batches in one place, the padding to a few
lengths, the rate that lies on the device and who listens are tested everywhere. What a GPU adds is tested where one is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch

from sentiment_core import live
from sentiment_core.batches import ResidentReviews, collate, padded_steps
from sentiment_core.corpus import Corpus
from sentiment_core.training import captured as module
from sentiment_core.training import trainer as trainer_module
from sentiment_core.training.build import build_trainer
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.captured import MULTIPLE, CapturingStepper
from sentiment_core.training.checkpoints import load_checkpoint
from sentiment_core.training.run import TrainingRun
from sentiment_core.training.stepper import Measured
from sentiment_core.training.trainer import Trainer
from tests.training.saving import KilledAt

MEASURED = ("loss", "accuracy", "grad_norm", "grad_norm_clipped", "grad_max")
# Below Adam's usual division by what is almost nothing, so that a last bit stays one.
STEADY = {"training.optimizer": "sgd", "training.learning_rate": 0.1, "training.epochs": 13, "training.max_steps": 50}
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "attention": {"model.cell": "gru", "model.bidirectional": True, "model.pooling": ("attention_additive", "max")},
    "layers": {"model.cell": "lstm", "model.num_layers": 2, "model.pooling": ("mean",), "model.input_norm": "layer"},
    "odd": {"training.batch_size": 15, "training.clipping": "norm", "training.schedule": "one_cycle"},
    "weighed": {"training.class_weights": "balanced", "model.freeze_embeddings": False},
    "momentum": {"training.momentum": 0.9, "training.clipping": "value", "training.learning_rate": 0.01},
    "adam": {"training.optimizer": "adam", "training.learning_rate": 1e-3, "training.weight_averaging": 0.9},
}
GPU = pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU"))


class Again:
    """Lanes of a machine without graphs: what is recorded is done again."""

    def __init__(self, runs: Sequence[TrainingRun]) -> None:
        self.recorded: list[str] = []
        self.replayed = 0

    def begin(self) -> None: ...

    def end(self) -> None: ...

    def forget(self, run: TrainingRun) -> None: ...

    def of(self, run: TrainingRun) -> Any:
        return nullcontext()

    def record(self, run: TrainingRun, work: Callable[[], Measured]) -> Callable[[], Measured]:
        self.recorded.append(run.id)

        def replay() -> Measured:
            self.replayed += 1
            return work()

        return replay


@pytest.fixture(params=["cpu", GPU])
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A device on which trainings are captured unless `training.halves` forbids it."""
    if request.param == "cpu":
        able = partial(module.can_capture)

        def can_capture(task: Any, runs: Sequence[TrainingRun]) -> bool:
            with monkeypatch.context() as here:
                for run in runs:
                    here.setattr(run, "device", torch.device("cuda"))
                return able(task, runs)

        monkeypatch.setattr(trainer_module, "can_capture", can_capture)
        monkeypatch.setattr(trainer_module, "CapturingStepper", partial(CapturingStepper, lanes=Again))
    return str(request.param)


def close(record: Any, other: Any) -> None:
    """What two trainings measured is equal to 1e-5, run by run."""
    assert record.steps.keys() == other.steps.keys()
    for name in record.steps:
        for field in MEASURED:
            one, two = ([getattr(step, field) for step in each.steps[name]] for each in (record, other))
            np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-5, err_msg=f"{name} {field}")
        for one, two in zip(record.evaluations[name], other.evaluations[name], strict=True):
            assert (one.loss, one.accuracy) == pytest.approx((two.loss, two.accuracy), rel=1e-5, abs=1e-5)


PLAIN = {"training.halves": "never"}


@pytest.mark.parametrize("case", CASES)
def test_fifty_replayed_updates_measure_what_plain_ones_do(case: str, device: str, train: Any, experiment: Any) -> None:
    fields = {**STEADY, **CASES[case]}
    replayed = train(experiment(fields), device=device)
    plain = train(experiment(fields | PLAIN), device=device)
    assert (replayed.trainer.updates, plain.trainer.updates) == ("graphs", "whole")
    assert len(replayed.steps["run"]) == 50
    close(replayed, plain)


class Lose(Callback):
    """The run called `lost` becomes not-a-number."""

    def on_step(self, trainer: Trainer) -> None:
        for run in trainer.runs:
            if trainer.step == 9 and run.experiment.runs[0].name == "lost":
                next(run.model.encoder.parameters()).data.fill_(float("nan"))


def test_runs_side_by_side_measure_what_each_does_alone(device: str, train: Any, experiment: Any) -> None:
    """With a rate, a threshold, and a divergence of their own."""
    own = {
        "slow": {"training.learning_rate": 0.01},
        "clipped": {"training.clipping": "norm", "training.max_norm": 0.05},
        "lost": {},
        "wide": {"model.hidden_size": 12},
    }
    together = train(experiment(STEADY, **own), Lose(), device=device)
    assert together.trainer.updates == "graphs"
    for name, overrides in own.items():
        alone = train(experiment({**STEADY, **PLAIN}, **{name: overrides}), Lose(), device=device)
        assert [step.loss for step in alone.steps[name]] == pytest.approx(
            [step.loss for step in together.steps[name]], rel=1e-5, abs=1e-5, nan_ok=True
        )
    assert not np.isfinite(together.steps["lost"][-1].loss) and np.isfinite(together.steps["slow"][-1].loss)


def test_an_update_is_replayed_from_the_second_of_its_shape_on(
    train: Any, experiment: Any, device: str, make_corpus: Callable[..., Corpus]
) -> None:
    if device == "cuda":
        pytest.skip("counted where replays are ours")
    corpus = make_corpus()
    record = train(experiment({**STEADY, "training.batch_size": 16}), device=device, corpora=[corpus])
    lanes = record.trainer.stepper._lanes
    shapes = len({padded_steps(length, MULTIPLE) for length in corpus.lengths.tolist()})
    assert 1 <= len(lanes.recorded) <= shapes
    assert lanes.replayed >= 50 - 2 * shapes


def test_a_capture_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory that runs out breaks the capture too, and its end then says only that."""

    class Graph:
        def capture_end(self) -> None:
            raise RuntimeError("operation failed due to a previous error during capture")

        def __getattr__(self, name: str) -> Callable[..., None]:
            return lambda *given, **named: None

    def work() -> Measured:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: None)
    lanes, run = object.__new__(module.CudaLanes), Mock(id="run")
    lanes._pools = {"run": None}
    with pytest.raises(torch.OutOfMemoryError):
        lanes.record(run, work)


class Change(Callback):
    """Another rate and threshold in the middle, as a user would set them."""

    def on_step(self, trainer: Trainer) -> None:
        if trainer.step == 20:
            for kind, value in zip(live.KINDS, (0.02, 0.03), strict=True):
                trainer.runs[0].change(kind, value)


def test_live_changes_reach_replayed_updates(device: str, train: Any, experiment: Any) -> None:
    fields = {**STEADY, "training.clipping": "norm", "training.max_norm": 0.5}
    replayed = train(experiment(fields), Change(), device=device)
    plain = train(experiment(fields | PLAIN), Change(), device=device)
    assert replayed.trainer.updates == "graphs"
    close(replayed, plain)
    last = replayed.steps["run"][-1]
    assert (last.learning_rate, last.threshold) == (0.02, 0.03)
    assert last.grad_norm_clipped <= 0.03 < replayed.steps["run"][10].grad_norm_clipped


class Listen(Callback):
    """Reads the gradient of every third update."""

    def __init__(self) -> None:
        self.norms: dict[int, float] = {}

    def wants_gradient(self, trainer: Trainer, run: TrainingRun) -> bool:
        return run.step % 3 == 0

    def on_gradient(self, trainer: Trainer, run: TrainingRun, clipped: bool) -> None:
        if not clipped:
            gradients = [parameter.grad for parameter in run.model.parameters() if parameter.grad is not None]
            self.norms[run.step] = float(torch.nn.utils.get_total_norm(gradients))


def test_who_listens_to_some_updates_hears_them_and_changes_nothing(device: str, train: Any, experiment: Any) -> None:
    listen = Listen()
    heard = train(experiment({**STEADY, "watch_every": 4}), listen, device=device)
    plain = train(experiment({**STEADY, **PLAIN}), device=device)
    assert heard.trainer.updates == "graphs"
    close(heard, plain)
    assert list(listen.norms) == list(range(3, 51, 3))
    for step, norm in listen.norms.items():
        assert norm == pytest.approx(heard.steps["run"][step - 1].grad_norm, rel=1e-4)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_checkpoint_goes_on_here_and_without_graphs(
    elsewhere: bool,
    device: str,
    train: Any,
    experiment: Any,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = experiment({**STEADY, **CASES["adam"], "model.word_dropout": 0.2})
    path = tmp_path / "state.pt"
    whole = train(config, device=device)
    with pytest.raises(KeyboardInterrupt):
        train(config, KilledAt(21, path), device=device)
    state = load_checkpoint(path)
    assert state["updates"] == "graphs"
    if elsewhere:
        monkeypatch.undo()
        rest = train(config, state=state)
        # Its random numbers are others there.
        assert rest.trainer.updates == "whole" and len(rest.steps["run"]) == 29
        return
    rest = train(config, state=state, device=device)
    one, two = ([step.loss for step in steps] for steps in (rest.steps["run"], whole.steps["run"][21:]))
    np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "fields",
    [
        PLAIN,
        {"model.state_norm": "batch"},
        {"model.pooling": ("padded_last",)},
        {"model.mistakes": ("cross_review_attention",), "model.pooling": ("attention_dot",)},
    ],
    ids=str,
)
def test_what_cannot_be_repeated_is_made_kernel_by_kernel(
    fields: dict[str, Any], device: str, experiment: Any, make_corpus: Callable[..., Corpus]
) -> None:
    def updates(config: Any) -> str:
        return build_trainer(config, ["run"], [make_corpus()], torch.device(device)).updates

    assert updates(experiment()) == "graphs"
    assert updates(experiment(fields)) == "whole"


def test_a_cpu_has_no_graphs(experiment: Any, make_corpus: Callable[..., Corpus]) -> None:
    assert build_trainer(experiment(), ["run"], [make_corpus()], torch.device("cpu")).updates == "whole"


def test_lengths_become_few_and_grow_by_little() -> None:
    assert [padded_steps(steps, 1) for steps in (1, 7, 300)] == [1, 7, 300]
    assert [padded_steps(steps, 32) for steps in (1, 32, 33, 256, 257, 700, 2048, 2049)] == [
        *(32, 32, 64, 256, 320, 768, 2048, 2560),
    ]
    lengths = range(200, 3000)
    assert all(steps <= padded_steps(steps, 32) <= 1.25 * steps for steps in lengths)
    assert len({padded_steps(steps, 32) for steps in lengths}) < 20


@pytest.mark.parametrize("multiple", [1, 32])
def test_reviews_on_the_device_make_the_batches_that_are_collated(
    multiple: int, make_corpus: Callable[..., Corpus]
) -> None:
    corpus = make_corpus()
    reader = ResidentReviews(corpus, torch.device("cpu"), multiple)
    for indices in (np.array([3, 1, 60]), np.arange(len(corpus)), np.array([len(corpus) - 1])):
        ours, expected = reader.batch(indices), collate(corpus, indices)
        steps = expected.token_ids.shape[1]
        assert ours.token_ids.shape[1] == padded_steps(steps, multiple) and ours.tokens == expected.tokens
        torch.testing.assert_close(ours.token_ids[:, :steps], expected.token_ids, rtol=0, atol=0)
        assert not ours.token_ids[:, steps:].any()
        torch.testing.assert_close(ours.lengths, expected.lengths)
        torch.testing.assert_close(ours.labels, expected.labels)

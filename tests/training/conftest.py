"""Train in memory, without store or disk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch

from sentiment_core.config import ExperimentConfig, RunConfig, build
from sentiment_core.corpus import Corpus
from sentiment_core.metrics import Evaluation
from sentiment_core.steps.quantities import Diagnostic, StepMetrics
from sentiment_core.training.build import build_trainer
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.run import TrainingRun
from sentiment_core.training.trainer import Trainer


@dataclass
class Record(Callback):
    """What a training measured, by run name; times are left out."""

    steps: dict[str, list[StepMetrics]] = field(default_factory=lambda: defaultdict(list))
    evaluations: dict[str, list[Evaluation]] = field(default_factory=lambda: defaultdict(list))
    diagnostics: dict[str, list[Diagnostic]] = field(default_factory=lambda: defaultdict(list))
    ends: dict[str, str | None] = field(default_factory=dict)
    moments: list[str] = field(default_factory=list)
    trainer: Trainer | None = None

    def on_start(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.moments.append("start")

    def on_step(self, trainer: Trainer) -> None:
        for run in trainer.runs:
            drained = run.drain()
            self.steps[self._name(run)] += [replace(step, seconds=0.0) for step in drained.steps]
            self.diagnostics[self._name(run)] += drained.diagnostics

    def on_evaluation(self, trainer: Trainer, run: TrainingRun, evaluation: Evaluation) -> None:
        self.evaluations[self._name(run)].append(evaluation)

    def on_epoch_end(self, trainer: Trainer) -> None:
        self.moments.append(f"epoch {trainer.epoch}")

    def on_run_end(self, trainer: Trainer, run: TrainingRun, reason: str | None) -> None:
        self.ends[self._name(run)] = reason

    def on_end(self, trainer: Trainer) -> None:
        self.moments.append("end")

    def weights(self, name: str) -> dict[str, torch.Tensor]:
        assert self.trainer is not None
        (run,) = [run for run in self.trainer.runs if self._name(run) == name]
        return run.model.state_dict()

    def _name(self, run: TrainingRun) -> str:
        return run.experiment.runs[0].name


class StopAt(Callback):
    """Stop after update `step`, as a user would."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step(self, trainer: Trainer) -> None:
        if trainer.step == self.step:
            trainer.should_stop = True


Train = Callable[..., Record]
Experiment = Callable[..., ExperimentConfig]


@pytest.fixture
def experiment(tiny: Callable[..., ExperimentConfig]) -> Experiment:
    """`experiment({field: value}, name={override: value}, …)`: the tiny experiment with these runs."""

    def make(fields: dict[str, Any] | None = None, **runs: dict[str, Any]) -> ExperimentConfig:
        tree = tiny(fields).model_dump()
        if runs:
            tree["runs"] = [RunConfig(name=name, overrides=overrides) for name, overrides in runs.items()]
        return build(ExperimentConfig, tree)

    return make


@pytest.fixture
def train(make_corpus: Callable[..., Corpus]) -> Train:
    """`train(config)` trains on made-up reviews and returns the `Record`; `state` is loaded first."""

    def make(
        config: ExperimentConfig,
        *callbacks: Callback,
        state: dict[str, Any] | None = None,
        corpora: Sequence[Corpus] | None = None,
        device: str = "cpu",
        threads: int = 1,
    ) -> Record:
        corpora = corpora or [make_corpus()] * len(config.runs)
        ids = [f"run-{number}" for number in range(len(config.runs))]
        record = Record()
        trainer = build_trainer(config, ids, corpora, torch.device(device), [record, *callbacks], threads)
        if state is not None:
            trainer.load_state_dict(state)
        trainer.fit()
        return record

    return make


@pytest.fixture
def stop_at() -> type[StopAt]:
    """`stop_at(5)` is a callback that stops after the fifth update."""
    return StopAt

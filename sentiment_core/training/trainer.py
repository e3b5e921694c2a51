"""The one training loop: runs in lockstep over the same batches in the same order."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Literal

import numpy as np
import torch

from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import CheckpointError
from sentiment_core.metrics import Balance, Evaluation
from sentiment_core.numerics import prepare_thread
from sentiment_core.training.callbacks import Callback, overriding
from sentiment_core.training.captured import MULTIPLE, CapturingStepper, can_capture
from sentiment_core.training.halves import HalvingStepper, can_halve
from sentiment_core.training.run import TrainingRun
from sentiment_core.training.stepper import Each, Listeners, Stepper
from sentiment_core.training.task import task_named

# How updates are made: each on its whole batch, from two halves of it, or replayed as CUDA graphs.
Updates = Literal["whole", "halves", "graphs"]


class Trainer:
    """Trains every run of `config` side by side.

    `data` holds what each run learns from, made by the configuration's task (the same object where runs share it); the
    first decides the batches.
    `threads` is the number of BLAS threads for each run; on a CPU each run has a Python thread of its own, because
    PyTorch's recurrent loop releases the interpreter lock. `step` and `epoch` count from 1; 0 means not started.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        run_ids: Sequence[str],
        data: Sequence[Any],
        device: torch.device,
        callbacks: Sequence[Callback] = (),
        threads: int = 1,
    ) -> None:
        self.config = config
        self.task = task_named(config.task)
        self.data = data
        self.device = device
        self.callbacks = list(callbacks)
        self.step = 0
        self.epoch = 0
        self.evaluated_step = 0  # the last one with a validation: the end of an epoch, or of training
        self.should_stop = False
        self.training_members = self.task.members(data)
        self.batches_per_epoch = -(-len(self.training_members) // config.training.batch_size)
        self.total_steps = self.batches_per_epoch * config.training.epochs
        if config.training.max_steps is not None:
            self.total_steps = min(self.total_steps, config.training.max_steps)
        configs = [config.resolve(run) for run in config.runs]
        self.runs = [
            TrainingRun(run_id, single, model, device, self.total_steps)
            for run_id, single, model in zip(run_ids, configs, self.task.models(configs, data, device), strict=True)
        ]
        for run, learned in zip(self.runs, data, strict=True):
            run.training_loss = self.task.training_loss(run.experiment, learned, self.training_members)
        if can_capture(self.task, self.runs):
            self._compute(threads, "graphs")
        else:
            self._compute(threads, "halves" if can_halve(self.task, self.runs, threads) else "whole")

    @property
    def active_runs(self) -> list[TrainingRun]:
        """Runs that have neither diverged nor run out of patience."""
        return [run for run in self.runs if not run.ended]

    def fit(self) -> None:
        """Train to the end, or until a callback sets `should_stop`; then evaluate the test part, once."""
        side_by_side = self.device.type == "cpu" and len(self.runs) > 1
        # OpenMP counts threads per calling thread, so each must be told.
        prepare_thread(self.threads)
        with ThreadPoolExecutor(
            len(self.runs), thread_name_prefix="run", initializer=prepare_thread, initargs=(self.threads,)
        ) as pool:
            self._each: Each = pool.map if side_by_side else map
            self.stepper.listeners = self._listeners()
            self._call("on_start")
            self._call("on_ready")
            if self._owes_evaluation():
                self._end_epoch()
            while not self.should_stop and self.step < self.total_steps and self.active_runs:
                self._train_epoch()
            if not self.should_stop:
                self._finish()
            self._call("on_end")

    def fail(self, run: TrainingRun, reason: str) -> None:
        """End one run that cannot go on; the others do."""
        run.ended = run.failed = True
        for callback in self.callbacks:
            callback.on_run_end(self, run, reason)

    def state_dict(self) -> dict[str, Any]:
        """Return everything the next update depends on; `load_state_dict` continues to the same numbers."""
        return {
            "step": self.step,
            "evaluated_step": self.evaluated_step,
            "threads": self.threads,
            "updates": self.updates,
            "runs": {run.id: run.state_dict() for run in self.runs},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a state; raises `CheckpointError` when it belongs to other runs."""
        try:
            for run in self.runs:
                run.load_state_dict(state["runs"][run.id])
            self.step, self.evaluated_step = int(state["step"]), int(state["evaluated_step"])
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            raise CheckpointError("the checkpoint does not fit this experiment; start it again") from error
        self.epoch = self._epoch_of(self.step)
        # Another number of threads would add numbers in another order, and so would other updates.
        updates = state.get("updates", "halves" if state.get("halved") else "whole")  # they once said no more
        elsewhere = {"graphs": not can_capture(self.task, self.runs), "halves": self.device.type != "cpu"}
        self._compute(int(state["threads"]), self.updates if elsewhere.get(updates) else updates)

    def _compute(self, threads: int, updates: Updates) -> None:
        """Decide how each run computes: with how many threads, and how its updates are made."""
        self.threads, self.updates = threads, updates
        self.stepper: Stepper
        if updates == "graphs":
            self.stepper = CapturingStepper(self.task, self.runs)
        elif updates == "halves":
            self.stepper = HalvingStepper(self.task, len(self.runs), threads)
        else:
            self.stepper = Stepper(self.task)
        multiple = MULTIPLE if updates == "graphs" else 1
        self._read = {id(data): self.task.reader(data, self.device, multiple) for data in self.data}

    def _train_epoch(self) -> None:
        first_step = self.step // self.batches_per_epoch * self.batches_per_epoch
        self.epoch = first_step // self.batches_per_epoch + 1
        plan = self.task.plan_epoch(self.config, self.data[0], self.training_members, self.epoch)
        for indices in plan[self.step - first_step :]:
            runs = self.active_runs
            if not runs:
                break
            started = time.perf_counter()
            batches = self._collate(indices)
            self.step += 1
            self.stepper.update(runs, batches, self.step, self.epoch, self._each)
            for run in runs:
                for name, level in self.task.levels(self.data_of(run)).items():
                    run.measure(name, level)
            seconds = time.perf_counter() - started
            for run in runs:
                run.add_seconds(seconds)
            self._call("on_step")
            if self.step >= self.total_steps:
                break
            if self.should_stop and self.step % self.batches_per_epoch:
                return
        self._end_epoch()

    def _owes_evaluation(self) -> bool:
        """Whether this process resumes between an epoch's last update and its evaluation."""
        at_end = self.step % self.batches_per_epoch == 0 or self.step >= self.total_steps
        return at_end and self.step > self.evaluated_step

    def _end_epoch(self) -> None:
        self._evaluate("validation", self.active_runs)
        self.evaluated_step = self.step
        self._call("on_epoch_end")

    def _finish(self) -> None:
        runs = [run for run in self.runs if not run.failed]
        for run in runs:
            run.keep_best()
        self._evaluate("test", runs)
        for run in runs:
            run.ended = True
            for callback in self.callbacks:
                callback.on_run_end(self, run, None)

    def _epoch_of(self, step: int) -> int:
        return -(-step // self.batches_per_epoch)

    def data_of(self, run: TrainingRun) -> Any:
        """Return what `run` learns from."""
        return self.data[self.runs.index(run)]

    def balances(self, run: TrainingRun) -> dict[str, Balance]:
        """Return `{part: balance}` of what `run` is trained and evaluated on, where there are two classes."""
        return self.task.balances(self.data_of(run), self.training_members)

    def _collate(self, examples: np.ndarray) -> dict[str, Any]:
        made: dict[int, Any] = {}
        for data in self.data:
            if id(data) not in made:
                made[id(data)] = self._read[id(data)](examples)
        return {run.id: made[id(data)] for run, data in zip(self.runs, self.data, strict=True)}

    def _evaluate(self, part: str, runs: list[TrainingRun]) -> None:
        kept: dict[str, list[torch.Tensor]] = {run.id: [] for run in runs}
        keeps = part == "test" and self.task.keeps_answers

        def evaluate(run: TrainingRun) -> tuple[float, float]:
            data = self.data_of(run)
            batches = map(self._read[id(data)], self.task.plan_evaluation(data, part))
            return self.stepper.evaluate(run, batches, part, kept[run.id].append if keeps else None)

        for callback in self.callbacks:
            callback.on_evaluation_start(self, part)
        for run, (loss, accuracy) in zip(runs, list(self._each(evaluate, runs)), strict=True):
            # A run that ended before the others is judged after its own last update.
            evaluation = Evaluation(run.step, self._epoch_of(run.step), part, loss, accuracy)
            for callback in self.callbacks:
                callback.on_evaluation(self, run, evaluation)
                if kept[run.id]:
                    examples = np.concatenate(self.task.plan_evaluation(self.data_of(run), part))
                    callback.on_test(self, run, examples, torch.cat(kept[run.id]).cpu().numpy())
            if part == "validation":
                run.note_validation(loss, accuracy)

    def _listeners(self) -> Listeners:
        return Listeners(
            gradient=[
                (partial(item.wants_gradient, self), partial(item.on_gradient, self))
                for item in overriding(self.callbacks, "on_gradient")
            ],
            states=[
                (item.most_states, partial(item.wants_states, self), partial(item.on_states, self))
                for item in overriding(self.callbacks, "on_states")
            ],
        )

    def _call(self, moment: str) -> None:
        for callback in self.callbacks:
            getattr(callback, moment)(self)

"""The one training loop: runs in lockstep over the same batches in the same order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch

from sentiment_core import mistakes
from sentiment_core.batches import Batch, collate, plan_epoch, plan_evaluation
from sentiment_core.config import ExperimentConfig
from sentiment_core.corpus import Corpus
from sentiment_core.datasets import TEST, TRAIN, VALIDATION
from sentiment_core.errors import CheckpointError, DataError
from sentiment_core.metrics import Balance, Evaluation
from sentiment_core.numerics import prepare_thread
from sentiment_core.steps.rules import positive
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.memory import EVALUATION_BATCH_SIZE
from sentiment_core.training.run import Run

EVALUATED = {"validation": VALIDATION, "test": TEST}


class Trainer:
    """Trains every run of `config` side by side.

    `corpora` holds one encoded corpus per run (the same object where runs share one); the first decides the batches.
    `threads` is the number of BLAS threads for each run; on a CPU each run has a Python thread of its own, because
    PyTorch's recurrent loop releases the interpreter lock. `step` and `epoch` count from 1; 0 means not started.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        run_ids: Sequence[str],
        corpora: Sequence[Corpus],
        device: torch.device,
        callbacks: Sequence[Callback] = (),
        threads: int = 1,
    ) -> None:
        self.config = config
        self.corpora = corpora
        self.device = device
        self.callbacks = callbacks
        self.threads = threads
        self.step = 0
        self.epoch = 0
        self.evaluated_step = 0  # the last one with a validation: the end of an epoch, or of training
        self.should_stop = False
        self.training_members = self._members(TRAIN)
        self.batches_per_epoch = -(-len(self.training_members) // config.training.batch_size)
        self.total_steps = self.batches_per_epoch * config.training.epochs
        if config.training.max_steps is not None:
            self.total_steps = min(self.total_steps, config.training.max_steps)
        matrices = {id(corpus): torch.from_numpy(corpus.matrix).to(device) for corpus in corpora}
        self.runs = [
            Run(run_id, config.resolve(run), matrices[id(corpus)], device, self.total_steps)
            for run_id, run, corpus in zip(run_ids, config.runs, corpora, strict=True)
        ]

    @property
    def active_runs(self) -> list[Run]:
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
            self._each: Callable[..., Any] = pool.map if side_by_side else map
            self._call("on_start")
            if self.step == 0:
                mistakes.carry_over(self)
            if self._owes_evaluation():
                self._end_epoch()
            while not self.should_stop and self.step < self.total_steps and self.active_runs:
                self._train_epoch()
            if not self.should_stop:
                self._finish()
            self._call("on_end")

    def fail(self, run: Run, reason: str) -> None:
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
        self.epoch = -(-self.step // self.batches_per_epoch)
        # Another number of threads would add numbers in another order.
        self.threads = int(state["threads"])

    def _train_epoch(self) -> None:
        first_step = self.step // self.batches_per_epoch * self.batches_per_epoch
        self.epoch = first_step // self.batches_per_epoch + 1
        settings = self.config.training
        plan = plan_epoch(
            self.training_members,
            self.corpora[0].lengths,
            settings.batch_size,
            self.config.data.batching,
            self.config.seed,
            self.epoch,
        )
        for indices in plan[self.step - first_step :]:
            runs = self.active_runs
            if not runs:
                break
            started = time.perf_counter()
            batches = self._collate(indices)
            self.step += 1
            list(self._each(lambda run: run.train_step(batches[run.id], self.step, self.epoch), runs))  # noqa: B023
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
        self._evaluate(VALIDATION, "validation", self.active_runs)
        self.evaluated_step = self.step
        self._call("on_epoch_end")

    def _finish(self) -> None:
        runs = [run for run in self.runs if not run.failed]
        for run in runs:
            run.keep_best()
        self._evaluate(TEST, "test", runs)
        for run in runs:
            run.ended = True
            for callback in self.callbacks:
                callback.on_run_end(self, run, None)

    def _collate(self, indices: np.ndarray) -> dict[str, Batch]:
        made: dict[int, Batch] = {}
        for corpus in self.corpora:
            if id(corpus) not in made:
                made[id(corpus)] = collate(corpus, indices).to(self.device)
        return {run.id: made[id(corpus)] for run, corpus in zip(self.runs, self.corpora, strict=True)}

    def _evaluate(self, part: int, name: str, runs: list[Run]) -> None:
        kept: dict[str, list[torch.Tensor]] = {run.id: [] for run in runs}

        def evaluate(run: Run) -> tuple[float, float]:
            corpus = self.corpora[self.runs.index(run)]
            keep = kept[run.id].append if part == TEST else None
            return run.evaluate(self._evaluation_batches(corpus, part), keep)

        for callback in self.callbacks:
            callback.on_evaluation_start(self, name)
        for run, (loss, accuracy) in zip(runs, list(self._each(evaluate, runs)), strict=True):
            evaluation = Evaluation(self.step, self.epoch, name, loss, accuracy)
            for callback in self.callbacks:
                callback.on_evaluation(self, run, evaluation)
                if kept[run.id]:
                    callback.on_test(self, run, self._evaluated(run, part), torch.cat(kept[run.id]).numpy())
            if part == VALIDATION:
                run.note_validation(loss)

    def _evaluation_batches(self, corpus: Corpus, part: int) -> Iterator[Batch]:
        for indices in _evaluation_plan(corpus, part):
            yield collate(corpus, indices)

    def _evaluated(self, run: Run, part: int) -> np.ndarray:
        """Return the reviews of `part` in the order in which `run` evaluates them."""
        return np.concatenate(_evaluation_plan(self.corpora[self.runs.index(run)], part))

    def balances(self, run: Run) -> dict[str, Balance]:
        """Return `{part: balance}` of the reviews that `run` is trained and evaluated on."""
        corpus = self.corpora[self.runs.index(run)]
        members = {"train": self.training_members}
        members |= {name: np.flatnonzero(corpus.parts == part) for name, part in EVALUATED.items()}
        return {name: Balance(len(rows), int(positive(corpus.labels[rows]).sum())) for name, rows in members.items()}

    def _members(self, part: int) -> np.ndarray:
        """Return the reviews of a part that have a token in every corpus: an empty one teaches nothing."""
        usable = np.all([corpus.lengths > 0 for corpus in self.corpora], axis=0)
        members = np.flatnonzero((self.corpora[0].parts == part) & usable)
        if len(members) == 0:
            raise DataError("no training review has a known word; check the text column and the language")
        return members

    def _call(self, moment: str) -> None:
        for callback in self.callbacks:
            getattr(callback, moment)(self)


def _evaluation_plan(corpus: Corpus, part: int) -> list[np.ndarray]:
    return plan_evaluation(np.flatnonzero(corpus.parts == part), corpus.lengths, EVALUATION_BATCH_SIZE)

"""What a worker does beside training: write metrics, obey requests, keep checkpoints, notice divergence."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_core import live
from sentiment_core.artifacts import CHECKPOINT, here
from sentiment_core.errors import ConfigError, StoreError, StoreUnavailableError
from sentiment_core.metrics import Evaluation, Status
from sentiment_core.steps.rules import selected
from sentiment_core.store import Outbox, Request, Store, WorkProgress
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.checkpoints import save_checkpoint
from sentiment_core.training.device import circumstances
from sentiment_core.training.run import TrainingRun
from sentiment_core.training.trainer import Trainer
from sentiment_core.work.pace import Pace

FLUSH_SECONDS = 0.25
CHECKPOINT_SECONDS = 20.0
SETTLE_SECONDS = 2.0  # a checkpoint waits so long for the store, then for its next turn
PAUSE_POLL_SECONDS = 0.1
# So many updates without a finite loss, and a run will not come back; until then its failure is worth watching.
DIVERGED_STEPS = 25

logger = logging.getLogger(__name__)


class Reporter(Callback):
    """Writes metrics in batches, tells `show` how far it is and does what the store was asked for.

    What is shown is never ahead of the steps in the store, which should be bound to this worker (`Store.held_by`).
    `stop_signal` says whether the process was told to end; `keep` checkpoints: at a pause, after a change.
    """

    def __init__(
        self,
        store: Store,
        experiment_id: str,
        stop_signal: Callable[[], bool],
        keep: Callable[[Trainer], None],
        show: Callable[[WorkProgress], None] = lambda progress: None,
    ) -> None:
        self.store = store
        self.experiment_id = experiment_id
        self._stop_signal = stop_signal
        self._keep = keep
        self._tell = show
        self.outbox = Outbox()
        self._last_look = 0.0
        self._paused = False
        self._owed = 0  # updates that are made although it is paused
        # Requests stay in the store until what they led to is there as well: what was asked can be seen until then.
        self._heard: set[int] = set()
        self._due: list[Request] = []  # those that the next update carries out
        self._done: list[Request] = []  # those carried out, by an update in the outbox
        self._pace = Pace()
        self._non_finite: dict[str, int] = {}  # run id → first step since which no loss was finite

    def on_start(self, trainer: Trainer) -> None:
        for run in trainer.runs:
            if not run.ended:
                self._update(run, parameters=run.parameters, status=Status.RUNNING)
            self.outbox.put(partial(self.store.write_balances, run.id, trainer.balances(run)))
        self._show(trainer, "training", "Training")

    def on_step(self, trainer: Trainer) -> None:
        single, self._owed = self._owed > 0, max(0, self._owed - 1)
        if single or trainer.step <= 1 or time.monotonic() - self._last_look >= FLUSH_SECONDS:
            # Counted from here, not from the last flush: each evaluation flushes, and an epoch may be over sooner.
            self._last_look = time.monotonic()
            self.flush(trainer)
            if any(request.kind in live.KINDS for request in self._done):
                self._keep(trainer)
            self._obey(trainer)
        while self._paused and not self._owed and not trainer.should_stop and not self._stop_signal():
            time.sleep(PAUSE_POLL_SECONDS)
            self._obey(trainer)
        if self._stop_signal():
            trainer.should_stop = True

    def on_evaluation_start(self, trainer: Trainer, part: str) -> None:
        self.flush(trainer)
        self._show(trainer, "evaluating", f"Evaluating the {part} part")

    def on_evaluation(self, trainer: Trainer, run: TrainingRun, evaluation: Evaluation) -> None:
        self.outbox.put(partial(self.store.write_evaluations, run.id, [evaluation]))
        if evaluation.part == "test":
            self._update(run, test_accuracy=evaluation.accuracy)
        else:
            self.outbox.put(partial(self._update_validation, run))

    def on_run_end(self, trainer: Trainer, run: TrainingRun, reason: str | None) -> None:
        self.flush(trainer)
        if self._non_finite.get(run.id):
            # Too late in the run to be ended for it, and no less diverged.
            run.failed, reason = True, reason or self._divergence(run)
        status = Status.FAILED if run.failed else Status.FINISHED
        self._update(run, status=status, error=reason)

    def finish(self, trainer: Trainer) -> None:
        """Write what is left once training is over, what others measured at its end among it; return when it is."""
        self.flush(trainer)
        self._strike()
        self.outbox.settle()

    def written(self, trainer: Trainer) -> bool:
        """Write what was measured; return whether all is in the store, which may be away for the moment."""
        self.flush(trainer)
        return self.outbox.settles_within(SETTLE_SECONDS)

    def flush(self, trainer: Trainer) -> None:
        """Hand what was measured since the last flush to the outbox."""
        drained = {run.id: run.drain() for run in trainer.runs}
        measured = {run_id: found.steps for run_id, found in drained.items() if found.steps}
        extra = [item for found in drained.values() for item in found.diagnostics]
        if measured or extra:
            count = sum(map(len, measured.values())) + len(extra)
            self.outbox.put(partial(self.store.write_steps, measured, extra), rows=count)
        for run in trainer.runs:
            steps = drained[run.id].steps
            if not steps:
                continue
            self._update(run, steps=steps[-1].step, seconds=run.seconds, tokens=run.tokens)
            for step in steps:
                # The loss alone: clipping makes up for a gradient that is not finite, and the run goes on.
                if math.isfinite(step.loss):
                    self._non_finite.pop(run.id, None)
                else:
                    self._non_finite.setdefault(run.id, step.step)
            since = self._non_finite.get(run.id)
            if since is not None and steps[-1].step - since + 1 >= DIVERGED_STEPS and not run.ended:
                trainer.fail(run, self._divergence(run))
        if measured:
            self._done += self._due
            self._due.clear()
        self._show(trainer, "paused" if self._paused else "training", "Paused" if self._paused else "Training")

    def _update_validation(self, run: TrainingRun) -> None:
        best = selected(self.store.evaluations(run.id), run.config.early_stopping)
        if best is not None:
            self.store.update_run(run.id, validation_accuracy=best.accuracy)

    def _divergence(self, run: TrainingRun) -> str:
        return (
            f"Diverged: the loss is not a finite number since step {self._non_finite[run.id]}. "
            "Lower the learning rate or clip the gradient."
        )

    def _obey(self, trainer: Trainer) -> None:
        for request in self._requests():
            self._heard.add(request.id)
            (self._due if request.kind in ("step", *live.KINDS) else self._done).append(request)
            if request.kind == "stop":
                trainer.should_stop = True
            elif request.kind in ("pause", "step"):
                if not self._paused:
                    self._pause(trainer)
                self._owed += request.kind == "step"
            elif request.kind == "resume" and self._paused:
                self._paused, self._owed = False, 0
                self._pace.restart()
                self._set_status(Status.RUNNING)
                self._show(trainer, "training", "Training")
            elif request.kind in live.KINDS:
                self._change(request, trainer)
        self._strike()

    def _change(self, request: Request, trainer: Trainer) -> None:
        chosen = (run for run in trainer.runs if request.run_id in (None, run.id))
        runs = [run for run in chosen if live.can_take(request.kind, run.experiment)]
        try:
            value = live.checked(request.kind, request.value, [run.experiment for run in runs])
        except ConfigError as error:
            logger.warning("refused: %s", error)
            return
        for run in runs:
            run.change(request.kind, value)

    def _pause(self, trainer: Trainer) -> None:
        self._paused = True
        self.flush(trainer)
        self._keep(trainer)
        self._set_status(Status.PAUSED)

    def _requests(self) -> list[Request]:
        heard = frozenset(self._heard)  # before asking: numbers are given again once none is left
        if self.outbox.troubled:
            return []
        try:
            return [request for request in self.store.requested(self.experiment_id) if request.id not in heard]
        except StoreUnavailableError:
            return []  # they stay in the store

    def _strike(self) -> None:
        struck = tuple(request.id for request in self._done)
        self._done.clear()

        def strike() -> None:
            self.store.obeyed(self.experiment_id, struck)
            self._heard.difference_update(struck)

        if struck:
            self.outbox.put(strike)

    def _update(self, run: TrainingRun, **fields: Any) -> None:
        self.outbox.put(partial(self.store.update_run, run.id, **fields))

    def _set_status(self, status: Status) -> None:
        self.outbox.put(partial(self.store.set_status, self.experiment_id, status))

    def _show(self, trainer: Trainer, phase: str, message: str) -> None:
        fraction = trainer.step / trainer.total_steps
        run = trainer.runs[0]
        progress = WorkProgress(
            phase=phase,
            message=message,
            fraction=fraction,
            step=trainer.step,
            total_steps=trainer.total_steps,
            epoch=trainer.epoch,
            epochs=trainer.config.training.epochs,
            tokens_per_second=run.tokens / run.seconds if run.seconds else 0.0,
            eta_seconds=self._pace.left(fraction),
        )
        # In turn: whoever reads a step there finds it in the store as well, and may keep what is before it.
        self.outbox.put(partial(self._tell, progress), rows=0)


class Keeper(Callback):
    """Keeps a checkpoint to resume from, and each run's model to explain with.

    `written` writes all metrics so far and says whether they are in the store. A checkpoint is never ahead of the
    metrics there, else a resumed run would miss steps.
    """

    def __init__(self, folder: Path, written: Callable[[Trainer], bool]) -> None:
        self.folder = folder
        self._written = written
        self._saved = time.monotonic()

    @property
    def checkpoint(self) -> Path:
        """Where the training state is kept, as it was written last on any machine."""
        return here(self.folder / CHECKPOINT)

    def on_step(self, trainer: Trainer) -> None:
        if time.monotonic() - self._saved >= CHECKPOINT_SECONDS:
            self.save(trainer)

    def on_epoch_end(self, trainer: Trainer) -> None:
        self.save(trainer)
        for run in trainer.active_runs:
            if run.is_best:
                self._save_model(trainer, run, run.step)

    def on_run_end(self, trainer: Trainer, run: TrainingRun, reason: str | None) -> None:
        if not run.failed:
            # Which validation the best weights come from is not kept with them.
            self._save_model(trainer, run, None if run.best_weights else run.step)

    def on_test(self, trainer: Trainer, run: TrainingRun, indices: np.ndarray, answers: np.ndarray) -> None:
        trainer.task.write_test(self._folder(run), trainer.data_of(run), indices, answers)

    def on_end(self, trainer: Trainer) -> None:
        if trainer.should_stop:
            self.save(trainer)
            for run in trainer.active_runs:
                # Once validated, a model stays the one whose accuracy is shown.
                if not trainer.evaluated_step:
                    self._save_model(trainer, run, run.step)

    def save(self, trainer: Trainer) -> None:
        """Write the training state, unless the store is away: the checkpoint before is kept until it is back."""
        if self._written(trainer):
            save_checkpoint(self.folder / CHECKPOINT, trainer.state_dict())
        self._saved = time.monotonic()

    def _save_model(self, trainer: Trainer, run: TrainingRun, step: int | None) -> None:
        made = circumstances(trainer.device, trainer.threads, trainer.updates)
        made |= {} if step is None else {"step": step}
        with run.averaged_weights():
            trainer.task.save(self._folder(run), run.model, run.experiment, trainer.data_of(run), made)

    def _folder(self, run: TrainingRun) -> Path:
        folder = self.folder / run.id
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot create {folder}: {error.strerror}. Free some space.") from error
        return folder

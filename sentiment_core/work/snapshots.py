"""Keeps each run's weights as they are on the way, to look into them afterwards."""

from __future__ import annotations

from sentiment_core.artifacts import remove, snapshot_place, snapshot_steps, written_folder
from sentiment_core.snapshots import planned_steps
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.device import circumstances
from sentiment_core.training.run import TrainingRun
from sentiment_core.training.trainer import Trainer


class Snapshots(Callback):
    """Writes the models of an experiment's runs, as their task saves them, after a few of their updates."""

    def __init__(self, experiment_id: str) -> None:
        self._experiment_id = experiment_id
        self._planned: dict[str, frozenset[int]] = {}

    def on_ready(self, trainer: Trainer) -> None:
        for run in trainer.runs:
            # Those updates are made again, and may end elsewhere: a rate may be changed on the way.
            for step in snapshot_steps(self._experiment_id, run.id):
                if step > trainer.step:
                    remove(snapshot_place(self._experiment_id, run.id, step))
            size = sum(tensor.nbytes for tensor in run.model.state_dict().values())
            count = trainer.config.snapshots
            self._planned[run.id] = frozenset(planned_steps(count, trainer.total_steps, size))
        # A start that was stopped while it was prepared is none.
        if trainer.step == 0 and not trainer.should_stop:
            self.on_step(trainer)

    def on_step(self, trainer: Trainer) -> None:
        for run in trainer.active_runs:
            if trainer.step in self._planned.get(run.id, ()):
                self._keep(trainer, run)

    def _keep(self, trainer: Trainer, run: TrainingRun) -> None:
        made = circumstances(trainer.device, trainer.threads, trainer.updates) | {"step": trainer.step}
        place = snapshot_place(self._experiment_id, run.id, trainer.step)
        with run.averaged_weights(), written_folder(place) as folder:
            trainer.task.save(folder, run.model, run.experiment, trainer.data_of(run), made)

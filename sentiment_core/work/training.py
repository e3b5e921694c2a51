"""Training as a kind of work: one experiment, from its reviews to its models."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, suppress

import torch

from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import (
    CheckpointError,
    DataError,
    DownloadError,
    SentimentLabError,
    StoreError,
    StoreUnavailableError,
)
from sentiment_core.metrics import Status
from sentiment_core.store import Experiment, Store, Worker, WorkProgress, patiently
from sentiment_core.training.build import build_trainer
from sentiment_core.training.checkpoints import load_checkpoint
from sentiment_core.training.device import choose_device
from sentiment_core.training.task import task_named
from sentiment_core.training.trainer import Trainer
from sentiment_core.work.kinds import TRAIN, TrainingOrder
from sentiment_core.work.pace import Pace
from sentiment_core.work.reporting import Keeper, Reporter
from sentiment_core.work.snapshots import Snapshots
from sentiment_core.work.worker import Interrupted, Shift, Stopped, StopSignal, do_work

logger = logging.getLogger(__name__)


def train(order: TrainingOrder, shift: Shift) -> None:
    """Train a claimed experiment to its end, resuming from its checkpoint.

    Raises `Stopped`, `Interrupted` and any `SentimentLabError`.
    """
    store, stop = shift.store, shift.stop
    experiment = patiently(lambda: store.experiment(order.experiment))
    reporter = Reporter(
        store,
        experiment.id,
        lambda: stop.received or shift.lost,
        lambda trainer: keeper.save(trainer),
        lambda progress: setattr(shift, "progress", progress),
    )
    keeper = Keeper(store.folder_of(experiment.id), reporter.written)
    pace = Pace()

    def show(message: str, fraction: float | None = None) -> None:
        if shift.progress.message != message:
            logger.info("%s", message)
            with suppress(StoreUnavailableError):
                if store.experiment(experiment.id).stop_requested:
                    raise Stopped
        shift.progress = WorkProgress("preparing", message, fraction, eta_seconds=pace.left(fraction))

    with reporter.outbox:
        try:
            trainer = _make_trainer(experiment, keeper, reporter, show)
            stop.raising = False
            trainer.fit()
            reporter.finish(trainer)
        except StoreUnavailableError as error:
            # The outbox has waited long enough for the store: trying all over again is no use.
            raise StoreError(str(error)) from error
        except (StoreError, DownloadError):
            raise
        except SentimentLabError as error:
            # What has come as far as a checkpoint fails on what is missing here now: a file, a device.
            if keeper.checkpoint.exists():
                raise Interrupted(str(error)) from error
            raise
    if trainer.should_stop:
        raise Stopped
    if all(run.failed for run in trainer.runs):
        raise DataError("Every run diverged. Lower the learning rate or clip the gradient.")


def run_experiment(
    store: Store,
    experiment_id: str,
    stop: StopSignal,
    worker: Worker,
    watch: Callable[[WorkProgress], None] = lambda progress: None,
) -> Experiment:
    """Train a claimed experiment in this process; return it as it ended. Errors become its message."""
    do_work(TRAIN, store, experiment_id, worker, stop, watch)
    return patiently(lambda: store.experiment(experiment_id))


def train_here(store: Store, config: ExperimentConfig, watch: Callable[[WorkProgress], None]) -> Experiment:
    """Create an experiment and train it in this process, past the queue; Ctrl-C stops it. Returns it as it ended."""
    with closing(train_each_here(store, [config], watch)) as trained:
        return next(trained)


def train_each_here(
    store: Store, configs: Sequence[ExperimentConfig], watch: Callable[[WorkProgress], None]
) -> Generator[Experiment]:
    """Create experiments, all or none, and train one after another in this process, past the queue.

    Yields each as it ended. Once one is stopped, by Ctrl-C or from a page, or this is closed, the rest is stopped too.
    """
    worker = Worker.of()
    # Held from their first moment: a server that looks after the same queue would start workers for them.
    waiting = [experiment.id for experiment in store.create_experiments(configs, worker=worker)]

    def alive(progress: WorkProgress) -> None:
        watch(progress)
        with suppress(SentimentLabError):
            for each in waiting:
                store.heartbeat(each, WorkProgress("preparing", "Waiting for its turn"), worker)

    try:
        while waiting:
            stop = StopSignal()
            stop.install()
            try:
                experiment = run_experiment(store, waiting.pop(0), stop, worker, alive)
            finally:
                stop.restore()
            yield experiment
            if experiment.status is Status.STOPPED:
                return
    finally:
        for each in waiting:
            store.release(each, worker, Status.STOPPED)


def _make_trainer(
    experiment: Experiment, keeper: Keeper, reporter: Reporter, show: Callable[[str, float | None], None]
) -> Trainer:
    config = experiment.config
    device = choose_device(config.device)
    data = task_named(config.task).prepare(config, device, keeper.folder, show)
    ids = [run.id for run in experiment.runs]
    threads = max(1, (experiment.threads or torch.get_num_threads()) // len(ids))
    # What a checkpoint counts as done has been kept; the reporter has one made where it pauses.
    callbacks = [Snapshots(experiment.id), reporter, keeper]
    trainer = build_trainer(config, ids, data, device, callbacks, threads)
    if keeper.checkpoint.exists():
        try:
            trainer.load_state_dict(load_checkpoint(keeper.checkpoint))
            logger.info("resuming at step %d", trainer.step)
        except CheckpointError as error:
            logger.warning("%s; starting from the first step, which leads to the same numbers", error)
            trainer = build_trainer(config, ids, data, device, callbacks, threads)
    return trainer

"""Train one experiment: `python -m sentiment_core.work.training EXPERIMENT_ID`, started by an executor."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import torch

from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import (
    CheckpointError,
    DownloadError,
    NotFoundError,
    SentimentLabError,
    StoreError,
    StoreUnavailableError,
)
from sentiment_core.machine import die_first, memory_limited
from sentiment_core.metrics import Status
from sentiment_core.numerics import prepare_thread
from sentiment_core.out_of_memory import TRAINING_ADVICE, is_out_of_memory
from sentiment_core.store import Experiment, Progress, Store, Worker, patiently
from sentiment_core.training.build import build_trainer
from sentiment_core.training.checkpoints import load_checkpoint
from sentiment_core.training.device import choose_device
from sentiment_core.training.task import task_named
from sentiment_core.training.trainer import Trainer
from sentiment_core.work.executors.local import LocalExecutor
from sentiment_core.work.reporting import Keeper, Reporter

HEARTBEAT_SECONDS = 0.5

logger = logging.getLogger(__name__)


class Stopped(Exception):
    """The experiment was stopped while its data were prepared."""


class StopSignal:
    """Remembers SIGTERM and SIGINT. While `raising`, a signal ends the preparation at once by raising `Stopped`."""

    def __init__(self) -> None:
        self.received = False
        self.raising = True
        self._previous: dict[signal.Signals, Any] = {}

    def install(self) -> None:
        """Take over both signals; call it from the main thread, first thing."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._previous[number] = signal.signal(number, self._receive)

    def restore(self) -> None:
        """Give the signals back to whoever had them."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _receive(self, number: int, frame: object) -> None:
        self.received = True
        if self.raising:
            raise Stopped


class Heartbeat:
    """A thread that tells the store twice a second that this process lives and how far it is."""

    def __init__(self, store: Store, experiment_id: str, worker: Worker, progress: Callable[[], Progress]) -> None:
        self.lost = False
        self._complained = False
        self._store, self._id, self._worker, self._progress = store, experiment_id, worker, progress
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._done.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        self._beat()
        while not self._done.wait(HEARTBEAT_SECONDS):
            self._beat()
        # Once more, so that the last progress is how far it came.
        self._beat()

    def _beat(self) -> None:
        try:
            # False: stopped from outside, or given to another process after this one was thought dead.
            self.lost = not self._store.heartbeat(self._id, self._progress(), self._worker)
            self._complained = False
        except SentimentLabError as error:
            if not self._complained:
                logger.warning("heartbeat failed: %s", error)
            self._complained = True


def run_experiment(
    store: Store,
    experiment_id: str,
    stop: StopSignal,
    worker: Worker,
    watch: Callable[[Progress], None] = lambda progress: None,
) -> Experiment:
    """Train a claimed experiment to its end, resuming from its checkpoint; every outcome lands in the store.

    `watch` is told the progress twice a second, from another thread. Returns the experiment as it ended; errors that
    the user can mend become its message.
    """
    experiment = patiently(lambda: store.experiment(experiment_id))
    reporter = Reporter(store, experiment_id, lambda: stop.received or beat.lost, lambda trainer: keeper.save(trainer))
    keeper = Keeper(store.folder_of(experiment_id), reporter.written)

    def show(message: str, fraction: float | None = None) -> None:
        if reporter.progress.message != message:
            logger.info("%s", message)
            with suppress(StoreUnavailableError):
                if store.experiment(experiment_id).stop_requested:
                    raise Stopped
        reporter.progress = Progress("preparing", message, fraction)

    status, message = Status.FINISHED, None

    def progress() -> Progress:
        watch(reporter.progress)
        return reporter.progress

    def last_words(sentence: str) -> None:
        logger.error("%s", sentence)
        store.release(experiment_id, worker, Status.FAILED, sentence)

    with (
        Heartbeat(store, experiment_id, worker, progress) as beat,
        reporter.outbox,
        memory_limited(TRAINING_ADVICE, last_words),
    ):
        try:
            trainer = _make_trainer(experiment, keeper, reporter, show)
            stop.raising = False
            trainer.fit()
            if trainer.should_stop:
                status = Status.STOPPED
            elif all(run.failed for run in trainer.runs):
                status, message = Status.FAILED, "Every run diverged. Lower the learning rate or clip the gradient."
        except Stopped:
            status = Status.STOPPED
        except (StoreError, DownloadError, OSError) as error:
            # Not the experiment's fault: nothing about it has to change before it can go on.
            logger.error("%s", error)
            status, message = Status.INTERRUPTED, f"{error} Resume continues from its last checkpoint."
            if is_out_of_memory(error):
                status, message = Status.FAILED, f"Out of memory. {TRAINING_ADVICE}"
        except SentimentLabError as error:
            # What has come as far as a checkpoint fails on what is missing here now: a file, a device.
            status = Status.INTERRUPTED if keeper.checkpoint.exists() else Status.FAILED
            message = str(error)
        except Exception as error:
            logger.exception("unexpected error")
            status, message = Status.FAILED, f"Unexpected {type(error).__name__}: {error}. Details are in worker.log."
            if is_out_of_memory(error):
                message = f"Out of memory. {TRAINING_ADVICE}"
        finally:
            stop.raising = False
    if patiently(lambda: store.release(experiment_id, worker, status, message)) and status is Status.FINISHED:
        keeper.forget()
    return patiently(lambda: store.experiment(experiment_id))


def train_here(store: Store, config: ExperimentConfig, watch: Callable[[Progress], None]) -> Experiment:
    """Create an experiment and train it in this process, past the queue; Ctrl-C stops it. Returns it as it ended."""
    experiment, worker, stop = store.create_experiment(config), Worker.of(), StopSignal()
    store.claim_experiment(experiment.id, worker)
    stop.install()
    try:
        return run_experiment(store, experiment.id, stop, worker, watch)
    finally:
        stop.restore()


def _make_trainer(
    experiment: Experiment, keeper: Keeper, reporter: Reporter, show: Callable[[str, float | None], None]
) -> Trainer:
    config = experiment.config
    device = choose_device(config.device)
    data = task_named(config.task).prepare(config, device, keeper.folder, show)
    ids = [run.id for run in experiment.runs]
    threads = max(1, (experiment.threads or torch.get_num_threads()) // len(ids))
    trainer = build_trainer(config, ids, data, device, [reporter, keeper], threads)
    if keeper.checkpoint.exists():
        try:
            trainer.load_state_dict(load_checkpoint(keeper.checkpoint))
            logger.info("resuming at step %d", trainer.step)
        except CheckpointError as error:
            logger.warning("%s; starting from the first step, which leads to the same numbers", error)
            trainer = build_trainer(config, ids, data, device, [reporter, keeper], threads)
    return trainer


def main(arguments: list[str]) -> int:
    """Entry point of the worker process; the exit code is 0 whenever the outcome is in the store."""
    stop = StopSignal()
    stop.install()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    if len(arguments) != 1:
        print("usage: python -m sentiment_core.work.training EXPERIMENT_ID", file=sys.stderr)
        return 2
    die_first()
    worker = Worker.of()
    try:
        store = patiently(Store)
        if not patiently(lambda: store.set_worker(arguments[0], worker)):
            logger.error("experiment %s is not waiting for a worker", arguments[0])
            return 2
        try:
            experiment = run_experiment(store, arguments[0], stop, worker)
            # The queue moves on even when no browser is open to move it.
            with suppress(StoreUnavailableError):
                LocalExecutor(store).reconcile()
        finally:
            store.close()
    except Stopped:
        return 0
    except (SentimentLabError, NotFoundError) as error:
        logger.error("%s", error)
        return 2
    logger.info("%s is %s", experiment.id, experiment.status)
    return 0


if __name__ == "__main__":
    prepare_thread(threads=1)
    sys.exit(main(sys.argv[1:]))

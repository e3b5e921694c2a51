"""Updates replayed as CUDA graphs, those of several runs side by side.

A recurrent layer of a few hundred units is far too small to fill a GPU: most of an update's time goes into launching
its kernels one by one. A CUDA graph holds the kernels of one whole update and is launched at once. It repeats the same
work on the same memory, so there is one for each run and each shape of a batch, and batches are padded to a few lengths
only. Runs replay theirs in streams of their own: each keeps its rate, its threshold and its divergence, and losing one
leaves the others.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Protocol

import torch
from torch import nn

from sentiment_core.batches import Batch
from sentiment_core.models.norms import MaskedBatchNorm
from sentiment_core.training.optimisation import make_repeatable
from sentiment_core.training.run import TrainingRun
from sentiment_core.training.stepper import Asking, Each, Measured, Stepper
from sentiment_core.training.task import Task

# What lengths of batches are multiples of: `padded_steps`.
MULTIPLE = 32
# So many updates may wait on the GPU: time and requests follow what is computed, not what is asked of it.
AHEAD = 2


def can_capture(task: Task[Any, Any], runs: Sequence[TrainingRun]) -> bool:
    """Return whether every update of `runs` can be repeated as a graph of kernels.

    Not where the amount of work depends on more than a batch's shape (batch norm picks the real tokens), where the
    padding that is added would be read, or where the host decides between two kernels (fp16 skips updates).
    """
    return task.repeatable and all(
        run.device.type == "cuda"
        and run.dtype is not torch.float16
        and run.config.halves == "auto"
        and "padded_last" not in run.experiment.model.pooling
        and not run.experiment.model.mistakes
        and not any(isinstance(module, MaskedBatchNorm | nn.BatchNorm1d) for module in run.model.modules())
        for run in runs
    )


class Lanes(Protocol):
    """Where the work of several runs goes on side by side."""

    def begin(self) -> None:
        """Before the runs' work on one update: it follows everything that was asked for so far."""

    def of(self, run: TrainingRun) -> AbstractContextManager[object]:
        """A block whose work is that of `run`."""

    def end(self) -> None:
        """After it: what is asked for now follows that of all runs."""

    def record(self, run: TrainingRun, work: Callable[[], Measured]) -> Callable[[], Measured]:
        """Return what repeats `work`, which was done before, on the same memory, and gives its results there."""

    def forget(self, run: TrainingRun) -> None:
        """After all that was recorded of `run` was thrown away."""


class CudaLanes:
    """A stream and a pool of memory for each run."""

    def __init__(self, runs: Sequence[TrainingRun]) -> None:
        self._streams = {run.id: torch.cuda.Stream(run.device) for run in runs}
        # Graphs of one run never run at the same time, so they may use the same memory. It ends with the last of them.
        self._pools = {run.id: torch.cuda.graph_pool_handle() for run in runs}
        self._done = {run.id: torch.cuda.Event() for run in runs}
        self._asked: deque[torch.cuda.Event] = deque()

    def begin(self) -> None:
        if len(self._asked) >= AHEAD:
            self._asked.popleft().synchronize()
        so_far = torch.cuda.current_stream().record_event()
        for stream in self._streams.values():
            stream.wait_event(so_far)

    def of(self, run: TrainingRun) -> AbstractContextManager[object]:
        return torch.cuda.stream(self._streams[run.id])

    def end(self) -> None:
        here = torch.cuda.current_stream()
        for key, stream in self._streams.items():
            self._done[key].record(stream)
            here.wait_event(self._done[key])
        self._asked.append(here.record_event())

    def record(self, run: TrainingRun, work: Callable[[], Measured]) -> Callable[[], Measured]:
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(run.model.generator)
        torch.cuda.synchronize(run.device)
        with _no_garbage_collected():
            # Other threads of this process may use the GPU meanwhile.
            graph.capture_begin(self._pools[run.id], capture_error_mode="thread_local")
            try:
                result = work()
            except BaseException:
                # It fails too where its work did, and would hide why: memory that ran out, say.
                with suppress(RuntimeError):
                    graph.capture_end()
                raise
            graph.capture_end()

        def replay() -> Measured:
            graph.replay()
            return result

        return replay

    def forget(self, run: TrainingRun) -> None:
        self._pools[run.id] = torch.cuda.graph_pool_handle()


class CapturingStepper(Stepper):
    """Makes updates as `Stepper` does: the first of each shape kernel by kernel, the following ones replayed.

    So is every update that somebody listens to. `lanes` is where the runs' work goes on.
    """

    def __init__(
        self,
        task: Task[Any, Any],
        runs: Sequence[TrainingRun],
        lanes: Callable[[Sequence[TrainingRun]], Lanes] = CudaLanes,
    ) -> None:
        super().__init__(task)
        self._lanes = lanes(runs)
        self._inputs: dict[tuple[int, tuple[int, int]], Batch] = {}
        # Of each run by its batch in memory; None: seen once.
        self._replays: dict[str, dict[int, Callable[[], Measured] | None]] = {run.id: {} for run in runs}
        self._thresholds: dict[str, float | None] = dict.fromkeys(self._replays)
        for run in runs:
            make_repeatable(run.optimizer, run.device)

    def update(
        self, runs: Sequence[TrainingRun], batches: Mapping[str, Any], step: int, epoch: int, each: Each = map
    ) -> None:
        distinct = {id(batch): batch for batch in batches.values()}
        fixed = {key: self._in_place(place, batch) for place, (key, batch) in enumerate(distinct.items())}
        self._lanes.begin()
        for run in runs:
            with self._lanes.of(run):
                self._update(run, fixed[id(batches[run.id])], step, epoch)
        self._lanes.end()

    def _in_place(self, place: int, batch: Batch) -> Batch:
        """Return the batch in the memory that graphs read: that of its shape, and of its place among an update's."""
        known = self._inputs.setdefault((place, batch.shape), batch)
        if known is not batch:
            known.take(batch)
        return known

    def _learn(
        self, run: TrainingRun, batch: Batch, states: Sequence[Asking], gradient: Sequence[Callable[..., None]]
    ) -> Measured:
        replays = self._replays[run.id]
        # Batches in memory are told apart by where they lie, as long as this lives.
        key = id(batch)
        threshold = run.threshold if run.rule.threshold else None
        if threshold != self._thresholds[run.id]:
            # It is part of what was recorded.
            self._thresholds[run.id] = threshold
            replays.clear()
            self._lanes.forget(run)
        if states or gradient:
            return super()._learn(run, batch, states, gradient)
        if key not in replays:
            replays[key] = None
            return super()._learn(run, batch, states, gradient)
        replay = replays[key]
        if replay is None:
            run.model.train()
            replay = self._lanes.record(run, lambda: super(CapturingStepper, self)._learn(run, batch, (), ()))
            replays[key] = replay
        names, values, details = replay()
        # The next replay writes to the same place.
        return names, values.clone(), details


@contextmanager
def _no_garbage_collected() -> Iterator[None]:
    """What is thrown away during a capture may do what none allows, such as freeing another graph."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()

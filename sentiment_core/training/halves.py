"""An update from two halves of its batch, each in a thread of its own.

The gradient of a mean over a batch is the sum of those of its parts, each weighed by its share of examples: the same
numbers added in another order, so that what is measured is equal to rounding. On a CPU one recurrent step of a few
hundred numbers is too short for two threads to share, two independent halves are not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch
from torch import nn

from sentiment_core.models.dropout import part_of_batch
from sentiment_core.models.norms import MaskedBatchNorm
from sentiment_core.models.states import StateWatch, places
from sentiment_core.numerics import prepare_thread
from sentiment_core.training.run import TrainingRun
from sentiment_core.training.stepper import Asking, Stepper
from sentiment_core.training.task import Task

# Examples × hidden units. Processor time of a tanh RNN's update over that of the run's thread and its longer half:
# 0.90 to 0.98 at 512 (16 × 32, 32 × 16), 1.10 at 1,024 (32 × 32), 1.13 and 1.21 at 2,048, 1.56 at 4,096,
# 1.85 at 16,384.
LEAST_STATES = 2048
# Evaluated ahead of the one that is read.
AHEAD = 3


def can_halve(task: Task[Any, Any], runs: Sequence[TrainingRun], threads: int) -> bool:
    """Return whether every update of `runs`, with `threads` threads for each, is the sum of those of its halves.

    Not where examples of a batch see each other: batch norm, and the mistakes that let them. Nor where halves are too
    small to save anything.
    """
    return (
        threads >= 2
        and task.divisible
        and all(
            run.device.type == "cpu"
            and run.dtype is torch.float32
            and run.config.halves == "auto"
            and run.config.batch_size * run.experiment.model.hidden_size >= LEAST_STATES
            and not run.experiment.model.mistakes
            and not any(isinstance(module, MaskedBatchNorm | nn.BatchNorm1d) for module in run.model.modules())
            for run in runs
        )
    )


class HalvingStepper(Stepper):
    """Makes each update from two halves of its batch, side by side; `threads` of a run are divided between them."""

    def __init__(self, task: Task[Any, Any], runs: int, threads: int) -> None:
        super().__init__(task)
        self._pool = ThreadPoolExecutor(
            2 * runs, thread_name_prefix="half", initializer=prepare_thread, initargs=(threads // 2,)
        )

    def _differentiate(self, run: TrainingRun, batch: Any, asking: Sequence[Asking]) -> tuple[Any, torch.Tensor]:
        size = len(batch)
        if size < 2:
            return super()._differentiate(run, batch, asking)
        parts = [slice(0, size // 2), slice(size // 2, size)]
        generators = [torch.Generator().set_state(run.model.generator.get_state()) for _ in parts]
        learned = [parameter for parameter in run.model.parameters() if parameter.requires_grad]

        def learn(rows: slice, generator: torch.Generator) -> tuple[Any, torch.Tensor, Sequence[torch.Tensor | None]]:
            examples = batch[rows]
            with part_of_batch(rows, size, generator):
                answers = self._forward(run, examples)
                mean = (run.training_loss or self.task.loss)(answers, examples)
            loss = mean * (len(examples) / size)
            # Not `backward`: both halves would add to the same `grad`, in the order in which they come.
            return answers.detach(), loss.detach(), torch.autograd.grad(loss, learned, allow_unused=True)

        if not asking:
            found = list(self._pool.map(learn, parts, generators))
        else:
            # One after the other, the same sums: who watches a module sees every thread that is in it.
            found, watches = [], []
            for given in zip(parts, generators, strict=True):
                with run.model.watch_states() as watch:
                    found.append(self._pool.submit(learn, *given).result())
                watches.append(watch)
            for most, hear in asking:
                hear(run, _states(watches, parts, places(size, most)), batch)
        run.model.generator.set_state(generators[0].get_state())
        answers, losses, gradients = zip(*found, strict=True)
        for parameter, first, second in zip(learned, *gradients, strict=True):
            parameter.grad = first if second is None else second if first is None else first + second
        return torch.cat(answers), losses[0] + losses[1]

    def _answered(self, run: TrainingRun, batches: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        @torch.no_grad()
        def answer(batch: Any) -> tuple[Any, Any]:
            return batch, self._forward(run, batch)

        waiting: deque[Future[tuple[Any, Any]]] = deque()
        for batch in batches:
            waiting.append(self._pool.submit(answer, batch))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _states(watches: Sequence[StateWatch], parts: Sequence[slice], rows: slice) -> torch.Tensor:
    """Return the states of the examples `rows` of a batch `(B, T, H)` with their `grad`, from those of its `parts`."""
    wanted = torch.arange(parts[-1].stop)[rows]
    found = [
        watch.states(wanted[(wanted >= part.start) & (wanted < part.stop)] - part.start)
        for watch, part in zip(watches, parts, strict=True)
    ]
    states = torch.cat([half.detach() for half in found])
    states.grad = torch.cat([half.grad for half in found if half.grad is not None])
    return states

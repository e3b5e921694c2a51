"""Updates and evaluations: forward, loss, backward, measure, clip, measure, step. What is kept of them: `run.py`."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from sentiment_core.models.states import places
from sentiment_core.training.run import TrainingRun
from sentiment_core.training.task import Task

Each = Callable[[Callable[[TrainingRun], Any], Sequence[TrainingRun]], Iterable[Any]]
# Of how many examples states are wanted, and who hears of them.
Asking = tuple[int | None, Callable[[TrainingRun, torch.Tensor, Any], None]]
# The core quantities by name, their values `(Q,)`, and the task's details, 0-dimensional, by name.
Measured = tuple[tuple[str, ...], torch.Tensor, dict[str, torch.Tensor]]


@dataclass(frozen=True)
class Listeners:
    """Who listens within an update, in the thread of its run: see the callbacks' moments.

    Of `gradient`, the second is called before and after clipping where the first returns True; of `states`, the last
    where the one before it does, with the states of so many examples as the first says, or of all.
    """

    gradient: Sequence[tuple[Callable[[TrainingRun], bool], Callable[[TrainingRun, bool], None]]] = ()
    states: Sequence[
        tuple[int | None, Callable[[TrainingRun], bool], Callable[[TrainingRun, torch.Tensor, Any], None]]
    ] = ()


class Stepper:
    """Makes the updates of runs one by one, each on its whole batch."""

    def __init__(self, task: Task[Any, Any]) -> None:
        self.task = task
        self.listeners = Listeners()

    def update(
        self, runs: Sequence[TrainingRun], batches: Mapping[str, Any], step: int, epoch: int, each: Each = map
    ) -> None:
        """Make update `step` (from 1) of all `runs`, on their batches by run id; what is measured stays in the runs.

        `each` calls a function for every run, one after another or side by side.
        """
        list(each(lambda run: self._update(run, batches[run.id], step, epoch), runs))

    def _update(self, run: TrainingRun, batch: Any, step: int, epoch: int) -> None:
        rate = run.begin_update(step)
        states = [(most, hear) for most, wants, hear in self.listeners.states if wants(run)]
        gradient = [hear for wants, hear in self.listeners.gradient if wants(run)]
        names, values, details = self._learn(run, batch, states, gradient)
        run.average(step)
        run.note_update(epoch, rate, batch.tokens, names, values)
        for name, value in details.items():
            run.measure(name, value)

    def _learn(
        self, run: TrainingRun, batch: Any, states: Sequence[Asking], gradient: Sequence[Callable[..., None]]
    ) -> Measured:
        """Change the weights of `run` once; return the core quantities and the task's details of it, by name."""
        run.model.train()
        run.optimizer.zero_grad(set_to_none=True)
        answers, loss = self._differentiate(run, batch, states)
        run.scaler.unscale_(run.optimizer)
        for hear in gradient:
            hear(run, False)
        found = run.measure_and_clip(run.model.parameters(), run.rule, run.threshold)
        for hear in gradient:
            hear(run, True)
        run.scaler.step(run.optimizer)
        run.scaler.update()
        with torch.no_grad():
            right = self.task.right(answers, batch).mean()
            details = {name: values.mean() for name, values in self.task.details(answers, batch).items()}
        measured = {
            "loss": loss.detach(),
            "accuracy": right,
            "grad_norm": found.norm,
            "grad_norm_clipped": found.norm_clipped,
            "grad_max": found.largest,
            "clip_cosine": found.cosine,
        }
        return tuple(measured), torch.stack([value.float() for value in measured.values()]), details

    def _differentiate(self, run: TrainingRun, batch: Any, asking: Sequence[Asking]) -> tuple[Any, torch.Tensor]:
        """Put the gradient of the loss into the parameters' `grad`; return answers and loss. Tell those who ask."""
        watch = run.model.watch_states() if asking else None
        with watch or nullcontext():
            answers = self._forward(run, batch)
            loss = (run.training_loss or self.task.loss)(answers, batch)
        run.scaler.scale(loss).backward()
        if watch is not None:
            for most, hear in asking:
                hear(run, watch.states(places(watch.examples, most), run.scaler.get_scale()), batch)
        return answers, loss

    @torch.no_grad()
    def evaluate(
        self, run: TrainingRun, batches: Iterable[Any], part: str, keep: Callable[[torch.Tensor], object] | None = None
    ) -> tuple[float, float]:
        """Return loss and accuracy over all answers about `batches`, with the averaged weights where there are any.

        `batches` lie on the run's device. What is counted is read from it once, at the end.

        The accuracy is NaN where an answer is not a finite number. The task's details of `part` stay in the run. `keep`
        is handed what the task keeps of each batch `(B, …)`, on its device.
        """
        losses: list[torch.Tensor] = []
        details: dict[str, list[torch.Tensor]] = defaultdict(list)
        right: list[torch.Tensor] = []
        sizes: list[int] = []
        run.model.eval()
        with run.averaged_weights():
            for batch, answers in self._answered(run, batches):
                losses.append(self.task.loss(answers, batch))
                right.append(self.task.right(answers, batch).sum())
                sizes.append(len(answers))
                for name, values in self.task.details(answers, batch).items():
                    details[f"{part}_{name}"].append(values)
                if keep is not None:
                    keep(self.task.kept(answers, batch))
        for name, found in details.items():
            run.measure(name, torch.cat(found).mean())
        if not sizes:
            return math.nan, math.nan
        total = sum(loss * size for loss, size in zip(torch.stack(losses).tolist(), sizes, strict=True))
        return total / sum(sizes), run.share(torch.stack(right).tolist(), sizes)

    def _answered(self, run: TrainingRun, batches: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield each of `batches` on the run's device, with the answers about it."""
        for batch in batches:
            yield batch, self._forward(run, batch)

    def _forward(self, run: TrainingRun, batch: Any) -> Any:
        with torch.autocast(run.device.type, run.dtype, enabled=run.dtype is not torch.float32):
            return self.task.answers(run.model, batch).float()

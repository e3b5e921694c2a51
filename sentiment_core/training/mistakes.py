"""The course notebook's mistakes in training, off unless `training.mistakes` names them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from torch import nn

from sentiment_core.clipping import NONE, ClippingRule
from sentiment_core.errors import ConfigError
from sentiment_core.settings import CARRIED_OVER
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.gradients import GradientStats
from sentiment_core.training.run import TrainingRun

if TYPE_CHECKING:
    from sentiment_core.training.trainer import Trainer

Clip = Callable[[Iterable[nn.Parameter], ClippingRule, float], GradientStats]


def norm_after_clipping(measure_and_clip: Clip) -> Clip:
    """Let the norm be read after clipping, so that what is logged never exceeds the threshold."""

    def mistaken(parameters: Iterable[nn.Parameter], rule: ClippingRule, threshold: float) -> GradientStats:
        stats = measure_and_clip(parameters, rule, threshold)
        return replace(stats, norm=stats.norm_clipped)

    return mistaken


def clip_wrong_model(measure_and_clip: Clip) -> Clip:
    """Let a global model be clipped, not the one that trains: this one's gradient stays as it is.

    In the notebook the two happened to be the same object, so its numbers are right.
    """

    def mistaken(parameters: Iterable[nn.Parameter], rule: ClippingRule, threshold: float) -> GradientStats:
        return measure_and_clip(parameters, NONE, threshold)

    return mistaken


def batch_averaged_accuracy(right: Sequence[float], sizes: Sequence[int]) -> float:
    """Return the mean of the batches' shares, in which a review of the smaller last batch counts more."""
    return sum(part / size for part, size in zip(right, sizes, strict=True)) / len(sizes)


class CarryOver(Callback):
    """`kept_biases`, `kept_weights`: a run starts with the biases, or all weights, that the run before it ends with.

    The notebook's sweep trained one rate after the other with the same layers; its constructor draws every matrix anew,
    so biases are what one rate leaves to the next. Runs here train side by side, so the one before is first trained to
    its end once more, unseen and unmeasured, on the same batches; then all start together. With `kept_biases` a run's
    matrices are those of its seed, as if it had kept nothing. The first run has none before it. Pause and stop are
    heard meanwhile. Raises `ConfigError` when the two runs are different networks.
    """

    def on_start(self, trainer: Trainer) -> None:
        if trainer.step > 0:
            return
        for place, (previous, run) in enumerate(pairwise(trainer.runs)):
            if CARRIED_OVER & set(run.config.mistakes) and not trainer.should_stop:
                self._carry_over(trainer, place, previous, run)

    def _carry_over(self, trainer: Trainer, place: int, previous: TrainingRun, run: TrainingRun) -> None:
        start = previous.model.state_dict()
        own = {name: value.clone() for name, value in run.model.state_dict().items()}
        try:
            run.model.load_state_dict(start)
        except RuntimeError as error:
            raise ConfigError(
                f"training.mistakes: {run.experiment.runs[0].name} cannot keep the weights of the run before it, "
                "which is another network"
            ) from error
        alone = trainer.config.model_copy(update={"runs": (trainer.config.runs[place],)})
        data = [trainer.data[place]]
        unseen = type(trainer)(alone, [previous.id], data, trainer.device, [_Echo(trainer)], trainer.threads)
        unseen.runs[0].model.load_state_dict(start)
        unseen.fit()
        left = unseen.runs[0].model.state_dict()
        if "kept_weights" not in run.config.mistakes:
            left = own | {name: value for name, value in left.items() if "bias" in name.rpartition(".")[2]}
        run.model.load_state_dict(left)


class _Echo(Callback):
    """Lets the seen training's callbacks do their work between the updates of the unseen one."""

    def __init__(self, seen: Trainer) -> None:
        self.seen = seen

    def on_step(self, trainer: Trainer) -> None:
        for callback in self.seen.callbacks:
            callback.on_step(self.seen)
        trainer.should_stop = self.seen.should_stop


def put_into(trainer: Trainer) -> None:
    """Replace parts of a trainer and its runs by the mistakes that their configurations name."""
    for run in trainer.runs:
        mistakes = run.config.mistakes
        if "clip_wrong_model" in mistakes:
            run.measure_and_clip = clip_wrong_model(run.measure_and_clip)
        if "norm_after_clipping" in mistakes:
            run.measure_and_clip = norm_after_clipping(run.measure_and_clip)
        if "batch_averaged_accuracy" in mistakes:
            run.share = batch_averaged_accuracy
    if any(CARRIED_OVER & set(run.config.mistakes) for run in trainer.runs):
        trainer.callbacks = [*trainer.callbacks, CarryOver()]

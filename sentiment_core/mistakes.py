"""The course notebook's mistakes, each a named option beside the correct code, off unless a configuration names it.

`model.mistakes` and `training.mistakes` list them. The correct code knows none of them: where a model or a run is
built, it hands its parts to this module, which returns them untouched or puts the mistaken part in their place. Parts
that draw or hold weights stay, so a mistaken run starts from the same weights as its correct twin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, TypeVar

import torch
from torch import nn

from sentiment_core.config import CARRIED_OVER, ModelConfig, TrainingMistake
from sentiment_core.errors import ConfigError

AnyCallable = TypeVar("AnyCallable", bound=Callable[..., Any])
EPSILON = 1e-5  # PyTorch's own in its norms


class OffByOneMask(nn.Module):
    """`off_by_one_mask`: the mask compares with `length − 1`, so the last real token never gets weight.

    Wraps a correct attention. The notebook masks with a very low score instead of leaving positions out: in a review of
    one token every position has that score, so each of the T gets weight 1 / T, padding included.
    """

    def __init__(self, attention: nn.Module) -> None:
        super().__init__()
        self.attention = attention

    def forward(
        self, hidden_states: torch.Tensor, last: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        shorter = torch.cat([mask[:, 1:], torch.zeros_like(mask[:, :1])], dim=1)  # (B, T)
        pooled, weights = self.attention(hidden_states, last, shorter)
        alone = mask.sum(dim=1, keepdim=True) == 1  # (B, 1)
        pooled = torch.where(alone, hidden_states.mean(dim=1), pooled)
        return pooled, torch.where(alone, 1 / mask.shape[1], weights)


class CrossReviewAttention(nn.Module):
    """`cross_review_attention`: `h_n` is squeezed once too often, and broadcasting pairs every review with every other.

    The slip of the notebook's mock-up, which its trained network never had. What the mock-up does next (it adds over
    time and takes the softmax over reviews) leaves no weights on tokens; here scores and softmax are as they should be.
    `states (B, T, H) × q (B, 1, 1, H)` is `(B, B, T, H)`: entry `[i, j]` holds review j's states under review i's
    question. Summed over H they are scores, and review i reads the mean over all j of what it attends to there, so its
    answer depends on who shares its batch. The weights `(B, T)` returned are those on a review's own tokens; they add
    up to 1 / B. Dot product only; the sum over H is taken at once, as the broadcast tensor would need gigabytes.
    """

    def forward(
        self, hidden_states: torch.Tensor, last: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        scores = torch.einsum("jth,ih->ijt", hidden_states, last).float()  # (B, B, T)
        weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(dim=-1) * mask / len(mask)
        pooled = torch.einsum("ijt,jth->ih", weights.to(hidden_states.dtype), hidden_states)
        return pooled, weights.diagonal().T


class NormPerCall(nn.Module):
    """`norm_per_call`: a norm layer made anew in every forward pass.

    What it could learn is thrown away with it, it has no running statistics, and it is always in training mode. Batch
    norm of `x (B, T, C)` takes the time step for the channel (its mean is over reviews and components) and counts
    padding; of `x (B, C)` it uses this batch's statistics even in evaluation, so a review alone becomes zeros (where
    PyTorch refuses). Layer norm only forgets what it learned.
    """

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        axes = (-1,) if self.kind == "layer" else (0, 2)[: x.dim() - 1]
        variance, mean = torch.var_mean(x, dim=axes, correction=0, keepdim=True)
        return (x - mean) / torch.sqrt(variance + EPSILON)


def put_into_model(model: Any, config: ModelConfig) -> None:
    """Replace parts of a freshly built `SentimentModel` by the mistakes that its configuration names.

    Raises `ConfigError` for a mistake in a part that the model does not have: it would do nothing, unnoticed.
    """
    dot = {"attention_dot"} & set(config.pooling)
    for mistake in config.mistakes:
        if mistake == "norm_per_call":
            if (config.input_norm, config.state_norm) == ("none", "none"):
                raise ConfigError("model.mistakes: norm_per_call needs a norm; set model.input_norm or state_norm")
            for place in ("input_norm", "state_norm"):
                if (kind := getattr(config, place)) != "none":
                    setattr(model, place, NormPerCall(kind))
        elif model.pool.attention is None or (mistake == "cross_review_attention" and not dot):
            kind = "attention_dot" if mistake == "cross_review_attention" else "an attention"
            raise ConfigError(f"model.mistakes: {mistake} needs {kind} among model.pooling")
    if "cross_review_attention" in config.mistakes:
        model.pool.attention = CrossReviewAttention()
    if "off_by_one_mask" in config.mistakes:
        model.pool.attention = OffByOneMask(model.pool.attention)


def clipping(measure_and_clip: AnyCallable, mistakes: Sequence[TrainingMistake]) -> AnyCallable:
    """Return `measure_and_clip`, or what the notebook did in its place.

    `clip_wrong_model`: a global model is clipped, not the one that trains; this one's gradient stays as it is. In the
    notebook the two happened to be the same object, so its numbers are right.
    `norm_after_clipping`: the norm is read after clipping, so what is logged never exceeds the threshold.
    """
    if not {"clip_wrong_model", "norm_after_clipping"} & set(mistakes):
        return measure_and_clip

    def mistaken(parameters: Iterable[nn.Parameter], kind: str, threshold: float) -> Any:
        stats = measure_and_clip(parameters, "none" if "clip_wrong_model" in mistakes else kind, threshold)
        return replace(stats, norm=stats.norm_clipped) if "norm_after_clipping" in mistakes else stats

    return mistaken  # type: ignore[return-value]


def accuracy(correct: Sequence[float], sizes: Sequence[int], mistakes: Sequence[TrainingMistake]) -> float:
    """Return the share of correct answers from those of each batch.

    `batch_averaged_accuracy`: the mean of the batches' shares, in which a review of the smaller last batch counts more.
    """
    if "batch_averaged_accuracy" in mistakes:
        return sum(right / size for right, size in zip(correct, sizes, strict=True)) / len(sizes)
    return sum(correct) / sum(sizes)


def carry_over(trainer: Any) -> None:
    """`kept_biases`, `kept_weights`: let a run start with the biases, or all weights, that the run before it ends with.

    The notebook's sweep trained one rate after the other with the same layers; its constructor draws every matrix anew,
    so biases are what one rate leaves to the next. Runs here train side by side, so the one before is first trained to
    its end once more, unseen and unmeasured, on the same batches; then all start together. With `kept_biases` a run's
    matrices are those of its seed, as if it had kept nothing. The first run has none before it. Pause and stop are
    heard meanwhile. Raises `ConfigError` when the two runs are different networks.
    """
    for place, (previous, run) in enumerate(pairwise(trainer.runs)):
        if not CARRIED_OVER & set(run.config.mistakes) or trainer.should_stop:
            continue
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
        corpora = [trainer.corpora[place]]
        unseen = type(trainer)(alone, [previous.id], corpora, trainer.device, [_Echo(trainer)], trainer.threads)
        unseen.runs[0].model.load_state_dict(start)
        unseen.fit()
        left = unseen.runs[0].model.state_dict()
        if "kept_weights" not in run.config.mistakes:
            left = own | {name: value for name, value in left.items() if "bias" in name.rpartition(".")[2]}
        run.model.load_state_dict(left)


class _Echo:
    """A callback of the unseen training that lets the seen one's callbacks do their work between its updates."""

    def __init__(self, trainer: Any) -> None:
        self.trainer = trainer

    def on_step(self, unseen: Any) -> None:
        for callback in self.trainer.callbacks:
            callback.on_step(self.trainer)
        unseen.should_stop = self.trainer.should_stop

    def __getattr__(self, moment: str) -> Callable[..., None]:
        return lambda *details: None

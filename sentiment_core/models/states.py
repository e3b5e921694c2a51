"""Hidden states with the gradient of the loss with respect to them, through time."""

from __future__ import annotations

from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.hooks import RemovableHandle

from sentiment_core.models.encoder import RecurrentEncoder, reorder, reversal, unrolled

EVERY = slice(None)


def places(count: int, most: int | None) -> slice:
    """Return at most `most` of `count` examples, every n-th; all of them for None."""
    return slice(None, None, 1 if most is None else max(1, -(-count // most)))


class StateWatch:
    """A block around one forward pass of an encoder; after the backward pass, `states` are its uppermost layer's.

    A recurrent layer computes all steps in one go, so autograd knows only how the loss depends on a state directly. The
    rest of the way, through the states after it, is walked step by step here, beside the training: what is watched
    trains to the same bits as what is not.
    """

    def __init__(self, encoder: RecurrentEncoder) -> None:
        self._encoder = encoder
        self._handles: list[RemovableHandle] = []
        self._passes: list[tuple[nn.RNNBase, torch.Tensor, torch.Tensor]] = []
        self._lengths: torch.Tensor | None = None

    def __enter__(self) -> Self:
        self._handles = [layer.register_forward_hook(self._keep) for layer in self._encoder.uppermost]
        self._handles.append(self._encoder.register_forward_pre_hook(self._keep_lengths))
        return self

    def __exit__(self, *details: object) -> None:
        for handle in self._handles:
            handle.remove()

    @property
    def examples(self) -> int:
        """How many examples were read."""
        assert self._lengths is not None
        return len(self._lengths)

    def states(self, rows: slice | torch.Tensor = EVERY, scale: float = 1.0) -> torch.Tensor:
        """Return the states `(B, T, H)` of the examples `rows`, before dropout; their `grad` is ∂L/∂h_t through all
        later steps.

        `scale` is what the loss was multiplied by before the backward pass; ∂L/∂h_t is without it. No gradient of one
        example goes through another's states.
        """
        assert self._lengths is not None
        order = reversal(self._lengths[rows], self._passes[0][2].shape[1])
        halves = []
        for place, (layer, inputs, outputs) in enumerate(self._passes):
            direct = torch.zeros_like(outputs) if outputs.grad is None else outputs.grad
            half = (
                outputs.detach()[rows].float(),
                self._through_time(layer, inputs[rows], direct[rows].float() / scale),
            )
            # The second one has read each review from its end.
            halves.append(tuple(reorder(part, order) for part in half) if place else half)
        states, gradient = (torch.cat(parts, dim=-1) for parts in zip(*halves, strict=True))
        states.grad = gradient
        return states

    def _keep(self, layer: nn.RNNBase, inputs: tuple[Any, ...], result: tuple[Any, ...]) -> None:
        result[0].retain_grad()
        self._passes.append((layer, inputs[0].detach(), result[0]))

    def _keep_lengths(self, encoder: RecurrentEncoder, inputs: tuple[Any, ...]) -> None:
        self._lengths = inputs[1]

    def _through_time(self, layer: nn.RNNBase, inputs: torch.Tensor, direct: torch.Tensor) -> torch.Tensor:
        """Return ∂L/∂h_t `(B, T, H)` of a layer over `inputs (B, T, E)` from its direct part, `direct (B, T, H)`.

        Back-propagation through time (Werbos 1990): what reaches a state through the ones after it is added. An LSTM's
        cell state passes gradient on beside `h_t`; that belongs to the states which it reaches, not to `h_t`.
        """
        # Behind the last state that the loss depends on, such as over padding, all of it is exactly 0.
        reached = (direct != 0).any(dim=2).any(dim=0).nonzero()
        steps = max(int(reached.max()) + 1 if len(reached) else 0, 1)
        with torch.enable_grad(), torch.autocast(inputs.device.type, enabled=False):
            states = unrolled(self._encoder.step, layer, inputs[:, :steps].float())
            found = torch.autograd.grad(states, states, direct[:, :steps].unbind(1))
        return F.pad(torch.stack(found, dim=1), (0, 0, 0, direct.shape[1] - steps))

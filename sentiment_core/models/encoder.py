"""The recurrent encoder: tanh RNN, GRU or LSTM over right-padded batches, one or two directions, without packing.

`pack_padded_sequence` is many times slower than padding on a CPU. A forward RNN needs no packing: padding on the right
cannot reach an earlier state. The backward direction reads each review reversed within its own length, so it starts
at the last real token.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import torch
from torch import nn

from sentiment_core.models.dropout import Dropout
from sentiment_core.models.tanh_layer import TanhLayer
from sentiment_core.settings import ModelConfig


class Recurrence(NamedTuple):
    """A cell as a layer over all time steps, and as one step; both have the same weights by the same names."""

    layer: Callable[..., nn.RNNBase]
    step: Callable[..., nn.RNNCellBase]


# By their names in `architecture.CELLS`.
CELLS: dict[str, Recurrence] = {
    "rnn": Recurrence(TanhLayer, nn.RNNCell),
    "gru": Recurrence(nn.GRU, nn.GRUCell),
    "lstm": Recurrence(nn.LSTM, nn.LSTMCell),
}


class RecurrentEncoder(nn.Module):
    """`embedded (B, T, E)`, `lengths (B,)` → `hidden_states (B, T, H)`; H = hidden_size × directions.

    States at padding are what the recurrence makes of zero vectors (only `padded_last` looks at them) in the forward
    half, and meaningless in the backward half.
    """

    def __init__(self, config: ModelConfig, input_size: int, generator: torch.Generator) -> None:
        super().__init__()
        cell, self.step = CELLS[config.cell]
        directions = 2 if config.bidirectional else 1
        sizes = [input_size] + [config.hidden_size * directions] * (config.num_layers - 1)
        self.forward_layers = nn.ModuleList(cell(size, config.hidden_size, batch_first=True) for size in sizes)
        self.backward_layers = nn.ModuleList(
            cell(size, config.hidden_size, batch_first=True) for size in sizes[: config.num_layers * (directions - 1)]
        )
        self.dropout = Dropout(config.state_dropout, generator)
        self.hidden_size = config.hidden_size
        self.output_size = config.hidden_size * directions

    @property
    def uppermost(self) -> list[nn.RNNBase]:
        """The last forward layer and, where there is one, the last backward layer."""
        stacks = (self.forward_layers, self.backward_layers)
        return [cast(nn.RNNBase, layers[-1]) for layers in stacks if len(layers)]

    def forward(self, embedded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        states = embedded
        for depth, layer in enumerate(self.forward_layers):
            outputs = _outputs(layer, states)
            if self.backward_layers:
                order = reversal(lengths, states.shape[1])
                backward = _outputs(self.backward_layers[depth], reorder(states, order))
                outputs = torch.cat([outputs, reorder(backward, order)], dim=-1)
            states = self.dropout(outputs)
        return states

    def last_state(self, hidden_states: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Return `(B, H)`: the forward state at `positions (B,)` beside the backward direction's final state.

        The backward direction ends at the first token, whatever the length.
        """
        # The gradient of a gather is a few numbers in zeros; that of indices is sorted first, for places named twice.
        places = positions[:, None, None].expand(-1, 1, self.hidden_size)
        forward = hidden_states[..., : self.hidden_size].gather(1, places).squeeze(1)
        if not self.backward_layers:
            return forward  # beside nothing, whose gradient would be as large as that of all states
        return torch.cat([forward, hidden_states[:, 0, self.hidden_size :]], dim=-1)


def _outputs(layer: nn.Module, states: torch.Tensor) -> torch.Tensor:
    if isinstance(layer, nn.LSTM) and states.device.type == "cpu":
        # Under autocast PyTorch asks oneDNN for a bfloat16 LSTM, which fails on processors without such instructions.
        with torch.autocast("cpu", enabled=False):
            outputs, _ = layer(states.to(cast(torch.Tensor, layer.weight_ih_l0).dtype))
    else:
        outputs, _ = layer(states)
    return cast(torch.Tensor, outputs)


def reversal(lengths: torch.Tensor, steps: int) -> torch.Tensor:
    """Return `(B, T)` indices that reverse each row within its length and leave padding where it is."""
    positions = torch.arange(steps, device=lengths.device).expand(len(lengths), steps)
    mirrored = lengths[:, None] - 1 - positions
    return torch.where(mirrored >= 0, mirrored, positions)


def unrolled(step: Callable[..., nn.RNNCellBase], layer: nn.RNNBase, inputs: torch.Tensor) -> list[torch.Tensor]:
    """Return the states `(B, H)` of a layer over `inputs (B, T, E)`, one a step, each computed from the one before.

    `step` makes the cell of the layer's kind. Autograd knows the states one by one; the weights are copies, so that no
    gradient reaches the layer's own.
    """
    # Made without memory, so that nothing draws its first weights.
    cell = step(layer.input_size, layer.hidden_size, device="meta").to_empty(device=inputs.device)
    cell.load_state_dict({name.removesuffix("_l0"): weight for name, weight in layer.state_dict().items()})
    states: list[torch.Tensor] = []
    carried = None
    for vectors in inputs.unbind(1):
        carried = cell(vectors, carried)
        states.append(carried[0] if isinstance(carried, tuple) else carried)
    return states


def reorder(x: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    """Return `x (B, T, H)` with the steps of each row in `order (B, T)`, a `reversal`."""
    reordered: torch.Tensor = _Reorder.apply(x, order)
    return reordered


class _Reorder(torch.autograd.Function):
    """Copies whole states: a gather would copy them number by number, and its gradient would add them so."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(order)
        return _copied(x, order)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        # What is reversed twice is as it was, so the way back is the way there.
        return _copied(gradients[0], *ctx.saved_tensors), None


def _copied(x: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    rows = order + torch.arange(len(x), device=x.device)[:, None] * x.shape[1]
    return x.flatten(0, 1).index_select(0, rows.flatten()).view_as(x)

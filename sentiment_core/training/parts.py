"""Which parts a network has: its trained values by layer, its recurrent layers and the non-linearities of its head."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn

from sentiment_core.steps.inside import MOST_HEAD, MOST_RECURRENT

_NORMS = (nn.BatchNorm1d, nn.LayerNorm)
_NON_LINEAR = (nn.ReLU, nn.Tanh)


def parameters_by_place(model: nn.Module) -> dict[str, list[nn.Parameter]]:
    """Return the trained values of `model` by their `PLACES`, in the order of the network.

    Told by the kind of layer that holds them, so that networks of other tasks have parts too: both directions of a
    recurrent layer are one place, linear layers outside a pooling are the head's.
    """
    found: dict[str, list[nn.Parameter]] = {}
    linear = 0
    for name, module in model.named_modules():
        own = [parameter for parameter in module.parameters(recurse=False) if parameter.requires_grad]
        linear += isinstance(module, nn.Linear) and not _pools(name)
        if own:
            found.setdefault(_place(name, module, linear), []).extend(own)
    return found


def uppermost_recurrent(model: nn.Module) -> list[nn.RNNBase]:
    """Return the last recurrent layer of each direction."""
    layers = [(_depth(name), module) for name, module in model.named_modules() if isinstance(module, nn.RNNBase)]
    last = max((depth for depth, _ in layers), default=0)
    return [module for depth, module in layers if depth == last]


def recurrent_matrices(layer: nn.RNNBase) -> torch.Tensor:
    """Return the recurrent matrix of each gate `(G, H, H)`, on the CPU."""
    stacked = cast(torch.Tensor, getattr(layer, f"weight_hh_l{layer.num_layers - 1}"))
    return torch.stack(stacked.detach().float().cpu().split(layer.hidden_size))


def head_activations(model: nn.Module) -> list[nn.Module]:
    """Return the non-linearities of the head, from its input on."""
    found: list[nn.Module] = [module for module in model.modules() if isinstance(module, _NON_LINEAR)]
    return found[:MOST_HEAD]


def _place(name: str, module: nn.Module, linear: int) -> str:
    if isinstance(module, nn.Embedding):
        return "embedding"
    if isinstance(module, nn.RNNBase):
        return f"recurrence {_depth(name)}" if _depth(name) <= MOST_RECURRENT else "other"
    if _pools(name):
        return "pooling"
    if isinstance(module, _NORMS):
        return "norms"
    return f"head {linear}" if isinstance(module, nn.Linear) and linear <= MOST_HEAD else "other"


def _pools(name: str) -> bool:
    return name.split(".")[0] == "pool"


def _depth(name: str) -> int:
    number = name.rpartition(".")[2]
    return int(number) + 1 if number.isdigit() else 1

"""How weights start. Each scheme touches every weight matrix but the word vectors; biases become zero but in one."""

from __future__ import annotations

import math

import torch
from torch import nn


def initialise(model: nn.Module, scheme: str) -> None:
    """Apply `default` (PyTorch's own, nothing to do), `xavier`, `xavier_matrices`, `he` or `orthogonal` in place.

    Xavier uniform: U(±√(6 / (fan_in + fan_out))) (Glorot & Bengio 2010); `xavier_matrices`, the course notebook's,
    leaves biases as PyTorch drew them. He: normal with variance 2 / fan_in (He et al. 2015). Orthogonal: Saxe et al.
    2014. Recurrent cells stack their gates in one matrix; each gate is a matrix of its own here, else fan-out would
    count all gates.
    """
    if scheme == "default":
        return
    for module in model.modules():
        if isinstance(module, nn.RNNBase | nn.Linear):
            for parameter in module.parameters(recurse=False):
                with torch.no_grad():
                    if parameter.dim() < 2:
                        if scheme != "xavier_matrices":
                            parameter.zero_()
                        continue
                    rows = module.hidden_size if isinstance(module, nn.RNNBase) else len(parameter)
                    for gate in parameter.split(rows):
                        _fill(gate, scheme)


def _fill(weight: torch.Tensor, scheme: str) -> None:
    if scheme.startswith("xavier"):
        nn.init.xavier_uniform_(weight)
    elif scheme == "he":
        weight.normal_(0.0, math.sqrt(2.0 / weight.shape[1]))
    else:
        nn.init.orthogonal_(weight)

"""Optimizer and learning rate."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from sentiment_core.settings import TrainingConfig

# One-cycle shape of Smith & Topin 2018 with the constants PyTorch made customary.
WARM_UP = 0.3
START_DIVISOR = 25.0
END_DIVISOR = 1e4


def build_optimizer(model: nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
    """Return the optimizer over everything that is trained; weight decay leaves word vectors, biases and norms alone.

    Decay on word vectors would shrink every word that a batch does not contain. Each group's `rate` is the multiple of
    the learning rate that it trains with: word vectors of a small corpus overfit long before the network has learned.
    """
    decayed: list[nn.Parameter] = []
    kept: list[nn.Parameter] = []
    vectors: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            # A Transformer's word vectors are its output matrix too; its segments and positions are no words.
            word = name.startswith(("embedding.", "transformer.embedding."))
            own = vectors if word else decayed if parameter.dim() > 1 else kept
            own.append(parameter)
    groups = [
        {"params": decayed, "weight_decay": config.weight_decay, "rate": 1.0},
        {"params": kept, "weight_decay": 0.0, "rate": 1.0},
    ]
    if vectors:
        groups.append({"params": vectors, "weight_decay": 0.0, "rate": config.embedding_rate})
    if config.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=config.learning_rate, momentum=config.momentum)
    kind = torch.optim.Adam if config.optimizer == "adam" else torch.optim.AdamW
    return kind(groups, lr=config.learning_rate)


def make_repeatable(optimizer: torch.optim.Optimizer, device: torch.device) -> None:
    """Let the steps of `optimizer` be the same kernels each time: what changes from step to step lies on `device`."""
    for group in optimizer.param_groups:
        group["lr"] = torch.tensor(float(group["lr"]), device=device)
        # PyTorch has kernels for CUDA that read the rate there; elsewhere nothing needs to be repeated.
        if device.type == "cuda":
            group["fused"], group["foreach"] = True, False
            if "capturable" in group:
                group["capturable"] = True
    for state in optimizer.state.values():
        if "step" in state:
            state["step"] = state["step"].to(device, torch.float32)


def portable_state(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Return the state of `optimizer` without what it has of the device: it goes on anywhere."""
    state = optimizer.state_dict()
    plain = {"fused": None, "foreach": None, "capturable": False}
    for group in state["param_groups"]:
        group.update({name: value for name, value in plain.items() if name in group}, lr=float(group["lr"]))
        group.pop("set", None)
    return state


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Let the next step of `optimizer` be made with `rate`, times each group's own."""
    for group in optimizer.param_groups:
        wanted = rate * group["rate"]
        if group.get("set") == wanted:
            continue  # one kernel less
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(wanted)
        else:
            group["lr"] = wanted
        group["set"] = wanted


def learning_rate_at(config: TrainingConfig, step: int, total_steps: int) -> float:
    """Return the learning rate of update `step` (from 1) of `total_steps`.

    A function of the step alone, so a resumed run and a rate changed live need no scheduler state.
    """
    peak = config.learning_rate
    if config.schedule == "constant" or total_steps < 2:
        return peak
    position = (step - 1) / (total_steps - 1)
    if config.schedule == "cosine":
        return _cosine(peak, 0.0, position)
    start, end = peak / START_DIVISOR, peak / START_DIVISOR / END_DIVISOR
    if position < WARM_UP:
        return _cosine(start, peak, position / WARM_UP)
    return _cosine(peak, end, (position - WARM_UP) / (1.0 - WARM_UP))


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1.0 + math.cos(math.pi * min(share, 1.0))) / 2.0

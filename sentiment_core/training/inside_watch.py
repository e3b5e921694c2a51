"""A look inside each network every so many updates: gradient through time, parts, saturation, histograms.

It changes nothing in training. What it measures goes where every diagnostic goes: store, route, files, recordings.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.utils import get_total_norm
from torch.utils.hooks import RemovableHandle

from sentiment_core.models import Network
from sentiment_core.models.states import places
from sentiment_core.models.through_time import by_distance, gradient_norms
from sentiment_core.steps.inside import ACTIVATIONS, BINS, GROUPS, PLACES, SIZE_EDGES, VALUE_EDGES, group_of
from sentiment_core.steps.rules import SATURATED
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.parts import (
    head_activations,
    parameters_by_place,
    recurrent_matrices,
    uppermost_recurrent,
)
from sentiment_core.training.run import TrainingRun

if TYPE_CHECKING:
    from sentiment_core.training.trainer import Trainer

# Through time, one look at a whole batch costs most of an update.
MOST_REVIEWS = 32
# A histogram of more values is one of every n-th.
MOST_VALUES = 65_536


class _Look:
    """What is held of one run between the moments of an update that is looked into."""

    def __init__(self, model: Network) -> None:
        self.parts = parameters_by_place(model)
        self.activations = torch.zeros(len(ACTIVATIONS), BINS)
        self.outputs: dict[nn.Module, list[torch.Tensor]] = {}  # of each part of the batch
        self.before: dict[str, list[torch.Tensor]] = {}
        self.handles: list[RemovableHandle] = [
            module.register_forward_hook(self._keep) for module in head_activations(model)
        ]

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """Return the trained values by group."""
        found: dict[str, list[nn.Parameter]] = {}
        for place, parameters in self.parts.items():
            found.setdefault(group_of(place), []).extend(parameters)
        return {group: found[group] for group in GROUPS if group in found}

    def _keep(self, module: nn.Module, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        self.outputs.setdefault(module, []).append(output.detach())


class InsideWatch(Callback):
    """Looks into every run at its first update and at every `every`-th after it."""

    most_states = MOST_REVIEWS

    def __init__(self, every: int) -> None:
        self.every = every
        self._looks: dict[str, _Look] = {}  # by run, each used by the thread of its run alone until `on_step`

    def wants_states(self, trainer: Trainer, run: TrainingRun) -> bool:
        if (run.step - 1) % self.every:
            return False
        self._looks[run.id] = _Look(run.model)
        return type(run.model).watch_states is not Network.watch_states

    def on_states(self, trainer: Trainer, run: TrainingRun, states: torch.Tensor, batch: Any) -> None:
        count, steps = states.shape[:2]
        lengths = getattr(batch, "lengths", None)
        # A task whose examples are all of one length need not say so.
        lengths = (
            torch.full((count,), steps, device=states.device)
            if lengths is None
            else lengths[places(len(lengths), MOST_REVIEWS)]
        )
        assert states.grad is not None
        run.measure("gradient_through_time", by_distance(gradient_norms(states.grad, lengths), lengths))
        real = states[torch.arange(steps, device=states.device) < lengths[:, None]]  # (N, H)
        run.measure("saturated_share", (real.abs() > SATURATED).float().mean())
        self._looks[run.id].activations[0] = histogram(real, VALUE_EDGES).cpu()

    def wants_gradient(self, trainer: Trainer, run: TrainingRun) -> bool:
        return run.id in self._looks

    def on_gradient(self, trainer: Trainer, run: TrainingRun, clipped: bool) -> None:
        look = self._looks[run.id]
        if clipped:
            look.before = {
                group: [parameter.detach().clone() for parameter in parameters]
                for group, parameters in look.groups().items()
            }
            return
        for handle in look.handles:
            handle.remove()
        for group, parameters in look.groups().items():
            gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
            if gradients:
                run.measure(f"gradient_{group}", get_total_norm(gradients))
        run.measure("weight_histograms", by_layer(look.parts, lambda parameter: parameter.detach()))
        run.measure("gradient_histograms", by_layer(look.parts, lambda parameter: parameter.grad))
        _measure_head(run, look)
        _measure_recurrence(run)

    def on_step(self, trainer: Trainer) -> None:
        for run in trainer.runs:
            look = self._looks.pop(run.id, None)
            if look is None:
                continue
            groups = look.groups()
            for group, before in look.before.items():
                moved = [now.detach() - then for now, then in zip(groups[group], before, strict=True)]
                ratio = get_total_norm(moved) / get_total_norm(before)
                run.measure(f"update_ratio_{group}", ratio.log10())


def _measure_head(run: TrainingRun, look: _Look) -> None:
    dead, units = 0.0, 0
    for row, (module, parts) in enumerate(look.outputs.items(), start=1):
        output = torch.cat(parts)
        look.activations[row] = histogram(output, VALUE_EDGES).cpu()
        if isinstance(module, nn.ReLU):
            silent = ~(output.flatten(0, -2) > 0).any(dim=0)
            dead, units = dead + float(silent.sum()), units + silent.numel()
    if units:
        run.measure("dead_relu_share", dead / units)
    run.measure("activation_histograms", look.activations)


def _measure_recurrence(run: TrainingRun) -> None:
    found = [spectrum(recurrent_matrices(layer)) for layer in uppermost_recurrent(run.model)]
    if found:
        radius, stretch = zip(*found, strict=True)
        run.measure("recurrent_radius", torch.stack(radius))
        run.measure("recurrent_stretch", torch.stack(stretch))


def spectrum(matrices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the largest |eigenvalue| and the largest singular value of each of `matrices (G, H, H)`: `(G,)` both.

    NaN where a matrix is not finite: the algorithms refuse it.
    """
    if not matrices.isfinite().all():
        nothing = torch.full((len(matrices),), math.nan)
        return nothing, nothing
    return torch.linalg.eigvals(matrices).abs().amax(dim=-1), torch.linalg.matrix_norm(matrices, 2)


def by_layer(parts: dict[str, list[nn.Parameter]], values: Any) -> torch.Tensor:
    """Return for each of `PLACES` the shares of sizes `(P, BINS)` of what `values` says of its parameters.

    A place that the network lacks, or that has no values, is zero throughout.
    """
    rows = []
    for place in PLACES:
        found = [value.flatten() for value in map(values, parts.get(place, [])) if value is not None]
        rows.append(histogram(torch.cat(found).abs().log10(), SIZE_EDGES).cpu() if found else torch.zeros(BINS))
    return torch.stack(rows)


def histogram(values: torch.Tensor, edges: Sequence[float]) -> torch.Tensor:
    """Return the share of `values` (any shape) in each of the equal bins between `edges`: `(K,)`.

    What lies beyond the outer edges counts in the outer bins, −inf (log10 of zero) too; NaN and +inf count nowhere, so
    that the shares add up to what is a number. Of more than `MOST_VALUES` every n-th counts.
    """
    flat = values.float().flatten()
    flat = flat[:: max(1, -(-flat.numel() // MOST_VALUES))]
    known = flat[~flat.isnan() & (flat < math.inf)]
    counts = torch.histc(known.clamp(edges[0], edges[-1]), len(edges) - 1, edges[0], edges[-1])
    return counts / max(flat.numel(), 1)

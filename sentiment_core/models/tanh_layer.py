"""A layer of tanh units whose gradient is written out: PyTorch's numbers to rounding, in less time."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable

from sentiment_core.models.tanh_kernels import Walks, walks


class TanhLayer(nn.RNN):
    """One layer of tanh units over rows `(B, T, E)`, `batch_first`; weights and numbers are those of `nn.RNN`.

    Where no gradient is asked, under autocast and on a GPU that does not run our kernels PyTorch's layer answers.
    """

    def forward(  # type: ignore[override]  # no packed sequences
        self, input: torch.Tensor, hx: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the states `(B, T, H)` and the last of them `(1, B, H)`, from the first state `hx` or zeros."""
        place = input.device.type
        if torch.is_grad_enabled() and not torch.is_autocast_enabled(place) and hx is None:
            kernels = walks(input.device, self.hidden_size)
            if kernels is not None and input.dtype is torch.float32 and input.numel():
                states = _TanhWalk.apply(input, *self.all_weights[0], kernels)
                return states, states[:, -1].unsqueeze(0)
            if place == "cpu":
                # A step of all rows lies in one piece, as in PyTorch's layer.
                by_step = _TanhRecurrence.apply(input.transpose(0, 1).contiguous(), *self.all_weights[0])
                return by_step.transpose(0, 1), by_step[-1:]
        found: tuple[torch.Tensor, torch.Tensor] = super().forward(input, hx)
        return found


class _TanhRecurrence(torch.autograd.Function):
    """`h_t = tanh(W x_t + b + U h_{t-1} + c)`, `h_0 = 0`; inputs `(T, B, E)`, states `(T, B, H)`.

    Back-propagation through time (Werbos 1990). Autograd keeps a node for each operation of each step and adds up the
    gradient of `U` step by step; here a step back is one product, and the gradient of each matrix one over all steps.
    """

    @staticmethod
    def forward(
        ctx: Any, inputs: torch.Tensor, w: torch.Tensor, u: torch.Tensor, b: torch.Tensor, c: torch.Tensor
    ) -> torch.Tensor:
        states = torch.addmm(b + c, inputs.flatten(0, 1), w.t()).view(*inputs.shape[:2], len(u))
        across = u.t()
        state, *rest = states.unbind()
        state.tanh_()
        for step in rest:
            state = step.addmm_(state, across).tanh_()
        ctx.save_for_backward(inputs, w, u, states)
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        inputs, w, u, states = ctx.saved_tensors
        # ∂L/∂ of what tanh is taken of, filled from the last step back.
        before = gradient.clone(memory_format=torch.contiguous_format)
        later: torch.Tensor | None = None
        for step, state in zip(reversed(before.unbind()), reversed(states.unbind()), strict=True):
            if later is not None:
                step.addmm_(later, u)
            later = torch.ops.aten.tanh_backward.grad_input(step, state, grad_input=step)
        flat = before.flatten(0, 1)
        bias = flat.sum(dim=0)
        return (
            (flat @ w).view_as(inputs) if ctx.needs_input_grad[0] else None,
            flat.t() @ inputs.flatten(0, 1),
            before[1:].flatten(0, 1).t() @ states[:-1].flatten(0, 1),
            bias,
            bias,
        )


class _TanhWalk(torch.autograd.Function):
    """The same of inputs `(B, T, E)`, states `(B, T, H)`, where `kernels` make all steps at once."""

    @staticmethod
    def forward(
        ctx: Any,
        inputs: torch.Tensor,
        w: torch.Tensor,
        u: torch.Tensor,
        b: torch.Tensor,
        c: torch.Tensor,
        kernels: Walks,
    ) -> torch.Tensor:
        states = torch.addmm(b + c, inputs.flatten(0, 1), w.t()).view(*inputs.shape[:2], len(u))
        kernels.forward(states, u)
        ctx.save_for_backward(inputs, w, u, states)
        ctx.kernels = kernels
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        inputs, w, u, states = ctx.saved_tensors
        before, bias = ctx.kernels.back(gradient, states, u)
        back = before.transpose(1, 2)
        return (
            (before.flatten(0, 1) @ w).view_as(inputs) if ctx.needs_input_grad[0] else None,
            # Over all rows and steps at once it is one long sum for few results, which leaves most of a GPU idle.
            (back @ inputs).sum(dim=0),
            (back[:, :, 1:] @ states[:, :-1]).sum(dim=0),
            bias,
            bias,
            None,
        )

"""The steps of a layer of tanh units on an NVIDIA GPU, where PyTorch can compile our kernels (`tanh_kernels.cu`).

cuDNN's kernels for such a layer spread each step over much of the GPU, so that several runs wait for one another. Ours
keep the steps of eight rows within one of its processors. Written in Triton they took twice as long: it cannot be told
to keep the matrix in registers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import torch

logger = logging.getLogger(__name__)

# A row of the recurrent matrix and a warp's share of it must fit into registers.
MOST_UNITS = 128
ROWS = 8  # of a block
TOLERANCE = 1e-5
# The first GPUs whose tensor cores multiply such numbers (Ampere).
TENSOR_CORES = (8, 0)


class Walks(NamedTuple):
    """All steps of a layer with the recurrent matrix `u (H, H)`, forward and back."""

    # Turns what is added to `U h` at each step, `(B, T, H)`, into the states.
    forward: Callable[[torch.Tensor, torch.Tensor], None]
    # Returns, from the states' gradient, the states and `u`, the gradient of what tanh was taken of, `(B, T, H)`, and
    # its sum over rows and steps `(H,)`.
    back: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]


@cache
def walks(device: torch.device, units: int) -> Walks | None:
    """Return the kernels of a layer of `units` on `device`; None where there are none."""
    if device.type != "cuda" or torch.version.cuda is None or units > MOST_UNITS:
        return None
    if torch.cuda.get_device_capability(device) < TENSOR_CORES:
        return None
    try:
        with torch.cuda.device(device):
            found = compiled(units)
            check(found, units, device)
    except Exception:  # another PyTorch, without its compiler or with another way to it; a GPU that nobody tried
        logger.warning("no kernels of our own for a layer of %s units", units, exc_info=True)
        return None
    return found


def check(found: Walks, units: int, device: torch.device) -> None:
    """Have kernels make a few steps, with a gradient as of one of two directions; raise `ValueError` where they err.

    Without drawing anything: runs count on their random numbers.
    """
    rows, steps = ROWS + 1, 3
    numbers = torch.arange(rows * steps * 2 * units, dtype=torch.float64).sin().view(rows, steps, 2 * units)
    u = torch.arange(units * units, dtype=torch.float64).cos().view(units, units) / units**0.5
    added, gradient = numbers[..., :units], numbers.flip(0)[..., units:]
    states: list[torch.Tensor] = []
    before: list[torch.Tensor] = []
    state = later = torch.zeros(rows, units, dtype=torch.float64)
    for step in added.unbind(1):
        state = torch.tanh(step + state @ u.t())
        states.append(state)
    for own, state in zip(reversed(gradient.unbind(1)), reversed(states), strict=True):
        later = (own + later @ u) * (1 - state**2)
        before.insert(0, later)
    exact = [torch.stack(states, dim=1), torch.stack(before, dim=1)]
    made = added.to(device, torch.float32, memory_format=torch.contiguous_format)
    here = u.to(device, torch.float32)
    found.forward(made, here)
    ours = [made, *found.back(numbers.flip(0).to(device, torch.float32)[..., units:], made, here)]
    for mine, other in zip(ours, [*exact, exact[1].sum(dim=(0, 1))], strict=True):
        error = float((mine.cpu().double() - other).norm() / other.norm())
        if not error < TOLERANCE:
            raise ValueError(f"they are off by {error:.1g}")


def compiled(units: int) -> Walks:
    """Return the kernels of a layer of `units`, compiled for the current GPU."""
    padded = units + -units % 16
    source = files(__package__).joinpath("tanh_kernels.cu").read_text(encoding="utf-8")
    # It brings NVIDIA's compiler along; PyTorch's documented way to it needs one that is installed.
    walk, walk_back = (
        torch.cuda._compile_kernel(source, name, nvcc_options=[f"-DUNITS={units}", f"-DPADDED={padded}"])
        for name in ("walk", "walk_back")
    )

    def size(rows: int) -> dict[str, tuple[int, int, int]]:
        return {"grid": (-(-rows // ROWS), 1, 1), "block": (2 * padded, 1, 1)}

    def forward(states: torch.Tensor, u: torch.Tensor) -> None:
        rows, steps, _ = states.shape
        walk(**size(rows), args=[states, u, rows, steps])

    def back(gradient: torch.Tensor, states: torch.Tensor, u: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        rows, steps, _ = states.shape
        if gradient.stride(2) != 1:
            gradient = gradient.contiguous()
        before = torch.empty_like(states)
        sums = states.new_empty(-(-rows // ROWS), units)
        walk_back(**size(rows), args=[gradient, *gradient.stride()[:2], states, u, before, sums, rows, steps])
        return before, sums.sum(dim=0)

    return Walks(forward, back)

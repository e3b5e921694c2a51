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
            return compiled(units)
    except Exception:  # another PyTorch, without its compiler or with another way to it
        logger.warning("no kernels of our own for a layer of %s units", units, exc_info=True)
        return None


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

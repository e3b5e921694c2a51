"""Where to train."""

from __future__ import annotations

import torch

from sentiment_core.errors import ConfigError


def choose_device(name: str) -> torch.device:
    """Return the device `auto`, `cpu`, `cuda` or `mps`; raise `ConfigError` when this machine has no such device."""
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return torch.device(next((kind for kind, there in available.items() if there), "cpu"))
    if not available.get(name, True):
        raise ConfigError(f"device: {name} was asked for, but this machine has none; use auto or cpu")
    return torch.device(name)


def circumstances(device: torch.device, threads: int) -> dict[str, str | int]:
    """Return what the last bits of a training depend on beside its configuration: in another order sums round apart.

    `threads` is the number of BLAS threads of the run.
    """
    return {
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper(),
        "threads": threads,
        "cpu": torch.backends.cpu.get_cpu_capability(),
    }

"""Where to train."""

from __future__ import annotations

import psutil
import torch

from sentiment_core.errors import ConfigError
from sentiment_core.machine import available_memory, worker_memory


def choose_device(name: str) -> torch.device:
    """Return the device `auto`, `cpu`, `cuda` or `mps`; raise `ConfigError` when this machine has no such device."""
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return torch.device(next((kind for kind, there in available.items() if there), "cpu"))
    if not available.get(name, True):
        raise ConfigError(f"device: {name} was asked for, but this machine has none; use auto or cpu")
    return torch.device(name)


def free_memory(device: torch.device) -> int:
    """Return the bytes that this process can still take where `device` computes."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    # Apple's GPUs share the computer's memory.
    return min(available_memory(), max(0, worker_memory() - psutil.Process().memory_info().rss))


def circumstances(device: torch.device, threads: int, updates: str = "whole") -> dict[str, str | int]:
    """Return what the last bits of a training depend on beside its configuration: in another order sums round apart.

    `threads` is the number of BLAS threads of the run, `updates` how they were made (`Trainer.updates`).
    """
    return {
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper(),
        "threads": threads,
        "halves": 2 if updates == "halves" else 1,
        "graphs": int(updates == "graphs"),
        "cpu": torch.backends.cpu.get_cpu_capability(),
    }

"""CUDA kernels on a CPU, from their own source: `cuda_on_cpu.h` makes a C++ compiler take them.

What is wrong with indices, strides, barriers and arguments shows there as on a GPU; how fast a GPU is does not.
"""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

COMPILER = shutil.which("c++")
HEADER = Path(__file__).with_name("cuda_on_cpu.h")


def compile_kernel(source: str, name: str, options: Sequence[str], folder: Path) -> Callable[..., None]:
    """Return the kernel `name` of `source`, called as PyTorch calls what it compiled; `folder` takes what is made."""
    found = re.search(rf"__global__ void [^;{{]*?\b{name}\(([^)]*)\)", source)
    assert found, f"no kernel called {name}"
    kinds = [re.sub(r"\w+$", "", parameter.strip()).strip() for parameter in found[1].split(",")]
    values = ", ".join(f"*({kind} *)given[{place}]" for place, kind in enumerate(kinds))
    body = _without(source, "add") + (
        f'extern "C" int call(const int *grid, const int *block, void **given) {{\n'
        f"    try {{ launch(grid, block, [&] {{ {name}({values}); }}); }}\n"
        "    catch (const std::exception &) { return 1; }\n"
        "    return 0;\n}\n"
    )
    number = len(list(folder.iterdir()))
    written, library = folder / f"{number}.cpp", folder / f"{number}.so"
    written.write_text(f'#include "{HEADER}"\n{body}', encoding="utf-8")
    assert COMPILER is not None
    command = [COMPILER, "-std=c++17", "-O1", "-w", "-shared", "-fPIC", *options, "-o", str(library), str(written)]
    subprocess.run(command, check=True)
    call = ctypes.CDLL(str(library)).call

    def kernel(grid: tuple[int, int, int], block: tuple[int, int, int], args: Sequence[Any]) -> None:
        assert len(args) == len(kinds)
        kept: list[Any] = []
        for value, kind in zip(args, kinds, strict=True):
            assert isinstance(value, torch.Tensor if "*" in kind else int), kind
            if isinstance(value, torch.Tensor):
                assert value.dtype is torch.float32
                kept.append(ctypes.c_void_p(value.data_ptr()))
            else:
                kept.append(ctypes.c_int(value))
        given = (ctypes.c_void_p * len(kept))(*(ctypes.addressof(value) for value in kept))
        three = ctypes.c_int * 3
        assert call(three(*grid), three(*block), given) == 0, "a barrier that not all threads reach"

    return kernel


def _without(source: str, name: str) -> str:
    """Return `source` without the device function `name`, which is written in a GPU's own instructions."""
    start = source.index(f"__device__ __forceinline__ void {name}(")
    end = source.index("\n}\n", start) + len("\n}\n")
    return source[:start] + source[end:]

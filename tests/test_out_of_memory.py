"""Every library's way of saying that memory ran out, and what sounds like it but is not."""

from __future__ import annotations

import errno

import numpy as np
import pytest
import torch

from sentiment_core.errors import DataError, OutOfMemory, StoreError
from sentiment_core.out_of_memory import READING_ADVICE, is_out_of_memory, memory_errors

HUGE = 2**46


def raised_by_torch() -> RuntimeError:
    with pytest.raises(RuntimeError) as found:
        torch.empty(HUGE)
    return found.value


def raised_by_numpy() -> MemoryError:
    with pytest.raises(MemoryError) as found:
        np.empty(HUGE)
    return found.value


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: not enough memory: you tried to allocate"
        ),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        OutOfMemory("as it was said"),
    ],
    ids=repr,
)
def test_it_is(error):
    assert is_out_of_memory(error)


def test_it_is_what_the_installed_libraries_raise():
    assert is_out_of_memory(raised_by_torch()) and is_out_of_memory(raised_by_numpy())


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("mat1 and mat2 shapes cannot be multiplied"),
        RuntimeError("memory format option is only supported by strided tensors"),
        ValueError("out of memory"),
        OSError(errno.ENOSPC, "No space left on device"),
        StoreError("out of memory"),
        KeyError("memory"),
    ],
    ids=repr,
)
def test_it_is_not(error):
    assert not is_out_of_memory(error)


def test_errors_become_one_sentence_and_others_stay():
    with pytest.raises(OutOfMemory, match=r"^Out of memory\. Use fewer") as found, memory_errors(READING_ADVICE):
        raise raised_by_torch()
    assert isinstance(found.value.__cause__, RuntimeError)
    with pytest.raises(OutOfMemory, match=r"^as it was said$"), memory_errors(READING_ADVICE):
        raise OutOfMemory("as it was said")
    with pytest.raises(DataError), memory_errors(READING_ADVICE):
        raise DataError("no reviews")

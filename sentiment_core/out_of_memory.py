"""Whether an error means that memory ran out: each library says so in its own way, and one place knows them all."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from sentiment_core.errors import OutOfMemory

TRAINING_ADVICE = "Use a smaller batch size, model or review limit."
READING_ADVICE = "Use fewer or shorter reviews, or close other programs."

# PyTorch raises plain RuntimeErrors for all but CUDA's own allocator: its CPU allocator on Linux and on Windows, the
# Metal one, and the CUDA libraries.
_PHRASES = (
    "can't allocate memory",
    "cannot allocate memory",
    "not enough memory",
    "out of memory",
    "std::bad_alloc",
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
    "cusparse_status_alloc_failed",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether `error` says that memory ran out, on the CPU or on a GPU."""
    if isinstance(error, MemoryError | OutOfMemory):  # NumPy's and Arrow's are MemoryErrors
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    # torch.OutOfMemoryError is a RuntimeError too, and says "out of memory".
    return isinstance(error, RuntimeError) and any(phrase in str(error).lower() for phrase in _PHRASES)


@contextmanager
def memory_errors(advice: str) -> Iterator[None]:
    """Turn every error inside that means that memory ran out into `OutOfMemory`, ending in `advice`."""
    try:
        yield
    except Exception as error:
        if isinstance(error, OutOfMemory) or not is_out_of_memory(error):
            raise
        raise OutOfMemory(f"Out of memory. {advice}") from error

"""How a small array is kept in a database: its sizes, then its float32 numbers, all little-endian."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from sentiment_core.errors import StoreError

if TYPE_CHECKING:
    import numpy as np

MOST_DIMENSIONS = 8


def pack(array: np.ndarray) -> bytes:
    """Return an array of 1 to 8 dimensions as bytes, rounded to float32; raise `ValueError` for any other."""
    if not 1 <= array.ndim <= MOST_DIMENSIONS:
        raise ValueError(f"an array of 1 to {MOST_DIMENSIONS} dimensions can be kept, not one of shape {array.shape}")
    sizes = struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)
    return sizes + array.astype("<f4").tobytes()


def unpack(content: bytes) -> np.ndarray:
    """Return the array (float32) that `pack` made `content` of; raise `StoreError` when it did not."""
    # Who only lists runs, as the workers' side does, waits for no numpy.
    import numpy as np

    dimensions = content[0] if content else 0
    start = 1 + 4 * dimensions
    if 1 <= dimensions <= MOST_DIMENSIONS and len(content) >= start:
        shape = struct.unpack_from(f"<{dimensions}I", content, 1)
        if len(content) - start == 4 * int(np.prod(shape, dtype=object)):
            return np.frombuffer(content, "<f4", offset=start).astype(np.float32).reshape(shape)
    raise StoreError("an array that was measured cannot be read: the store is damaged. Restore a backup.")

"""What commands write: files, and documents too long to be held."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sentiment_core.errors import DataError


def write(output: str, content: bytes) -> None:
    try:
        Path(output).write_bytes(content)
    except OSError as error:
        raise _cannot_write(output, error) from error


@contextmanager
def written(output: str) -> Iterator[IO[bytes]]:
    """Yield a file to fill: it appears as `output` when the block ends, so that an input may have the same name."""
    target = Path(output).resolve()
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with partial.open("wb") as file:
            yield file
        os.replace(partial, target)
    except OSError as error:
        raise _cannot_write(output, error) from error
    finally:
        partial.unlink(missing_ok=True)


def joined(parts: Iterable[str], separator: str) -> Iterator[str]:
    """Yield the pieces of `separator.join(parts)`."""
    for place, part in enumerate(parts):
        yield separator + part if place else part


def _cannot_write(output: str, error: OSError) -> DataError:
    return DataError(f"cannot write {output}: {error.strerror}; choose another --output")

"""Files that commands write."""

from __future__ import annotations

from pathlib import Path

from sentiment_core.errors import DataError


def write(output: str, content: bytes) -> None:
    try:
        Path(output).write_bytes(content)
    except OSError as error:
        raise DataError(f"cannot write {output}: {error.strerror}; choose another --output") from error

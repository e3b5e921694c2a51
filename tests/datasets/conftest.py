"""Files to read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sentiment_core.settings import DataConfig


@pytest.fixture
def kept(tmp_path: Path) -> Any:
    """`kept("a.csv", content, header="no")` are the settings that read a file of this name and content."""

    def write(name: str, content: bytes, **fields: Any) -> DataConfig:
        (tmp_path / name).write_bytes(content)
        return DataConfig(source="csv", path=str(tmp_path / name), **fields)

    return write

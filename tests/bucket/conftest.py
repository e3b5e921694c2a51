"""Two machines, a home each, one store and one bucket."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentiment_core import bucket
from sentiment_core.embeddings import load_saved
from tests.bucket.shared import Go


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Go]:
    """`go("b")`: from now on this process is on machine b, whose home is `b`; a bucket lies in `bucket`."""
    monkeypatch.setenv(bucket.ADDRESS, f"file://{tmp_path}/bucket")
    if "SENTIMENT_STORE_URL" not in os.environ:
        monkeypatch.setenv("SENTIMENT_STORE_URL", f"sqlite:///{tmp_path}/store.sqlite3")

    def to(name: str) -> Path:
        monkeypatch.setenv("SENTIMENT_HOME", str(tmp_path / name))
        load_saved.cache_clear()  # it is asked by name, whatever the home
        return tmp_path / name

    to("a")
    yield to
    load_saved.cache_clear()
    monkeypatch.setattr(bucket, "_index", None)

"""What tests of workers share."""

from __future__ import annotations

import pytest

from sentiment_core.work import reporting


@pytest.fixture
def write_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "FLUSH_SECONDS", 0.0)

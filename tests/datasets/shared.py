"""What tests of files share."""

from __future__ import annotations

import pytest

from sentiment_core.datasets import file
from sentiment_core.errors import DataError
from sentiment_core.progress import silent
from sentiment_core.settings import DataConfig


def refused(data: DataConfig) -> str:
    """Return why a file is not read, one sentence or few."""
    with pytest.raises(DataError) as caught:
        file.load(data, silent)
    message = str(caught.value)
    assert len(message) < 700 and "Traceback" not in message
    return message

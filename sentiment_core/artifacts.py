"""Where things are kept: everything the product writes lies under one folder."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from sentiment_core.errors import StoreError


def home() -> Path:
    """Return the folder for experiments and caches: `$SENTIMENT_HOME`, else the platform's user data folder."""
    chosen = os.environ.get("SENTIMENT_HOME")
    return Path(os.path.expanduser(chosen)) if chosen else platformdirs.user_data_path("sentiment-lab")


def folder(*parts: str) -> Path:
    """Return `home()/parts`, created; raise `StoreError` when it cannot be."""
    path = home().joinpath(*parts)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot create {path}: {error.strerror}. Set SENTIMENT_HOME to a folder you may write to."
        ) from error
    return path

"""A trained model, loaded once for all pages that ask it."""

from __future__ import annotations

from typing import Any

from sentiment_core.explain import load_predictor
from ui.kit.kept import kept
from ui.server.backend import store


@kept(max_entries=4, show_spinner="Loading the model")
def predictor(model_id: str, version: str) -> Any:
    """Return a loaded model; `version` changes when its weights do."""
    return load_predictor(model_id, store())

"""Where the masked language models that ship lie, and with which settings they learned. Needs no torch."""

from __future__ import annotations

import json
from pathlib import Path

from sentiment_core.artifacts import MODEL
from sentiment_core.config import ExperimentConfig, build
from sentiment_core.errors import CheckpointError

FOLDER = Path(__file__).resolve().parent / "pretrained" / "bert"


def shipped_names() -> list[str]:
    """Return what the models that ship are called, in alphabetical order."""
    return sorted(path.parent.name for path in FOLDER.glob(f"*/{MODEL}"))


def shipped_config(name: str) -> ExperimentConfig:
    """Return the settings of one of `shipped_names`; raise `CheckpointError` when it is damaged."""
    try:
        return build(ExperimentConfig, json.loads((FOLDER / name / MODEL).read_text(encoding="utf-8"))["config"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckpointError(
            f"the model {name}, which ships with Sentiment Lab, is damaged; install it again"
        ) from error

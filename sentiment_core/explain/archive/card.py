"""The card of a model: what it is, what it was measured at, and how to ask it without this program."""

from __future__ import annotations

from sentiment_core.config import ExperimentConfig, field_info, flatten
from sentiment_core.store import Run
from sentiment_core.training.checkpoints import SavedModel

ABOUT = (
    "A model that says how likely a film review is positive. English, lower-cased; words that it does not know are "
    "left out. It was trained and measured on reviews like those named below; on other texts it may be wrong more "
    "often, and its answer is no fact about a film."
)
LATER = ("name", "device", "data.path")


def card(saved: SavedModel, run: Run | None, words: int) -> str:
    """Return the card as Markdown; names are quoted, so that nothing in them is markup."""
    config = saved.config
    name = run.name if run else str(saved.details.get("name", config.name))
    accuracies = [
        f"- {part} accuracy {value:.4f}"
        for part, value in (
            ("Validation", run.validation_accuracy if run else None),
            ("Test", run.test_accuracy if run else saved.details.get("test_accuracy")),
        )
        if isinstance(value, float)
    ]
    lines = [
        f"# {quoted(name)}",
        "",
        ABOUT,
        "",
        *accuracies,
        f"- {words:,} word pieces"
        if saved.pieces is not None
        else f"- {words:,} words with vectors; their source: {quoted(config.data.embeddings)}",
        "",
        "## Ask it",
        "",
        "Unpack this archive; PyTorch is all that is needed, nothing is downloaded and no pickle is read:",
        "",
        '    python load_model.py "What a film!"',
        "",
        "In Sentiment Lab: `sentiment-lab import FILE`, or Import on the Runs page.",
        "",
        "## Settings that are not the usual ones",
        "",
        *_settings(config),
        "",
    ]
    return "\n".join(lines)


def quoted(text: str) -> str:
    """Return a text as Markdown's code, in one line."""
    return f"`{' '.join(text.replace('`', chr(39)).split())}`"


def _settings(config: ExperimentConfig) -> list[str]:
    usual = flatten(ExperimentConfig())
    return [
        f"- {field_info(field).title}: {quoted(_said(value))}"
        for field, value in flatten(config).items()
        if value != usual[field] and field not in LATER
    ] or ["- none"]


def _said(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)

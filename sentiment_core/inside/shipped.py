"""Small models that ship with the product to be looked into: alike in all but the cell and in what the head reads.

`benchmarks/glass_models.py` makes them; the card beside them says how, and how good they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sentiment_core.errors import NotFoundError
from sentiment_core.explain import load_predictor
from sentiment_core.explain.predictor import Predictor, load
from sentiment_core.store import Store

FOLDER = Path(__file__).resolve().parent.parent / "pretrained" / "glass"


@dataclass(frozen=True)
class ShippedModel:
    """One of them: its name on pages, its cell and its pooling."""

    title: str
    cell: str
    pooling: str


SHIPPED: dict[str, ShippedModel] = {
    "glass-padded": ShippedModel("tanh RNN, last state after padding (bug)", "rnn", "padded_last"),
    "glass-last": ShippedModel("tanh RNN, last state", "rnn", "last"),
    "glass-attention": ShippedModel("tanh RNN, attention", "rnn", "attention_dot"),
    "glass-gru": ShippedModel("GRU, last state", "gru", "last"),
    "glass-lstm": ShippedModel("LSTM, last state", "lstm", "last"),
}


def shipped_steps(name: str) -> list[int]:
    """Return after which updates the weights of a shipped model were kept, ascending, without the end."""
    return sorted(int(path.name.removeprefix("step-")) for path in (FOLDER / name).glob("step-*"))


def load_to_look(model_id: str, store: Store, step: int | None = None) -> Predictor:
    """Return a model that ships, by its name, or any that can be explained; as it was after update `step`, or at last.

    Raises `NotFoundError`, `CheckpointError` or `EmbeddingsError`.
    """
    return load_shipped(model_id, step) if model_id in SHIPPED else load_predictor(model_id, store, step)


def load_shipped(name: str, step: int | None = None) -> Predictor:
    """Return a shipped model as it was after update `step`, or at the end; raise `NotFoundError`."""
    if name not in SHIPPED:
        raise NotFoundError(f"no model called {name[:60]!r} ships with Sentiment Lab")
    if step is not None and step not in (steps := shipped_steps(name)):
        kept = ", ".join(map(str, steps))
        raise NotFoundError(f"the weights of {name} after step {step} were not kept; kept are {kept}")
    return load(name, FOLDER / name if step is None else FOLDER / name / f"step-{step}")

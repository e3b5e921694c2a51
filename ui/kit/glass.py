"""What pages that show the glass share: the models to look into, what is seen in them, and the words near a word."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from sentiment_core.artifacts import home
from sentiment_core.data_view.neighbours import WordSpace, nearest_to, word_space
from sentiment_core.explain import PRETRAINED, ModelInfo, available_models
from sentiment_core.explain.catalogue import weights_of
from sentiment_core.inside.glass import Glass, look
from sentiment_core.inside.shipped import FOLDER, SHIPPED, load_to_look, shipped_steps
from sentiment_core.number_words import counted
from sentiment_core.snapshots import kept_steps
from ui.kit.components.glass import Near, Pane
from ui.kit.kept import kept
from ui.server.backend import store

NEAREST = 10


def models() -> dict[str, ModelInfo]:
    """Return the models to look into by id: the small ones that ship, the pretrained one, runs that kept weights."""
    shipped = {name: _shipped(name) for name in SHIPPED}
    return shipped | {info.id: info for info in available_models(store()) if info.has_states}


def steps_of(model_id: str) -> list[int]:
    """Return the updates after which a model's weights were kept on the way, ascending."""
    if model_id in SHIPPED:
        return shipped_steps(model_id)
    return [] if model_id == PRETRAINED else kept_steps(store().run(model_id))


def pane(info: ModelInfo, step: int | None, text: str, padding: int, label: int | None) -> Pane:
    """Return what a model, as it was after update `step` or at the end, makes of a review; `SentimentLabError`."""
    seen: Glass = _seen(*_version(info.id, step), text, padding, label)
    cut = f"the first {len(seen.token_ids)} of {seen.known} words" if seen.known > len(seen.token_ids) else ""
    when = "" if step is None else f", after update {step:,}" if step else ", untrained"
    # An accuracy is that of the model as it was kept last.
    accuracy = "" if info.accuracy is None or step is not None else f"accuracy {info.accuracy:.3f}"
    unknown = f"{counted(seen.unknown, 'unknown word')} left out" if seen.unknown else ""
    note = " · ".join(filter(None, (accuracy, cut, unknown)))
    return Pane(info.name + when, note, text, seen)


def near(panes: list[Pane], picked: list[tuple[ModelInfo, int | None]], place: int, token: int) -> Near:
    """Return the words nearest to the vector that the model of a pane reads for a token; `picked` are the models."""
    info, step = picked[place]
    version = _version(info.id, step)
    predictor = _predictor(*version)
    source = int(panes[place].seen.token_ids[token])
    vector = predictor.embed(np.array([source]))[0]
    return Near(place, token, tuple(nearest_to(_space(*version), vector, NEAREST, without=source)))


@kept(max_entries=len(SHIPPED))
def _shipped(name: str) -> ModelInfo:
    details = json.loads((FOLDER / name / "model.json").read_text(encoding="utf-8"))["details"]
    model = SHIPPED[name]
    return ModelInfo(name, f"Small {model.title}", "32 units", details["test_accuracy"], "attention" in model.pooling)


def _version(model_id: str, step: int | None) -> tuple[str, str, int | None, str]:
    """Return what changes with the weights: a run may be trained further, and another home has other runs."""
    weights = "" if model_id in SHIPPED else weights_of(model_id, store(), step)
    return str(home()), model_id, step, weights


@kept(max_entries=8, show_spinner="Loading the model")
def _predictor(where: str, model_id: str, step: int | None, weights: str) -> Any:
    return load_to_look(model_id, store(), step)


@kept(max_entries=48)
def _seen(
    where: str, model_id: str, step: int | None, weights: str, text: str, padding: int, label: int | None
) -> Glass:
    # Neither padding nor the label changes the answers word by word.
    changed = padding or label is not None
    bare = _seen(where, model_id, step, weights, text, 0, None) if changed else None
    return look(_predictor(where, model_id, step, weights), text, padding, label, bare)


@kept(max_entries=2)
def _space(where: str, model_id: str, step: int | None, weights: str) -> WordSpace:
    return word_space(_predictor(where, model_id, step, weights).vectors)

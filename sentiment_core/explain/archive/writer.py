"""A model packed to leave: what it needs to give the same answers without this package."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import safetensors.torch
import torch

from sentiment_core import plain_text
from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import CheckpointError, ConfigError
from sentiment_core.excerpt import from_the_head
from sentiment_core.explain.archive import layout
from sentiment_core.explain.archive.card import card
from sentiment_core.explain.archive.spelling import spelling
from sentiment_core.explain.catalogue import model_folder, run_of
from sentiment_core.explain.predictor import Predictor
from sentiment_core.explain.unseen import experiment_folder
from sentiment_core.models.transformer import SINE_SIZE
from sentiment_core.seen import read_seen
from sentiment_core.store import Run, Store
from sentiment_core.text import rules_of
from sentiment_core.training.checkpoints import EMBEDDING, OWN, PIECES, VOCABULARY, SavedModel, load_model
from sentiment_core.wordpiece import LONGEST_WORD, WordPieces, cleaning_rules


def model_archive(store: Store, model_id: str) -> bytes:
    """Return a run's model, or `pretrained`, as a zip; `load_model.py` in it asks the model with PyTorch alone.

    All words of its vectors go with it, or all its word pieces: a text may hold words that its training reviews did
    not. Raises `NotFoundError`, `CheckpointError`, `EmbeddingsError`, and `ConfigError` for a model with a
    mistake: its answers depend on who shares its batch.
    """
    saved = load_model(model_folder(model_id, store))
    if saved.config.model.mistakes:
        raise ConfigError(f"{model_id} was trained with a mistake of the notebook (model.mistakes); it stays here")
    predictor = Predictor(model_id, saved)
    packed = _with_words(saved, predictor) if saved.pieces is None else _with_pieces(saved, saved.pieces)
    head = from_the_head(predictor.max_tokens, predictor.keep)
    run = None if run_of(model_id) is None else store.run(model_id)
    about = {
        "format": layout.FORMAT,
        "config": _portable(saved.config),
        "vectors": OWN if saved.pieces is None else PIECES,
        "details": saved.details,
        "reading": {
            **packed.reading,
            "head": head,
            "tail": predictor.max_tokens - head,
            "temperature": predictor.temperature,
        },
        "run": _told(run),
    }
    try:
        seen = read_seen(experiment_folder(model_id, store))
    except CheckpointError:
        seen = None  # what it has learned from is a help beside its answers, not part of them
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(layout.CARD, card(saved, run, len(packed.words)))
        archive.writestr(layout.SETTINGS, json.dumps(about, indent=1))
        archive.writestr(layout.WORDS, json.dumps(list(packed.words), ensure_ascii=False))
        for name, source in packed.programs.items():
            archive.write(source, name)
        weights = safetensors.torch.save({name: _shorter(value) for name, value in packed.tensors.items()})
        # Numbers hardly shrink, and 80 MB of them would take seconds.
        archive.writestr(layout.WEIGHTS, weights, zipfile.ZIP_STORED)
        if seen is not None:
            hashes = {layout.HASHES: torch.from_numpy(seen.view(np.int64))}
            archive.writestr(layout.SEEN, safetensors.torch.save(hashes), zipfile.ZIP_STORED)
    return content.getvalue()


@dataclass(frozen=True)
class _Packed:
    """What of an archive depends on how the model reads: words or pieces, weights, how texts are split, programs."""

    words: Sequence[str]
    tensors: dict[str, torch.Tensor]
    reading: dict[str, Any]
    programs: dict[str, Path]


def _with_words(saved: SavedModel, predictor: Predictor) -> _Packed:
    tensors = {name: value for name, value in saved.tensors.items() if name not in {EMBEDDING, VOCABULARY}}
    tensors[EMBEDDING] = torch.from_numpy(predictor.embed(np.arange(len(predictor.vectors.words) + 1)))
    programs = {layout.LOADER: layout.LOADER_FILE, layout.SPELLING: Path(str(plain_text.__file__))}
    return _Packed(predictor.vectors.words, tensors, rules_of(saved.config.data.tokenizer), programs)


def _with_pieces(saved: SavedModel, pieces: WordPieces) -> _Packed:
    reading = {
        **cleaning_rules(),
        "spelling": spelling(pieces.vocabulary),
        "longest_word": LONGEST_WORD,
        "position_size": SINE_SIZE,
    }
    return _Packed(pieces.vocabulary, saved.tensors, reading, {layout.LOADER: layout.TRANSFORMER_LOADER_FILE})


def _shorter(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor in half precision where that keeps every bit of its values."""
    if tensor.dtype is not torch.float32:
        return tensor.contiguous()
    half = tensor.half()
    return half.contiguous() if torch.equal(half.float(), tensor) else tensor.contiguous()


def _portable(config: ExperimentConfig) -> dict[str, Any]:
    """Return the settings without folders of this machine."""
    document = config.model_dump(mode="json")
    if document["data"]["path"]:
        document["data"]["path"] = PurePath(document["data"]["path"]).name
    return document


def _told(run: Run | None) -> dict[str, Any]:
    names = ("name", "parameters", "steps", "seconds", "tokens", "validation_accuracy", "test_accuracy")
    return {} if run is None else {name: getattr(run, name) for name in names}

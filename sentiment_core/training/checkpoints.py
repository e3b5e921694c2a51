"""Training state and trained models on disk. Nothing here executes code from a file.

A checkpoint is a torch archive read with `weights_only=True`; a model is `model.safetensors` beside `model.json`.
Both are written to a temporary file and renamed, so a crash leaves the previous one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch

from sentiment_core.artifacts import MODEL, WEIGHTS, WORD_PIECES, here, written
from sentiment_core.config import ExperimentConfig
from sentiment_core.corpus import Corpus
from sentiment_core.embeddings import WordVectors, load_saved
from sentiment_core.errors import CheckpointError, StoreError
from sentiment_core.models import Network
from sentiment_core.models.reviews import WORD_TABLE
from sentiment_core.wordpiece import WordPieces, read_wordpieces

MODEL_FORMAT = 1
EMBEDDING = "embedding.weight"
VOCABULARY = "vocabulary"
# In place of the vectors' key: the model brings all its words along.
OWN = "own"
# Or all its word pieces, in a file beside it.
PIECES = "word pieces"
MOST_WORDS = 1_000_000


@dataclass(frozen=True)
class SavedModel:
    """A model read from disk: its single-run configuration, its tensors by name and the key of its word vectors.

    `words` are those of a model that brings its own vectors: word `i` is row `i + 1` of the embedding. `pieces` are
    those of a model that reads word pieces.
    """

    config: ExperimentConfig
    tensors: dict[str, torch.Tensor]
    vectors_key: str
    details: dict[str, Any]
    words: tuple[str, ...] | None = None
    pieces: WordPieces | None = None


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a training state; raise `StoreError` when the disk refuses."""
    _write(path, lambda temporary: torch.save(state, temporary))


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a training state; raise `CheckpointError` when it is missing or damaged."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # zip, pickle and torch each fail in their own way
        raise CheckpointError(f"the checkpoint {path.name} is missing or damaged") from error
    if not isinstance(state, dict):
        raise CheckpointError(f"the checkpoint {path.name} holds something else")
    return state


def save_model(folder: Path, model: Network, config: ExperimentConfig, corpus: Corpus, **details: Any) -> None:
    """Write a trained model. Frozen vectors are named, not copied; fine-tuned ones are saved with their word ids."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    if EMBEDDING in tensors:
        tensors[VOCABULARY] = torch.from_numpy(corpus.vocabulary)
    write_model(folder, tensors, config, corpus.vectors.key, details)


def save_with_pieces(
    folder: Path, model: Network, config: ExperimentConfig, pieces: WordPieces, made: dict[str, str | int]
) -> None:
    """Write a trained model that reads word pieces, and these beside it."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    write_pieces(folder, pieces)
    write_model(folder, tensors, config, PIECES, {"made": made})


def write_pieces(folder: Path, pieces: WordPieces) -> None:
    """Write the word pieces beside a model that reads them; raise `StoreError` when the disk refuses."""
    with written(folder / WORD_PIECES) as temporary:
        temporary.write_text(pieces.text, encoding="utf-8")


def write_model(
    folder: Path, tensors: dict[str, torch.Tensor], config: ExperimentConfig, vectors_key: str, details: dict[str, Any]
) -> None:
    """Write what `load_model` reads; raise `StoreError` when the disk refuses."""
    description = {
        "format": MODEL_FORMAT,
        "config": config.model_dump(mode="json"),
        "vectors": vectors_key,
        "details": details,
    }
    _write(folder / WEIGHTS, lambda path: safetensors.torch.save_file(tensors, path))
    _write(folder / MODEL, lambda path: path.write_text(json.dumps(description, indent=1)))


def load_model(folder: Path) -> SavedModel:
    """Read a trained model; raise `CheckpointError` when it is missing, damaged or from another version."""
    folder = here(folder)
    try:
        description = json.loads((folder / MODEL).read_text())
        tensors = safetensors.torch.load_file(folder / WEIGHTS)
        if description["format"] != MODEL_FORMAT:
            raise CheckpointError(f"the model in {folder.name} is of format {description['format']}; train it again")
        config = ExperimentConfig.model_validate(description["config"])
        key = str(description["vectors"])
        words = _own_words(folder, tensors) if key == OWN else None
        pieces = read_wordpieces((folder / WORD_PIECES).read_text(encoding="utf-8")) if key == PIECES else None
        return SavedModel(config, tensors, key, dict(description["details"]), words, pieces)
    except (OSError, ValueError, KeyError, TypeError, RecursionError, safetensors.SafetensorError) as error:
        raise CheckpointError(f"the model in {folder.name} is missing or damaged; train it again") from error


def vocabulary_of(saved: SavedModel) -> np.ndarray | None:
    """Return the source ids `(V,)` of a fine-tuned model's rows, None when its vectors were frozen or are its own."""
    vocabulary = saved.tensors.get(VOCABULARY)
    return None if vocabulary is None else vocabulary.numpy()


def vectors_of(saved: SavedModel) -> WordVectors:
    """Return the word vectors that the model reads texts with; raise `EmbeddingsError` when they are gone."""
    if saved.pieces is not None:
        # Piece `i` is row `i` of its table, and row 0 is padding: as words are numbered.
        table = saved.tensors[WORD_TABLE][1:].float().numpy()
        return WordVectors(PIECES, saved.pieces.vocabulary[1:], table, PIECES)
    if saved.words is None:
        return load_saved(saved.vectors_key)
    matrix = saved.tensors[EMBEDDING][1:].float().numpy()
    return WordVectors(OWN, saved.words, matrix, OWN)


def _own_words(folder: Path, tensors: dict[str, torch.Tensor]) -> tuple[str, ...]:
    words = json.loads((folder / "words.json").read_text(encoding="utf-8"))
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise CheckpointError(f"the words of the model in {folder.name} are damaged; install it again")
    if len(words) > MOST_WORDS or len(words) + 1 != len(tensors[EMBEDDING]):
        raise CheckpointError(f"the model in {folder.name} has another number of words than vectors; install it again")
    return tuple(words)


def _write(path: Path, write: Callable[[Path], object]) -> None:
    try:
        with written(path) as temporary:
            write(temporary)
    except (RuntimeError, safetensors.SafetensorError) as error:  # a full disk, in the words of these libraries
        raise StoreError(
            f"cannot write {path}: its disk may be full. Free some space or set SENTIMENT_HOME elsewhere."
        ) from error

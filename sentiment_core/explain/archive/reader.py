"""An archive of a model brought into this home. It is hostile until parsed: no pickle, no code, no path of its own."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Any

import numpy as np
import safetensors.torch
import torch
from pydantic import ValidationError

from sentiment_core.artifacts import SEEN, place, run_place, work_place, write_json, written
from sentiment_core.config import ExperimentConfig, RunConfig, build
from sentiment_core.datasets.file.container import has_long_directory
from sentiment_core.errors import CheckpointError, DataError, SentimentLabError
from sentiment_core.explain.archive import layout
from sentiment_core.explain.predictor import Predictor
from sentiment_core.machine import available_memory, in_words
from sentiment_core.models.reviews import WORD_TABLE
from sentiment_core.store import Run, Store
from sentiment_core.tasks import TASKS, WORD_PIECES
from sentiment_core.training.checkpoints import (
    EMBEDDING,
    MOST_WORDS,
    OWN,
    PIECES,
    SavedModel,
    write_model,
    write_pieces,
)
from sentiment_core.wordpiece import wordpieces_of

# Weights are numbers: none that somebody trained shrink to less than this.
MOST_TIMES_LARGER = 50
LONGEST_WORD = 1_000
# As it came, as tensors, and these once more in single precision: in the model and on the way there.
TIMES_IN_MEMORY = 6
NOT_OURS = (
    "this is no model of Sentiment Lab: {}. Choose a file that `export --format model` or its button has written."
)
# What a run may claim about itself, and up to where.
CLAIMS = {"parameters": 2**40, "steps": 2**31 - 1, "seconds": 1e9, "tokens": 2**50}
SHARES = ("validation_accuracy", "test_accuracy")


@dataclass(frozen=True)
class Arrived:
    """A model as an archive brings it: read, checked, and asked once."""

    saved: SavedModel
    name: str
    claims: Mapping[str, float | int]
    seen: np.ndarray | None


def import_model(store: Store, path: Path | IO[bytes]) -> Run:
    """Bring a model into this home as a finished run of an experiment of its own, and return the run.

    Raises `DataError` for what is no such archive, or larger than one may be, and `StoreError`. Its curves stay where
    it was trained.
    """
    arrived = read_archive(path)
    config = arrived.saved.config
    experiment = store.adopt_experiment(config, **arrived.claims)
    (run,) = experiment.runs
    try:
        store.folder_of(experiment.id)
        folder = run_place(experiment.id, run.id)
        folder.mkdir(exist_ok=True)
        if arrived.seen is not None:
            with written(work_place(experiment.id) / SEEN) as temporary:
                np.save(temporary, arrived.seen, allow_pickle=False)
        saved = arrived.saved
        if saved.pieces is None:
            write_json(folder / "words.json", list(saved.words or ()))
        else:
            write_pieces(folder, saved.pieces)
        # Last: a run without these files has no model yet.
        write_model(folder, saved.tensors, config, saved.vectors_key, dict(saved.details))
    except (SentimentLabError, OSError):
        store.delete_experiment(experiment.id)
        raise
    return run


def read_archive(path: Path | IO[bytes]) -> Arrived:
    """Return what an archive holds; raise `DataError` for anything that is not one, with what to do."""
    if isinstance(path, Path) and not path.is_file():
        raise DataError(f"{path}: there is no such file. Check the name and the folder.")
    try:
        with path.open("rb") if isinstance(path, Path) else nullcontext(path) as raw:
            if has_long_directory(raw):
                raise DataError(NOT_OURS.format("it holds more files than any of ours"))
            with zipfile.ZipFile(raw) as archive:
                parts = _parts(archive)
        about = _json(parts[layout.SETTINGS], layout.SETTINGS, dict)
        if about.get("format") != layout.FORMAT:
            raise DataError(NOT_OURS.format(f"its format is {str(about.get('format'))[:20]!r}, not {layout.FORMAT}"))
        words = _words(parts[layout.WORDS])
        tensors = safetensors.torch.load(parts[layout.WEIGHTS])
        told = about.get("run")
        told = told if isinstance(told, dict) else {}
        name = _name(told)
        config = _config(about.get("config"), name)
        if WORD_PIECES in TASKS[config.task].topics:
            saved = SavedModel(config, tensors, PIECES, _details(about), pieces=wordpieces_of(words))
        else:
            saved = SavedModel(config, tensors, OWN, _details(about), words)
        _check_weights(saved)
        seen = _seen(parts)
    except CheckpointError as error:
        raise DataError(NOT_OURS.format(str(error))) from error
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError, OSError) as error:
        raise DataError(NOT_OURS.format("it is no zip file, or a damaged one")) from error
    except (ValueError, KeyError, TypeError, RecursionError, safetensors.SafetensorError) as error:
        raise DataError(NOT_OURS.format(f"what is in it cannot be read ({type(error).__name__})")) from error
    return Arrived(saved, name, _claims(told), seen)


def _parts(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Return the parts that there may be, by name, each within its limit whatever the archive claims."""
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if unknown := [name for name in names if name not in layout.LARGEST]:
        raise DataError(NOT_OURS.format(f"it holds {unknown[0][:60]!r}, which none of ours does"))
    if len(set(names)) < len(names) or not set(layout.NEEDED) <= set(names):
        raise DataError(NOT_OURS.format(f"it needs {', '.join(layout.NEEDED)}, each once"))
    if {info.compress_type for info in infos} - {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise DataError(NOT_OURS.format("it is packed in a way that ours are not"))
    # The others are for people, and for other programs.
    read = [info for info in infos if info.filename not in (layout.CARD, layout.LOADER, layout.SPELLING)]
    for info in read:
        most = min(layout.LARGEST[info.filename], max(layout.MEGABYTE, MOST_TIMES_LARGER * info.compress_size))
        if info.file_size > most:
            raise DataError(NOT_OURS.format(f"{info.filename} would be {info.file_size:,} bytes unpacked"))
    # No part is read further than it says.
    needed, free = TIMES_IN_MEMORY * sum(info.file_size for info in read), available_memory()
    if needed > free:
        raise DataError(
            f"reading this model takes {in_words(needed)} of memory and {in_words(free)} are free; end something that "
            "runs here, or choose a smaller model"
        )
    parts = {}
    for info in read:
        with archive.open(info) as part:
            parts[info.filename] = part.read(info.file_size + 1)
        if len(parts[info.filename]) != info.file_size:
            raise DataError(NOT_OURS.format(f"{info.filename} has another size than it says"))
    return parts


def _json(content: bytes, name: str, kind: type) -> Any:
    found = json.loads(content.decode("utf-8"))
    if not isinstance(found, kind):
        raise DataError(NOT_OURS.format(f"{name} is no {'object' if kind is dict else 'list'}"))
    return found


def _words(content: bytes) -> tuple[str, ...]:
    # Before it is parsed: an empty list in JSON is two bytes, in memory it is twenty times that.
    if content.count(b",") > 2 * MOST_WORDS:
        raise DataError(NOT_OURS.format("its words are too many"))
    found = _json(content, layout.WORDS, list)
    if len(found) > MOST_WORDS or not all(isinstance(word, str) and len(word) <= LONGEST_WORD for word in found):
        raise DataError(NOT_OURS.format("its words are no list of words, or too many"))
    # Half characters would be refused by whoever writes them down.
    words = tuple(word.encode("utf-8", "replace").decode("utf-8") for word in found)
    if len(set(words)) < len(words):
        raise DataError(NOT_OURS.format("some of its words are there twice"))
    return words


def _config(found: Any, name: str) -> ExperimentConfig:
    """Return the settings of a single run. A file it was trained on can only be one that was uploaded here."""
    try:
        config = ExperimentConfig.model_validate(found)
    except ValidationError as error:
        raise DataError(NOT_OURS.format("its settings are not of this version; update both programs")) from error
    if config.model.mistakes or not TASKS[config.task].judges_reviews:
        raise DataError(NOT_OURS.format("it is no model of reviews, or one with a mistake of the notebook"))
    tree = config.model_dump()
    if config.data.path:
        file = _printable(PurePath(config.data.path.replace("\\", "/")).name)
        tree["data"]["path"] = str(place("uploads", file if file.strip(".") else "gone.csv"))
    return build(
        ExperimentConfig, {**tree, "name": f"{name} (imported)"[:120], "runs": [RunConfig(name=name).model_dump()]}
    )


def _name(told: Mapping[str, Any]) -> str:
    return _printable(str(told.get("name") or "")) or "Imported model"


def _printable(text: str) -> str:
    # Half characters and zeros would be refused by whoever writes them down, some databases among them.
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:80]


def _check_weights(saved: SavedModel) -> None:
    """Raise `DataError` unless the weights are numbers that fit the settings, and the model answers."""
    pieces = saved.pieces
    table = saved.tensors.get(EMBEDDING if pieces is None else WORD_TABLE)
    rows = len(saved.words or ()) + 1 if pieces is None else len(pieces)
    if table is None or table.dim() != 2 or len(table) != rows or not table.is_floating_point():
        raise DataError(NOT_OURS.format("it has another number of words than vectors"))
    if any(value.dtype not in layout.TYPES for value in saved.tensors.values()):
        raise DataError(NOT_OURS.format("some of its weights are of a kind that ours are not"))
    if not all(bool(torch.isfinite(value).all()) for value in saved.tensors.values()):
        raise DataError(NOT_OURS.format("some of its weights are not finite numbers"))
    try:
        Predictor("this model", saved).predict(["a film", ""])
    except SentimentLabError as error:
        raise DataError(NOT_OURS.format(str(error))) from error


def _details(about: Mapping[str, Any]) -> dict[str, Any]:
    found = about.get("details")
    temperature = found.get("temperature", 1.0) if isinstance(found, dict) else 1.0
    return {"temperature": temperature, "imported": True}


def _claims(told: Mapping[str, Any]) -> dict[str, float | int]:
    """Return what the archive says its run came to, as far as it can be."""
    claims: dict[str, float | int] = {"steps": 1}
    for name, most in {**CLAIMS, **dict.fromkeys(SHARES, 1)}.items():
        value = told.get(name)
        # No number that is none is within the limits.
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= most:
            claims[name] = float(value) if name in {"seconds", *SHARES} else int(value)
    return claims


def _seen(parts: Mapping[str, bytes]) -> np.ndarray | None:
    if layout.SEEN not in parts:
        return None
    hashes = safetensors.torch.load(parts[layout.SEEN])[layout.HASHES]
    if hashes.dtype is not torch.int64 or hashes.dim() != 1:
        raise DataError(NOT_OURS.format("its list of reviews is damaged"))
    return np.unique(hashes.numpy().view(np.uint64))

"""Files on disk: read back whole, refused when damaged, never a way to run code, clear when the disk is full."""

from __future__ import annotations

import errno
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from sentiment_core import artifacts
from sentiment_core.corpus import Corpus
from sentiment_core.errors import CheckpointError, StoreError
from sentiment_core.models import build_model
from sentiment_core.training.checkpoints import (
    load_checkpoint,
    load_model,
    save_checkpoint,
    save_model,
    vocabulary_of,
)

STATE = {"step": 3, "weights": [torch.arange(5.0)], "best": None, "loss": float("inf")}


class Bomb:
    """Unpickling this would write a file."""

    def __reduce__(self) -> Any:
        return os.mkdir, (os.environ["SENTIMENT_HOME"],)


@pytest.fixture
def saved(tmp_path: Path, tiny: Any, make_corpus: Callable[..., Corpus]) -> Path:
    """A folder with a trained model whose vectors were fine-tuned."""
    config, corpus = tiny({"model.freeze_embeddings": False}), make_corpus()
    model = build_model(config.model, torch.from_numpy(corpus.matrix), 1, torch.device("cpu"))
    save_model(tmp_path, model, config, corpus, name="a model")
    return tmp_path


def test_a_checkpoint_is_read_back(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "c.pt", STATE)
    state = load_checkpoint(tmp_path / "c.pt")
    assert torch.equal(state["weights"][0], STATE["weights"][0])
    assert (state["step"], state["best"], state["loss"]) == (3, None, float("inf"))
    assert [path.name for path in tmp_path.iterdir()] == ["c.pt"]


@pytest.mark.parametrize("damage", ["missing", "empty", "truncated", "text", "list"])
def test_a_damaged_checkpoint_is_refused(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "c.pt"
    save_checkpoint(path, STATE)
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "list":
        torch.save([1], path)
    else:
        path.write_bytes({"empty": b"", "truncated": content[: len(content) // 2], "text": b"hello"}[damage])
    with pytest.raises(CheckpointError, match=r"c\.pt"):
        load_checkpoint(path)


def test_a_checkpoint_cannot_run_code(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "c.pt"
    torch.save({"step": Bomb()}, path)
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(path)
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(path)
    assert not home.exists()


@pytest.mark.parametrize("step", ["mkstemp", "write", "replace"])
def test_a_full_disk_keeps_the_previous_checkpoint(step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.pt"
    save_checkpoint(path, STATE)
    before = path.read_bytes()

    def full(*arguments: Any, **options: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    target = {"mkstemp": (artifacts.tempfile, "mkstemp"), "write": (torch, "save"), "replace": (os, "replace")}[step]
    monkeypatch.setattr(*target, full)
    with pytest.raises(StoreError, match=r"No space left on device. Free some space or set SENTIMENT_HOME"):
        save_checkpoint(path, {"step": 4})
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["c.pt"]


def test_a_model_is_read_back(saved: Path, tiny: Any) -> None:
    model = load_model(saved)
    assert model.config == tiny({"model.freeze_embeddings": False})
    assert (model.vectors_key, model.details) == ("made-up", {"name": "a model"})
    assert vocabulary_of(model).tolist() == list(range(41))
    assert model.tensors["embedding.weight"].shape == (41, 6)


def test_frozen_vectors_are_named_not_copied(tmp_path: Path, tiny: Any, make_corpus: Callable[..., Corpus]) -> None:
    corpus = make_corpus()
    model = build_model(tiny().model, torch.from_numpy(corpus.matrix), 1, torch.device("cpu"))
    save_model(tmp_path, model, tiny(), corpus)
    loaded = load_model(tmp_path)
    assert vocabulary_of(loaded) is None
    assert set(loaded.tensors) == set(model.state_dict())


def edit(saved: Path, **changes: Any) -> None:
    description = json.loads((saved / "model.json").read_text())
    (saved / "model.json").write_text(json.dumps(description | changes))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "no description": lambda saved: (saved / "model.json").unlink(),
    "no weights": lambda saved: (saved / "model.safetensors").unlink(),
    "half a description": lambda saved: (saved / "model.json").write_text('{"format": 1'),
    "not an object": lambda saved: (saved / "model.json").write_text("[]"),
    "not text": lambda saved: (saved / "model.json").write_bytes(b"\xff\xfe\x00"),
    "deep nesting": lambda saved: (saved / "model.json").write_text("[" * 100_000),
    "no details": lambda saved: edit(saved, details=3),
    "bad configuration": lambda saved: edit(saved, config={"model": {"cell": "perceptron"}}),
    "bad override": lambda saved: edit(saved, config={"runs": [{"name": "a", "overrides": {"model.nope": 1}}]}),
    "empty weights": lambda saved: (saved / "model.safetensors").write_bytes(b""),
    "half the weights": lambda saved: os.truncate(saved / "model.safetensors", 500),
    "a pickle": lambda saved: (saved / "model.safetensors").write_bytes(pickle.dumps(Bomb())),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_model_is_refused(damage: str, saved: Path, home: Path) -> None:
    DAMAGES[damage](saved)
    with pytest.raises(CheckpointError, match="missing or damaged; train it again"):
        load_model(saved)
    assert not home.exists()


def test_a_model_of_another_format_is_refused(saved: Path) -> None:
    edit(saved, format=99)
    with pytest.raises(CheckpointError, match="is of format 99; train it again"):
        load_model(saved)


def test_weights_are_plain_safetensors(saved: Path) -> None:
    assert "head.0.weight" in safetensors.torch.load_file(saved / "model.safetensors")

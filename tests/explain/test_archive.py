"""Models leave and come back: the same answers with PyTorch alone and in another home; nothing hostile gets in."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from sentiment_core import cli
from sentiment_core.architecture import POOLINGS
from sentiment_core.artifacts import run_place
from sentiment_core.config import from_fields
from sentiment_core.corpus import prepare
from sentiment_core.datasets import load_reviews
from sentiment_core.errors import ConfigError, DataError
from sentiment_core.explain import load_predictor
from sentiment_core.explain.archive import layout
from sentiment_core.explain.archive.reader import import_model, read_archive
from sentiment_core.explain.archive.writer import model_archive
from sentiment_core.models import build_model
from sentiment_core.progress import silent
from sentiment_core.store import Run, Store
from sentiment_core.training.checkpoints import save_model
from tests.conftest import TINY

TEXTS = [
    "A wonderful, moving film. I didn't expect that!",
    "Dull; it wasn't worth my time... <br />Mr. Smith can't act -- at all.",
    "Caf&eacute; “noir” — it’s ﬁne, soft\u00adhyphen, cafe\u0301, ΣΑΣ İstanbul 3.5 10,000 a.b.c.",
    "zzzz qqqq",
    "",
    "the movie was great " * 30,
    "bad\x1cgood\u2003film\x85x",
]
# Each cell, each norm, each pooling at least once, trained vectors and frozen ones, and every tokenizer.
NETWORKS: list[dict[str, Any]] = [
    {"model.pooling": "attention_dot,mean,max", "data.tokenizer": "word"},
    {"model.cell": "gru", "model.bidirectional": True, "model.num_layers": 2,
     "model.pooling": "attention_additive,last", "model.state_norm": "batch", "model.head_sizes": "5",
     "model.head_activation": "tanh", "model.head_dropout": 0.2},
    {"model.cell": "lstm", "model.input_norm": "layer", "model.pooling": "attention_scaled_dot",
     "model.freeze_embeddings": False, "data.tokenizer": "whitespace"},
    {"model.pooling": "padded_last", "model.input_norm": "batch", "model.norm_affine": False, "data.max_tokens": 9,
     "data.keep": "head_tail"},
    {"model.pooling": "attention_uniform", "model.state_norm": "layer", "model.bidirectional": True},
    {"model.pooling": "attention_random", "data.max_tokens": 12, "data.keep": "tail"},
]  # fmt: skip


def kept(store: Store, fields: dict[str, Any] | None = None, seed: int = 3) -> Run:
    """A run with a model that nobody trained: weights as drawn, norms as if they had seen something."""
    config = from_fields({**TINY, "seed": seed, "name": "Left", **(fields or {})})
    experiment = store.adopt_experiment(config, steps=7, test_accuracy=0.8125, parameters=99)
    (run,) = experiment.runs
    corpus = prepare(config.data, load_reviews(config.data), config.seed, silent)
    model = build_model(config.model, torch.from_numpy(corpus.matrix), config.seed, torch.device("cpu"))
    state = model.state_dict()
    for name, value in state.items():
        if "running" in name or "norm.weight" in name:
            state[name] = value + torch.linspace(0.1, 0.9, len(value))
    model.load_state_dict(state)
    folder = run_place(experiment.id, run.id)
    folder.mkdir(parents=True)
    save_model(folder, model, config, corpus)
    return run


def unpacked(content: bytes, place: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(place)
    return place


def test_every_pooling_and_cell_is_among_the_networks() -> None:
    named = {part for network in NETWORKS for part in network["model.pooling"].split(",")}
    assert named == set(POOLINGS)


def test_the_same_answers_with_pytorch_alone(store: Store, tmp_path: Path) -> None:
    expected = []
    for place, network in enumerate(NETWORKS):
        run = kept(store, network)
        unpacked(model_archive(store, run.id), tmp_path / f"{place}")
        predictor = load_predictor(run.id, store)
        expected.append([float(predictor.predict([text])[0]) for text in TEXTS])
    assert len({round(row[0], 6) for row in expected}) > 3, "these models should not all say the same"
    np.testing.assert_allclose(alone(tmp_path, TEXTS, len(NETWORKS)), expected, rtol=0, atol=1e-6)
    assert len(layout.LOADER_FILE.read_text().splitlines()) < 100


def alone(place: Path, texts: list[str], count: int) -> list[list[float]]:
    """What models unpacked at `place` say, in a process that finds no library of this package but PyTorch."""
    code = """
import builtins, json, sys
allowed, real = {"torch", "plain_text", "load_model"} | set(sys.stdlib_module_names), builtins.__import__
def only(name, globals=None, locals=None, fromlist=(), level=0):
    asking, wanted = (globals or {}).get("__name__", ""), name.split(".")[0]
    mine = asking in ("load_model", "plain_text", "__main__")
    if wanted in ("sentiment_core", "safetensors", "tokenizers") or (mine and wanted not in allowed):
        raise ImportError(name)
    return real(name, globals, locals, fromlist, level)
builtins.__import__ = only
import importlib
texts, folders = json.loads(sys.argv[1]), sys.argv[2:]
sys.path.insert(0, folders[0])
from load_model import Model
print(json.dumps([Model(folder)(texts) for folder in folders]))
"""
    folders = [str(place / str(number)) for number in range(count)]
    environment = {**os.environ, "PYTHONPATH": "", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, json.dumps(texts), *folders],
        cwd=place, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answers: list[list[float]] = json.loads(done.stdout)
    return answers


def test_another_home_answers_the_same(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = kept(store, NETWORKS[1])
    expected = load_predictor(run.id, store).predict(TEXTS)
    file = tmp_path / "model.zip"
    assert cli.main(["export", run.id, "--format", "model", "--output", str(file)]) == 0
    monkeypatch.setenv("SENTIMENT_HOME", str(tmp_path / "elsewhere"))
    with Store() as other:
        brought = import_model(other, file)
        np.testing.assert_allclose(load_predictor(brought.id, other).predict(TEXTS), expected, rtol=0, atol=1e-6)
        assert (brought.steps, brought.test_accuracy, brought.name) == (7, 0.8125, run.name)
        assert other.experiment(brought.experiment_id).name.endswith("(imported)")
        # It can leave again, and nothing waits to be trained.
        assert read_archive(io.BytesIO(model_archive(other, brought.id))).saved.words
        assert other.active_work() == []


def test_the_model_that_ships_can_leave(store: Store, tmp_path: Path) -> None:
    content = model_archive(store, "pretrained")
    assert len(content) < 12_000_000
    arrived = read_archive(io.BytesIO(content))
    assert arrived.seen is not None and len(arrived.seen) > 1000


def test_a_mistaken_model_stays(store: Store) -> None:
    run = kept(store, {"model.mistakes": "off_by_one_mask"})
    with pytest.raises(ConfigError, match="mistake"):
        model_archive(store, run.id)


def repacked(content: bytes, change: Callable[[dict[str, bytes]], Any]) -> io.BytesIO:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in parts.items():
            archive.writestr(name, value)
    packed.seek(0)
    return packed


def settings(parts: dict[str, bytes], **fields: Any) -> None:
    about = json.loads(parts[layout.SETTINGS])
    for path, value in fields.items():
        *way, last = path.split("__")
        target = about
        for name in way:
            target = target[name]
        target[last] = value
    parts[layout.SETTINGS] = json.dumps(about).encode()


def weights(parts: dict[str, bytes], change: Callable[[dict[str, torch.Tensor]], Any]) -> None:
    tensors = safetensors.torch.load(parts[layout.WEIGHTS])
    change(tensors)
    parts[layout.WEIGHTS] = safetensors.torch.save(tensors)


def tensors(header: dict[str, Any], numbers: bytes) -> bytes:
    """Safetensors with a header of our own."""
    told = json.dumps(header).encode()
    return len(told).to_bytes(8, "little") + told + numbers


HOSTILE: dict[str, Callable[[dict[str, bytes]], Any]] = {
    "a path out of the folder": lambda parts: parts.update({"../../evil": b"x"}),
    "a pickle": lambda parts: parts.update({"model.pt": b"cos\nsystem\n"}),
    "no weights": lambda parts: parts.pop(layout.WEIGHTS),
    "a bomb": lambda parts: parts.update({layout.WORDS: b"[" + b" " * 80_000_000 + b"]"}),
    "a million lists for words": lambda parts: parts.update({layout.WORDS: b"[" + b"[]," * 2_100_000 + b"0]"}),
    "a pickle called weights": lambda parts: parts.update({layout.WEIGHTS: b"\x80\x04cos\nsystem\n."}),
    "deep JSON": lambda parts: parts.update({layout.WORDS: b"[" * 200_000}),
    "no JSON": lambda parts: parts.update({layout.SETTINGS: b"\xff"}),
    "another format": lambda parts: settings(parts, format=99),
    "settings that are none": lambda parts: settings(parts, config__model__hidden_size=10**9),
    "settings of another network": lambda parts: settings(parts, config__model__hidden_size=9),
    "a mistake": lambda parts: settings(parts, config__model__mistakes=["off_by_one_mask"]),
    "no temperature": lambda parts: settings(parts, details__temperature="hot"),
    "a temperature beyond all numbers": lambda parts: settings(parts, details__temperature=10**400),
    "fewer words": lambda parts: parts.update({layout.WORDS: b'["one"]'}),
    "a word twice": lambda parts: parts.update(
        {layout.WORDS: json.dumps(["one"] * len(json.loads(parts[layout.WORDS]))).encode()}
    ),
    "shapes beyond what is there": lambda parts: parts.update(
        {layout.WEIGHTS: tensors({"a": {"dtype": "F32", "shape": [10**9, 10**9], "data_offsets": [0, 4]}}, bytes(4))}
    ),
    "a header beyond what is there": lambda parts: parts.update({layout.WEIGHTS: (2**63).to_bytes(8, "little")}),
    "complex weights": lambda parts: weights(
        parts, lambda t: t.update({"head.0.bias": t["head.0.bias"].to(torch.complex64)})
    ),
    "weights in eight bits": lambda parts: weights(
        parts, lambda t: t.update({"head.0.bias": t["head.0.bias"].to(torch.float8_e4m3fn)})
    ),
    "a list of reviews that is none": lambda parts: parts.update(
        {layout.SEEN: safetensors.torch.save({layout.HASHES: torch.zeros(3)})}
    ),
    "words that are none": lambda parts: parts.update({layout.WORDS: b"[1, 2]"}),
    "weights that are no numbers": lambda parts: weights(parts, lambda t: t["head.0.weight"].fill_(float("nan"))),
    "a weight too many": lambda parts: weights(parts, lambda t: t.update({"more": torch.ones(2)})),
    "a weight too few": lambda parts: weights(parts, lambda t: t.pop("head.0.bias")),
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_HOME", str(tmp_path_factory.mktemp("archive")))
        with Store() as store:
            return model_archive(store, kept(store).id)


@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_hostile_gets_in(store: Store, archive: bytes, home: Path, kind: str) -> None:
    with pytest.raises(DataError, match="no model of Sentiment Lab"):
        import_model(store, repacked(archive, HOSTILE[kind]))
    assert store.experiments() == [] and not (home / "experiments").exists()


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip" * 100])
def test_what_is_no_archive_is_refused(store: Store, content: bytes) -> None:
    with pytest.raises(DataError, match="no zip file"):
        import_model(store, io.BytesIO(content))


def test_a_file_that_is_not_there_is_said(store: Store, tmp_path: Path) -> None:
    for path in (tmp_path / "gone.zip", tmp_path):
        with pytest.raises(DataError, match="there is no such file"):
            import_model(store, path)


def test_a_damaged_stream_is_refused(store: Store, archive: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        start = packed.getinfo(layout.SETTINGS).header_offset + 30 + len(layout.SETTINGS)
    damaged = archive[:start] + b"\xff" * 64 + archive[start + 64 :]
    with pytest.raises(DataError, match="damaged"):
        import_model(store, io.BytesIO(damaged))


def test_other_ways_to_pack_are_refused(store: Store, archive: bytes) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as ours, zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as other:
        for name in ours.namelist():
            other.writestr(name, ours.read(name))
    with pytest.raises(DataError, match="packed in a way"):
        import_model(store, packed)


def test_an_archive_of_many_files_is_refused_before_it_is_listed(
    store: Store, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = repacked(archive, lambda parts: parts.update({f"{number:060}": b"" for number in range(12_000)}))
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(DataError, match="more files than any of ours"):
        import_model(store, many)


def test_links_in_an_archive_are_no_links(store: Store, archive: bytes) -> None:
    linked = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as ours, zipfile.ZipFile(linked, "w") as other:
        for name in ours.namelist():
            member = zipfile.ZipInfo(name)
            member.external_attr = 0o120777 << 16
            other.writestr(member, ours.read(name))
    run = import_model(store, linked)
    files = list(run_place(run.experiment_id, run.id).rglob("*"))
    assert files and not any(path.is_symlink() for path in files)


def test_a_model_that_memory_cannot_hold_is_refused_before_it_is_unpacked(
    store: Store, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sentiment_core.explain.archive.reader.available_memory", lambda: 1000)
    with pytest.raises(DataError, match="of memory and 0 MB are free"):
        import_model(store, io.BytesIO(archive))
    assert store.experiments() == []


@pytest.mark.parametrize(("told", "name"), [("a\ud800b\x00\u202ec", "a b c"), ("\x00 ", "Imported model"), (7, "7")])
def test_any_name_becomes_one_that_can_be_written_down(store: Store, archive: bytes, told: object, name: str) -> None:
    assert import_model(store, repacked(archive, lambda parts: settings(parts, run__name=told))).name == name


@pytest.mark.parametrize(
    ("told", "kept_as"),
    [("..", "gone.csv"), ("a\\..", "gone.csv"), ("a\0b\ud800.csv", "a b .csv"), ("../" * 9 + "x.csv", "x.csv")],
)
def test_a_file_is_looked_for_among_uploads_only(
    store: Store, archive: bytes, home: Path, told: str, kept_as: str
) -> None:
    run = import_model(store, repacked(archive, lambda parts: settings(parts, config__data__path=told)))
    assert run.config.data.path == str(home / "uploads" / kept_as)


@pytest.mark.parametrize("steps", [10**400, float("inf"), float("nan"), "7", True, 0])
def test_a_count_that_is_none_is_not_believed(store: Store, archive: bytes, steps: object) -> None:
    assert import_model(store, repacked(archive, lambda parts: settings(parts, run__steps=steps))).steps == 1


def test_claims_and_paths_are_not_believed(store: Store, archive: bytes, home: Path) -> None:
    def change(parts: dict[str, bytes]) -> None:
        settings(
            parts, config__data__source="csv", config__data__path="/etc/passwd", run__steps=-1, run__name="<b>\n" * 99,
            run__test_accuracy=7,
        )  # fmt: skip

    run = import_model(store, repacked(archive, change))
    assert (run.steps, run.test_accuracy, len(run.name)) == (1, None, 80)
    assert run.config.data.path == str(home / "uploads" / "passwd")

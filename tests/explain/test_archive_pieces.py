"""Models that read word pieces leave and come back too: the same pieces and answers without `tokenizers`."""

from __future__ import annotations

import importlib.util
import io
import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as chances
from hypothesis import strategies as st

from sentiment_core.artifacts import run_place
from sentiment_core.config import from_fields
from sentiment_core.errors import DataError
from sentiment_core.explain import load_predictor
from sentiment_core.explain.archive import layout
from sentiment_core.explain.archive.reader import import_model
from sentiment_core.explain.archive.spelling import spelling
from sentiment_core.explain.archive.writer import model_archive
from sentiment_core.models.reviews import build_review_transformer
from sentiment_core.store import Run, Store
from sentiment_core.training.checkpoints import save_with_pieces
from sentiment_core.wordpiece import LONGEST_WORD, PieceEncoder, WordPieces, cleaning_rules, learn_wordpieces
from tests.explain.test_archive import TEXTS, alone, repacked, settings, unpacked, weights

LEARNED = "a wonderful film! not boring, wonderfully slow. it's the café’s 10 best & bad. " * 3
HARD = [
    *TEXTS,
    "Loved it🥰🫠 日本 film。slow… ＬＯＵＤ ÉCLAIR straße ǅ [MASK] [CLS]",
    "wonder" * 16 + "full" + " " + "wonder" * 17,
    "bad<BR / >film\u200bslow\u00a0best\ud800not\ufffdboring\u0301\u0903",
]
NETWORKS: list[dict[str, Any]] = [
    {"model.positions": "learned", "data.max_tokens": 9, "data.keep": "head_tail"},
    {"model.positions": "sinusoidal", "model.norm_place": "post", "model.direction": "left"},
    {"model.positions": "none", "data.keep": "tail", "data.max_tokens": 5, "model.hidden_size": 6},
]


@lru_cache(maxsize=1)
def pieces() -> WordPieces:
    return learn_wordpieces([LEARNED], 300, "test_archive_pieces")


def kept(store: Store, fields: dict[str, Any]) -> Run:
    """A run with a model that nobody trained, its weights as far from their start as training takes them."""
    small = {"hidden_size": 8, "heads": 2, "num_layers": 2, "feed_forward_size": 12}
    base = {
        "task": "reviews-in-pieces",
        "data.max_tokens": 40,
        **{f"model.{name}": value for name, value in small.items()},
    }
    config = from_fields({**base, **fields})
    experiment = store.adopt_experiment(config, steps=1)
    (run,) = experiment.runs
    cpu, longest = torch.device("cpu"), (config.data.max_tokens or 0) + 2
    model = build_review_transformer(config.model, len(pieces()), longest, 1, cpu)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(6.0)
    folder = run_place(experiment.id, run.id)
    folder.mkdir(parents=True)
    save_with_pieces(folder, model, config, pieces(), {})
    return run


@pytest.fixture(scope="module")
def loader() -> Any:
    spec = importlib.util.spec_from_file_location("load_transformer", layout.TRANSFORMER_LOADER_FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = object.__new__(module.Model)
    table = spelling(pieces().vocabulary)
    model.reading = {**cleaning_rules(), "spelling": table, "longest_word": LONGEST_WORD}
    model.starts = [first for first, _, _ in table]
    model.ids = {piece: place for place, piece in enumerate(pieces().vocabulary)}
    return model


def known(text: str) -> list[int]:
    (row,) = next(iter(PieceEncoder(pieces()).encode_known([text])))
    return [int(piece) for piece in row]


@pytest.mark.parametrize("text", HARD)
def test_the_same_pieces_without_the_library(loader: Any, text: str) -> None:
    assert loader.pieces(text) == known(text)


@chances(max_examples=50)
@given(st.text(max_size=40) | st.text("wonderful nót'<>/br.!ı̇🥰\u200b", max_size=40))
def test_any_text_has_the_same_pieces(loader: Any, text: str) -> None:
    assert loader.pieces(text) == known(text)


def test_the_same_answers_with_pytorch_alone(store: Store, tmp_path: Path) -> None:
    expected = []
    for number, network in enumerate(NETWORKS):
        run = kept(store, network)
        unpacked(model_archive(store, run.id), tmp_path / f"{number}")
        predictor = load_predictor(run.id, store)
        expected.append([float(predictor.predict([text])[0]) for text in HARD])
    assert len({round(answer, 6) for row in expected for answer in row}) > 10, "these should not all say the same"
    np.testing.assert_allclose(alone(tmp_path, HARD, len(NETWORKS)), expected, rtol=0, atol=1e-6)
    assert len(layout.TRANSFORMER_LOADER_FILE.read_text().splitlines()) < 100


def test_another_home_answers_the_same(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = kept(store, NETWORKS[0])
    expected, content = load_predictor(run.id, store).predict(HARD), model_archive(store, run.id)
    monkeypatch.setenv("SENTIMENT_HOME", str(tmp_path / "elsewhere"))
    with Store() as other:
        brought = import_model(other, io.BytesIO(content))
        np.testing.assert_allclose(load_predictor(brought.id, other).predict(HARD), expected, rtol=0, atol=1e-6)
        assert "word pieces" in (unpacked(model_archive(other, brought.id), tmp_path / "x") / layout.CARD).read_text()


def words(parts: dict[str, bytes], change: Callable[[list[str]], Any]) -> None:
    found = json.loads(parts[layout.WORDS])
    change(found)
    parts[layout.WORDS] = json.dumps(found).encode()


HOSTILE: dict[str, Callable[[dict[str, bytes]], Any]] = {
    "a piece too few": lambda parts: words(parts, lambda found: found.pop()),
    "one piece twice": lambda parts: words(parts, lambda found: found.__setitem__(-1, found[-2])),
    "no special pieces": lambda parts: words(parts, lambda found: found.reverse()),
    "of another task": lambda parts: settings(parts, config__task="masked-words"),
    "called one of words": lambda parts: settings(parts, config__task="sentiment"),
    "a wider network": lambda parts: settings(parts, config__model__hidden_size=1024),
    "a weight too few": lambda parts: weights(parts, lambda t: t.pop("answer.bias")),
    "no positions": lambda parts: weights(parts, lambda t: t.update({"transformer.positions": torch.ones(())})),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_hostile_gets_in(store: Store, kind: str) -> None:
    run = kept(store, {})
    content = model_archive(store, run.id)
    store.delete_experiment(run.experiment_id)
    with pytest.raises(DataError, match="no model of Sentiment Lab"):
        import_model(store, repacked(content, HOSTILE[kind]))
    assert store.experiments() == []

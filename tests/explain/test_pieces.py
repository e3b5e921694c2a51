"""A model of word pieces explained: offsets, what no piece can write, attention, attributions, command line."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from sentiment_core import cli
from sentiment_core.config import from_fields
from sentiment_core.explain import attribute
from sentiment_core.explain.archive.reader import read_archive
from sentiment_core.explain.archive.writer import model_archive
from sentiment_core.explain.catalogue import available_models
from sentiment_core.explain.counterfactual import Draft, answer
from sentiment_core.explain.faithfulness import of_review
from sentiment_core.explain.predictor import Predictor
from sentiment_core.models.reviews import build_review_transformer
from sentiment_core.store import Store
from sentiment_core.training.checkpoints import PIECES, SavedModel
from sentiment_core.wordpiece import SPECIAL, WordPieces, learn_wordpieces
from sentiment_core.work.training import train_here

FIELDS = {
    "task": "reviews-in-pieces",
    "device": "cpu",
    "data.limit": 60,
    "data.vocabulary_size": 300,
    "data.max_tokens": 20,
    "model.hidden_size": 8,
    "model.heads": 2,
    "model.num_layers": 2,
    "model.feed_forward_size": 8,
    "training.max_steps": 1,
    "snapshots": 0,
}
TEXT = "A Wonderful film!<br />Not boring: 日本 [CLS] wonderfully slow…"
SIGNED = ["integrated_gradients", "gradient_x_input", "occlusion_delete", "occlusion_mask"]


@pytest.fixture(scope="module")
def learned() -> Callable[[], WordPieces]:
    text = "a wonderful film! not boring, wonderfully slow. the film was boring and slow. " * 3
    return lambda: learn_wordpieces([text], 300, "test_pieces")


@pytest.fixture
def predictor(learned: Callable[[], WordPieces]) -> Predictor:
    """Weights as far from their start as training takes them, so that words matter."""
    pieces = learned()
    fields = {"hidden_size": 16, "heads": 2, "num_layers": 2, "feed_forward_size": 24}
    config = from_fields(
        {
            "task": "reviews-in-pieces",
            "data.max_tokens": 40,
            **{f"model.{name}": value for name, value in fields.items()},
        }
    )
    model = build_review_transformer(config.model, len(pieces), 42, 1, torch.device("cpu"))
    tensors = {name: 4.0 * value.detach() for name, value in model.state_dict().items()}
    return Predictor("drawn", SavedModel(config, tensors, PIECES, {}, None, pieces))


def test_pieces_keep_their_place_in_the_text_and_what_cannot_be_written_is_unknown(predictor: Predictor) -> None:
    found = predictor.explain(TEXT)
    assert all(token.text == TEXT[token.start : token.end] for token in found.tokens)
    by_text = {token.text: token for token in found.tokens}
    assert by_text["Wonderful"].known and by_text["film"].used
    assert not by_text["日"].known and by_text["日"].attention == 0.0
    # No text can write a special piece: in one it is a word as any other.
    rows = [ids for chunk in predictor.encoder.encode_ids([TEXT]) for ids in chunk]
    assert not set(rows[0].tolist()) & set(range(1, len(SPECIAL)))
    assert (predictor.encoder.encode(TEXT).token_ids == rows[0]).all()
    assert found.known_tokens == found.used_tokens == int((rows[0] != 0).sum())
    assert predictor.predict([TEXT, ""])[0] == pytest.approx(found.probability, abs=1e-6)


def test_the_answer_is_the_networks_own(predictor: Predictor) -> None:
    rows = [ids[ids != 0] for chunk in predictor.encoder.encode_ids([TEXT, "boring film"]) for ids in chunk]
    for row, log_odds in zip(rows, predictor.logits(rows), strict=True):
        direct = predictor.model(torch.from_numpy(row.astype(np.int64))[None], torch.tensor([len(row)]))  # type: ignore[operator]
        assert log_odds == pytest.approx(direct.logits.item(), abs=1e-5)


def test_attention_is_that_of_cls_and_what_cls_and_sep_get_is_missing(predictor: Predictor) -> None:
    (found,) = attribute(predictor, TEXT, ["attention"])
    used = predictor.read(TEXT)[1]
    assert found.parts == 1 and not found.scores[~used].any() and (found.scores[used] > 0).all()
    weights = predictor.attention(TEXT)
    count = int(used.sum())
    assert weights.shape == (2, 2, count + 2, count + 2)
    np.testing.assert_allclose(weights.sum(axis=-1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(weights[-1].mean(axis=0)[0, 1:-1], found.scores[used], rtol=1e-5)
    assert found.scores.sum() < 1
    assert "of [CLS] in the last layer" in found.parts_note
    assert f"{1 - found.scores.sum():.0%} of it rests on [CLS] and [SEP]" in found.parts_note


def test_every_method_scores_it_and_integrated_gradients_add_up(predictor: Predictor) -> None:
    found = attribute(predictor, TEXT, SIGNED)
    _, used = predictor.read(TEXT)
    for item in found:
        assert not item.scores[~used].any() and np.abs(item.scores[used]).max() > 0, item.method
    completeness = found[0].completeness
    assert completeness is not None and completeness.relative_error < 0.02
    curves = of_review(predictor, TEXT, found)
    assert set(SIGNED) <= set(curves)


def test_deleting_a_word_by_hand_is_what_occlusion_says(predictor: Predictor) -> None:
    text = "not boring film"
    whole, without = predictor.logits([predictor.read(item)[0].token_ids for item in (text, "boring film")])
    (found,) = attribute(predictor, text, ["occlusion_delete"], target=1)
    assert found.scores[0] == pytest.approx(whole - without, abs=1e-5)
    masked = answer(predictor, Draft(text, ((0, 3),)))
    assert masked.probability != predictor.explain(text).probability


def test_a_trained_one_is_asked_as_any_other_model(capsys: pytest.CaptureFixture[str], home: Any) -> None:
    with Store() as store:
        run = train_here(store, from_fields(FIELDS), lambda progress: None).runs[0]
        (info,) = [item for item in available_models(store) if item.id == run.id]
        assert info.has_attention and not info.has_states and info.description == "Transformer, 2 × 8, 1 steps"
        assert read_archive(io.BytesIO(model_archive(store, run.id))).saved.pieces is not None
    capsys.readouterr()
    assert cli.main(["explain", "--model", run.id, "--text", "not boring", "--method", "occlusion", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert "".join(token["text"] for token in document["tokens"]) == "notboring"
    assert all(token["attention"] > 0 for token in document["tokens"] if token["known"])
    layer = document["cls_attention"][-1]
    used = sum(token["used"] for token in document["tokens"])
    assert len(layer) == 2 and all(len(head) == used + 2 and abs(sum(head) - 1) < 1e-5 for head in layer)
    (home / "new.csv").write_text("text\na wonderful film\nboring\n")
    assert cli.main(["predict", "--model", run.id, "--data", str(home / "new.csv"), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["rows"]) == 2

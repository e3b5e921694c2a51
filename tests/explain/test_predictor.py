"""A saved model asked about any text: the same answer as in training, attention over the original characters."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment_core.batches import collate
from sentiment_core.config import ExperimentConfig
from sentiment_core.corpus import Corpus, prepare
from sentiment_core.datasets import Reviews
from sentiment_core.errors import CheckpointError, DataError, EmbeddingsError
from sentiment_core.explain import predictor as module
from sentiment_core.explain.predictor import Predictor, load
from sentiment_core.progress import silent
from sentiment_core.training.checkpoints import load_model, save_model
from sentiment_core.training.trainer import Trainer

CPU = torch.device("cpu")


class Trained:
    """A model trained for a few steps, saved and loaded again."""

    def __init__(self, config: ExperimentConfig, reviews: Reviews, folder: Path) -> None:
        self.corpus: Corpus = prepare(config.data, reviews, config.seed, silent)
        trainer = Trainer(config, ["run-0"], [self.corpus], CPU)
        trainer.fit()
        self.model = trainer.runs[0].model.eval()
        self.folder = folder
        save_model(folder, self.model, config.resolve(config.runs[0]), self.corpus)
        self.predictor: Predictor = load("run-0", folder)


@pytest.fixture
def trained(
    tiny: Callable[..., ExperimentConfig], make_reviews: Callable[..., Reviews], tmp_path: Path
) -> Callable[..., Trained]:
    return lambda fields=None: Trained(tiny(fields), make_reviews(), tmp_path)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"model.freeze_embeddings": False, "training.learning_rate": 0.1},
        {"model.cell": "gru", "model.bidirectional": True, "model.pooling": ("attention_additive", "max")},
        {"model.input_norm": "batch", "model.state_norm": "batch", "model.head_dropout": 0.5},
        {"model.initialisation": "orthogonal", "training.weight_averaging": 0.9, "data.max_tokens": 5},
    ],
    ids=["frozen", "fine-tuned", "gru", "batch norm", "averaged"],
)
def test_it_answers_as_the_model_did_in_training(
    fields: dict[str, Any], trained: Callable[..., Trained], make_reviews: Callable[..., Reviews]
) -> None:
    made, texts = trained(fields), make_reviews().texts
    batch = collate(made.corpus, np.arange(len(texts)))
    with torch.no_grad():
        output = made.model(batch.token_ids, batch.lengths)
    probabilities = made.predictor.predict(texts)
    np.testing.assert_allclose(probabilities, output.logits.sigmoid().numpy(), atol=1e-6)
    for index in (0, 7):
        explanation = made.predictor.explain(texts[index])
        assert explanation.probability == pytest.approx(probabilities[index], abs=1e-6)
        used = [token.attention for token in explanation.tokens if token.used]
        assert explanation.used_tokens == len(used) == batch.lengths[index]
        np.testing.assert_allclose(used, output.attention_weights[index, : len(used)].numpy(), atol=1e-6)


def test_words_that_training_did_not_see_are_read_too(trained: Callable[..., Trained]) -> None:
    made = trained({"model.freeze_embeddings": False, "training.learning_rate": 0.1})
    predictor, vocabulary = made.predictor, made.corpus.vocabulary
    seen = predictor.embed(vocabulary)
    np.testing.assert_array_equal(seen, made.model.embedding.weight.detach().numpy())
    saved = load_model(made.folder)
    saved.tensors["vocabulary"] = saved.tensors["vocabulary"][:5]
    saved.tensors["embedding.weight"] = saved.tensors["embedding.weight"][:5]
    fewer = Predictor("run-0", saved).embed(np.arange(9))
    np.testing.assert_array_equal(fewer[:5], seen[:5])
    np.testing.assert_array_equal(fewer[5:], made.corpus.vectors.rows(np.arange(5, 9)))


@given(text=st.text(st.characters() | st.sampled_from("word123 \n'"), max_size=80).filter(lambda text: text.strip()))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_tokens_are_parts_of_the_text_and_attention_a_distribution(
    text: str, trained: Callable[..., Trained], shared: dict[str, Predictor]
) -> None:
    if not shared:
        shared["predictor"] = trained().predictor
    explanation = shared["predictor"].explain(text)
    assert all(token.text == text[token.start : token.end] for token in explanation.tokens)
    assert sum(token.attention for token in explanation.tokens) == pytest.approx(
        float(explanation.used_tokens > 0), abs=1e-5
    )
    assert explanation.known_tokens == sum(token.known for token in explanation.tokens)
    assert 0 <= explanation.probability <= 1 and not explanation.truncated


@pytest.fixture
def shared() -> dict[str, Predictor]:
    return {}


def test_a_long_review_is_truncated_and_says_so(trained: Callable[..., Trained]) -> None:
    predictor = trained({"data.max_tokens": 4}).predictor
    explanation = predictor.explain("word1 nowhere word2 word3 word4 word5 word6")
    assert explanation.truncated
    assert (explanation.known_tokens, explanation.used_tokens) == (6, 4)
    assert [token.used for token in explanation.tokens] == [True, False, True, True, True, False, False]
    assert [token.known for token in explanation.tokens] == [True, False] + [True] * 5
    assert [token.attention == 0.0 for token in explanation.tokens] == [False, True, False, False, False, True, True]


def test_fifty_thousand_words_are_bounded(trained: Callable[..., Trained]) -> None:
    predictor = trained({"data.max_tokens": None}).predictor
    started = time.perf_counter()
    explanation = predictor.explain("word1 word2 " * 25_000)
    assert (explanation.used_tokens, len(explanation.tokens)) == (module.MAX_TOKENS, 50_000)
    assert explanation.truncated and time.perf_counter() - started < 5


def test_an_unknown_text_gets_an_answer_without_attention(trained: Callable[..., Trained]) -> None:
    predictor = trained({"model.bidirectional": True}).predictor
    explanation = predictor.explain("zyzzyva qwxyz")
    assert (explanation.known_tokens, explanation.used_tokens, explanation.truncated) == (0, 0, False)
    assert [token.attention for token in explanation.tokens] == [0.0, 0.0]
    assert predictor.predict(["zyzzyva", ""]).tolist() == [explanation.probability] * 2
    assert predictor.predict([]).shape == (0,)


def test_a_model_without_attention_gives_none(trained: Callable[..., Trained]) -> None:
    explanation = trained({"model.pooling": "mean"}).predictor.explain("word1 word2")
    assert [token.attention for token in explanation.tokens] == [None, None]


def test_predictions_do_not_depend_on_their_company(trained: Callable[..., Trained], monkeypatch: Any) -> None:
    predictor = trained().predictor
    texts = [" ".join(f"word{number}" for number in range(size)) for size in range(1, 30)]
    alone = [predictor.predict([text])[0] for text in texts]
    monkeypatch.setattr(module, "BATCH_SIZE", 4)
    np.testing.assert_allclose(predictor.predict(texts), alone, atol=1e-6)


@pytest.mark.parametrize("text", ["", " \n\t\u2003"])
def test_nothing_is_refused(text: str, trained: Callable[..., Trained]) -> None:
    with pytest.raises(DataError, match="the review is empty"):
        trained().predictor.explain(text)


def test_too_much_is_refused() -> None:
    with pytest.raises(DataError, match="1,000,001 characters; 1,000,000 are allowed"):
        module.check_text("x" * 1_000_001)


def test_weights_that_do_not_fit_their_configuration(trained: Callable[..., Trained]) -> None:
    saved = load_model(trained().folder)
    saved.tensors["head.0.weight"] = torch.zeros(1, 99)
    with pytest.raises(CheckpointError, match="the saved weights of run-0 do not fit its configuration"):
        Predictor("run-0", saved)


def test_vectors_that_are_gone(trained: Callable[..., Trained], home: Path) -> None:
    made = trained()
    module.load_saved.cache_clear()
    for path in (home / "embeddings").glob("*/*"):
        path.unlink()
    with pytest.raises(EmbeddingsError, match="train the model again"):
        load("run-0", made.folder)


def test_logits_are_the_log_odds_of_the_prediction(make_predictor: Callable[..., Predictor], monkeypatch: Any) -> None:
    predictor = make_predictor({"model.bidirectional": True})
    texts = [" ".join(f"word{number}" for number in range(size)) for size in range(30)]
    rows = [predictor.read(text)[0].token_ids for text in texts]
    logits = predictor.logits(rows)
    np.testing.assert_allclose(1 / (1 + np.exp(-logits)), predictor.predict(texts), atol=1e-12)
    monkeypatch.setattr(module, "BATCH_TOKENS", 40)
    np.testing.assert_allclose(predictor.logits(rows), logits, atol=1e-5)
    assert predictor.logits([]).shape == (0,)


def test_temperature_divides_the_log_odds(make_predictor: Callable[..., Predictor]) -> None:
    plain, cooled = make_predictor(), make_predictor(temperature=1.7)
    text = "word1 word2 word3"
    row = plain.read(text)[0].token_ids
    assert cooled.logits([row])[0] == pytest.approx(plain.logits([row])[0] / 1.7)
    expected = 1 / (1 + np.exp(-plain.logits([row])[0] / 1.7))
    assert cooled.predict([text])[0] == pytest.approx(expected)
    assert cooled.explain(text).probability == pytest.approx(expected)
    assert (plain.temperature, cooled.temperature) == (1.0, 1.7)


@pytest.mark.parametrize("temperature", [0, -1.0, float("nan"), float("inf"), "hot", None, []])
def test_an_impossible_temperature(temperature: Any, make_predictor: Callable[..., Predictor]) -> None:
    with pytest.raises(CheckpointError, match="the saved temperature of drawn is not a positive number"):
        make_predictor(temperature=temperature)


def test_reading_says_what_the_model_uses(make_predictor: Callable[..., Predictor]) -> None:
    predictor = make_predictor({"data.max_tokens": 2})
    tokens, used = predictor.read("word1 nowhere word2 word3")
    assert tokens.token_ids.tolist() == [2, 0, 3, 4] and used.tolist() == [True, False, True, False]


def test_a_model_that_keeps_the_end_answers_to_the_end(make_predictor: Callable[..., Predictor]) -> None:
    words = [f"word{number}" for number in range(12)]
    for keep, kept, said in (
        ("tail", words[8:], "the last 4 of 12 tokens"),
        ("head_tail", [words[0], *words[9:]], "the first 1 and the last 3 of 12 tokens"),
    ):
        predictor = make_predictor({"data.max_tokens": 4, "data.keep": keep})
        answer = predictor.explain(" ".join(words))
        assert [token.text for token in answer.tokens if token.used] == kept and answer.read == said
        expected = predictor.predict([" ".join(kept)])[0]
        assert predictor.predict([" ".join(words)])[0] == pytest.approx(expected, abs=1e-6)
        assert answer.probability == pytest.approx(expected, abs=1e-6)
        assert predictor.reading_along(" ".join(words)).probabilities[-1] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("fields", [{}, {"model.cell": "gru", "model.bidirectional": True}], ids=["rnn", "gru"])
def test_reading_along_asks_every_prefix(fields: dict[str, Any], make_predictor: Callable[..., Predictor]) -> None:
    predictor = make_predictor(fields)
    words = [f"word{number}" for number in (3, 1, 4, 1, 5, 9, 2, 6)]
    reading = predictor.reading_along(" nowhere ".join(words))
    assert reading.after.tolist() == list(range(1, 9))
    expected = [predictor.predict([" ".join(words[:count])])[0] for count in reading.after]
    np.testing.assert_allclose(reading.probabilities, expected, atol=1e-6)


def test_reading_along_a_long_review_is_bounded(make_predictor: Callable[..., Predictor]) -> None:
    predictor = make_predictor({"data.max_tokens": None})
    for count, most in ((128, 128), (129, 128), (1000, 128), (50_000, 80)):
        reading = predictor.reading_along("word1 " * count)
        used = min(count, module.MAX_TOKENS)
        assert len(reading.after) == most and reading.after[0] == 1 and reading.after[-1] == used
        steps = np.diff(reading.after)
        assert steps.min() >= 1 and steps.max() - steps.min() <= 1
    assert reading.probabilities[-1] == pytest.approx(predictor.predict(["word1 " * 50_000])[0], abs=1e-6)
    assert predictor.reading_along("zyzzyva").after.tolist() == []
    with pytest.raises(DataError, match="the review is empty"):
        predictor.reading_along(" ")

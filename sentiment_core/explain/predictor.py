"""A trained model applied to any text."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from sentiment_core.config import Tokenizer
from sentiment_core.embeddings import WordVectors, load_saved
from sentiment_core.errors import CheckpointError, DataError
from sentiment_core.explain.records import Explanation, TokenScore
from sentiment_core.models import SentimentModel
from sentiment_core.text import TextEncoder
from sentiment_core.training.checkpoints import EMBEDDING, VOCABULARY, SavedModel, load_model, vocabulary_of

MAX_CHARACTERS = 1_000_000
# A model trained on whole reviews still needs a bound on what one request may cost.
MAX_TOKENS = 4_000
BATCH_SIZE = 64


class Predictor:
    """Classifies texts with a saved model on the CPU. Safe to share between threads: it holds no changing state."""

    def __init__(self, model_id: str, saved: SavedModel) -> None:
        self.model_id = model_id
        self.config = saved.config
        self.vectors = load_saved(saved.vectors_key)
        self.encoder = _encoder(saved.vectors_key, self.config.data.tokenizer)
        self.max_tokens = min(self.config.data.max_tokens or MAX_TOKENS, MAX_TOKENS)
        self._vocabulary = vocabulary_of(saved)
        self._table = saved.tensors.get(EMBEDDING)
        # Words reach the model as vectors, so that it also reads words that its training reviews did not have.
        network = self.config.model.model_copy(update={"freeze_embeddings": True})
        self.model = SentimentModel(network, torch.zeros(1, self.vectors.dim), torch.Generator())
        weights = {name: value.float() if value.is_floating_point() else value for name, value in saved.tensors.items()}
        weights = {name: value for name, value in weights.items() if name not in {EMBEDDING, VOCABULARY}}
        try:
            self.model.load_state_dict(weights)
        except RuntimeError as error:
            raise CheckpointError(f"the saved weights of {model_id} do not fit its configuration") from error
        self.model.eval()

    @torch.inference_mode()
    def predict(self, texts: Sequence[str]) -> np.ndarray:
        """Return P(positive) `(N,)` float64 for each text; one without known words gets what the model says to none."""
        rows = [ids[: self.max_tokens] for chunk in self.encoder.encode_known(texts) for ids in chunk]
        order = np.argsort([len(row) for row in rows], kind="stable")
        result = np.zeros(len(rows))
        for start in range(0, len(order), BATCH_SIZE):
            members = order[start : start + BATCH_SIZE]
            result[members] = self._classify([rows[index] for index in members])[0]
        return result

    @torch.inference_mode()
    def explain(self, text: str) -> Explanation:
        """Return probability and per-token attention for one text; raise `DataError` when it is empty or too long."""
        check_text(text)
        started = time.perf_counter()
        tokens = self.encoder.encode(text)
        known = tokens.token_ids != 0
        used = known & (np.cumsum(known) <= self.max_tokens)
        probabilities, attention = self._classify([tokens.token_ids[used]])
        weights = np.zeros(len(known))
        if attention is not None:
            weights[used] = attention[0, : int(used.sum())]
        scores = tuple(
            TokenScore(
                text[start:end],
                start,
                end,
                bool(is_known),
                bool(is_used),
                float(weight) if attention is not None else None,
            )
            for start, end, is_known, is_used, weight in zip(
                tokens.starts.tolist(), tokens.ends.tolist(), known, used, weights, strict=True
            )
        )
        probability = float(probabilities[0])
        return Explanation(
            model_id=self.model_id,
            probability=probability,
            label=int(probability >= 0.5),
            tokens=scores,
            truncated=bool(known.sum() > used.sum()),
            known_tokens=int(known.sum()),
            used_tokens=int(used.sum()),
            seconds=time.perf_counter() - started,
        )

    def embed(self, token_ids: np.ndarray) -> np.ndarray:
        """Return vectors `(..., E)` of source ids: fine-tuned where the model has them, else as published."""
        vectors = self.vectors.rows(token_ids)
        if self._table is not None and self._vocabulary is not None:
            places = np.searchsorted(self._vocabulary, token_ids).clip(max=len(self._vocabulary) - 1)
            trained = self._vocabulary[places] == token_ids
            vectors[trained] = self._table.float().numpy()[places[trained]]
        return vectors

    def _classify(self, rows: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray | None]:
        lengths = np.array([len(row) for row in rows])
        token_ids = np.zeros((len(rows), max(int(lengths.max(initial=0)), 1)), dtype=np.int64)
        for place, row in enumerate(rows):
            token_ids[place, : len(row)] = row
        output = self.model.classify(torch.from_numpy(self.embed(token_ids)), torch.from_numpy(lengths))
        attention = output.attention_weights
        return output.logits.sigmoid().double().numpy(), None if attention is None else attention.numpy()


def check_text(text: str) -> None:
    """Raise `DataError` for a text that is empty or longer than a million characters."""
    if not text.strip():
        raise DataError("the review is empty; paste or type some text")
    if len(text) > MAX_CHARACTERS:
        raise DataError(f"the review has {len(text):,} characters; {MAX_CHARACTERS:,} are allowed")


def load(model_id: str, folder: Path) -> Predictor:
    """Read the model in `folder`; raises `CheckpointError` or `EmbeddingsError`."""
    # Predictions run inside the web server, beside a training worker: one thread, or both crawl.
    torch.set_num_threads(1)
    return Predictor(model_id, load_model(folder))


@lru_cache(maxsize=4)
def _encoder(vectors_key: str, tokenizer: Tokenizer) -> TextEncoder:
    vectors: WordVectors = load_saved(vectors_key)
    return TextEncoder(vectors.words, tokenizer)

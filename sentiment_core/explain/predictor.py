"""A trained model applied to any text."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from sentiment_core.architecture import SPECIAL_IN_REVIEW
from sentiment_core.embeddings import WordVectors, load_saved
from sentiment_core.errors import CheckpointError, ConfigError, DataError
from sentiment_core.excerpt import is_read, read_of
from sentiment_core.explain.parallel import each
from sentiment_core.explain.records import Explanation, ReadingAlong, TokenScore
from sentiment_core.models import ModelOutput, SentimentModel, assemble
from sentiment_core.models.reviews import ReviewTransformer
from sentiment_core.remarks import WordsRead, about_answer
from sentiment_core.settings import Tokenizer
from sentiment_core.steps import rules
from sentiment_core.text import UNKNOWN_ID, TextEncoder, TokenizedText
from sentiment_core.training.checkpoints import EMBEDDING, VOCABULARY, SavedModel, load_model, vectors_of, vocabulary_of
from sentiment_core.wordpiece import PieceEncoder

MAX_CHARACTERS = 1_000_000
# A model trained on whole reviews still needs a bound on what one request may cost.
MAX_TOKENS = 4_000
BATCH_SIZE = 64
# Bounds what one batch of long reviews takes in memory; larger batches were no faster on a CPU.
BATCH_TOKENS = 16_000
# Reading along costs one pass per point: so many points, and so many tokens in all, at most.
READING_POINTS = 128
READING_TOKENS = 160_000


class Predictor:
    """Classifies texts with a saved model, on the CPU.

    Safe to share between threads: it holds no changing state.
    """

    def __init__(self, model_id: str, saved: SavedModel) -> None:
        self.model_id = model_id
        self._told: Callable[[int], None] = _unheard
        self.config = saved.config
        self.vectors = vectors_of(saved)
        self.encoder = _encoder(saved, self.vectors)
        self.keep = self.config.data.keep
        self.max_tokens = min(self.config.data.max_tokens or MAX_TOKENS, MAX_TOKENS)
        self._vocabulary = vocabulary_of(saved)
        self._table = saved.tensors.get(EMBEDDING)
        self.model = _network(saved, self.vectors.dim)
        weights = {name: value for name, value in saved.tensors.items() if name not in {EMBEDDING, VOCABULARY}}
        weights = {name: value.float() if value.is_floating_point() else value for name, value in weights.items()}
        try:
            self.model.load_state_dict(weights)
        except RuntimeError as error:
            raise CheckpointError(f"the saved weights of {model_id} do not fit its configuration") from error
        self.model.eval()
        # Attributions differentiate with respect to vectors; weights that several threads share stay untouched.
        self.model.requires_grad_(False)
        self.temperature = _temperature(model_id, saved)
        self.step = _step(saved)

    @property
    def has_attention(self) -> bool:
        """Whether the model weighs its tokens."""
        return self.config.attends

    @property
    def parts(self) -> int:
        """How many vectors side by side the decision is made from."""
        return 1 if isinstance(self.model, ReviewTransformer) else len(self.config.model.pooling)

    def telling(self, told: Callable[[int], None]) -> Predictor:
        """Return one that tells how many tokens its network has just read, there and back counted as three times.

        `told` is called by any thread.
        """
        other = copy.copy(self)
        other._told = told
        return other

    def predict(self, texts: Sequence[str]) -> np.ndarray:
        """Return P(positive) `(N,)` float64 for each text; one without known words gets what the model says to none."""
        return self.answers(texts)[0]

    def answers(self, texts: Sequence[str]) -> tuple[np.ndarray, WordsRead]:
        """Return what `predict` does, and what the model could read of each text."""
        rows = [ids for chunk in self.encoder.encode_ids(texts) for ids in chunk]
        found = self.words_read(rows)
        return sigmoid(self.logits([self.cut(ids[ids != UNKNOWN_ID]) for ids in rows])), found

    def words_read(self, rows: Sequence[np.ndarray]) -> WordsRead:
        """Return what the model can read of reviews given as source ids `(T,)`, unknown tokens included."""
        counts = np.array(
            [(np.count_nonzero(ids), self.encoder.is_word[ids].sum(), len(ids)) for ids in rows], dtype=np.int64
        ).reshape(-1, 3)
        known, words, tokens = counts.T
        return WordsRead(known, words, tokens - known, self.max_tokens, self.keep)

    def cut(self, row: np.ndarray) -> np.ndarray:
        """Return what the model reads of the known tokens `row (T,)` of a review."""
        return read_of(row, self.max_tokens, self.keep)

    def logits(self, rows: Sequence[np.ndarray]) -> np.ndarray:
        """Return the log-odds of positive `(N,)` float64 for reviews given as source ids `(T,)`, cut nowhere.

        Calibrated: already divided by the model's temperature, so their sigmoid is what `predict` answers.
        """
        order = np.argsort([len(row) for row in rows], kind="stable")
        batches = []
        while len(order):
            longest = len(rows[order[:BATCH_SIZE][-1]])
            size = min(BATCH_SIZE, max(1, BATCH_TOKENS // max(longest, 1)))
            batches.append(order[:size])
            order = order[size:]
        result = np.zeros(len(rows))
        answers = each(lambda members: self._classify([rows[index] for index in members])[0], batches)
        for members, answer in zip(batches, answers, strict=True):
            result[members] = answer
        return result

    def classify(self, token_ids: np.ndarray, lengths: np.ndarray) -> ModelOutput:
        """Return what the network makes of padded source ids `(B, T)`, not calibrated."""
        output = self.model.classify(self.embedded(token_ids), torch.from_numpy(lengths))
        self._told(token_ids.size)
        return output

    def embedded(self, token_ids: np.ndarray) -> torch.Tensor:
        """Return `embed` as a tensor."""
        return torch.from_numpy(self.embed(token_ids))

    def log_odds(self, embedded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Return the calibrated log-odds of positive `(B,)` of reviews given as vectors `(B, T, E)`, differentiable."""
        logits = self.model.classify(embedded, lengths).logits / self.temperature
        self._told(embedded.shape[0] * embedded.shape[1] * (3 if embedded.requires_grad else 1))
        return logits

    def read(self, text: str) -> tuple[TokenizedText, np.ndarray]:
        """Return the tokens of `text` and a mask `(T,)` of those the model uses: known, and in the part it reads."""
        tokens = self.encoder.encode(text)
        known = tokens.token_ids != 0
        return tokens, is_read(known, self.max_tokens, self.keep)

    def reading_along(self, text: str) -> ReadingAlong:
        """Return P(positive) after each used token, as if the review ended there; raises `DataError`.

        A long review is asked at evenly spaced tokens (at most 128 of them), the last one always included.
        """
        check_text(text)
        tokens, used = self.read(text)
        row = tokens.token_ids[used]
        # A prefix is half a review long on average.
        points = min(len(row), READING_POINTS, max(2 * READING_TOKENS // max(len(row), 1), 2))
        after = np.unique(np.linspace(1, len(row), points).round().astype(np.int64))
        return ReadingAlong(after, sigmoid(self.logits([row[:count] for count in after])))

    def explain(self, text: str) -> Explanation:
        """Return probability and per-token attention for one text; raise `DataError` when it is empty or too long."""
        check_text(text)
        started = time.perf_counter()
        tokens, used = self.read(text)
        known = tokens.token_ids != 0
        logits, attention = self._classify([tokens.token_ids[used]])
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
        probability = float(sigmoid(logits)[0])
        return Explanation(
            model_id=self.model_id,
            probability=probability,
            label=int(rules.positive(probability)),
            tokens=scores,
            truncated=bool(known.sum() > used.sum()),
            known_tokens=int(known.sum()),
            used_tokens=int(used.sum()),
            seconds=time.perf_counter() - started,
            keep=self.keep,
            remarks=about_answer(self.words_read([tokens.token_ids])),
            step=self.step,
        )

    @torch.inference_mode()
    def attention(self, text: str) -> np.ndarray:
        """Return who attends to whom among [CLS], the used tokens and [SEP]: `(layers, heads, T + 2, T + 2)`.

        Each row adds up to 1. Raises `ConfigError` for a network that is no Transformer, `DataError` as `explain`.
        """
        if not isinstance(self.model, ReviewTransformer):
            raise ConfigError(f"{self.model_id} has no layers of attention; ask a Transformer")
        check_text(text)
        tokens, used = self.read(text)
        row = tokens.token_ids[used]
        lengths = torch.tensor([len(row)])
        return self.model.attention(self.embedded(row[None]), lengths)[:, 0].cpu().numpy()

    def embed(self, token_ids: np.ndarray) -> np.ndarray:
        """Return vectors `(..., E)` of source ids: fine-tuned where the model has them, else as published."""
        vectors = self.vectors.rows(token_ids)
        if self._table is not None and self._vocabulary is not None:
            places = np.searchsorted(self._vocabulary, token_ids).clip(max=len(self._vocabulary) - 1)
            trained = self._vocabulary[places] == token_ids
            vectors[trained] = self._table.float().numpy()[places[trained]]
        return vectors

    @torch.inference_mode()
    def _classify(self, rows: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray | None]:
        """Return calibrated log-odds `(N,)` float64 and attention weights `(N, T)`, None without attention."""
        lengths = np.array([len(row) for row in rows])
        token_ids = np.zeros((len(rows), max(int(lengths.max(initial=0)), 1)), dtype=np.int64)
        for place, row in enumerate(rows):
            token_ids[place, : len(row)] = row
        output = self.classify(token_ids, lengths)
        attention = output.attention_weights
        logits = output.logits.double().cpu().numpy() / self.temperature
        return logits, None if attention is None else attention.cpu().numpy()


def _unheard(_tokens: int) -> None:
    """Nobody wants to know."""


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Return the probability of each log-odds, float64."""
    return rules.probability(logits)


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


def _encoder(saved: SavedModel, vectors: WordVectors) -> TextEncoder | PieceEncoder:
    if saved.pieces is not None:
        return PieceEncoder(saved.pieces)
    tokenizer = saved.config.data.tokenizer
    return (
        _shared_encoder(saved.vectors_key, tokenizer) if saved.words is None else TextEncoder(vectors.words, tokenizer)
    )


@lru_cache(maxsize=4)
def _shared_encoder(vectors_key: str, tokenizer: Tokenizer) -> TextEncoder:
    vectors: WordVectors = load_saved(vectors_key)
    return TextEncoder(vectors.words, tokenizer)


def _network(saved: SavedModel, dim: int) -> SentimentModel | ReviewTransformer:
    """Return the network that the saved weights are of, without them."""
    config = saved.config
    if saved.pieces is not None:
        positions = saved.tensors.get("transformer.positions")
        longest = (config.data.max_tokens or 0) + SPECIAL_IN_REVIEW if positions is None else len(positions)
        return ReviewTransformer(config.model, len(saved.pieces), longest, torch.Generator())
    # Words reach the model as vectors, so that it also reads words that its training reviews did not have.
    network = config.model.model_copy(update={"freeze_embeddings": True})
    return assemble(network, torch.zeros(1, dim), torch.Generator())


def _step(saved: SavedModel) -> int | None:
    """Return the update after which the weights were kept, None where nobody noted it."""
    made = saved.details.get("made")
    step = made.get("step") if isinstance(made, dict) else None
    return step if isinstance(step, int) else None


def _temperature(model_id: str, saved: SavedModel) -> float:
    """Return what the model's logits are divided by (Guo et al. 2017), 1 for a model that was not calibrated."""
    try:
        temperature = float(saved.details.get("temperature", 1.0))
    except (TypeError, ValueError, OverflowError):
        temperature = math.nan
    if not (math.isfinite(temperature) and temperature > 0):
        raise CheckpointError(f"the saved temperature of {model_id} is not a positive number; train it again")
    return temperature

"""A masked language model asked about any text: what fills a gap, does the second follow, who attends to whom."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sentiment_core.artifacts import WEIGHTS, here, run_place
from sentiment_core.errors import CheckpointError, DataError, NotFoundError
from sentiment_core.models.masked import build_masked_model
from sentiment_core.pairs import SECOND, SPECIAL_IN_PAIR, laid_out
from sentiment_core.shipped_bert import FOLDER
from sentiment_core.snapshots import kept_steps, snapshot_folder
from sentiment_core.store import Store
from sentiment_core.tasks import MASKED_WORDS, TASKS
from sentiment_core.training.checkpoints import SavedModel, load_model
from sentiment_core.wordpiece import MASK, MASK_ID, SPECIAL

BEST = 5
MOST_CHARACTERS = 20_000


@dataclass(frozen=True)
class ShippedPairModel:
    """A small model that ships with the product: its name on pages, and in what it differs from its preset."""

    title: str
    overrides: dict[str, Any]


# The first learned from real reviews, and its weights on the way ship too; the others learned from demo reviews.
REAL = "bert-reviews"
# `benchmarks/bert_models.py` makes them; the card beside them says how, and how good they are.
SHIPPED: dict[str, ShippedPairModel] = {
    REAL: ShippedPairModel("Encoder, real reviews", {}),
    "bert-encoder": ShippedPairModel("Encoder, demo reviews", {}),
    "bert-no-positions": ShippedPairModel("Encoder without positions, demo reviews", {"model.positions": "none"}),
}


@dataclass(frozen=True)
class Guess:
    """A piece that may fill a gap, and the model's probability of it."""

    text: str
    probability: float


@dataclass(frozen=True)
class Token:
    """A piece as the model reads it: its `segment` (0 or 1), and its characters in the text of that segment.

    `guesses`, where it is a gap: the best first. Special pieces have no characters.
    """

    text: str
    segment: int
    start: int = 0
    end: int = 0
    masked: bool = False
    guesses: tuple[Guess, ...] = ()

    @property
    def special(self) -> bool:
        """Whether it is [CLS] or [SEP], which no text contains."""
        return self.end == 0


@dataclass(frozen=True, eq=False)
class PairReading:
    """What a model makes of one text or two: the T tokens, P(the second follows) where there are two.

    `attention (layers, heads, T, T)`: the row of a token says where it looks. `left_out`: pieces too many.
    """

    tokens: tuple[Token, ...]
    follows: float | None
    attention: np.ndarray
    left_out: int


class PairReader:
    """Asks a saved masked language model. Safe to share between threads: it holds no changing state."""

    def __init__(self, saved: SavedModel) -> None:
        config, pieces = saved.config, saved.pieces
        if pieces is None:
            raise CheckpointError("this model reads words, not word pieces; ask one that learned masked words")
        self.config = config
        self.details = saved.details
        self.pieces = pieces
        self.longest = config.data.pair_tokens
        self._model = build_masked_model(
            config.model, len(pieces), config.data.pair_tokens, config.seed, torch.device("cpu")
        )
        try:
            self._model.load_state_dict({name: value.float() for name, value in saved.tensors.items()})
        except RuntimeError as error:
            raise CheckpointError("the saved weights do not fit their configuration; train the model again") from error
        self._model.eval().requires_grad_(False)

    @property
    def positions(self) -> np.ndarray | None:
        """What the model adds to each position's piece `(longest, H)`; None where it has none."""
        table = self._model.transformer.positions
        return None if table is None else table.numpy()

    @torch.inference_mode()
    def read(self, first: str, second: str = "", gaps: Collection[int] = ()) -> PairReading:
        """Read one text or two; tokens `gaps`, numbered as in the result from 0, become [MASK] as those written so are.

        Raises `DataError` for an empty first text and for one that is too long to be one.
        """
        if not first.strip():
            raise DataError(f"there is no text; write a sentence, with {MASK} for the word to fill in")
        if max(len(first), len(second)) > MOST_CHARACTERS:
            raise DataError(f"a text has {max(len(first), len(second)):,} characters; {MOST_CHARACTERS:,} are allowed")
        # All of what is too long for one half goes to the other where that has room.
        found = [self.pieces.pieces(text) for text in (first, second)]
        room = self.longest - (SPECIAL_IN_PAIR if found[1] else SPECIAL_IN_PAIR - 1)
        half = room // 2
        sizes = [len(part) for part in found]
        kept = [min(sizes[0], max(room - sizes[1], half)), 0]
        kept[1] = min(sizes[1], room - kept[0])
        parts = [part[:size] for part, size in zip(found, kept, strict=True)]
        token_ids, segments = laid_out(*([piece.id for piece in part] for part in parts))
        texts = [self.pieces.vocabulary[token_id] for token_id in token_ids]
        inside = [place for place, token_id in enumerate(token_ids) if token_id >= len(SPECIAL) or token_id == MASK_ID]
        token_ids[[place for place in inside if place in gaps]] = MASK_ID
        chosen = np.flatnonzero(token_ids == MASK_ID)
        weights: list[torch.Tensor] = []
        output = self._model(
            torch.from_numpy(token_ids)[None],
            torch.from_numpy(segments)[None],
            torch.tensor([len(token_ids)]),
            torch.from_numpy(chosen),
            weights,
        )
        guesses = dict(zip(chosen.tolist(), self._best(output.words), strict=True))
        spans = iter(piece for part in parts for piece in part)
        tokens = []
        for place, (text, segment) in enumerate(zip(texts, segments.tolist(), strict=True)):
            special = place in (0, kept[0] + 1, len(texts) - 1)
            piece = None if special else next(spans)
            start, end = (piece.start, piece.end) if piece else (0, 0)
            tokens.append(Token(text, segment, start, end, place in guesses, guesses.get(place, ())))
        follows = float(torch.sigmoid(output.follows)[0]) if SECOND in segments else None
        return PairReading(tuple(tokens), follows, torch.cat(weights).numpy(), sum(sizes) - sum(kept))

    def _best(self, words: torch.Tensor) -> list[tuple[Guess, ...]]:
        """Return the best guesses of each gap from `words (K, V)`; special pieces never fill one."""
        probabilities = words.softmax(dim=-1)
        probabilities[:, : len(SPECIAL)] = 0.0
        values, places = probabilities.topk(BEST, dim=-1)
        return [
            tuple(Guess(self.pieces.vocabulary[place], value) for place, value in zip(row, shares, strict=True))
            for row, shares in zip(places.tolist(), values.tolist(), strict=True)
        ]


def steps_of(model_id: str, store: Store) -> list[int]:
    """Return the updates after which a model's weights were kept on the way, ascending; raise `NotFoundError`."""
    if model_id in SHIPPED:
        return sorted(int(path.name.removeprefix("step-")) for path in (FOLDER / model_id).glob("step-*"))
    return kept_steps(store.run(model_id))


def load_pair_reader(model_id: str, store: Store, step: int | None = None) -> PairReader:
    """Return a shipped model, or that of a run, as kept last or after update `step`.

    Raises `NotFoundError` for a run of another task or without weights, `CheckpointError` for damaged ones.
    """
    folder = here(_folder(model_id, store, step))
    try:
        stamp = (folder / WEIGHTS).stat()
    except OSError as error:
        raise NotFoundError(f"run {model_id} has no saved model yet; let it finish an epoch") from error
    return _read(folder, stamp.st_mtime_ns, stamp.st_size)


def _folder(model_id: str, store: Store, step: int | None) -> Path:
    if model_id in SHIPPED:
        if step is not None and step not in (steps := steps_of(model_id, store)):
            kept = ", ".join(map(str, steps)) or "none"
            raise NotFoundError(f"the weights of {model_id} after step {step} were not kept; kept are {kept}")
        return FOLDER / model_id / ("" if step is None else f"step-{step}")
    run = store.run(model_id)
    if run.config.task != MASKED_WORDS:
        learned = TASKS[run.config.task].label
        raise NotFoundError(
            f"run {run.id} learned another task ({learned}); ask one that learned {TASKS[MASKED_WORDS].label}"
        )
    return run_place(run.experiment_id, run.id) if step is None else snapshot_folder(run, step)


@lru_cache(maxsize=16)
def _read(folder: Path, _written_at: int, _size: int) -> PairReader:
    return PairReader(load_model(folder))

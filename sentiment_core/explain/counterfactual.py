"""What would the model say if the review were a little different? Edits by character offsets, and nearby words.

A deleted or replaced token changes the text. A masked token stays in the text, but the model reads the vector of a
baseline in its place, as in occlusion; an unknown word would not do, because models skip those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np

from sentiment_core.errors import ConfigError
from sentiment_core.explain.methods import DEFAULT_BASELINE
from sentiment_core.explain.records import Explanation
from sentiment_core.steps.rules import positive

if TYPE_CHECKING:
    from sentiment_core.explain.predictor import Predictor
    from sentiment_core.text import TokenizedText

# Vectors list frequent words first; beyond these lie misspellings and names.
FREQUENT_WORDS = 50_000
# More than almost any text has.
CHARACTERS_PER_TOKEN = 12


@dataclass(frozen=True)
class Draft:
    """A review being edited: its text, and the character ranges `(start, end)` of the tokens that are masked."""

    text: str
    masked: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Neighbour:
    """A word near another one and the cosine of the angle between their vectors, −1 to 1."""

    word: str
    cosine: float


def masked(draft: Draft, start: int, end: int) -> Draft:
    """Return `draft` with the characters `start` to `end` masked; raises `ConfigError` outside the text."""
    _check(draft, start, end)
    return replace(draft, masked=tuple(sorted({*draft.masked, (start, end)})))


def deleted(draft: Draft, start: int, end: int) -> Draft:
    """Return `draft` without the characters `start` to `end`, and with one space where two would be left.

    Two words that only this token kept apart get a space, or they would become one. Raises `ConfigError`.
    """
    _check(draft, start, end)
    left, right = draft.text[:start], draft.text[end:]
    if left[-1:].isalnum() and right[:1].isalnum():
        return _spliced(draft, start, end, " ")
    if right[:1] == " " and (not left or left[-1].isspace()):
        return _spliced(draft, start, end + 1, "")
    return _spliced(draft, start, end, "")


def replaced(draft: Draft, start: int, end: int, word: str) -> Draft:
    """Return `draft` with `word` for the characters `start` to `end`; raises `ConfigError` outside the text."""
    _check(draft, start, end)
    return _spliced(draft, start, end, word)


def retyped(draft: Draft, text: str) -> Draft:
    """Return `draft` as `text`; masks outside the part that changed move along, those inside are gone."""
    before = draft.text
    start = _common(before, text)
    most = min(len(before), len(text)) - start
    tail = min(most, _common(before[::-1], text[::-1]))
    return _spliced(draft, start, len(before) - tail, text[start : len(text) - tail])


def probabilities(predictor: Predictor, drafts: Sequence[Draft], baseline: str = DEFAULT_BASELINE) -> np.ndarray:
    """Return P(positive) `(N,)` of each draft, with `baseline` in the place of masked tokens."""
    from sentiment_core.explain.predictor import sigmoid

    read = [_token_ids(predictor, draft) for draft in drafts]
    plain = [place for place, (_, masks) in enumerate(read) if not masks.any()]
    logits = np.zeros(len(drafts))
    logits[plain] = predictor.logits([read[place][0] for place in plain])
    for place in set(range(len(drafts))) - set(plain):
        logits[place] = _with_masks(predictor, *read[place], baseline)[0]
    return sigmoid(logits)


def answer(predictor: Predictor, draft: Draft, baseline: str = DEFAULT_BASELINE) -> Explanation:
    """Return `Predictor.explain` of a draft, with its masks; raises `DataError` for an empty text."""
    from sentiment_core.explain.predictor import sigmoid

    found = predictor.explain(draft.text)
    row, masks = _token_ids(predictor, draft)
    if not masks.any():
        return found
    logit, weights = _with_masks(predictor, row, masks, baseline)
    probability = float(sigmoid(np.array([logit]))[0])
    tokens = found.tokens
    if weights is not None:
        values = iter(weights.tolist())
        tokens = tuple(replace(token, attention=float(next(values)) if token.used else 0.0) for token in tokens)
    return replace(found, probability=probability, label=int(positive(probability)), tokens=tokens)


def neighbours(predictor: Predictor, word: str, count: int = 8) -> list[Neighbour]:
    """Return the frequent words nearest to `word` by cosine in the model's own vectors, nearest first.

    Empty for a word without a vector. Words used alike lie close: antonyms often are neighbours.
    """
    found = predictor.encoder.encode(word).token_ids
    if len(found) != 1 or not found[0]:
        return []
    words = predictor.vectors.words
    ids = np.arange(1, min(len(words), FREQUENT_WORDS) + 1)
    vectors = predictor.embed(ids)  # (V, E)
    own = predictor.embed(found)[0]  # (E,)
    lengths = np.linalg.norm(vectors, axis=1) * float(np.linalg.norm(own))
    cosines = np.divide(vectors @ own, lengths, out=np.full(len(ids), -1.0, dtype=np.float32), where=lengths > 0)
    cosines[ids == found[0]] = -np.inf
    best = np.argsort(-cosines, kind="stable")[: min(count, len(ids) - 1)]
    return [Neighbour(str(words[place]), float(cosines[place])) for place in best]


def _token_ids(predictor: Predictor, draft: Draft) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids `(T,)` of what is read, and which of these tokens are masked `(T,)`."""
    tokens, used = _read(predictor, draft.text)
    spans = set(draft.masked)
    places = zip(tokens.starts[used].tolist(), tokens.ends[used].tolist(), strict=True)
    return tokens.token_ids[used], np.array([span in spans for span in places], dtype=bool)


def _with_masks(
    predictor: Predictor, token_ids: np.ndarray, masks: np.ndarray, baseline: str
) -> tuple[float, np.ndarray | None]:
    """Return the log-odds of positive and attention weights `(T,)` with a baseline in the place of masked tokens."""
    import torch

    from sentiment_core.explain.methods.target import Target

    with torch.inference_mode():
        asked = Target(predictor, token_ids, target=1)
        hidden = torch.from_numpy(masks)[None, :, None]  # (1, T, 1)
        embedded = torch.where(hidden, asked.baseline(baseline), asked.embedded)  # (1, T, E)
        weights = predictor.model.classify(embedded, torch.tensor([len(token_ids)])).attention_weights
        return float(asked(embedded)[0]), None if weights is None else weights[0].cpu().numpy()


def _read(predictor: Predictor, text: str) -> tuple[TokenizedText, np.ndarray]:
    """Return `Predictor.read` of what matters of `text`: many drafts of a very long review are asked at once."""
    if predictor.keep != "head":
        return predictor.read(text)
    end = text.rfind(" ", 0, CHARACTERS_PER_TOKEN * predictor.max_tokens)
    if end > 0:
        tokens, used = predictor.read(text[:end])
        if used.sum() == predictor.max_tokens:
            return tokens, used
    return predictor.read(text)


def _spliced(draft: Draft, start: int, end: int, new: str) -> Draft:
    shift = len(new) - (end - start)
    kept = [(first, last) for first, last in draft.masked if last <= start]
    moved = [(first + shift, last + shift) for first, last in draft.masked if first >= end]
    return Draft(draft.text[:start] + new + draft.text[end:], (*kept, *moved))


def _check(draft: Draft, start: int, end: int) -> None:
    if not 0 <= start < end <= len(draft.text):
        raise ConfigError(
            f"characters {start} to {end} are not in this review of {len(draft.text)}; pick a token of it"
        )


def _common(first: str, second: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))

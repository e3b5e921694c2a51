"""How much an explanation will have a network read, and how long that will take, before any of it is computed.

In tokens, there and back counted as three times, and in seconds of one idle core of a 2020s laptop: right within a
factor of two or three, which is enough to choose between an answer at once and a job.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sentiment_core.explain.faithfulness import FRACTIONS, RANDOM_ORDERS
from sentiment_core.explain.methods import METHODS

if TYPE_CHECKING:
    from sentiment_core.explain.predictor import Predictor

# In batches, the pretrained model with its 320,000 parameters takes 10 µs a token; a network of a few units takes what
# PyTorch needs to start each step.
SECONDS_PER_PARAMETER = 3e-11
LEAST_SECONDS_PER_TOKEN = 2e-6
SECONDS_PER_LONE_STEP = 3e-5
THERE_AND_BACK = 3


def attribution_tokens(method: str, tokens: int) -> float:
    """Return what `method` reads for a review of `tokens` used tokens."""
    return tokens * METHODS[method].passes(tokens)


def faithfulness_tokens(methods: int, tokens: int) -> float:
    """Return what the curves of so many methods read, once their scores are there."""
    # What is deleted and what is kept at one place are a whole review together.
    return tokens * (len(FRACTIONS) - 2) * (methods + RANDOM_ORDERS)


def along_tokens(tokens: int) -> float:
    """Return what reading along reads."""
    from sentiment_core.explain.predictor import READING_POINTS, READING_TOKENS

    return min(READING_POINTS * tokens / 2, READING_TOKENS)


def padding_tokens(tokens: int, amounts: Sequence[int]) -> int:
    """Return what the padding probe reads with `amounts (A,)`, padding included."""
    return sum(tokens + amount for amount in amounts)


def attribution_seconds(predictor: Predictor, method: str, tokens: int) -> float:
    """Return how long `method` takes for a review of `tokens` used tokens."""
    # What reads a review once, there or there and back, has no batch to share the start of each step with.
    alone = SECONDS_PER_LONE_STEP * tokens * min(METHODS[method].passes(tokens), THERE_AND_BACK)
    return alone + _per_token(predictor) * attribution_tokens(method, tokens)


def faithfulness_seconds(predictor: Predictor, methods: Sequence[str], tokens: int) -> float:
    """Return how long the curves of `methods` take, once their scores are there."""
    return _per_token(predictor) * faithfulness_tokens(len(methods), tokens)


def along_seconds(predictor: Predictor, tokens: int) -> float:
    """Return how long reading along takes."""
    return _per_token(predictor) * along_tokens(tokens)


def padding_seconds(tokens: int, amounts: Sequence[int]) -> float:
    """Return how long the padding probe takes with `amounts (A,)`, whatever the model: it asks row by row."""
    return SECONDS_PER_LONE_STEP * padding_tokens(tokens, amounts)


def _per_token(predictor: Predictor) -> float:
    # A table of vectors is looked up, not multiplied.
    parameters = sum(
        item.numel() for name, item in predictor.model.named_parameters() if not name.endswith("embedding.weight")
    )
    return max(LEAST_SECONDS_PER_TOKEN, SECONDS_PER_PARAMETER * parameters)

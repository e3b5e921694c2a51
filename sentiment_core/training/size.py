"""How large a training is, as far as that can be told before its reviews are read."""

from __future__ import annotations

import math

from sentiment_core.classroom.settings import TrainingLimits
from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import LimitError
from sentiment_core.sources import CHARACTERS_A_REVIEW
from sentiment_core.tasks import REVIEWS, SEQUENCES, TASKS
from sentiment_core.training.memory import CHARACTERS_A_TOKEN, expected_size, parameters_of
from sentiment_core.training.transformer_memory import reads_pairs

TRAINING_SHARE = 0.72  # of the reviews: a fifth is for the test, a tenth of the rest validates
# Of real reviews in 4,000 pieces, for each of the pieces that a pair may have: most pairs are shorter.
CHARACTERS_A_PLACE = 2.8


def updates_of(config: ExperimentConfig) -> int | None:
    """Return about how many updates a run makes; None where neither a limit nor what it reads tells."""
    training = config.training
    expected = None
    characters = TRAINING_SHARE * expected_size(config).characters
    examples = None
    if TASKS[config.task].judges_reviews:
        examples = characters / CHARACTERS_A_REVIEW
    elif reads_pairs(config):
        examples = characters / (CHARACTERS_A_PLACE * config.data.pair_tokens)
    elif SEQUENCES in TASKS[config.task].topics:
        examples = config.data.sequences
    if examples is not None:
        expected = training.epochs * math.ceil(examples / training.batch_size)
    known = [count for count in (expected, training.max_steps) if count is not None]
    return min(known, default=None)


def tokens_of(config: ExperimentConfig) -> int | None:
    """Return about how many tokens or pieces a run reads in training; None where `updates_of` is.

    Every review counts as one of the mean length, cut where the settings cut; pairs and sequences as full.
    """
    if (updates := updates_of(config)) is None:
        return None
    data = config.data
    if reads_pairs(config):
        length = data.pair_tokens
    elif REVIEWS in TASKS[config.task].topics:
        length = round(CHARACTERS_A_REVIEW / CHARACTERS_A_TOKEN)
        length = min(length, data.max_tokens or length)
    else:
        length = data.sequence_length
    return updates * config.training.batch_size * length


def check_size(config: ExperimentConfig, limits: TrainingLimits) -> None:
    """Raise `LimitError` for a training that is larger than a student's may be; the sentence says what to lower."""
    if len(config.runs) > limits.runs:
        raise LimitError(
            f"This experiment has {len(config.runs)} runs, and one may have {limits.runs} (training.runs). Take some"
            " out."
        )
    updates = updates_of(config)
    if updates is not None and updates > limits.steps:
        raise LimitError(
            f"This would be about {updates:,} updates, and a run may make {limits.steps:,} (training.steps). Lower the"
            " epochs or the number of reviews, or set a maximum of steps."
        )
    tokens = tokens_of(config)
    if tokens is not None and tokens > limits.tokens:
        raise LimitError(
            f"This would read about {tokens:,} tokens, and a run may read {limits.tokens:,} (training.tokens). Lower"
            " the epochs, the number of reviews or the tokens of each, or set a maximum of steps."
        )
    for run in config.runs:
        count = parameters_of(config.resolve(run))
        if count > limits.parameters:
            raise LimitError(
                f"Run {run.name} would train about {count:,} parameters, and one may train {limits.parameters:,}"
                " (training.parameters). Lower the hidden size or freeze the word vectors."
            )

"""The temporal order task: which two symbols, A or B, stood in a long sequence of others, and in which order?

Hochreiter & Schmidhuber 1997 (experiment 6a), in the form of Pascanu, Mikolov & Bengio 2013: T symbols, four of them
distractors, one of A and B in [T/10, T/5) and one in [T/2, 3T/5), four answers. What the first of them was has to be
carried over most of the sequence, so the gradient has to come back all that way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from sentiment_core.batches import Batch
from sentiment_core.config import ExperimentConfig
from sentiment_core.models import Network, SentimentModel, build_model
from sentiment_core.tasks import ORDERS
from sentiment_core.training.checkpoints import write_model
from sentiment_core.training.task import Show, Task

# Symbols are tokens 1 to 6, because 0 is padding: A, B, and the distractors.
INFORMATIVE, DISTRACTORS = 2, 4
EVALUATED = {"validation": 1_000, "test": 2_000}
# An example is the place of a sequence within one draw: draws 0 and 1 are evaluated, draw e + 1 is of epoch e.
DRAW = 2**32
EVALUATION_BATCH_SIZE = 500


@dataclass(frozen=True)
class Sequences:
    """Sequences of `length` symbols, `count` an epoch; they follow from `seed` and are drawn when they are read."""

    length: int
    count: int
    seed: int

    def read(self, examples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return symbols `(B, T)` and orders `(B,)` of the examples `(B,)` of one draw."""
        draw = int(examples[0] // DRAW)
        sizes = [*EVALUATED.values()]
        symbols, orders = draw_sequences(self.length, sizes[draw] if draw < 2 else self.count, (self.seed, draw))
        rows = examples % DRAW
        return symbols[rows], orders[rows]


# Runs read the same epoch side by side, and the evaluated draws come again and again.
@lru_cache(maxsize=8)
def draw_sequences(length: int, count: int, seeds: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return `count` sequences: symbols `(N, T)` int64 from 1 to 6 and orders `(N,)` from 0: AA, AB, BA, BB."""
    generator = np.random.default_rng([*seeds, length])
    symbols = generator.integers(1 + INFORMATIVE, 1 + INFORMATIVE + DISTRACTORS, (count, length))
    first, second = generator.integers(0, INFORMATIVE, (2, count))
    rows = np.arange(count)
    symbols[rows, generator.integers(length // 10, length // 5, count)] = 1 + first
    symbols[rows, generator.integers(length // 2, 3 * length // 5, count)] = 1 + second
    return symbols, INFORMATIVE * first + second


class TemporalOrderTask(Task[Sequences, Batch]):
    """Learns from drawn sequences; a model's answers are logits of the four orders `(B, 4)`."""

    def prepare(self, config: ExperimentConfig, device: torch.device, folder: Path, show: Show) -> list[Sequences]:
        return [Sequences(config.data.sequence_length, config.data.sequences, config.seed)] * len(config.runs)

    def members(self, data: Sequence[Sequences]) -> np.ndarray:
        return np.arange(data[0].count)

    def plan_epoch(
        self, config: ExperimentConfig, data: Sequences, members: np.ndarray, epoch: int
    ) -> list[np.ndarray]:
        return _cut((epoch + 1) * DRAW + members, config.training.batch_size)

    def plan_evaluation(self, data: Sequences, part: str) -> list[np.ndarray]:
        return _cut(list(EVALUATED).index(part) * DRAW + np.arange(EVALUATED[part]), EVALUATION_BATCH_SIZE)

    def batch(self, data: Sequences, examples: np.ndarray) -> Batch:
        symbols, orders = data.read(examples)
        lengths = torch.full((len(examples),), data.length)
        return Batch(torch.from_numpy(symbols), lengths, torch.from_numpy(orders), symbols.size)

    def models(
        self, configs: Sequence[ExperimentConfig], data: Sequence[Sequences], device: torch.device
    ) -> list[Network]:
        # A symbol is a unit vector, padding is zero.
        symbols = torch.eye(INFORMATIVE + DISTRACTORS, device=device)
        matrix = torch.cat([symbols.new_zeros(1, len(symbols)), symbols])
        return [build_model(config.model, matrix, config.seed, device, ORDERS) for config in configs]

    def answers(self, model: SentimentModel, batch: Batch) -> torch.Tensor:
        logits: torch.Tensor = model(batch.token_ids, batch.lengths).logits
        return logits

    def loss(self, answers: torch.Tensor, batch: Batch) -> torch.Tensor:
        return F.cross_entropy(answers, batch.labels)

    def right(self, answers: torch.Tensor, batch: Batch) -> torch.Tensor:
        # What is not a finite number is no answer.
        return (answers.argmax(dim=1) == batch.labels) + 0.0 * answers.sum(dim=1)

    def save(
        self, folder: Path, model: Network, config: ExperimentConfig, data: Sequences, made: dict[str, str | int]
    ) -> None:
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
        write_model(folder, tensors, config, "symbols", {"made": made})


def _cut(examples: np.ndarray, size: int) -> list[np.ndarray]:
    return [examples[start : start + size] for start in range(0, len(examples), size)]

"""The temporal order task: which two symbols, A or B, stood in a long sequence of others, and in which order?

Four answers. What the first symbol was has to be carried over most of the sequence, so the gradient has to come back
all that way: Pascanu, Mikolov & Bengio 2013. The sequences: `symbols.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from sentiment_core.batches import Batch, cut
from sentiment_core.config import ExperimentConfig
from sentiment_core.models import Network, SentimentModel, build_model
from sentiment_core.symbols import DISTRACTORS, DRAW, EVALUATED, INFORMATIVE, Sequences
from sentiment_core.tasks import ORDERS
from sentiment_core.training.checkpoints import write_model
from sentiment_core.training.task import Show, Task

EVALUATION_BATCH_SIZE = 500


class TemporalOrderTask(Task[Sequences, Batch]):
    """Learns from drawn sequences; a model's answers are logits of the four orders `(B, 4)`."""

    repeatable = True

    def prepare(self, config: ExperimentConfig, device: torch.device, folder: Path, show: Show) -> list[Sequences]:
        return [Sequences(config.data.sequence_length, config.data.sequences, config.seed)] * len(config.runs)

    def members(self, data: Sequence[Sequences]) -> np.ndarray:
        return np.arange(data[0].count)

    def plan_epoch(
        self, config: ExperimentConfig, data: Sequences, members: np.ndarray, epoch: int
    ) -> list[np.ndarray]:
        return cut((epoch + 1) * DRAW + members, config.training.batch_size)

    def plan_evaluation(self, data: Sequences, part: str) -> list[np.ndarray]:
        return cut(list(EVALUATED).index(part) * DRAW + np.arange(EVALUATED[part]), EVALUATION_BATCH_SIZE)

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

"""A second task for tests: which of four pairs of symbols came in which order, early and late in a sequence.

After the temporal order problem of Hochreiter & Schmidhuber (1997), in small: batches, loss, classes, chance and titles
of its own, and no review anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F
from torch import nn

from sentiment_core.config import ExperimentConfig
from sentiment_core.models import Network
from sentiment_core.models.dropout import Dropout
from sentiment_core.tasks import TaskInfo
from sentiment_core.training.task import Show, Task

LENGTH, SYMBOLS, CLASSES = 10, 6, 4
ORDER = TaskInfo(
    label="Temporal order",
    code="order_task:OrderTask",
    loss="Cross-entropy of the order",
    accuracy="Orders named",
    chance=lambda parts: 1 / CLASSES,
    guess=lambda parts: math.log(CLASSES),
)


@dataclass(frozen=True)
class Sequences:
    """`symbols (N, T)`, `labels (N,)` of 0 to 3, `parts (N,)`: train, validation or test."""

    symbols: np.ndarray
    labels: np.ndarray
    parts: np.ndarray


@dataclass(frozen=True)
class OrderBatch:
    symbols: torch.Tensor
    labels: torch.Tensor

    @property
    def tokens(self) -> int:
        return self.symbols.numel()

    def to(self, device: torch.device) -> OrderBatch:
        return OrderBatch(self.symbols.to(device), self.labels.to(device))


class OrderModel(Network):
    def __init__(self, hidden_size: int, generator: torch.Generator) -> None:
        super().__init__()
        self.generator = generator
        self.dropout = Dropout(0.1, generator)
        self.symbols = nn.Embedding(SYMBOLS, 8)
        self.rnn = nn.GRU(8, hidden_size, batch_first=True)
        self.head = nn.Linear(hidden_size, CLASSES)

    def forward(self, symbols: torch.Tensor) -> torch.Tensor:
        answers: torch.Tensor = self.head(self.dropout(self.rnn(self.symbols(symbols))[0][:, -1]))
        return answers


class OrderTask(Task[Sequences, OrderBatch]):
    keeps_answers = True

    def prepare(self, config: ExperimentConfig, device: torch.device, folder: Path, show: Show) -> list[Sequences]:
        show("Drawing sequences", None)
        rng = np.random.default_rng(config.seed)
        symbols = rng.integers(2, SYMBOLS, (200, LENGTH))
        early, late = rng.integers(0, 2, (2, 200))
        symbols[:, 1], symbols[:, 6] = early, late
        made = Sequences(
            symbols, 2 * early + late, np.array(["train"] * 3 + ["validation", "test"] * 1)[rng.permutation(200) % 5]
        )
        return [made] * len(config.runs)

    def members(self, data: Sequence[Sequences]) -> np.ndarray:
        return np.flatnonzero(data[0].parts == "train")

    def plan_epoch(
        self, config: ExperimentConfig, data: Sequences, members: np.ndarray, epoch: int
    ) -> list[np.ndarray]:
        order = np.random.default_rng([config.seed, epoch]).permutation(members)
        return [
            order[start : start + config.training.batch_size]
            for start in range(0, len(order), config.training.batch_size)
        ]

    def plan_evaluation(self, data: Sequences, part: str) -> list[np.ndarray]:
        return [np.flatnonzero(data.parts == part)]

    def batch(self, data: Sequences, examples: np.ndarray) -> OrderBatch:
        return OrderBatch(torch.from_numpy(data.symbols[examples]), torch.from_numpy(data.labels[examples]))

    def models(self, configs: Any, data: Any, device: torch.device) -> list[Network]:
        made: list[Network] = []
        for config in configs:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(config.seed)
                made.append(OrderModel(config.model.hidden_size, torch.Generator().manual_seed(config.seed)).to(device))
        return made

    def answers(self, model: OrderModel, batch: OrderBatch) -> torch.Tensor:
        return model(batch.symbols)

    def loss(self, answers: torch.Tensor, batch: OrderBatch) -> torch.Tensor:
        return F.cross_entropy(answers, batch.labels)

    def right(self, answers: torch.Tensor, batch: OrderBatch) -> torch.Tensor:
        return (answers.argmax(dim=1) == batch.labels).float()

    def save(self, folder: Path, model: Network, config: Any, data: Sequences, made: dict[str, str | int]) -> None:
        safetensors.torch.save_file(model.state_dict(), folder / "order.safetensors")

    def write_test(self, folder: Path, data: Sequences, examples: np.ndarray, answers: np.ndarray) -> None:
        np.savez(folder / "order.npz", examples=examples, answers=answers)

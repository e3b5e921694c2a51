"""The pre-training task: fill in chosen pieces of two segments, and say whether the second one follows the first."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from sentiment_core.batches import plan_epoch, plan_evaluation
from sentiment_core.config import ExperimentConfig
from sentiment_core.datasets import TEST, TRAIN, VALIDATION, load_reviews
from sentiment_core.models import Network
from sentiment_core.models.masked import MaskedLanguageModel, build_masked_model
from sentiment_core.pair_measures import PairMeasures, write_pair_measures
from sentiment_core.pairs import Objective, Pairs, masked_pairs, pair_up, prepare_pairs
from sentiment_core.steps.rules import EVEN_LOG_ODDS, correct
from sentiment_core.training.checkpoints import save_with_pieces
from sentiment_core.training.device import free_memory
from sentiment_core.training.memory import check_loaded
from sentiment_core.training.task import Show, Task
from sentiment_core.training.transformer_memory import PAIRS_EVALUATED

PARTS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
# Of a part, drawn once: some 25,000 chosen pieces, whose mean loss is known to 0.02 nats.
MOST_EVALUATED = 4_000


@dataclass(frozen=True)
class PairBatch:
    """B pairs padded to the longest: `token_ids, segments (B, T)`, `lengths (B,)`, `follows (B,)` 1 where it does.

    `chosen (K,)` are the places to fill in, counted row by row, and `targets (K,)` the pieces that stood there.
    `tokens` counts no padding.
    """

    token_ids: torch.Tensor
    segments: torch.Tensor
    lengths: torch.Tensor
    follows: torch.Tensor
    chosen: torch.Tensor
    targets: torch.Tensor
    tokens: int

    def to(self, device: torch.device) -> PairBatch:
        """Return the batch on `device`; on CUDA the copy does not wait for running kernels."""
        if device.type == "cpu":
            return self
        names = ("token_ids", "segments", "lengths", "follows", "chosen", "targets")
        own = {name: getattr(self, name) for name in names}
        if device.type == "cuda":
            own = {name: tensor.pin_memory() for name, tensor in own.items()}
        return replace(self, **{name: tensor.to(device, non_blocking=True) for name, tensor in own.items()})


@dataclass(frozen=True)
class PairAnswers:
    """What a model says about a batch: `words (K, V)` at the chosen places, `follows (B,)` of the pairs."""

    words: torch.Tensor
    follows: torch.Tensor
    batch: PairBatch

    def __len__(self) -> int:
        return len(self.words)

    def float(self) -> PairAnswers:
        """Return the answers in float32."""
        return replace(self, words=self.words.float(), follows=self.follows.float())

    @cached_property
    def word_losses(self) -> torch.Tensor:
        """Cross-entropy (nats) of each chosen piece `(K,)`."""
        return F.cross_entropy(self.words, self.batch.targets, reduction="none")

    @cached_property
    def pair_losses(self) -> torch.Tensor:
        """Cross-entropy (nats) of whether each second segment follows `(B,)`."""
        return F.binary_cross_entropy_with_logits(self.follows, self.batch.follows, reduction="none")


class PretrainingTask(Task[Pairs, PairBatch]):
    """Masked language model and next sentence; an example is a pair's first segment beside a pair's second."""

    keeps_answers = True

    def prepare(self, config: ExperimentConfig, device: torch.device, folder: Path, show: Show) -> list[Pairs]:
        reviews = load_reviews(config.data, show)
        objectives = [Objective.of(config.resolve(run).training) for run in config.runs]
        found = prepare_pairs(config.data, reviews, objectives, config.seed, show)
        check_loaded(
            config.model_copy(update={"device": device.type}),
            longest=config.data.pair_tokens,
            words=len(found[0].pieces),
            free=free_memory(device),
        )
        return found

    def members(self, data: Sequence[Pairs]) -> np.ndarray:
        return np.flatnonzero(data[0].parts == TRAIN)

    def plan_epoch(self, config: ExperimentConfig, data: Pairs, members: np.ndarray, epoch: int) -> list[np.ndarray]:
        examples = pair_up(data, members, np.random.default_rng([config.seed, epoch]))
        size, batching = config.training.batch_size, config.data.batching
        plan = plan_epoch(np.arange(len(examples)), data.lengths(examples), size, batching, config.seed, epoch)
        return [examples[rows] for rows in plan]

    def plan_evaluation(self, data: Pairs, part: str) -> list[np.ndarray]:
        generator = np.random.default_rng(0)
        members = np.flatnonzero(data.parts == PARTS[part])
        # A second segment of another review needs two reviews; a small part may have one.
        if len(np.unique(data.reviews[members])) < 2:
            return []
        if len(members) > MOST_EVALUATED:
            members = generator.choice(members, MOST_EVALUATED, replace=False)
        examples = pair_up(data, members, generator)
        plan = plan_evaluation(np.arange(len(examples)), data.lengths(examples), PAIRS_EVALUATED)
        return [examples[rows] for rows in plan]

    def batch(self, data: Pairs, examples: np.ndarray) -> PairBatch:
        if data.parts[examples[0, 0]] != TRAIN:
            # Every run is asked the same, however it learned: so they can be held against each other.
            data = replace(data, objective=Objective())
        masked = masked_pairs(data, examples)
        chosen = np.flatnonzero(masked.chosen)
        return PairBatch(
            token_ids=torch.from_numpy(masked.token_ids),
            segments=torch.from_numpy(masked.segments),
            lengths=torch.from_numpy(masked.lengths),
            follows=torch.from_numpy(masked.follows.astype(np.float32)),
            chosen=torch.from_numpy(chosen),
            targets=torch.from_numpy(masked.original.ravel()[chosen]),
            tokens=int(masked.lengths.sum()),
        )

    def models(self, configs: Sequence[ExperimentConfig], data: Sequence[Pairs], device: torch.device) -> list[Network]:
        made: list[Network] = []
        for config, pairs in zip(configs, data, strict=True):
            model = build_masked_model(config.model, len(pairs.pieces), config.data.pair_tokens, config.seed, device)
            # It starts where guessing ends: how often each piece occurs need not be learned update by update.
            with torch.no_grad():
                model.word_bias.copy_(torch.from_numpy(np.log(pairs.shares)))
            made.append(model)
        return made

    def answers(self, model: MaskedLanguageModel, batch: PairBatch) -> PairAnswers:
        found = model(batch.token_ids, batch.segments, batch.lengths, batch.chosen)
        return PairAnswers(found.words, found.follows, batch)

    def loss(self, answers: PairAnswers, batch: PairBatch) -> torch.Tensor:
        return answers.word_losses.mean() + answers.pair_losses.mean()

    def training_loss(
        self, config: ExperimentConfig, data: Pairs, members: np.ndarray
    ) -> Callable[[PairAnswers, PairBatch], torch.Tensor]:
        return self.loss if config.training.next_sentence else lambda answers, batch: answers.word_losses.mean()

    def right(self, answers: PairAnswers, batch: PairBatch) -> torch.Tensor:
        found = answers.words.argmax(dim=-1) == batch.targets
        return found.float().where(answers.word_losses.isfinite(), math.nan)

    def details(self, answers: PairAnswers, batch: PairBatch) -> Mapping[str, torch.Tensor]:
        return {
            "word_loss": answers.word_losses,
            "pair_loss": answers.pair_losses,
            "pair_accuracy": correct(answers.follows, batch.follows, EVEN_LOG_ODDS),
        }

    def kept(self, answers: PairAnswers, batch: PairBatch) -> torch.Tensor:
        pair = batch.chosen // batch.token_ids.shape[1]
        losses = answers.word_losses
        sums = torch.zeros(len(batch.follows), 2, device=losses.device)
        sums.index_add_(0, pair, torch.stack([torch.ones_like(losses), losses], dim=1))
        return torch.column_stack([sums, correct(answers.follows, batch.follows, EVEN_LOG_ODDS)])

    def write_test(self, folder: Path, data: Pairs, examples: np.ndarray, answers: np.ndarray) -> None:
        reviews = data.reviews[examples[:, 0]]
        write_pair_measures(folder, PairMeasures(examples, reviews, answers, data.unigram_loss))

    def levels(self, data: Pairs) -> Mapping[str, float]:
        return {
            "word_guess": data.unigram_loss,
            "word_chance": float(data.shares.max()),
            "pair_guess": math.log(2),
            "pair_chance": 0.5,
        }

    def save(
        self, folder: Path, model: Network, config: ExperimentConfig, data: Pairs, made: dict[str, str | int]
    ) -> None:
        save_with_pieces(folder, model, config, data.pieces, made)

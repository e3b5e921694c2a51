"""What a fine-tuning starts from: a masked language model that ships, or that of a stored run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from sentiment_core.artifacts import run_place
from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import CheckpointError, ConfigError, NotFoundError
from sentiment_core.models.reviews import WORD_TABLE, ReviewTransformer
from sentiment_core.presets import fitting
from sentiment_core.settings import ModelConfig
from sentiment_core.shipped_bert import FOLDER, shipped_names
from sentiment_core.store import Store
from sentiment_core.tasks import MASKED_WORDS
from sentiment_core.training.checkpoints import load_model
from sentiment_core.wordpiece import WordPieces


@dataclass(frozen=True, eq=False)
class Pretrained:
    """A masked language model: its name, the settings it learned with, its weights by name, its word pieces."""

    name: str
    config: ExperimentConfig
    tensors: dict[str, torch.Tensor]
    pieces: WordPieces

    @property
    def longest(self) -> int:
        """How many pieces it has positions for, special ones counted."""
        return self.config.data.pair_tokens


def load_pretrained(name: str) -> Pretrained:
    """Return a model that ships, or that of a run of the store.

    Raises `ConfigError` for a name that is neither, or a run of another task, and `CheckpointError` for a damaged one.
    """
    saved = load_model(_folder(name))
    if saved.pieces is None or len(saved.pieces) != len(saved.tensors.get(WORD_TABLE, ())):
        raise CheckpointError(
            f"model.pretrained: the word pieces beside {name} are not those that its weights were trained with; "
            "pre-train it again, or choose another one"
        )
    return Pretrained(name, saved.config, saved.tensors, saved.pieces)


def take_over(model: ReviewTransformer, config: ModelConfig, found: Pretrained) -> None:
    """Put the weights of `found` into `model`, all but the answer, which pre-training has none of.

    Raises `ConfigError` naming the settings in which the two networks differ.
    """
    wanted = fitting(found.config)
    wrong = {field: value for field, value in wanted.items() if getattr(config, field.split(".")[1], value) != value}
    table = found.tensors.get("transformer.positions")
    if table is not None and model.transformer.positions is not None and len(table) < len(model.transformer.positions):
        wrong["data.max_tokens"] = wanted["data.max_tokens"]
    if wrong:
        settings = ", ".join(f"{field}={value}" for field, value in wrong.items())
        raise ConfigError(f"model.pretrained: the weights of {found.name} fit another network; set {settings}")
    own = model.state_dict()
    taken = {name: found.tensors[name].float() for name in own if name in found.tensors}
    missing = [name for name in own if name not in taken and not name.startswith("answer.")]
    if missing or any(value.shape != own[name].shape for name, value in taken.items()):
        raise CheckpointError(f"model.pretrained: the weights of {found.name} are damaged; pre-train it again")
    model.load_state_dict(taken, strict=False)


def _folder(name: str) -> Path:
    if name in shipped_names():
        return FOLDER / name
    try:
        with Store() as store:
            run = store.run(name)
    except NotFoundError as error:
        raise ConfigError(
            f"model.pretrained: there is no run {name[:40]!r} here; name one that learned masked words, or "
            f"{', '.join(shipped_names())}"
        ) from error
    if run.config.task != MASKED_WORDS:
        raise ConfigError(f"model.pretrained: run {run.id} did not learn masked words; name one that did")
    return run_place(run.experiment_id, run.id)

"""One update of the usual training, for nobody: what a first one waits for is then there."""

from __future__ import annotations

from contextlib import suppress

import torch

from sentiment_core.config import ExperimentConfig
from sentiment_core.datasets import load_reviews
from sentiment_core.progress import silent
from sentiment_core.training.build import build_trainer
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.sentiment import prepare_corpora
from sentiment_core.training.trainer import Trainer


class OneUpdate(Callback):
    """Ends a training before anything is evaluated."""

    def on_step(self, trainer: Trainer) -> None:
        trainer.should_stop = True


def rehearse() -> None:
    """Write, encode and read the demo reviews for one update, on the CPU.

    Vectors and reviews stay in memory; encoded, the reviews lie in the home from then on. Whatever goes wrong is said
    by whoever trains with them: nobody's update ends a worker that waits.
    """
    usual = ExperimentConfig()
    with suppress(Exception):
        corpora = prepare_corpora(usual, load_reviews(usual.data), silent)
        build_trainer(usual, ["rehearsal"], corpora, torch.device("cpu"), [OneUpdate()]).fit()

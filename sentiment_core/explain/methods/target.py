"""One review as vectors, and the score that the methods explain: the log-odds of the target class."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import torch

from sentiment_core.explain.parallel import THREADS, each
from sentiment_core.explain.predictor import BATCH_TOKENS, Predictor

# The mean of all vectors is that of rare words and typing errors; words come most frequent first.
FREQUENT_WORDS = 10_000


class Target:
    """`embedded (1, T, E)` are the vectors of one review; calling it scores any vectors `(B, T', E)` → `(B,)`.

    The score is the calibrated log-odds of the target class: of positive, or with the sign changed of negative.
    """

    def __init__(self, predictor: Predictor, token_ids: np.ndarray, target: int) -> None:
        self.predictor = predictor
        self.sign = 1.0 if target == 1 else -1.0
        self.embedded = predictor.embedded(token_ids).unsqueeze(0)
        self.tokens = len(token_ids)

    def __call__(self, embedded: torch.Tensor) -> torch.Tensor:
        if torch.is_grad_enabled() or len(embedded) < 2:
            return self._score(embedded)
        return torch.cat(each(self._score_only, embedded.chunk(THREADS)))

    @torch.inference_mode()
    def _score_only(self, embedded: torch.Tensor) -> torch.Tensor:
        return self._score(embedded)

    def _score(self, embedded: torch.Tensor) -> torch.Tensor:
        lengths = torch.full((len(embedded),), embedded.shape[1], dtype=torch.int64, device=embedded.device)
        return self.sign * self.predictor.log_odds(embedded, lengths)

    def baseline(self, name: str) -> torch.Tensor:
        """Return what stands for "no word" at every place, `(1, T, E)`; the names are those of `BASELINES`."""
        if name == "zero":
            return torch.zeros_like(self.embedded)
        words = min(FREQUENT_WORDS, len(self.predictor.vectors.words))
        mean = self.predictor.embedded(np.arange(1, words + 1)).mean(dim=0)
        return mean.expand_as(self.embedded).contiguous()

    @property
    def batch_size(self) -> int:
        """How many reviews of this length go through the network in one batch."""
        return max(1, BATCH_TOKENS // self.tokens)

    @property
    def gradient_batch_size(self) -> int:
        """The same where every state is kept for the way back, which takes several times the memory.

        At least 4: the way back through thousands of tokens costs about as much for four reviews as for one.
        """
        return max(4, BATCH_TOKENS // 2 // self.tokens)


@contextlib.contextmanager
def gradients(target: Target) -> Iterator[None]:
    """Allow gradients with respect to vectors while the model stays as it is in prediction.

    cuDNN refuses the backward pass of a recurrence outside training mode, in which dropout and batch norm would change
    the result: on a GPU, PyTorch's own kernels do the work instead.
    """
    off = torch.backends.cudnn.flags(enabled=False) if target.embedded.is_cuda else contextlib.nullcontext()
    with off, torch.enable_grad():
        yield

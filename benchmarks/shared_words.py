"""How many next sentences the words alone give away: the tf-idf cosine of two segments, no order and no network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from scipy import sparse

from sentiment_core.config import ExperimentConfig
from sentiment_core.findings.masked_words import Share, share_of
from sentiment_core.pairs import Pairs
from sentiment_core.progress import silent
from sentiment_core.training.pretraining import PretrainingTask


def by_shared_words(config: ExperimentConfig) -> Share:
    """Return the share of a pre-training's test pairs named rightly by a threshold that is best on validation pairs.

    Raises `DataError` for reviews without pairs.
    """
    task = PretrainingTask()
    (pairs, *_) = task.prepare(config, torch.device("cpu"), Path(), silent)
    weights = _weights(pairs, task.members([pairs]))
    validation, test = (np.concatenate(task.plan_evaluation(pairs, part)) for part in ("validation", "test"))
    likeness, follows = _likeness(pairs, weights, validation), validation[:, 0] == validation[:, 1]
    threshold = max(np.unique(likeness), key=lambda least: float(((likeness >= least) == follows).mean()))
    right = (_likeness(pairs, weights, test) >= threshold) == (test[:, 0] == test[:, 1])
    found = share_of(right.astype(float), np.ones(len(test)), pairs.reviews[test[:, 0]])
    if found is None:
        raise SystemExit("too few test reviews to say how many pairs their words give away")
    return found


def _counts(pairs: Pairs, starts: np.ndarray, ends: np.ndarray) -> sparse.csr_array:
    """Return how often each piece occurs in S segments `(S, V)`."""
    sizes = ends - starts
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    places = np.arange(bounds[-1]) - np.repeat(bounds[:-1] - starts, sizes)
    shape = (len(starts), len(pairs.pieces))
    return sparse.csr_array((np.ones(len(places)), pairs.token_ids[places], bounds), shape=shape)


def _weights(pairs: Pairs, members: np.ndarray) -> np.ndarray:
    """Return the inverse document frequency of each piece `(V,)` over the first segments of `members`, smoothed."""
    counts = _counts(pairs, pairs.starts[members], pairs.middles[members])
    counts.sum_duplicates()
    within = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.asarray(np.log((1 + len(members)) / (1 + within)))


def _likeness(pairs: Pairs, weights: np.ndarray, examples: np.ndarray) -> np.ndarray:
    """Return the cosine of the two segments of each of `examples (M, 2)`, `(M,)`."""
    first, second = examples.T
    one = _counts(pairs, pairs.starts[first], pairs.middles[first]) * weights
    other = _counts(pairs, pairs.middles[second], pairs.ends[second]) * weights
    lengths = np.sqrt((one.power(2).sum(axis=1)) * (other.power(2).sum(axis=1)))
    return np.asarray((one * other).sum(axis=1) / np.maximum(lengths, 1e-12))

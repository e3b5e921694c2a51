"""What padding does to an answer: the same review with more and more zero vectors behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from sentiment_core.architecture import POOLINGS
from sentiment_core.config import OBSERVING_FIELDS, ExperimentConfig, RunConfig, flatten, from_fields, with_runs
from sentiment_core.errors import DataError
from sentiment_core.explain.catalogue import with_models
from sentiment_core.explain.predictor import Predictor, check_text, sigmoid
from sentiment_core.metrics import Status
from sentiment_core.steps.rules import positive
from sentiment_core.store import Experiment, Run
from sentiment_core.tasks import TASKS

MOST_PADDING = 500
STEP = 10
# Most of the way a state forgets the review is behind its first few steps of padding.
AMOUNTS = (0, 1, 2, 5, *range(STEP, MOST_PADDING + 1, STEP))
# The kinds of model the lab compares, each with the poolings that make a model one of them.
KINDS: dict[str, frozenset[str]] = {
    "padded_last": frozenset({"padded_last"}),
    "last": frozenset({"last"}),
    "attention": frozenset(name for name, pooling in POOLINGS.items() if pooling.attends),
}
# What may differ between compared runs: what the probe is about, and what makes no difference to a model.
FREE = {*OBSERVING_FIELDS, "device", "model.pooling"}
# Two sums over differently long rows differ by rounding; a model that reads padding moves a thousand times further.
FLAT = 1e-5


@dataclass(frozen=True)
class Movement:
    """How P(positive) moved: from `start` without padding to `end` with the most, over a range of `span`."""

    start: float
    end: float
    span: float

    @property
    def is_flat(self) -> bool:
        """Whether nothing but rounding moved."""
        return self.span < FLAT

    @property
    def turned(self) -> bool:
        """Whether the answer is another one at the end."""
        return bool(positive(self.start) != positive(self.end))


@dataclass(frozen=True)
class Candidate:
    """A trained model that can be probed, with its kind and the experiment that it belongs to."""

    kind: str
    run: Run
    experiment: Experiment


@torch.inference_mode()
def padding_probe(predictor: Predictor, text: str, amounts: Sequence[int]) -> np.ndarray:
    """Return P(positive) `(A,)` float64 of `text` with each of `amounts (A,)` padding steps behind it.

    The review's T used tokens become vectors `(1, T, E)`; n zero vectors make them `(1, T + n, E)` while its length
    stays T, as if it stood in a batch with a review that is n tokens longer. Raises `DataError` for a text that is
    empty, too long or without a known word, and for a negative amount.
    """
    check_text(text)
    if any(amount < 0 for amount in amounts):
        raise DataError("a review cannot have less than no padding")
    tokens, used = predictor.read(text)
    row = tokens.token_ids[used]
    if not len(row):
        raise DataError("the model knows no word of this review; write a few more")
    embedded = predictor.embedded(row[None, :])
    length = torch.tensor([len(row)])
    logits = []
    for amount in amounts:
        nothing = embedded.new_zeros(1, amount, embedded.shape[2])
        logits.append(float(predictor.log_odds(torch.cat([embedded, nothing], dim=1), length)))
    return sigmoid(np.array(logits))


def movement(probabilities: np.ndarray) -> Movement:
    """Return how far `probabilities (A,)`, at least one, move from the first to the last."""
    return Movement(float(probabilities[0]), float(probabilities[-1]), float(np.ptp(probabilities)))


def kind_of(config: ExperimentConfig) -> str | None:
    """Return which of `KINDS` a run is: by its only pooling; None when it has another one, or another task."""
    if len(config.model.pooling) != 1 or not TASKS[config.task].has_states:
        return None
    return next((kind for kind, poolings in KINDS.items() if config.model.pooling[0] in poolings), None)


def candidates(experiments: Sequence[Experiment]) -> list[Candidate]:
    """Return every run of one of `KINDS` that finished and kept its weights; newest first if `experiments` are."""
    found = [
        Candidate(kind, run, experiment)
        for experiment in experiments
        for run in experiment.runs
        if (kind := kind_of(run.config)) and run.status is Status.FINISHED
    ]
    kept = with_models(each.run for each in found)
    return [each for each in found if each.run.id in kept]


def unlike_fields(runs: Sequence[Run]) -> list[str]:
    """Return the settings beside the pooling in which `runs` differ: with any, their lines cannot be compared."""
    settings = [_settings(run) for run in runs]
    return [field for field in (settings[0] if settings else ()) if len({each[field] for each in settings}) > 1]


def alike(found: Sequence[Candidate]) -> dict[str, Run]:
    """Return a run for each kind, all alike but for the pooling: the set with the most kinds, among equals the first.

    Empty when nothing was found.
    """
    sets: dict[tuple[tuple[str, str], ...], dict[str, Run]] = {}
    for candidate in found:
        members = sets.setdefault(tuple(_settings(candidate.run).items()), {})
        members.setdefault(candidate.kind, candidate.run)
    return max(sets.values(), key=len, default={})


def probe_experiment() -> ExperimentConfig:
    """Return the experiment that trains one small model of each kind, in lockstep on randomly composed batches.

    Random batches are what fills a batch with padding, and so what a padded last state has to be trained on.
    """
    base = from_fields(
        {
            "name": "Padding probe",
            "data.batching": "random",
            "model.hidden_size": 64,
            "model.cell": "rnn",
            "training.epochs": 4,
            "training.batch_size": 64,
            "training.learning_rate": 2e-3,
            "training.clipping": "norm",
        }
    )
    poolings = {"padded last state": "padded_last", "last state": "last", "attention": "attention_dot"}
    return with_runs(
        base, [RunConfig(name=name, overrides={"model.pooling": (pool,)}) for name, pool in poolings.items()]
    )


def _settings(run: Run) -> dict[str, str]:
    return {field: repr(value) for field, value in flatten(run.config).items() if field not in FREE}

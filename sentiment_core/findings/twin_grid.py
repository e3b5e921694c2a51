"""Twins with and without clipping over learning rates and thresholds: trained once, drawn wherever somebody asks.

Plain SGD on the demo reviews: Adam divides by the gradient's usual size and hides what clipping does. The network reads
the last words of a review, where its opinion stands, so an update takes a moment. Every curve is a training of its own.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_core.array_files import arrays_in
from sentiment_core.artifacts import written
from sentiment_core.config import OBSERVING_FIELDS, ExperimentConfig, RunConfig, flatten, from_fields, with_runs
from sentiment_core.errors import StoreError
from sentiment_core.findings.verdict.measure import loss_spread, wilson
from sentiment_core.metrics import Balance
from sentiment_core.number_words import counted
from sentiment_core.presets import vary_clipping

RATES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 2.0)
THRESHOLDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
# Where the difference is plain to see.
FIRST_RATE, FIRST_THRESHOLD = 0.6, 0.25
SETTING: dict[str, Any] = {
    "name": "Twins",
    "data.validation_fraction": 0.2,
    "data.max_tokens": 100,
    "data.keep": "tail",
    "model.pooling": ("last",),
    "training.optimizer": "sgd",
    "training.batch_size": 32,
    "training.epochs": 3,
    "training.clipping": "norm",
}
# Unlike the names of recordings this one has an underscore: it is not a recording of one experiment.
SHIPPED = Path(__file__).parents[1] / "recorded" / "twin_grid.npz"
FORMAT = 1
LARGEST_FILE = 4_000_000
ARRAYS = ("losses", "norms", "clipped", "validated", "validation", "test")


@dataclass(frozen=True, eq=False)
class TwinGrid:
    """What was measured: R rates; of each the unclipped run, then T clipped ones; S updates and E validations of each.

    `losses` and `norms` (before clipping) `(R, 1 + T, S)` float32, NaN where a run made no update; `clipped (R, 1 + T)`
    the share of its updates whose gradient was cut; `validation (R, 1 + T, E)` accuracies after the updates
    `validated (E,)`; `test (R, 1 + T)`. `balance` is that of the validation reviews, `made` what computed it.
    """

    losses: np.ndarray
    norms: np.ndarray
    clipped: np.ndarray
    validated: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    balance: Balance
    made: Mapping[str, Any]

    @property
    def seed(self) -> int:
        """The one seed that all its runs share."""
        return setting(FIRST_RATE, FIRST_THRESHOLD).seed

    def learned(self, rate: int, run: int) -> bool:
        """Whether a run ended better than chance, wherever in its interval the accuracy lies."""
        accuracy = float(self.validation[rate, run, -1])
        return math.isfinite(accuracy) and wilson(accuracy, self.balance.reviews).low > self.balance.chance


def setting(rate: float, threshold: float) -> ExperimentConfig:
    """Return the clipped run of a twin as an experiment of its own."""
    return from_fields({**SETTING, "training.learning_rate": rate, "training.max_norm": threshold})


def twin(rate: float, threshold: float) -> ExperimentConfig:
    """Return the experiment of a twin: without clipping, and clipped by norm."""
    return vary_clipping(setting(rate, threshold))


def row(rate: float) -> ExperimentConfig:
    """Return the experiment that records all twins of a rate: unclipped, then clipped at each of `THRESHOLDS`."""
    runs = [RunConfig(name="unclipped", overrides={"training.clipping": "none"})]
    runs += [RunConfig(name=f"clipped {cut:g}", overrides={"training.max_norm": cut}) for cut in THRESHOLDS]
    return with_runs(setting(rate, FIRST_THRESHOLD), runs)


def recorded_as(config: ExperimentConfig) -> tuple[int, int] | None:
    """Return the places of the rate and the threshold with which an experiment was recorded; None where it was not."""
    settings = flatten(config)
    rate, threshold = settings["training.learning_rate"], settings["training.max_norm"]
    if rate not in RATES or threshold not in THRESHOLDS:
        return None
    ours = twin(rate, threshold)
    trained = [flatten(config.resolve(run)) for run in config.runs]
    known = [flatten(ours.resolve(run)) for run in ours.runs]
    alike = [_without_names(one) for one in trained] == [_without_names(one) for one in known]
    return (RATES.index(rate), THRESHOLDS.index(threshold)) if alike else None


def sentence(grid: TwinGrid, rate: int, threshold: int) -> str:
    """Say what clipping did to a twin, by the places of its rate and its threshold: what was measured, in this seed."""
    cut = threshold + 1
    limit = f"{THRESHOLDS[threshold]:g}"
    if not grid.clipped[rate, cut]:
        return f"No gradient is longer than {limit} here, so nothing is cut: the two runs are one, bit for bit."
    learned = {
        (False, True): "Only the clipped run learns.",
        (True, True): "Both runs learn.",
        (True, False): "Only the unclipped run has learned: cut so short, updates are small.",
        (False, False): "Neither run has learned.",
    }[grid.learned(rate, 0), grid.learned(rate, cut)]
    (free, last), (held, _) = (loss_spread(grid.losses[rate, place].tolist()) for place in (0, cut))
    return f"{learned} Over the last {last} updates the loss varies by {_size(held)} clipped, by {_size(free)} without."


def about(grid: TwinGrid) -> str:
    """Say in one line what is drawn: reviews, network, seed, and what computed it."""
    config = setting(FIRST_RATE, FIRST_THRESHOLD)
    made = grid.made
    return (
        f"Recorded: {len(RATES) * (1 + len(THRESHOLDS))} trainings of a tanh RNN with SGD on the last "
        f"{config.data.max_tokens} words of 4,000 demo reviews, seed {grid.seed}; PyTorch {made['torch']}, "
        f"{made['device']}, {counted(made['threads'], 'thread')}, {made['cpu']}."
    )


def write(grid: TwinGrid, path: Path = SHIPPED) -> None:
    """Write a grid; raise `StoreError` when the disk refuses."""
    told = {"format": FORMAT, "of": _of(), "balance": asdict(grid.balance), "made": dict(grid.made)}
    arrays = {name: getattr(grid, name) for name in ARRAYS}
    with written(path) as temporary:
        np.savez_compressed(temporary, about=np.frombuffer(json.dumps(told).encode(), dtype=np.uint8), **arrays)


@lru_cache(maxsize=2)
def read(path: Path = SHIPPED) -> TwinGrid:
    """Return the grid that ships, or another; raise `StoreError` for one that is damaged or of other settings."""
    try:
        with arrays_in(path, LARGEST_FILE) as archive:
            told = json.loads(archive["about"].tobytes())
            arrays = {name: archive[name] for name in ARRAYS}
        # A setting that is newer than the recording had its default's effect.
        recorded = {**told["of"], "fields": {**_as_json(flatten(from_fields({}))), **told["of"]["fields"]}}
        if told["format"] != FORMAT or recorded != _of():
            raise ValueError("another format, or recorded with other settings")
        grid = TwinGrid(**arrays, balance=Balance(**told["balance"]), made=dict(told["made"]))
        runs, updates, validations = (len(RATES), 1 + len(THRESHOLDS)), grid.losses.shape[-1], len(grid.validated)
        shapes = {"losses": (*runs, updates), "norms": (*runs, updates), "clipped": runs, "test": runs}
        shapes["validation"] = (*runs, validations)
        if any(arrays[name].shape != shape for name, shape in shapes.items()):
            raise ValueError("arrays of other shapes")
        return grid
    except Exception as error:  # a damaged archive fails in zipfile, zlib, numpy or json
        raise StoreError(f"the recorded twins cannot be read from {path.name}; install the program again") from error


def _of() -> dict[str, Any]:
    """Return what the curves are of, as JSON has it: a grid of other settings must not be drawn as this one."""
    return _as_json({"rates": RATES, "thresholds": THRESHOLDS, "fields": flatten(row(FIRST_RATE))})


def _as_json(values: Mapping[str, Any]) -> dict[str, Any]:
    read_again: dict[str, Any] = json.loads(json.dumps(values, default=list))
    return read_again


def _without_names(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings without what changes no number, nor a threshold that is not in force."""
    left_out = {*OBSERVING_FIELDS, "device"}
    if settings["training.clipping"] == "none":
        left_out.add("training.max_norm")
    return {name: value for name, value in settings.items() if name not in left_out}


def _size(spread: float | None) -> str:
    return "more than a number can say" if spread is None else f"±{spread:.2f}"

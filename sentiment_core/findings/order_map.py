"""The temporal order task over lengths and ways to train: how many of several seeds solve it.

The ways are Pascanu, Mikolov & Bengio's (2013) no clipping and clipping by norm, and two other answers to gradients
that explode or vanish. Each of them changes one thing: clipping against none, the other two against clipping.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sentiment_core.config import ExperimentConfig, RunConfig, from_fields, with_runs
from sentiment_core.errors import ConfigError
from sentiment_core.findings.documents import Document
from sentiment_core.findings.verdict.measure import wilson
from sentiment_core.findings.verdict.records import Interval
from sentiment_core.presets import preset
from sentiment_core.progress import Progress
from sentiment_core.work.kinds import Kind

LENGTHS = (10, 20, 30, 40)
SEEDS = (1, 2, 3, 4, 5)
# As many that the shipped map has not seen.
OTHER_SEEDS = (6, 7, 8, 9, 10)
# A run is solved as in the paper: at most so much of sequences that it has not seen is wrong.
SOLVED = 0.01
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Way:
    """A way to train: its name on pages, what it is called in a sentence, and the settings that it changes."""

    label: str
    phrase: str
    fields: dict[str, Any]


WAYS: dict[str, Way] = {
    "none": Way("No clipping", "without clipping", {"training.clipping": "none"}),
    "norm": Way("Clipped by norm", "clipped by norm", {}),
    "gru": Way("GRU, clipped", "with a clipped GRU", {"model.cell": "gru"}),
    "orthogonal": Way(
        "Orthogonal start, clipped", "from an orthogonal start, clipped", {"model.initialisation": "orthogonal"}
    ),
}


@dataclass(frozen=True)
class Outcome:
    """What one training came to: `error` is the share of the test sequences that are wrong, None without answers.

    `updates` until it was good enough, or all that it was given; `cpu_seconds` of its process.
    """

    length: int
    way: str
    seed: int
    error: float | None
    updates: int
    cpu_seconds: float

    @property
    def solved(self) -> bool:
        """Whether it solved the task."""
        return self.error is not None and self.error <= SOLVED


@dataclass(frozen=True)
class MapCell:
    """One way at one length, over its seeds."""

    length: int
    way: str
    outcomes: tuple[Outcome, ...]

    @property
    def solved(self) -> int:
        """The number of seeds that solved the task."""
        return sum(outcome.solved for outcome in self.outcomes)

    @property
    def interval(self) -> Interval:
        """Where the share of all seeds that would solve it lies (Wilson 1927)."""
        return wilson(self.solved / len(self.outcomes), len(self.outcomes), CONFIDENCE)

    @property
    def cpu_seconds(self) -> float:
        """The time that its trainings took of one core."""
        return sum(outcome.cpu_seconds for outcome in self.outcomes)


@dataclass(frozen=True)
class OrderMap:
    """All cells, by length and way; `made` says on what they were computed."""

    outcomes: tuple[Outcome, ...]
    made: dict[str, str | int]

    def __post_init__(self) -> None:
        if not self.outcomes or any(item.way not in WAYS for item in self.outcomes):
            raise ValueError("no outcomes, or of ways that there are not")

    def cell(self, length: int, way: str) -> MapCell:
        """Return one cell; raise `KeyError` where nothing was trained."""
        found = tuple(item for item in self.outcomes if (item.length, item.way) == (length, way))
        if not found:
            raise KeyError((length, way))
        return MapCell(length, way, found)

    @property
    def cells(self) -> list[MapCell]:
        """Return all cells, by length, then in the order of the ways."""
        return [self.cell(length, way) for length in self.lengths for way in self.ways]

    @property
    def lengths(self) -> list[int]:
        """Return the lengths, ascending."""
        return sorted({item.length for item in self.outcomes})

    @property
    def ways(self) -> list[str]:
        """Return the ways, in the order of their declaration."""
        there = {item.way for item in self.outcomes}
        return [way for way in WAYS if way in there]

    @property
    def cpu_seconds(self) -> float:
        """The time that all of it took of one core."""
        return sum(item.cpu_seconds for item in self.outcomes)


MAP = Document("temporal-order.json", OrderMap, "temporal order map")


@dataclass(frozen=True)
class OrderQuestion:
    """Which row of the map to train: every way at one length with these seeds."""

    length: int
    seeds: tuple[int, ...]


ORDER_MAP = Kind(
    "order-map",
    "Map of the temporal order task",
    OrderQuestion,
    OrderMap,
    "sentiment_core.findings.order_map:measure",
)


def measure(question: OrderQuestion, progress: Progress) -> OrderMap:
    """Train what a question asks for; raise `ConfigError` for a length that is not one of `LENGTHS`."""
    return train_all((), [question.length], question.seeds, progress)


def usual_seconds(length: int) -> float:
    """Return the seconds of one core that the shipped map took for five seeds of every way at `length`."""
    return sum(item.cpu_seconds for item in shipped().outcomes if item.length == length)


def experiment(length: int, ways: Sequence[str] = tuple(WAYS), seed: int = 1) -> ExperimentConfig:
    """Return the experiment behind cells of the map: one run a way, all on the same sequences of `length` symbols."""
    shared = WAYS[ways[0]].fields if len(ways) == 1 else {}
    fields = {"name": f"Temporal order, length {length}", "data.sequence_length": length, "seed": seed, "device": "cpu"}
    base = from_fields({**fields, **shared}, preset("temporal-order").config)
    return with_runs(
        base, [RunConfig(name=WAYS[way].label, overrides={} if shared else WAYS[way].fields) for way in ways]
    )


def train(length: int, way: str, seed: int) -> Outcome:
    """Train one way with one seed, in this thread and outside the store."""
    # Imported late: who only reads the map needs no torch.
    import torch

    from sentiment_core.metrics import Evaluation
    from sentiment_core.training.build import build_trainer
    from sentiment_core.training.callbacks import Callback
    from sentiment_core.training.task import task_named

    found: list[Evaluation] = []

    class Keep(Callback):
        def on_step(self, trainer: Any) -> None:
            for run in trainer.runs:
                run.drain()  # or all that is measured would stay in memory

        def on_evaluation(self, trainer: Any, run: Any, evaluation: Evaluation) -> None:
            found.append(evaluation)

    config, device = experiment(length, [way], seed), torch.device("cpu")
    began = time.process_time()
    data = task_named(config.task).prepare(config, device, Path(), lambda message, fraction: None)
    trainer = build_trainer(config, ["run"], data, device, [Keep()])
    trainer.fit()
    tested = found[-1]
    error = None if math.isnan(tested.accuracy) else 1 - tested.accuracy
    return Outcome(length, way, seed, error, trainer.step, time.process_time() - began)


def train_all(
    known: Sequence[Outcome] = (),
    lengths: Sequence[int] = LENGTHS,
    seeds: Sequence[int] = SEEDS,
    show: Callable[[str, float], None] = lambda message, fraction: None,
    keep: Callable[[OrderMap], None] = lambda found: None,
) -> OrderMap:
    """Train every way at every length with every seed, but what is `known`, one after another.

    `show` is told what, and how much is done, by the time that each took in the shipped map; `keep` is handed the map
    after each, so that it can be gone on with. Raises `ConfigError` for a length that is not one of `LENGTHS`.
    """
    if set(lengths) - set(LENGTHS):
        raise ConfigError(f"the map has sequences of length {', '.join(map(str, LENGTHS))}; choose of these")
    import torch

    from sentiment_core.training.device import circumstances

    made = circumstances(torch.device("cpu"), torch.get_num_threads())
    wanted = [(length, way, seed) for length in lengths for way in WAYS for seed in seeds]
    there = {(item.length, item.way, item.seed): item for item in known}
    # Long sequences take many times as long as short ones.
    costs = [shipped().cell(length, way).cpu_seconds for length, way, _ in wanted]
    for place, (length, way, seed) in enumerate(wanted):
        if (length, way, seed) not in there:
            show(f"Length {length}, {WAYS[way].phrase}, seed {seed}", sum(costs[:place]) / sum(costs))
            there[(length, way, seed)] = train(length, way, seed)
            keep(OrderMap(tuple(there.values()), made))
    return OrderMap(tuple(there[one] for one in wanted), made)


@lru_cache(maxsize=1)
def shipped() -> OrderMap:
    """Return the map that ships; raise `StoreError` when its file is damaged."""
    return MAP.read()


def table(cells: Iterable[MapCell]) -> list[dict[str, Any]]:
    """Return one row a cell, as the command line and a page say it."""
    return [
        {
            "length": cell.length,
            "way": cell.way,
            "solved": cell.solved,
            "seeds": len(cell.outcomes),
            "low": cell.interval.low,
            "high": cell.interval.high,
            "updates": [outcome.updates for outcome in cell.outcomes if outcome.solved],
            "cpu_seconds": cell.cpu_seconds,
        }
        for cell in cells
    ]

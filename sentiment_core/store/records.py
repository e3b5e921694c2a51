"""What the store hands out: immutable records of experiments, runs, workers and requests. All times: Unix seconds."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Literal, Self

from pydantic import ValidationError
from sqlalchemy import RowMapping

from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import StoreError
from sentiment_core.metrics import Status
from sentiment_core.processes import ProcessIdentity

RequestKind = Literal["pause", "resume", "step", "stop", "learning_rate", "threshold"]


@dataclass(frozen=True, slots=True)
class Worker(ProcessIdentity):
    """A process that trains an experiment."""


@dataclass(frozen=True, slots=True)
class WorkProgress:
    """What a worker is doing and how far it is; `fraction` is 0..1, or None when it cannot be told."""

    phase: str
    message: str
    fraction: float | None = None
    step: int = 0
    total_steps: int = 0
    epoch: int = 0
    epochs: int = 0
    tokens_per_second: float = 0.0
    eta_seconds: float | None = None

    def to_json(self) -> str:
        """Return the JSON that `from_json` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self | None:
        """Read `to_json`'s text; None when another version wrote it differently: it is stale in a second anyway."""
        try:
            return cls(**json.loads(text))
        except (TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Places:
    """How much may run at once: `total` pieces of work, of which `long` may be such as take hours.

    `each`: so many of one student's; None: any number.
    """

    total: int
    long: int
    each: int | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work as it stood when it was read: an experiment to train, or a calculation.

    `arguments` is JSON; `steps` is how far the furthest run of an experiment is.
    """

    kind: str
    id: str
    arguments: str
    status: Status
    error: str | None
    queued_at: float
    started_at: float | None
    finished_at: float | None
    worker: Worker | None  # None while claimed but not yet launched
    heartbeat: float | None
    progress: WorkProgress | None
    stop_requested: bool
    is_long: bool  # may take hours
    steps: int = 0
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """Something a running experiment is asked to do; `run_id` None means all of its runs."""

    id: int
    kind: RequestKind
    value: float | None
    run_id: str | None


@dataclass(frozen=True, slots=True)
class Run:
    """One run of an experiment; `config` is resolved: the experiment's with this run's overrides applied."""

    id: str
    experiment_id: str
    position: int  # from 1
    name: str
    config: ExperimentConfig
    status: Status
    error: str | None
    parameters: int | None
    steps: int
    seconds: float  # training time, pauses not counted
    tokens: int  # real tokens trained on, padding not counted
    validation_accuracy: float | None
    test_accuracy: float | None

    @property
    def tokens_per_second(self) -> float:
        """Real tokens per second of training; 0 before the first step."""
        return self.tokens / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment with its runs, as it stood when it was read."""

    id: str
    name: str
    config: ExperimentConfig
    status: Status
    error: str | None
    created_at: float
    started_at: float | None
    finished_at: float | None
    worker: Worker | None  # None while claimed but not yet launched
    heartbeat: float | None
    progress: WorkProgress | None
    threads: int | None
    prediction: str | None
    stop_requested: bool
    runs: tuple[Run, ...]
    owner: str | None = None  # whose it is, `Person.id`

    @property
    def step(self) -> int:
        """Optimizer updates that the furthest run has made."""
        return max([run.steps for run in self.runs] + [self.progress.step if self.progress else 0])


# Frozen configs can be shared, and a page that polls reads the same few over and over.
@lru_cache(maxsize=1024)
def read_config(text: str) -> ExperimentConfig:
    """Parse a stored configuration; raise pydantic's `ValidationError` when another version wrote it."""
    return ExperimentConfig.model_validate_json(text)


def read_status(owner: str, text: str) -> Status:
    """Return the status kept as `text`; raise `StoreError` for one that this version does not know."""
    try:
        return Status(text)
    except ValueError as error:
        raise StoreError(
            f"{owner} has the status {text[:40]!r}, which this version does not know: a newer one wrote it, or the"
            " store is damaged. Update this program."
        ) from error


def read_run(row: RowMapping) -> Run:
    """Turn a row of the runs table into a `Run`; raise `StoreError` when another version wrote it unreadably."""
    owner = f"Run {row['id']}"
    return Run(**{**dict(row), "config": _config_of(owner, row["config"]), "status": read_status(owner, row["status"])})


def _config_of(owner: str, text: str) -> ExperimentConfig:
    try:
        return read_config(text)
    except ValidationError as error:
        raise StoreError(
            f"The settings of {owner.lower()} cannot be read: another version wrote them, or the store is damaged."
            " Update this program."
        ) from error


def read_worker(row: RowMapping) -> Worker | None:
    """Return the worker that a row names, None before one is known."""
    held = row["worker_pid"] is not None
    return Worker(row["worker_host"], row["worker_pid"], row["worker_create_time"]) if held else None


def read_progress(text: str | None) -> WorkProgress | None:
    """Return a stored progress, None where there is none, or none that this version can read."""
    return WorkProgress.from_json(text) if text else None


def read_held(owner: str, row: RowMapping) -> dict[str, Any]:
    """Return what `Work` and `Experiment` have in common, from a row of either table; raise `StoreError`."""
    same = ("id", "error", "started_at", "finished_at", "heartbeat", "stop_requested", "owner")
    return {
        **{name: row[name] for name in same},
        "status": read_status(owner, row["status"]),
        "worker": read_worker(row),
        "progress": read_progress(row["progress"]),
    }


def read_experiment(row: RowMapping, runs: tuple[Run, ...]) -> Experiment:
    """Turn a row of the experiments table and its runs into an `Experiment`; raise `StoreError` like `read_run`."""
    owner = f"Experiment {row['id']}"
    own = {name: row[name] for name in ("name", "created_at", "threads", "prediction")}
    return Experiment(**read_held(owner, row), **own, config=_config_of(owner, row["config"]), runs=runs)

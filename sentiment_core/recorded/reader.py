"""Reads a recording back into the records that a store hands out."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_core.array_files import Arrays, DamagedError, arrays_in
from sentiment_core.config import ExperimentConfig, build
from sentiment_core.errors import ConfigError, NotFoundError, StoreError
from sentiment_core.metrics import Balance, Evaluation, Status
from sentiment_core.recorded.spread import RunSpread, SeedResult
from sentiment_core.recorded.writer import FORMAT, STEPS, VALUES
from sentiment_core.steps.quantities import CORE
from sentiment_core.store import Experiment, Run
from sentiment_core.store.source import spread

FOLDER = Path(__file__).parent
PREFIX = "recorded-"
LARGEST_FILE = 64_000_000
# The folder of what labs show before anybody has started anything.
LABS = "labs"
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, eq=False)
class Recording:
    """A recorded experiment. It answers the questions that a store answers about an experiment and its runs."""

    name: str
    recorded: Experiment
    columns: dict[str, dict[str, list[Any]]]  # run id → column → one value per step
    evaluated: dict[str, list[Evaluation]]
    parts: dict[str, dict[str, Balance]]
    measured: dict[str, dict[str, tuple[np.ndarray, np.ndarray]]]  # run id → diagnostic → its steps (N,), values (N, …)
    baselines: dict[str, float]  # baseline → its test accuracy on the same reviews
    made: tuple[dict[str, Any], ...] = ()  # what computed each run; empty where nobody noted it
    spread: tuple[RunSpread, ...] = ()  # each run over seeds; empty in a recording of one seed

    def experiment(self, experiment_id: str) -> Experiment:
        """Return the experiment; raise `NotFoundError` when it has another id."""
        if experiment_id != self.recorded.id:
            raise NotFoundError(f"there is no recording {experiment_id[:80]!r}")
        return self.recorded

    def run(self, run_id: str) -> Run:
        """Return a run; raise `NotFoundError` for an unknown one."""
        found = next((run for run in self.recorded.runs if run.id == run_id), None)
        if found is None:
            raise NotFoundError(f"there is no recorded run {run_id[:80]!r}")
        return found

    def steps(self, run_id: str, after: int = 0, limit: int | None = None) -> dict[str, list[Any]]:
        """Return the steps after step `after`, oldest first and at most `limit`, as one list per column."""
        columns = self.columns[run_id]
        first = next((place for place, step in enumerate(columns["step"]) if step > after), len(columns["step"]))
        return {name: values[first : None if limit is None else first + limit] for name, values in columns.items()}

    def diagnostic_names(self, run_id: str) -> list[str]:
        """Return which quantities a run has measured beside its steps' columns, sorted."""
        return sorted(self.measured[run_id])

    def diagnostics(
        self, run_id: str, quantity: str, after: int = 0, most: int | None = None, until: int | None = None
    ) -> tuple[list[int], list[Any]]:
        """Return the steps after `after`, up to `until`, at which a run measured `quantity`, and the values.

        Of more than `most` they are `most`, evenly spread.
        """
        steps, values = self.measured[run_id].get(quantity, (np.empty(0, int), np.empty(0)))
        inside = np.flatnonzero((steps > after) & (steps <= (math.inf if until is None else until)))
        chosen = inside[spread(len(inside), most)]
        return steps[chosen].tolist(), values[chosen].tolist() if values.ndim == 1 else list(values[chosen])

    def evaluations(self, run_id: str) -> list[Evaluation]:
        """Return the evaluations of a run, oldest first."""
        return self.evaluated[run_id]

    def balances(self, run_id: str) -> dict[str, Balance]:
        """Return `{part: balance}` of the reviews that a run was trained and evaluated on."""
        return self.parts[run_id]

    def references(self, experiment_id: str) -> dict[str, float]:
        """Return `{baseline: test accuracy}` on the reviews of the recording."""
        return self.baselines

    def queue_position(self, experiment_id: str) -> int | None:
        """Return None: a recording waits for nobody."""
        return None


def recordings() -> tuple[str, ...]:
    """Return the names of the lessons whose recordings ship, in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.npz") if NAME.fullmatch(path.stem)))


def recording(name: str) -> Recording:
    """Return a recording that ships, of a lesson or of `LABS`; raise `NotFoundError` for an unknown name, `StoreError`
    for a damaged file.
    """
    # The name may come from an address: it is compared, never made into a path of its own.
    known = {path.stem: path for folder in (FOLDER / LABS, FOLDER) for path in folder.glob("*.npz")}
    path = known.get(name) if NAME.fullmatch(name) else None
    if path is None:
        raise NotFoundError(f"there is no recording {name[:60]!r}")
    return _cached(path, path.stat().st_mtime_ns)


def recording_of(experiment_id: str) -> Recording | None:
    """Return the recording that an experiment is; None for the id of one in a store. Raises as `recording` does."""
    return recording(experiment_id.removeprefix(PREFIX)) if experiment_id.startswith(PREFIX) else None


@lru_cache(maxsize=16)
def _cached(path: Path, _modified: int) -> Recording:
    return read(path)


def read(path: str | Path) -> Recording:
    """Read a recording, named by its file; raise `StoreError` when it is damaged or of another version."""
    name = Path(path).stem
    try:
        with arrays_in(Path(path), LARGEST_FILE) as archive:
            about = json.loads(archive["about"].tobytes())
            if about["format"] != FORMAT:
                raise StoreError(f"the recording {name} was written by another version of this program")
            config = build(ExperimentConfig, about["config"])
            identifier = PREFIX + name
            columns: dict[str, dict[str, list[Any]]] = {}
            measured: dict[str, dict[str, tuple[np.ndarray, np.ndarray]]] = {}
            evaluated: dict[str, list[Evaluation]] = {}
            parts: dict[str, dict[str, Balance]] = {}
            runs = []
            for position, (told, run_config) in enumerate(zip(about["runs"], config.runs, strict=True)):
                values = dict(told)
                run_id = f"{identifier}-{position + 1}"
                evaluated[run_id] = [Evaluation(**item) for item in values.pop("evaluations")]
                known = {part: Balance(**found) for part, found in values.pop("balances", {}).items()}
                parts[run_id] = known
                columns[run_id] = _columns(archive, position)
                measured[run_id] = _diagnostics(archive, position)
                runs.append(_run(values, run_id, identifier, position + 1, config.resolve(run_config)))
            references = {str(label): float(value) for label, value in about["references"].items()}
            # Recordings of before the ladder ran over seeds lack both.
            made = tuple(about.get("made", ()))
            over_seeds = tuple(_spread(item) for item in about.get("spread", ()))
            experiment = _experiment(about, identifier, config, tuple(runs))
        return Recording(name, experiment, columns, evaluated, parts, measured, references, made, over_seeds)
    except (DamagedError, ConfigError) as error:
        raise StoreError(f"the recording {name} cannot be read; install the program again") from error


def _spread(told: dict[str, Any]) -> RunSpread:
    return RunSpread(str(told["name"]), tuple(SeedResult(**item) for item in told["results"]))


def _columns(archive: Arrays, position: int) -> dict[str, list[Any]]:
    """Return the core quantities of a run as Python numbers; NaN for one that its program did not measure yet."""
    count = len(archive[f"{position}.step"])
    columns: dict[str, list[Any]] = {}
    for name, quantity in CORE.items():
        key = f"{position}.{name}"
        array = archive[key] if key in archive else np.full(count, math.nan)
        if array.shape != (count,):
            raise ValueError(f"{name} is not a column of {count} steps")
        whole = quantity.whole and array.dtype.kind in "iu"
        columns[name] = array.tolist() if whole else array.astype(np.float32).tolist()
    return columns


def _diagnostics(archive: Arrays, position: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    found = {}
    for key in archive:
        if key.startswith(f"{position}.") and key.endswith(STEPS):
            name = key.removeprefix(f"{position}.").removesuffix(STEPS)
            steps, values = archive[key], archive[f"{position}.{name}{VALUES}"]
            if steps.ndim != 1 or steps.dtype.kind not in "iu" or len(values) != len(steps) or values.dtype.kind != "f":
                raise ValueError(f"{name} does not fit its steps")
            found[name] = steps, values
    return found


def _run(told: dict[str, Any], run_id: str, experiment_id: str, position: int, config: ExperimentConfig) -> Run:
    told["status"] = Status(told["status"])
    return Run(id=run_id, experiment_id=experiment_id, position=position, config=config, **told)


def _experiment(about: dict[str, Any], identifier: str, config: ExperimentConfig, runs: tuple[Run, ...]) -> Experiment:
    told: dict[str, Any] = dict.fromkeys(field.name for field in fields(Experiment))
    told |= {"name": about["name"], "error": about["error"], "created_at": float(about["created_at"])}
    return Experiment(
        **{
            **told,
            "id": identifier,
            "config": config,
            "status": Status(about["status"]),
            "stop_requested": False,
            "runs": runs,
        }
    )

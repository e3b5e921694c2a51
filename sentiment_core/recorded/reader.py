"""Reads a recording back into the records that a store hands out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_core.config import ExperimentConfig, build
from sentiment_core.errors import NotFoundError, StoreError
from sentiment_core.metrics import Balance, Evaluation, Status
from sentiment_core.recorded.spread import RunSpread, SeedResult
from sentiment_core.recorded.writer import FORMAT, WHOLE
from sentiment_core.steps.quantities import STEP_COLUMNS
from sentiment_core.store import Experiment, Run

FOLDER = Path(__file__).parent
PREFIX = "recorded-"
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, eq=False)
class Recording:
    """A recorded experiment. It answers the questions that a store answers about an experiment and its runs."""

    name: str
    recorded: Experiment
    columns: dict[str, dict[str, list[Any]]]  # run id → column → one value per step
    evaluated: dict[str, list[Evaluation]]
    parts: dict[str, dict[str, Balance]]
    references: dict[str, float]  # baseline → its test accuracy on the same reviews
    made: tuple[dict[str, Any], ...] = ()  # what computed each run; empty where nobody noted it
    spread: tuple[RunSpread, ...] = ()  # each run over seeds; empty in a recording of one seed

    def experiment(self, experiment_id: str) -> Experiment:
        """Return the experiment; raise `NotFoundError` when it has another id."""
        if experiment_id != self.recorded.id:
            raise NotFoundError(f"there is no recording {experiment_id[:80]!r}")
        return self.recorded

    def steps(self, run_id: str, after: int = 0, limit: int | None = None) -> dict[str, list[Any]]:
        """Return the steps after step `after`, oldest first and at most `limit`, as one list per column."""
        columns = self.columns[run_id]
        first = next((place for place, step in enumerate(columns["step"]) if step > after), len(columns["step"]))
        return {name: values[first : None if limit is None else first + limit] for name, values in columns.items()}

    def evaluations(self, run_id: str) -> list[Evaluation]:
        """Return the evaluations of a run, oldest first."""
        return self.evaluated[run_id]

    def balances(self, run_id: str) -> dict[str, Balance]:
        """Return `{part: balance}` of the reviews that a run was trained and evaluated on."""
        return self.parts[run_id]

    def queue_position(self, experiment_id: str) -> int | None:
        """Return None: a recording waits for nobody."""
        return None


def recordings() -> tuple[str, ...]:
    """Return the names of the recordings that ship, in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.npz") if NAME.fullmatch(path.stem)))


def recording(name: str) -> Recording:
    """Return a recording that ships; raise `NotFoundError` for an unknown name, `StoreError` for a damaged file."""
    # The name may come from an address: it is compared, never made into a path of its own.
    if name not in recordings():
        raise NotFoundError(f"there is no recording {name[:60]!r}")
    path = FOLDER / f"{name}.npz"
    return _cached(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _cached(path: Path, _modified: int) -> Recording:
    return read(path)


def read(path: str | Path) -> Recording:
    """Read a recording, named by its file; raise `StoreError` when it is damaged or of another version."""
    name = Path(path).stem
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as archive:
            about = json.loads(archive["about"].tobytes())
            if about["format"] != FORMAT:
                raise StoreError(f"the recording {name} was written by another version of this program")
            config = build(ExperimentConfig, about["config"])
            identifier = PREFIX + name
            columns: dict[str, dict[str, list[Any]]] = {}
            evaluated: dict[str, list[Evaluation]] = {}
            parts: dict[str, dict[str, Balance]] = {}
            runs = []
            for position, (told, run_config) in enumerate(zip(about["runs"], config.runs, strict=True)):
                values = dict(told)
                run_id = f"{identifier}-{position + 1}"
                evaluated[run_id] = [Evaluation(**item) for item in values.pop("evaluations")]
                known = {part: Balance(**found) for part, found in values.pop("balances", {}).items()}
                parts[run_id] = known
                columns[run_id] = {column: _values(archive, position, column) for column in STEP_COLUMNS}
                if len({len(column) for column in columns[run_id].values()}) != 1:
                    raise ValueError("columns of different lengths")
                runs.append(_run(values, run_id, identifier, position + 1, config.resolve(run_config)))
            references = {str(label): float(value) for label, value in about["references"].items()}
            # Recordings of before the ladder ran over seeds lack both.
            made = tuple(about.get("made", ()))
            spread = tuple(_spread(item) for item in about.get("spread", ()))
            experiment = _experiment(about, identifier, config, tuple(runs))
        return Recording(name, experiment, columns, evaluated, parts, references, made, spread)
    except StoreError:
        raise
    except Exception as error:  # a damaged archive fails in zipfile, zlib, numpy or json
        raise StoreError(f"the recording {name} cannot be read; install the program again") from error


def _spread(told: dict[str, Any]) -> RunSpread:
    return RunSpread(str(told["name"]), tuple(SeedResult(**item) for item in told["results"]))


def _values(archive: Any, position: int, column: str) -> list[Any]:
    """Return a column as Python numbers."""
    array = archive[f"{position}.{column}"]
    if array.ndim != 1:
        raise ValueError(f"{column} is not a column")
    if column in WHOLE:
        return [int(value) for value in array]
    return [float(value) for value in array.astype(np.float32)]


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

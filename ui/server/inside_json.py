"""What runs measured of their inside, on its way to browsers."""

from __future__ import annotations

from typing import Any

import numpy as np

from sentiment_core.colours import colours_of
from sentiment_core.inside.watched import Watched, columns_in_words, histograms, watched
from sentiment_core.steps.inside import COLUMNS, GATES
from sentiment_core.store import Experiment, RunSource

# Of one run in one answer; more are thinned, because a heatmap has no more columns than that.
MOST_LOOKS = 250


def describe_inside(source: RunSource, found: Experiment, after: dict[str, int]) -> dict[str, Any]:
    """Return what each run measured after the step that `after` names for it, and how to read it."""
    return {
        "status": str(found.status),
        "finished": not found.status.is_active,
        "every": found.config.watch_every,
        "starts": list(COLUMNS),
        "words": columns_in_words(),
        "runs": [
            {
                "id": run.id,
                "name": run.name,
                "colour": colour,
                **_looks(watched(source, run.id, after.get(run.id, 0), MOST_LOOKS)),
            }
            for run, colour in zip(found.runs, colours_of(found.config), strict=True)
        ],
    }


def describe_histograms(source: RunSource, found: Experiment, step: int) -> dict[str, Any]:
    """Return the histograms of each run's last look up to `step`."""
    runs = []
    for run in found.runs:
        made = [
            {
                "kind": item.kind,
                "step": item.step,
                "places": item.places,
                "edges": item.edges,
                "shares": _rounded(item.shares, 4),
            }
            for item in histograms(source, run.id, step)
        ]
        runs.append({"id": run.id, "name": run.name, "histograms": made})
    return {"runs": runs}


def _looks(found: Watched) -> dict[str, Any]:
    # Columns that no review reaches are most of them, and at the far end.
    reached = np.flatnonzero(found.reviews.sum(axis=0)) if found.reviews.size else np.empty(0, int)
    width = int(reached[-1]) + 1 if reached.size else 0
    ways, count = found.radius.shape[1], found.radius.shape[1] * found.radius.shape[2]
    gates = GATES.get(found.radius.shape[2], tuple(f"gate {gate + 1}" for gate in range(found.radius.shape[2])))
    directions = ("forward ", "backward ") if ways == 2 else ("",) * ways
    return {
        "step": found.steps,
        "numbers": {name: [float(f"{value:.5g}") for value in values] for name, values in found.numbers.items()},
        "lengths": _rounded(found.lengths[:, :width], 3),
        "reviews": found.reviews[:, :width].astype(int).tolist(),
        "matrices": [f"{direction}{gate}" for direction in directions for gate in gates],
        "radius": _rounded(found.radius.reshape(len(found.steps), count), 4),
        "stretch": _rounded(found.stretch.reshape(len(found.steps), count), 4),
    }


def _rounded(values: np.ndarray, digits: int) -> list[Any]:
    return list(np.round(values, digits).tolist())

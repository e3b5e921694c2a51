"""What runs that watched their inside have measured, as typed records; from a store or from a recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sentiment_core.steps.inside import ACTIVATIONS, COLUMNS, GROUPS, PLACES, SIZE_EDGES, VALUE_EDGES
from sentiment_core.store import RunSource
from sentiment_core.store.source import spread

NUMBERS = (
    *(f"gradient_{group}" for group in GROUPS),
    *(f"update_ratio_{group}" for group in GROUPS),
    "saturated_share",
    "dead_relu_share",
)
THROUGH_TIME, RADIUS, STRETCH = "gradient_through_time", "recurrent_radius", "recurrent_stretch"
HistogramKind = Literal["weights", "gradients", "activations"]
_HISTOGRAMS: dict[HistogramKind, tuple[str, tuple[str, ...], tuple[float, ...]]] = {
    "weights": ("weight_histograms", PLACES, SIZE_EDGES),
    "gradients": ("gradient_histograms", PLACES, SIZE_EDGES),
    "activations": ("activation_histograms", ACTIVATIONS, VALUE_EDGES),
}


@dataclass(frozen=True, eq=False)
class Watched:
    """What one run measured of its inside at `steps (S,)`; NaN where it did not measure something.

    `numbers` holds each of `NUMBERS` that it measured at all `(S,)`. `lengths (S, C)` is log10 of the mean ‖∂L/∂h‖ by
    `COLUMNS`, `reviews (S, C)` how many reviews are behind each. `radius` and `stretch` `(S, D, G)` are the largest
    |eigenvalue| and the largest singular value of W_hh in D directions and G gates. Without recurrent layers the last
    four are empty: `(S, 0)`, `(S, 0, 0)`.
    """

    steps: list[int]
    numbers: dict[str, np.ndarray]
    lengths: np.ndarray
    reviews: np.ndarray
    radius: np.ndarray
    stretch: np.ndarray


@dataclass(frozen=True, eq=False)
class Histograms:
    """Shares `(P, K)` of one `kind` at `step`, a row for each of `places`, between `edges (K + 1,)`.

    Edges of weights and gradients are log10 of their size.
    """

    kind: HistogramKind
    step: int
    places: tuple[str, ...]
    edges: tuple[float, ...]
    shares: np.ndarray


def watched(source: RunSource, run_id: str, after: int = 0, most: int | None = None) -> Watched:
    """Return what a run measured after step `after`; of more than `most` looks `most`, evenly spread.

    Empty for a run that did not watch.
    """
    names = source.diagnostic_names(run_id)
    found = {
        name: dict(zip(*source.diagnostics(run_id, name, after=after), strict=True))
        for name in (*NUMBERS, THROUGH_TIME, RADIUS, STRETCH)
        if name in names
    }
    steps = sorted(set().union(*found.values()))
    steps = [steps[place] for place in spread(len(steps), most)]
    columns = _stacked(found.get(THROUGH_TIME, {}), steps, (2, 0))
    return Watched(
        steps,
        {
            name: np.array([found[name].get(step, np.nan) for step in steps], dtype=np.float64)
            for name in NUMBERS
            if name in found
        },
        columns[:, 0],
        np.nan_to_num(columns[:, 1]),
        _stacked(found.get(RADIUS, {}), steps, (0, 0)),
        _stacked(found.get(STRETCH, {}), steps, (0, 0)),
    )


def histograms(source: RunSource, run_id: str, step: int) -> list[Histograms]:
    """Return the histograms of a run's last look up to `step`; places without values are left out, [] without looks."""
    made = []
    for kind, (name, places, edges) in _HISTOGRAMS.items():
        steps, values = source.diagnostics(run_id, name, until=step, most=2)
        if steps:
            shares = np.asarray(values[-1])
            filled = np.flatnonzero(shares.sum(axis=1) > 0).tolist()
            made.append(Histograms(kind, steps[-1], tuple(places[row] for row in filled), edges, shares[filled]))
    return made


def columns_in_words() -> list[str]:
    """Return what each of `COLUMNS` is called, such as `0`, `32–35` or `2048 and more`."""
    ends = [following - 1 for following in COLUMNS[1:]]
    return [
        *(str(start) if start == end else f"{start}–{end}" for start, end in zip(COLUMNS[:-1], ends, strict=True)),
        f"{COLUMNS[-1]} and more",
    ]


def _stacked(values: dict[int, float | np.ndarray], steps: Sequence[int], empty: tuple[int, ...]) -> np.ndarray:
    """Return arrays at `steps` on top of each other, NaN where there is none."""
    shape = np.shape(next(iter(values.values()))) if values else empty
    nothing = np.full(shape, np.nan)
    return np.stack([np.asarray(values.get(step, nothing), dtype=np.float64) for step in steps] or [nothing])[
        : len(steps)
    ]

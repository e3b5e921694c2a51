"""How far back the gradient reached on real reviews: cases that `benchmarks/gradient_flow.py` measured, as records."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sentiment_core.errors import StoreError

PATH = Path(__file__).parent / "gradient_flow.json"
# Words before the last one.
DISTANCES = (0, 1, 2, 4, 8, 16, 32, 64, 128, 199)
When = Literal["before", "after"]


@dataclass(frozen=True)
class Case:
    """A network, by the settings in which it differs from the others and by how its weights start.

    The recurrent matrix is multiplied by `gain`; `forget_bias` is added to an LSTM's forget gate.
    """

    name: str
    title: str
    fields: dict[str, Any] = field(hash=False)
    gain: float = 1.0
    forget_bias: float = 0.0


_LAST, _ATTENTION = {"model.pooling": ("last",)}, {"model.pooling": ("attention_dot",)}
CASES = (
    Case("default", "tanh RNN", _LAST),
    Case("large", "tanh RNN, recurrent matrix × 4", _LAST, gain=4.0),
    Case("orthogonal", "tanh RNN, orthogonal", {**_LAST, "model.initialisation": "orthogonal"}),
    Case("lstm", "LSTM", {**_LAST, "model.cell": "lstm"}),
    Case("lstm-forget", "LSTM, forget bias + 3", {**_LAST, "model.cell": "lstm"}, forget_bias=3.0),
    Case("gru", "GRU", {**_LAST, "model.cell": "gru"}),
    Case("attention", "tanh RNN, attention", _ATTENTION),
)


@dataclass(frozen=True, eq=False)
class Flowed:
    """One case over S seeds: log10 of what is left of the last word's gradient at each of `DISTANCES`, `(S, D)`.

    `before` and `after` training; −inf where nothing is left that a float32 can hold.
    """

    case: Case
    before: np.ndarray
    after: np.ndarray

    def left(self, when: When) -> np.ndarray:
        """Return `before` or `after`."""
        return self.before if when == "before" else self.after


@dataclass(frozen=True, eq=False)
class Flow:
    """Every case over the same seeds, measured on so many `reviews` by their first `words`; `updates` of training."""

    reviews: int
    words: int
    updates: int
    cases: tuple[Flowed, ...]

    @property
    def seeds(self) -> int:
        """Return the number of seeds."""
        return len(self.cases[0].before)

    def __getitem__(self, name: str) -> Flowed:
        """Return a case by its name; raise `KeyError` for an unknown one."""
        found = {item.case.name: item for item in self.cases}
        return found[name]

    def without(self, name: str) -> Flow:
        """Return all cases but one."""
        return replace(self, cases=tuple(item for item in self.cases if item.case.name != name))


@lru_cache(maxsize=1)
def gradient_flow() -> Flow:
    """Return what was measured; raise `StoreError` when the file is damaged."""
    try:
        told = json.loads(PATH.read_text(encoding="utf-8"))
        known = {case.name: case for case in CASES}
        cases = tuple(
            Flowed(known[item["case"]], _array(item["seeds"], "before"), _array(item["seeds"], "after"))
            for item in told["cases"]
        )
        if len({item.left(when).shape for item in cases for when in ("before", "after")}) != 1:
            raise ValueError("seeds are missing")
        return Flow(int(told["reviews"]), int(told["words"]), int(told["updates"]), cases)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise StoreError("what was measured of the gradient cannot be read; install the program again") from error


def _array(seeds: list[dict[str, Any]], when: str) -> np.ndarray:
    rows = [[-np.inf if value is None else float(value) for value in seed[when]] for seed in seeds]
    found = np.array(rows)
    if found.ndim != 2 or found.shape[1] != len(DISTANCES):
        raise ValueError(f"{when} is not a row of {len(DISTANCES)} for each seed")
    return found


def further(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether in every seed more than ten times as much arrives in `one (S,)` as in `other (S,)`, log10 both."""
    return bool((one > other + 1).all())

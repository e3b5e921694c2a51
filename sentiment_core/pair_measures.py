"""What a masked language model measured on every test pair: kept when a run ends, read where two are held together.

`pairs.npz` lies beside the run's model.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sentiment_core.array_files import DamagedError, arrays_in
from sentiment_core.artifacts import PAIR_MEASURES, here, run_place, written
from sentiment_core.errors import CheckpointError
from sentiment_core.store import Run

LARGEST_FILE = 64_000_000
# Of each pair: how many words were asked for, the sum of their losses (nats), and 1 where it was named whether the
# second segment follows.
COLUMNS = ("words", "word_loss", "pair_right")


@dataclass(frozen=True, eq=False)
class PairMeasures:
    """N test pairs: `examples (N, 2)` as `pair_up` makes them, the review of each `(N,)`, `values (N, 3)`: `COLUMNS`.

    `guess` is the loss (nats) of answering with how often each piece occurs.
    """

    examples: np.ndarray
    reviews: np.ndarray
    values: np.ndarray
    guess: float

    def column(self, name: str) -> np.ndarray:
        """Return one of `COLUMNS` as float64 `(N,)`."""
        return self.values[:, COLUMNS.index(name)].astype(np.float64)


def write_pair_measures(folder: Path, found: PairMeasures) -> None:
    """Keep them; raise `StoreError` if the disk refuses. The file appears whole or not at all."""
    with written(folder / PAIR_MEASURES) as temporary:
        np.savez_compressed(
            temporary,
            examples=found.examples.astype(np.int32),
            reviews=found.reviews.astype(np.int32),
            values=found.values.astype(np.float32),
            guess=np.float64(found.guess),
        )


def read_pair_measures(run: Run) -> PairMeasures | None:
    """Return what `run` measured on its test pairs; None when it did not come to its end, or before this was kept.

    Raises `CheckpointError` when the file is damaged.
    """
    path = here(run_place(run.experiment_id, run.id) / PAIR_MEASURES)
    if not path.exists():
        return None
    try:
        with arrays_in(path, LARGEST_FILE) as arrays:
            found = PairMeasures(arrays["examples"], arrays["reviews"], arrays["values"], float(arrays["guess"]))
            count = len(found.reviews)
            shapes = found.reviews.shape, found.examples.shape, found.values.shape
            if shapes != ((count,), (count, 2), (count, len(COLUMNS))):
                raise ValueError("shapes")
    except DamagedError as error:
        raise CheckpointError(f"the test pairs of run {run.id} are damaged; train it again") from error
    return found

"""A run's weights as they were on the way: which are kept, and where they lie."""

from __future__ import annotations

from pathlib import Path

from sentiment_core.artifacts import snapshot_place, snapshot_steps
from sentiment_core.errors import NotFoundError
from sentiment_core.store.records import Run

# What the snapshots of one run may take together; a small model's weights are a tenth of a megabyte.
MOST_BYTES = 64_000_000


def planned_steps(count: int, total_steps: int, size: int) -> list[int]:
    """Return after which of `total_steps` updates the weights, of `size` bytes, are kept: `count` of them at most.

    0, then `total_steps ** (k / count)`: evenly spaced on a logarithmic scale, because most happens early. The end is
    not among them: it is what the run keeps anyway.
    """
    count = min(count, MOST_BYTES // max(size, 1))
    steps = {0} if count else set()
    steps |= {round(total_steps ** (part / count)) for part in range(1, count)}
    return sorted(step for step in steps if step < total_steps)


def kept_steps(run: Run) -> list[int]:
    """Return the steps after which a run's weights were kept, ascending, none beyond what the store knows of it."""
    return [step for step in snapshot_steps(run.experiment_id, run.id) if step <= run.steps]


def snapshot_folder(run: Run, step: int) -> Path:
    """Return where a run's model lies as it was after update `step`: what its task wrote, which that can read.

    Raises `NotFoundError` naming the steps that were kept.
    """
    steps = kept_steps(run)
    if step not in steps:
        kept = f"kept are {', '.join(map(str, steps))}" if steps else "none on the way were"
        raise NotFoundError(f"the weights of run {run.id} after step {step} were not kept; {kept}")
    return snapshot_place(run.experiment_id, run.id, step)

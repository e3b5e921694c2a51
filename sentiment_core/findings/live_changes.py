"""What somebody changed while a run trained: at which update, from which value to which."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sentiment_core import live
from sentiment_core.store import Run, RunSource

WORDS = {live.RATE: "rate", live.THRESHOLD: "threshold"}


@dataclass(frozen=True)
class Change:
    """A setting, of `live.KINDS`, that is another one from update `step` on."""

    kind: str
    step: int
    before: float
    after: float

    @property
    def words(self) -> str:
        """The change as it stands beside a curve, such as `rate 0.01 → 0.05`."""
        return f"{WORDS[self.kind]} {self.before:g} → {self.after:g}"


def changes(source: RunSource, run: Run) -> tuple[Change, ...]:
    """Return what was changed while `run` trained, in the order of updates.

    What a run that was interrupted did not keep, because it went on from an earlier checkpoint, is no change of it.
    """
    known = set(source.diagnostic_names(run.id))
    found = []
    for kind in live.KINDS:
        name = live.mark(kind)
        steps, values = source.diagnostics(run.id, name) if name in known else ([], [])
        for step, value in zip(steps, values, strict=True):
            rows = source.steps(run.id, after=max(0, step - 2), limit=2)
            in_force = dict(zip(rows["step"], rows[kind], strict=True))
            after = float(value)
            if step in in_force and math.isclose(in_force[step], after, rel_tol=1e-6):
                before = in_force.get(step - 1, _configured(kind, run))
                found.append(Change(kind, step, float(before), after))
    return tuple(sorted(found, key=lambda change: change.step))


def _configured(kind: str, run: Run) -> float:
    training = run.config.training
    if kind == live.RATE:
        return training.learning_rate
    return math.nan if training.threshold is None else training.threshold

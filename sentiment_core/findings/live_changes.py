"""What somebody changed while a run trained, at which update, from which value to which; and what is asked of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sentiment_core import live
from sentiment_core.number_words import by_number
from sentiment_core.store import Experiment, Request, Run, RunSource

WORDS = {live.RATE: "rate", live.THRESHOLD: "threshold"}
ASKED = {"pause": "Pausing …", "resume": "Resuming …", "stop": "Stopping …"}


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


def in_force(source: RunSource, run: Run, kind: str) -> float:
    """Return the value of `kind` that a run was last trained with, before that what it is configured to; NaN: none."""
    last = source.steps(run.id, after=max(0, run.steps - 1), limit=1)
    return float(last[kind][0]) if last["step"] else _configured(kind, run)


def asked(source: RunSource, found: Experiment, requests: Sequence[Request]) -> list[str]:
    """Say what an experiment was asked to do and has not done yet, each once; of values the last, which counts."""
    said = [ASKED[request.kind] for request in requests if request.kind in ASKED]
    if steps := sum(request.kind == "step" for request in requests):
        said.append(f"Making {by_number(steps, 'one update', f'{steps} updates')} …")
    for place, request in enumerate(requests):
        if (
            request.kind in live.KINDS
            and request.value is not None
            and not _is_overruled(request, requests[place + 1 :])
        ):
            said.append(_asked_change(source, found, request, request.value))
    return list(dict.fromkeys(said))


def _is_overruled(request: Request, later: Sequence[Request]) -> bool:
    return any(each.kind == request.kind and each.run_id in (None, request.run_id) for each in later)


def _asked_change(source: RunSource, found: Experiment, request: Request, value: float) -> str:
    of = [run for run in found.runs if request.run_id in (None, run.id) and live.can_take(request.kind, run.config)]
    before = {f"{in_force(source, run, request.kind):g} " for run in of}
    named = f"{of[0].name}: " if request.run_id is not None and of else ""
    return f"{named}{WORDS[request.kind]} {before.pop() if len(before) == 1 else ''}→ {value:g} at the next update …"


def _configured(kind: str, run: Run) -> float:
    training = run.config.training
    if kind == live.RATE:
        return training.learning_rate
    return math.nan if training.threshold is None else training.threshold

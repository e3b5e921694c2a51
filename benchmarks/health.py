"""False and missed alarms: every lesson at its defaults, its inside watched; what health remarks say after each epoch.

    SENTIMENT_HOME=/tmp/health python -m benchmarks.health [LESSON …]

A remark about a run that ends better than chance is counted as false, but for notes, which raise no alarm; a run that
does not is missed where nothing is said about it at its end.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from sentiment_core.config import from_fields
from sentiment_core.findings.health import Remark, examine_run
from sentiment_core.findings.verdict import judge
from sentiment_core.lessons import LESSONS, experiment_for, lesson
from sentiment_core.metrics import Evaluation
from sentiment_core.steps.inside import USUAL_EVERY
from sentiment_core.store import Run, RunSource, Store
from sentiment_core.work.training import train_here


class UpTo:
    """What a source knew of a run at the end of an epoch."""

    def __init__(self, source: RunSource, epoch: int) -> None:
        self._source = source
        self._epoch = epoch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def steps(self, run_id: str) -> dict[str, list[Any]]:
        """Return the steps up to then."""
        columns = self._source.steps(run_id)
        count = sum(epoch <= self._epoch for epoch in columns["epoch"])
        return {name: values[:count] for name, values in columns.items()}

    def evaluations(self, run_id: str) -> list[Evaluation]:
        """Return the evaluations up to then."""
        return [item for item in self._source.evaluations(run_id) if item.epoch <= self._epoch]

    def diagnostics(self, run_id: str, quantity: str) -> tuple[list[int], list[Any]]:
        """Return what was measured of a diagnostic up to then."""
        last = self.steps(run_id)["step"][-1]
        return self._source.diagnostics(run_id, quantity, until=last)


def remarks_at_each_epoch(store: Store, run: Run) -> dict[int, list[Remark]]:
    """Return what is said about a run at the end of each of its epochs."""
    epochs = sorted({item.epoch for item in store.evaluations(run.id) if item.part == "validation"})
    return {epoch: examine_run(UpTo(store, epoch), run) for epoch in epochs}  # type: ignore[arg-type]


def main(names: list[str]) -> None:
    """Train the lessons, and print what is said about each of their runs, and how much of it is false."""
    looked = false = failed = missed = 0
    for item in [lesson(name) for name in names] or [item for item in LESSONS if item.preset]:
        began = time.process_time()
        with Store() as store:
            config = from_fields({"watch_every": USUAL_EVERY}, experiment_for(item))
            experiment = train_here(store, config, lambda progress: None)
            verdict = judge(store, experiment.id)
            for run, judged in zip(experiment.runs, verdict.runs, strict=True):
                said = remarks_at_each_epoch(store, run)
                looked += len(said) * bool(judged.learned)
                print(f"{item.name}, {run.name}: {'learned' if judged.learned else 'did not learn'}")
                for epoch, remarks in said.items():
                    for remark in remarks:
                        print(f"  epoch {epoch}, {remark.kind}{'' if remark.alert else ' (note)'}: {remark.text}")
                alarms = [any(remark.alert for remark in remarks) for remarks in said.values()]
                if judged.learned:
                    false += sum(alarms)
                else:
                    failed += 1
                    missed += not alarms[-1]
        print(f"  {time.process_time() - began:.0f} CPU seconds")
    print(f"Alarms about runs that learned: at {false} of {looked} ends of an epoch.")
    print(f"Runs that did not learn, and nothing was said: {missed} of {failed}.")


if __name__ == "__main__":
    main(sys.argv[1:])

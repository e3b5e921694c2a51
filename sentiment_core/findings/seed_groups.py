"""Runs that are alike in all but their seed: what each setting reached, and how far its seeds scatter."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sentiment_core.config import OBSERVING_FIELDS, flatten
from sentiment_core.intervals import Mean, mean_of
from sentiment_core.store import Experiment, Run

# What seeds of one setting may differ in: the seed, and what changes no training.
UNLIKE_IN_SEEDS = {*OBSERVING_FIELDS, "seed"}


@dataclass(frozen=True)
class SeedGroup:
    """One setting: `runs` by rising seed, one a seed; `repeats` are further runs of seeds that are there already."""

    runs: tuple[Run, ...]
    repeats: int = 0

    @property
    def name(self) -> str:
        """What the first of its runs is called."""
        return self.runs[0].name

    @property
    def by_seed(self) -> Mapping[int, Run]:
        """Its runs by their seeds."""
        return {run.config.seed: run for run in self.runs}

    @property
    def validation(self) -> Mean | None:
        """Validation accuracy over seeds; None before there is one."""
        return mean_of(_known(run.validation_accuracy for run in self.runs))

    @property
    def test(self) -> Mean | None:
        """Test accuracy over seeds; None before there is one."""
        return mean_of(_known(run.test_accuracy for run in self.runs))


def group_by_seed(runs: Iterable[Run]) -> list[SeedGroup]:
    """Return `runs` grouped by every setting but the seed, in the order of the first of each group; names do not count.

    Of runs with the same seed, which repeat each other, the first that was tested counts, else the first.
    """
    members: dict[str, list[Run]] = {}
    for run in runs:
        members.setdefault(setting_of(run), []).append(run)
    return [_group(found) for found in members.values()]


def setting_of(run: Run) -> str:
    """Return what runs that differ in nothing but the seed, and in what changes no training, have in common."""
    return run.config.model_dump_json(exclude={*UNLIKE_IN_SEEDS, "runs"})


def siblings(experiment: Experiment, others: Iterable[Experiment], fields: Sequence[str] = ()) -> list[Experiment]:
    """Return `experiment` and those of `others` that differ from it in nothing but seed and `fields`, sorted by those.

    Names, and what changes no training, do not count. Of those that are alike in all there is one.
    """
    free = ("seed", *fields)

    def rest(settings: Mapping[str, Any], each: Experiment) -> object:
        fixed = {name: value for name, value in settings.items() if name not in OBSERVING_FIELDS and name not in free}
        return fixed, [run.overrides for run in each.config.runs]

    wanted = rest(flatten(experiment.config), experiment)
    found: dict[tuple[Any, ...], Experiment] = {}
    for each in [experiment, *others]:
        settings = flatten(each.config)
        if rest(settings, each) == wanted:
            found.setdefault(tuple(settings[name] for name in free), each)
    return [found[key] for key in sorted(found)]


def described(group: SeedGroup) -> dict[str, Any]:
    """Return a group as the command line's JSON has it; a mean is None where nothing was measured."""
    return {
        "name": group.name,
        "runs": [run.id for run in group.runs],
        "seeds": [run.config.seed for run in group.runs],
        "repeats": group.repeats,
        "validation_accuracy": _as_json(group.validation),
        "test_accuracy": _as_json(group.test),
    }


def mean_in_words(found: Mean | None) -> str:
    """Return `0.812 ± 0.020 (n = 5)`; without ± for a single value, a dash for none."""
    if found is None:
        return "–"
    half = "" if found.half is None else f" ± {found.half:.3f}"
    return f"{found.mean:.3f}{half} (n = {found.count})"


def _group(found: Sequence[Run]) -> SeedGroup:
    chosen: dict[int, Run] = {}
    for run in found:
        known = chosen.get(run.config.seed)
        if known is None or (known.test_accuracy is None and run.test_accuracy is not None):
            chosen[run.config.seed] = run
    return SeedGroup(tuple(chosen[seed] for seed in sorted(chosen)), len(found) - len(chosen))


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None and math.isfinite(value)]


def _as_json(found: Mean | None) -> dict[str, Any] | None:
    return None if found is None else {"n": found.count, "mean": found.mean, "half": found.half}

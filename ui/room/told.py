"""What each person of a room trains, told in few numbers: their newest training, its thinned losses, what is wrong."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sentiment_core.classroom.people import Person
from sentiment_core.colours import RUN_COLOURS, colours_of
from sentiment_core.findings.health import Remark
from sentiment_core.findings.seed_groups import group_by_seed
from sentiment_core.lessons import Lesson
from sentiment_core.lessons.outcomes import trained_of
from sentiment_core.steps.blocks import block_means, block_width
from sentiment_core.store import Experiment, Run
from ui.kit.components.cloud import Told
from ui.kit.health import remarks_on
from ui.kit.kept import kept
from ui.server.backend import store

MOST_POINTS = 60
# More curves say nothing more, and a browser has to draw them every few seconds.
MOST_CURVES = 300


@dataclass(frozen=True)
class Doing:
    """Somebody of a room with all that is theirs, newest first; `of_lesson`: ids of what the lesson itself sets."""

    person: Person
    experiments: tuple[Experiment, ...]
    of_lesson: frozenset[str] = frozenset()

    @property
    def newest(self) -> Experiment | None:
        """What they train or wait for; else what they trained last."""
        active = (each for each in self.experiments if each.status.is_active)
        return next(active, next(iter(self.experiments), None))

    def remarks(self) -> list[Remark]:
        """Return what is wrong with the runs of their newest training, by the rules of `findings.health`.

        A rate that the lesson chose, to show what it does, is nobody's mistake.
        """
        meant = {"rate too high"} if self.newest and self.newest.id in self.of_lesson else set()
        return [
            remark
            for run in self.runs
            for remark in remarks_on(store(), run)
            if remark.alert and remark.kind not in meant
        ]

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs of the newest training that have begun."""
        return tuple(run for run in self.newest.runs if run.steps) if self.newest else ()


def doings(members: Iterable[Person], experiments: Sequence[Experiment], lesson: Lesson | None = None) -> list[Doing]:
    """Return what each member does, in their order; `lesson` is the one that is open for all."""
    of_lesson = frozenset(each.id for each in trained_of(lesson, experiments)) if lesson else frozenset[str]()
    theirs: dict[str | None, list[Experiment]] = {}
    for each in experiments:
        theirs.setdefault(each.owner, []).append(each)
    return [Doing(person, tuple(theirs.get(person.id, ())), of_lesson) for person in members]


def width_of(doing: Iterable[Doing]) -> int:
    """Return how many updates a point of the wall stands for, so that the longest run has `MOST_POINTS` at most."""
    return block_width(max((run.steps for each in doing for run in each.runs), default=1), MOST_POINTS)


def curves(doing: Sequence[Doing], width: int, *, over_seeds: bool) -> list[Told]:
    """Return the curves of a room, a point every `width` updates; `over_seeds`: runs alike but for the seed are one."""
    shown = [(each, run) for each in doing for run in each.runs][:MOST_CURVES]
    if not over_seeds:
        # Alone, a run is told from those of others; beside a twin, from the twin.
        alone = [each.person.id for each in doing if each.newest and len(each.newest.runs) == 1]
        places = {person: place for place, person in enumerate(alone)}
        return [_told(each, run, width, places.get(each.person.id)) for each, run in shown]
    whose = {run.id: each for each, run in shown}
    groups = group_by_seed(run for _, run in shown)
    return [
        _told(whose[run.id], run, width, place, f"{place + 1}: {group.name}")
        for place, group in enumerate(groups)
        for run in group.runs
    ]


def sparks(doing: Doing, width: int) -> list[float] | None:
    """Return the finite losses of the last run of somebody's newest training: a cell has no sign for others."""
    return [loss for loss in losses(doing.runs[-1], width)[1] if math.isfinite(loss)] if doing.runs else None


def losses(run: Run, width: int) -> tuple[list[int], list[float]]:
    """Return steps and mean losses of the blocks of a run, worked out once for as far as it has come."""
    found: tuple[list[int], list[float]] = _losses(run.id, width, run.steps, str(run.status))
    return found


def _told(doing: Doing, run: Run, width: int, place: int | None, group: str | None = None) -> Told:
    assert doing.newest is not None
    own = colours_of(doing.newest.config)[run.position - 1]
    colour = own if place is None else RUN_COLOURS[place % len(RUN_COLOURS)]
    named = f", {run.name}" if len(doing.newest.runs) > 1 else ""
    return Told(run.id, f"{doing.person.name}{named}", colour, *losses(run, width), group)


@kept(max_entries=1000)
def _losses(run_id: str, width: int, *_come_so_far: Any) -> tuple[list[int], list[float]]:
    columns = store().steps(run_id)
    return block_means(columns["step"], columns["loss"], width)

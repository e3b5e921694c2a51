"""An experiment in present mode: its curves and what is odd about them; the keys go through its runs one by one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sentiment_core.errors import ConfigError
from sentiment_core.store import Experiment
from ui.addresses import TRAIN, to_lab, to_lesson
from ui.kit.components.live_plot import live_experiment
from ui.kit.health import health
from ui.kit.notices import literal
from ui.kit.present import PLOT_HEIGHT, present_bar
from ui.server.backend import store


def present(experiment: Experiment) -> None:
    """Draw all runs of the experiment, or the one that the address names; raise `ConfigError` for another's run."""
    pages = [None, *(run.id for run in experiment.runs)]
    only = TRAIN.value("only")
    if only not in pages:
        TRAIN.put(only=None)
        raise ConfigError("The run in this link is not of this experiment. Press a key to see all of its runs.")
    place = pages.index(only)
    back, on = (_turn(pages[there]) if 0 <= there < len(pages) else None for there in (place - 1, place + 1))
    named = {run.id: run.name for run in experiment.runs}
    present_bar(TRAIN, literal(named[only] if only else experiment.name), back, on)
    live_experiment(experiment.id, experiment.status, height=PLOT_HEIGHT, only=only, key=f"present:{experiment.id}")
    health(
        store(),
        lambda: [run for run in store().experiment(experiment.id).runs if only in (None, run.id)],
        lab=to_lab,
        lesson=to_lesson,
    )


def _turn(run: str | None) -> Callable[[], None]:
    return partial(TRAIN.put, only=run)

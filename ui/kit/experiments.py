"""An experiment on a page: the button that starts it, the one that the address names, its controls above its curves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import streamlit as st

from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import SentimentLabError, StoreUnavailableError
from sentiment_core.metrics import Status
from sentiment_core.store import Experiment
from ui.kit.address import Address
from ui.kit.launch import start_experiments
from ui.kit.notices import errors_shown, show_error, show_problem
from ui.kit.run_controls import controls
from ui.server.backend import store

# Where a worker waits, the first curve is there sooner: nothing flashes up before it.
PATIENCE_SECONDS = 2.0


def waits(experiment: Experiment) -> bool:
    """Whether an experiment is in the queue or prepares its first update."""
    return experiment.step == 0 and experiment.status in {Status.QUEUED, Status.RUNNING}


def start_button(
    label: str,
    configs: Callable[[], Sequence[ExperimentConfig]],
    show: Callable[[list[Experiment]], None],
    *,
    prediction: str | None = None,
    **options: Any,
) -> None:
    """Draw the button that starts experiments, all or none; `show` then puts them into the address, and the page is
    drawn anew.
    """
    if st.button(label, type="primary", icon=":material/play_circle:", **options):
        with errors_shown():
            show(start_experiments(configs(), prediction))
            st.rerun()


def shown_experiment(
    address: Address, check: Callable[[Experiment], None] = lambda experiment: None
) -> Experiment | None:
    """Return the experiment that the address names, None without one; say what went wrong before.

    One that is not there, or that `check` refuses with a `SentimentLabError`, is said and taken out of the address.
    Raises `StoreUnavailableError`: the address is as good as ever once the store is back.
    """
    show_problem()
    identifier = address.value("experiment")
    if identifier is None:
        return None
    try:
        experiment = store().experiment(identifier)
        check(experiment)
    except StoreUnavailableError:
        raise
    except SentimentLabError as error:
        show_error(error)
        address.put(experiment=None)
        return None
    return experiment


@contextmanager
def control_row(
    experiment: Experiment, again: str = "", leave: Callable[[], None] | None = None, help: str | None = None
) -> Iterator[None]:
    """Draw the row above the curves: the experiment's controls, and the way back, called `again`; inside goes more."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        controls(experiment)
        if leave is not None:
            st.button(again, icon=":material/restart_alt:", on_click=leave, help=help)
        yield

"""The learning-rate lab: a list or a range of rates in lockstep, loss against rate, and the way to Train."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from sentiment_core.colours import colours_of
from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import ConfigError
from sentiment_core.findings.sweep import (
    LAST_STEPS,
    MOST_RATES,
    MOST_STEPS,
    RATE,
    RatePoint,
    best,
    log_range,
    parse_rates,
    summarise,
    sweep_experiment,
    with_rate,
)
from sentiment_core.findings.verdict.words import decimal
from sentiment_core.number_words import counted
from sentiment_core.presets import PRESETS
from sentiment_core.recorded import PREFIX
from sentiment_core.setting_words import say
from sentiment_core.store import Experiment, RunSource
from sentiment_core.tasks import TASKS
from ui.addresses import lab_address, to_train
from ui.kit.address_fields import checked, identifier, one_of, setting, whole
from ui.kit.components.live_plot import live_experiment
from ui.kit.experiments import control_row, shown_experiment, start_button
from ui.kit.notices import errors_shown, literal
from ui.kit.plot import plot
from ui.labs.rate_figure import rate_figure
from ui.server.api import source_of
from ui.server.backend import store

OPTIMIZERS = ("adam", "adamw", "sgd")
ADDRESS = lab_address(
    "learning-rates",
    checked("rates", "1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1", parse_rates, "list of rates"),
    whole("steps", 1, MOST_STEPS, 100),
    one_of("preset", PRESETS, "learning-rates"),
    one_of("optimizer", OPTIMIZERS, "adam"),
    setting("limit", "data.limit"),
    identifier("experiment"),
)
REFRESH_SECONDS = 2.0
RECORDED = f"{PREFIX}lab-learning-rates"


def draw() -> None:
    """Draw the lab: a recorded sweep and the settings of one's own, or loss against rate and the curves of that one."""
    experiment = shown_experiment(ADDRESS, check_sweep)
    if experiment is None:
        prepare()
    else:
        watch(experiment)


def check_sweep(experiment: Experiment) -> None:
    """Raise `ConfigError` for an experiment that is no sweep."""
    if any(set(run.overrides) != {RATE} for run in experiment.config.runs):
        raise ConfigError(f"experiment {experiment.id} does not compare learning rates; start a new sweep")


def sweep() -> ExperimentConfig:
    """Return the sweep that the settings describe; raise `ConfigError` for bad ones."""
    value = ADDRESS.value
    changes = {"training.optimizer": value("optimizer")} | ({"data.limit": value("limit")} if value("limit") else {})
    return sweep_experiment(value("preset"), parse_rates(value("rates")), value("steps"), changes)


def prepare() -> None:
    """Draw the settings and the button, and what came out of a sweep that was recorded."""
    st.markdown(
        "Every rate starts from the same weights, sees the same batches and makes the same number of updates. Too low: "
        "nothing moves. Too high: it jumps about, or blows up. In between lies a valley, mostly within a factor of ten."
    )
    # A link to other settings opens them.
    with st.expander("Make it yours", icon=":material/tune:", expanded=ADDRESS.is_changed), errors_shown():
        settings()
    with errors_shown():
        recorded()


def recorded() -> None:
    """Draw the sweep that ships, at the settings that the lab opens with."""
    source = source_of(RECORDED)
    experiment = source.experiment(RECORDED)
    training = experiment.config.training
    st.caption(
        literal(
            f"Recorded: {len(experiment.runs)} rates, {say('training.optimizer', training.optimizer)}, "
            f"{training.max_steps} updates each, batches of {training.batch_size} demo reviews."
        )
    )
    _outcome(source, experiment, "learning-rates")
    live_experiment(RECORDED, experiment.status, height=400)


def settings() -> None:
    """Draw what a sweep is made of, and the button that starts it."""
    left, middle, right = st.columns([2.2, 1.6, 1], gap="medium", vertical_alignment="bottom")
    left.text_input("Learning rates", key=ADDRESS.key("rates"), help=f"Up to {MOST_RATES}, such as 1e-4, 3e-4, 1e-3.")
    middle.selectbox("Network", list(PRESETS), key=ADDRESS.key("preset"), format_func=lambda name: PRESETS[name].title)
    with right, st.popover("From a range", icon=":material/linear_scale:", width="stretch"):
        _range()
    left, middle, right = st.columns([1.1, 1.1, 2.6], gap="medium", vertical_alignment="bottom")
    left.number_input("Updates each", step=50, key=ADDRESS.key("steps"))
    middle.selectbox(
        "Optimizer", OPTIMIZERS, key=ADDRESS.key("optimizer"), format_func=lambda name: say("training.optimizer", name)
    )
    # Raises for settings that make no sweep: there is no button then, and what was typed stays to be mended.
    config = sweep()
    count = len(config.runs)
    with right:
        start_button(
            f"Run {counted(count, 'rate')}",
            lambda: [config],
            lambda started: ADDRESS.put(experiment=started[0].id),
        )
    st.caption(
        f"{count} runs of {config.training.max_steps:,} updates each, batches of 32 demo reviews, GloVe 50-d, "
        "side by side. The curves appear here as they train."
    )


def watch(experiment: Experiment) -> None:
    """Draw loss against rate while it trains and after, then the curves."""
    with control_row(experiment, "New sweep", lambda: ADDRESS.put(experiment=None)):
        training = experiment.config.training
        st.caption(
            literal(f"{experiment.name}, {say('training.optimizer', training.optimizer)}, {training.max_steps} updates")
        )
    active = experiment.status.is_active
    fragment = st.fragment(run_every=REFRESH_SECONDS if active else None)
    fragment(outcome)(experiment.id, ADDRESS.value("preset"))
    live_experiment(experiment.id, experiment.status, height=400)


def outcome(experiment_id: str, preset_name: str) -> None:
    """Draw what each rate has come to, and the way to Train with one of them."""
    # Redrawn as a fragment, out of reach of the page's own handler; the sweep may be deleted meanwhile.
    with errors_shown():
        _outcome(store(), store().experiment(experiment_id), preset_name)


def _outcome(source: RunSource, experiment: Experiment, preset_name: str) -> None:
    points = summarise(source, experiment.id)
    own = colours_of(experiment.config)
    colours = {run.id: colour for run, colour in zip(experiment.runs, own, strict=True)}
    left, right = st.columns([1.62, 1], gap="large")
    with left:
        guess = TASKS[experiment.config.task].guess(source.balances(experiment.runs[0].id))
        figure = rate_figure(points, colours, LAST_STEPS, guess)
        plot(figure, key="lab:rates:figure")
        st.caption("At the upper edge: ✕ is no longer a finite number, ▲ is a loss too high for this axis.")
    with right:
        found = best(points)
        table(points)
        if found is None:
            st.caption("No rate has a finite loss yet.")
            return
        options = [point.rate for point in points if not point.diverged]
        chosen = st.pills(
            "Take to Train",
            options,
            default=found.rate if not experiment.status.is_active else None,
            format_func=lambda rate: f"{rate:g}",
            key=f"lab:rates:take:{experiment.id}:{experiment.status.is_active}",
        )
        rate = found.rate if chosen is None else chosen
        why = "lowest validation loss" if found.validation_loss is not None else "lowest batch loss so far"
        to_train(with_rate(preset_name, experiment.config, rate)).draw(
            f"Train with rate {rate:g}" + (f" ({why})" if rate == found.rate else ""),
            icon=":material/arrow_forward:",
        )


def table(points: list[RatePoint]) -> None:
    """Draw the numbers behind the picture."""
    rows = [
        {
            "Rate": f"{point.rate:g}",
            "Batch loss": f"diverged at step {point.diverged_at}" if point.diverged else _number(point.loss),
            "Valid. loss": _number(point.validation_loss),
            "Valid. acc.": _number(point.validation_accuracy),
        }
        for point in points
    ]
    st.dataframe(rows, hide_index=True, row_height=28, height=28 * len(rows) + 40)


def _range() -> None:
    known = [1e-4, 1e-1]
    with suppress(ConfigError):
        known = list(parse_rates(ADDRESS.value("rates")))
    with st.form("lab:rates:range", border=False):
        low = st.text_input("From", f"{min(known):g}")
        high = st.text_input("To", f"{max(known):g}")
        count = st.number_input("How many", 2, MOST_RATES, max(2, len(known)))
        if st.form_submit_button("Fill in", type="primary"):
            with errors_shown():
                ends = parse_rates(low) + parse_rates(high)
                if len(ends) != 2:
                    raise ConfigError("From and To: give one number each, such as 1e-4 and 1e-1")
                ADDRESS.put(rates=", ".join(f"{rate:g}" for rate in log_range(ends[0], ends[1], int(count))))
                st.rerun()


def _number(value: float | None) -> str:
    return "–" if value is None else decimal(value)

"""The learning-rate lab: a list or a range of rates in lockstep, loss against rate, and the way to Train."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from sentiment_core.config import ExperimentConfig, to_query
from sentiment_core.errors import ConfigError, SentimentLabError
from sentiment_core.findings.sweep import (
    LAST_STEPS,
    MOST_RATES,
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
from sentiment_core.presets import PRESETS
from sentiment_core.store import Experiment
from sentiment_core.tasks import TASKS
from ui.kit.components.live_plot import live_experiment
from ui.kit.labels import say
from ui.kit.launch import start_experiment
from ui.kit.notices import errors_shown, literal, show_error
from ui.kit.run_controls import PROBLEM, controls
from ui.labs.rate_figure import rate_figure
from ui.pages import pages
from ui.server.backend import store

DEFAULTS = {
    "rates": "1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1",
    "steps": "100",
    "preset": "learning-rates",
    "optimizer": "adam",
    "limit": "",
}
OPTIMIZERS = ("adam", "adamw", "sgd")
KEY = "lab:rates:"
REFRESH_SECONDS = 2.0


def draw() -> None:
    """Draw the lab: its settings before a sweep, loss against rate and the curves from then on."""
    settings = read_settings()
    if (problem := st.session_state.pop(PROBLEM, None)) is not None:
        show_error(problem)
    experiment = shown()
    if experiment is None:
        prepare(settings)
    else:
        watch(experiment, settings)


def read_settings() -> dict[str, str]:
    """Return the settings that the address names; bad ones are said and replaced by the defaults."""
    given = {name: st.query_params[name] for name in DEFAULTS if name in st.query_params}
    try:
        settings = {**DEFAULTS, **given}
        check(settings)
    except SentimentLabError as error:
        show_error(error)
        for name in given:
            del st.query_params[name]
        return dict(DEFAULTS)
    return settings


def check(settings: dict[str, str]) -> ExperimentConfig:
    """Return the sweep that the settings describe; raise `ConfigError` or `NotFoundError` for bad ones."""
    if settings["optimizer"] not in OPTIMIZERS:
        raise ConfigError(f"optimizer: choose {', '.join(OPTIMIZERS)} (got {settings['optimizer'][:40]!r})")
    try:
        steps = int(settings["steps"])
    except ValueError as error:
        raise ConfigError(f"steps: {settings['steps'][:40]!r} is not a whole number") from error
    changes = {"training.optimizer": settings["optimizer"]}
    if settings["limit"]:
        changes["data.limit"] = settings["limit"]
    return sweep_experiment(settings["preset"], parse_rates(settings["rates"]), steps, changes)


def shown() -> Experiment | None:
    """Return the experiment that the address names; say so when there is none, or when it is no sweep."""
    name = st.query_params.get("experiment")
    if not name:
        return None
    try:
        experiment = store().experiment(name)
        if any(set(run.overrides) != {RATE} for run in experiment.config.runs):
            raise ConfigError(f"experiment {name} does not compare learning rates; start a new sweep")
    except SentimentLabError as error:
        show_error(error)
        del st.query_params["experiment"]
        return None
    return experiment


def prepare(settings: dict[str, str]) -> None:
    """Draw the settings and the button."""
    st.markdown(
        "Every rate starts from the same weights, sees the same batches and makes the same number of updates. Too low: "
        "nothing moves. Too high: it jumps about, or blows up. In between lies a valley, mostly within a factor of ten."
    )
    left, middle, right = st.columns([2.2, 1.6, 1], gap="medium", vertical_alignment="bottom")
    with left:
        _text("rates", "Learning rates", settings, help=f"Up to {MOST_RATES}, such as 1e-4, 3e-4, 1e-3.")
    with middle:
        _choice("preset", "Network", settings, list(PRESETS), lambda name: PRESETS[name].title)
    with right, st.popover("From a range", icon=":material/linear_scale:", width="stretch"):
        _range(settings)
    left, middle, right = st.columns([1.1, 1.1, 2.6], gap="medium", vertical_alignment="bottom")
    with left:
        _text("steps", "Updates each", settings)
    with middle:
        _choice("optimizer", "Optimizer", settings, OPTIMIZERS, lambda name: say("training.optimizer", name))
    with right:
        count = len(parse_rates(settings["rates"]))
        label = f"Run {count} rates" if count > 1 else "Run 1 rate"
        if st.button(label, type="primary", icon=":material/play_circle:"):
            with errors_shown():
                launch(settings)
    st.caption(
        f"{count} runs of {int(settings['steps']):,} updates each, batches of 32 demo reviews, GloVe 50-d, "
        "side by side. The curves appear here as they train."
    )


def launch(settings: dict[str, str]) -> None:
    """Create the sweep, start it, and show it."""
    experiment = start_experiment(check(settings))
    st.query_params["experiment"] = experiment.id
    st.rerun()


def watch(experiment: Experiment, settings: dict[str, str]) -> None:
    """Draw loss against rate while it trains and after, then the curves."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        controls(experiment)
        st.button("New sweep", icon=":material/restart_alt:", on_click=_leave)
        training = experiment.config.training
        st.caption(
            literal(f"{experiment.name}, {say('training.optimizer', training.optimizer)}, {training.max_steps} updates")
        )
    active = experiment.status.is_active
    fragment = st.fragment(run_every=REFRESH_SECONDS if active else None)
    fragment(outcome)(experiment.id, settings["preset"])
    live_experiment(experiment.id, experiment.status, height=400)


def outcome(experiment_id: str, preset_name: str) -> None:
    """Draw what each rate has come to, and the way to Train with one of them."""
    # Redrawn as a fragment, out of reach of the page's own handler; the sweep may be deleted meanwhile.
    with errors_shown():
        _outcome(store().experiment(experiment_id), preset_name)


def _outcome(experiment: Experiment, preset_name: str) -> None:
    points = summarise(store(), experiment.id)
    places = {run.id: place for place, run in enumerate(experiment.runs)}
    left, right = st.columns([1.62, 1], gap="large")
    with left:
        guess = TASKS[experiment.config.task].guess(store().balances(experiment.runs[0].id))
        figure = rate_figure(points, places, LAST_STEPS, guess)
        st.plotly_chart(figure, key=f"{KEY}figure", config={"displayModeBar": False})
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
            key=f"{KEY}take:{experiment.id}:{experiment.status.is_active}",
        )
        rate = found.rate if chosen is None else chosen
        why = "lowest validation loss" if found.validation_loss is not None else "lowest batch loss so far"
        st.page_link(
            pages()["train"],
            label=f"Train with rate {rate:g}" + (f" ({why})" if rate == found.rate else ""),
            icon=":material/arrow_forward:",
            query_params=to_query(with_rate(preset_name, experiment.config, rate)),
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


def _range(settings: dict[str, str]) -> None:
    known = parse_rates(settings["rates"])
    with st.form(f"{KEY}range", border=False):
        low = st.text_input("From", f"{min(known):g}")
        high = st.text_input("To", f"{max(known):g}")
        count = st.number_input("How many", 2, MOST_RATES, max(2, len(known)))
        if st.form_submit_button("Fill in", type="primary"):
            with errors_shown():
                ends = parse_rates(low) + parse_rates(high)
                if len(ends) != 2:
                    raise ConfigError("From and To: give one number each, such as 1e-4 and 1e-1")
                st.query_params["rates"] = ", ".join(f"{rate:g}" for rate in log_range(ends[0], ends[1], int(count)))
                st.rerun()


def _text(name: str, label: str, settings: dict[str, str], help: str | None = None) -> None:
    # The value is part of the key: a widget that kept its own would contradict the address after a link.
    key = f"{KEY}{name}:{settings[name]}"
    st.text_input(label, settings[name], key=key, on_change=_take, args=(name, key), help=help)


def _choice(
    name: str, label: str, settings: dict[str, str], names: Sequence[str], format_func: Callable[[str], str]
) -> None:
    key = f"{KEY}{name}:{settings[name]}"
    place = names.index(settings[name])
    st.selectbox(label, names, place, format_func, key=key, on_change=_take, args=(name, key))


def _take(name: str, key: str) -> None:
    value = str(st.session_state[key]).strip()
    if value and value != DEFAULTS[name]:
        st.query_params[name] = value
    else:
        st.query_params.pop(name, None)


def _leave() -> None:
    st.query_params.pop("experiment", None)


def _number(value: float | None) -> str:
    return "–" if value is None else decimal(value)

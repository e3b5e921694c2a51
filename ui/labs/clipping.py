"""The clipping lab: every rule and none over several seeds, with Adam or SGD; what it does to the gradient."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from sentiment_core.clipping import RULES
from sentiment_core.config import ExperimentConfig, field_info
from sentiment_core.errors import SentimentLabError, StoreError, StoreUnavailableError
from sentiment_core.findings.clipping_over_seeds import (
    MOST_SEEDS,
    MOST_UPDATES,
    RATES,
    check_alike,
    clipping_experiment,
    guidance,
    measure,
    over_seeds,
)
from sentiment_core.number_words import counted
from sentiment_core.recorded import PREFIX
from sentiment_core.setting_words import say
from sentiment_core.store import Experiment
from sentiment_core.work.pace import with_time
from ui.addresses import lab_address
from ui.kit.address_fields import one_of, setting, several, whole
from ui.kit.experiments import start_button
from ui.kit.notices import as_list, errors_shown, literal, show_error, show_problem
from ui.kit.plot import plot
from ui.labs.clipping_figures import figure, tables
from ui.server.api import source_of
from ui.server.backend import store

# What a link may set, and the dotted field it stands for; first the thresholds of the rules.
THRESHOLDS = {rule.threshold: rule.field for rule in RULES.values() if rule.threshold and rule.field}
FIELDS = {
    "optimizer": "training.optimizer",
    "rate": "training.learning_rate",
    **THRESHOLDS,
    "steps": "training.max_steps",
}
ADDRESS = lab_address(
    "clipping",
    # Adam divides by the gradient's usual size and so hides what clipping does.
    one_of("optimizer", RATES, "sgd"),
    setting("rate", FIELDS["rate"]),
    *(setting(name, of, f"{field_info(of).default:g}") for name, of in THRESHOLDS.items()),
    setting("steps", FIELDS["steps"]),
    whole("seeds", 1, MOST_SEEDS, 3),
    several("experiments", MOST_SEEDS),
)
REFRESH_SECONDS = 2.0
RECORDED = tuple(f"{PREFIX}lab-clipping-{seed}" for seed in (1, 2, 3))


def draw() -> None:
    """Draw the lab: a recorded comparison and the settings of one's own, or the plots and numbers of that one."""
    st.markdown(
        "The same network from the same weights on the same batches, once for each way of clipping: its gradient "
        f"{_listed([rule.effect for rule in RULES.values()])}. One row of panels a quantity, one column a seed: what "
        "holds in one column only is luck."
    )
    show_problem()
    experiments = shown()
    if experiments:
        results(experiments)
    else:
        # A link to other settings opens them.
        with st.expander("Make it yours", icon=":material/tune:", expanded=ADDRESS.is_changed), errors_shown():
            prepare()
        with errors_shown():
            recorded()


def recorded() -> None:
    """Draw the comparison that ships, at the settings that the lab opens with."""
    experiments = [source_of(name).experiment(name) for name in RECORDED]
    st.caption(literal(f"Recorded: {in_words(experiments[0])}, {len(experiments)} seeds, demo reviews."))
    draw_outcome(experiments)


def comparison() -> list[ExperimentConfig]:
    """Return the experiments to compare, one a seed; raise `ConfigError` for settings out of range."""
    values = {name: ADDRESS.value(name).strip() for name in FIELDS}
    values["rate"] = values["rate"] or f"{RATES[values['optimizer']]:g}"
    changes = {field: values[name] for name, field in FIELDS.items() if values[name]}
    return [clipping_experiment(seed, changes) for seed in range(1, ADDRESS.value("seeds") + 1)]


def shown() -> list[Experiment]:
    """Return the experiments that the address names; say so when one is not there."""
    try:
        found = [store().experiment(name) for name in ADDRESS.value("experiments")]
        check_alike([experiment.config for experiment in found])
    except StoreUnavailableError:
        raise
    except SentimentLabError as error:
        show_error(error)
        ADDRESS.put(experiments=[])
        return []
    return found


def prepare() -> None:
    """Draw the settings and the button."""
    first, second, *thresholds, last = st.columns([1.3, 1, *(1 for _ in THRESHOLDS), 1], vertical_alignment="bottom")
    first.segmented_control(
        "Optimizer",
        list(RATES),
        required=True,
        format_func=lambda name: say("training.optimizer", name),
        key=ADDRESS.key("optimizer"),
        # A rate that suits one optimizer is far off for the other.
        on_change=lambda: ADDRESS.put(rate=""),
        help="Adam divides by the gradient's usual size and so hides clipping; SGD takes the gradient as it is.",
    )
    with second:
        usual = f"{RATES[ADDRESS.value('optimizer')]:g}"
        st.text_input("Learning rate", key=ADDRESS.key("rate"), placeholder=usual)
    for column, (name, of) in zip(thresholds, THRESHOLDS.items(), strict=True):
        column.text_input(field_info(of).title, key=ADDRESS.key(name))
    last.selectbox("Seeds", list(range(1, MOST_SEEDS + 1)), key=ADDRESS.key("seeds"))
    # Raises for settings that make no experiment: there is no button then, and what was typed stays to be mended.
    configs = comparison()
    start_button(
        f"Run {counted(len(configs), 'seed')}",
        lambda: configs,
        lambda started: ADDRESS.put(experiments=[experiment.id for experiment in started]),
    )
    # The epochs end it where the link asks for more.
    updates = min(configs[0].training.max_steps or MOST_UPDATES, MOST_UPDATES)
    st.caption(
        f"Each seed: {len(RULES)} runs of rung 4's network side by side, {updates} updates on demo reviews. Seeds "
        "wait in the queue where there are fewer free places than seeds."
    )


def results(experiments: Sequence[Experiment]) -> None:
    """Draw the comparison; while it trains, a fragment draws it anew every other second."""
    active = any(experiment.status.is_active for experiment in experiments)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(literal(in_words(experiments[0])))
        st.space("stretch")
        if active:
            st.button("Stop", icon=":material/stop:", on_click=_stop, args=([item.id for item in experiments],))
        st.button("New comparison", icon=":material/restart_alt:", on_click=_leave, help="Back to the settings.")
    identifiers = [experiment.id for experiment in experiments]
    st.fragment(_live, run_every=REFRESH_SECONDS if active else None)(identifiers, active)


def _live(identifiers: Sequence[str], active: bool) -> None:
    with errors_shown():
        experiments = [store().experiment(identifier) for identifier in identifiers]
        if active and not any(experiment.status.is_active for experiment in experiments):
            st.rerun()
        if active:
            _progress(experiments)
        draw_outcome(experiments)
        for experiment in experiments:
            if experiment.error:
                st.error(literal(f"Seed {experiment.config.seed}: {experiment.error}"))


def in_words(experiment: Experiment) -> str:
    """Return optimizer, rate and thresholds of a comparison in words."""
    training = experiment.config.training
    thresholds = (f"{rule.phrase} {getattr(training, rule.threshold):g}" for rule in RULES.values() if rule.threshold)
    return ", ".join([say("training.optimizer", training.optimizer), f"rate {training.learning_rate:g}", *thresholds])


def draw_outcome(experiments: Sequence[Experiment]) -> None:
    """Draw the curves of all seeds, what they say and the numbers."""
    plot(figure(experiments), key="lab-clipping-figure", zooms=True)
    runs = [run for experiment in experiments for run in measure(source_of(experiment.id), [experiment])]
    st.markdown(as_list(guidance(runs, experiments[0].config.training.max_norm)))
    tables(over_seeds(runs), runs)


def _progress(experiments: Sequence[Experiment]) -> None:
    done = sum(
        1.0 if not item.status.is_active else (item.progress.fraction or 0.0) if item.progress else 0.0
        for item in experiments
    )
    places = [
        with_time(f"seed {item.config.seed} {item.status}", item.progress.eta_seconds if item.progress else None)
        for item in experiments
    ]
    st.progress(min(1.0, done / len(experiments)), literal(", ".join(places)))


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])}, or {words[-1]}"


def _stop(identifiers: Sequence[str]) -> None:
    for identifier in identifiers:
        # One that ended a moment ago needs no stop.
        with suppress(StoreError):
            store().request(identifier, "stop")


def _leave() -> None:
    ADDRESS.put(experiments=[])

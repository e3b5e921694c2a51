"""The clipping lab: every rule and none over several seeds, with Adam or SGD; what it does to the gradient."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from sentiment_core.clipping import RULES
from sentiment_core.config import ExperimentConfig, field_info
from sentiment_core.errors import ConfigError, SentimentLabError, StoreError
from sentiment_core.findings.clipping_study import (
    MOST_SEEDS,
    MOST_UPDATES,
    RATES,
    check_study,
    guidance,
    measure,
    over_seeds,
    study_experiment,
)
from sentiment_core.store import Experiment
from ui.kit.labels import say
from ui.kit.launch import start_experiment
from ui.kit.notices import errors_shown, literal, show_error
from ui.labs.clipping_figures import figure, tables
from ui.server.backend import store

# What a link may set, and the dotted field it stands for; first the thresholds of the rules.
THRESHOLDS = {rule.threshold: rule.field for rule in RULES.values() if rule.threshold and rule.field}
FIELDS = {
    "optimizer": "training.optimizer",
    "rate": "training.learning_rate",
    **THRESHOLDS,
    "steps": "training.max_steps",
}
DEFAULTS = {
    "optimizer": "adam",
    "rate": "",
    **{name: f"{field_info(field).default:g}" for name, field in THRESHOLDS.items()},
    "steps": "",
    "seeds": "3",
}
KEY = "lab:clipping:"
REFRESH_SECONDS = 2.0


def draw() -> None:
    """Draw the lab: its settings before a study, its plots and numbers from then on."""
    st.markdown(
        "The same network from the same weights on the same batches, once for each way of clipping: its gradient "
        f"{_listed([rule.effect for rule in RULES.values()])}. One row of panels a quantity, one column a seed: what "
        "holds in one column only is luck."
    )
    settings = read_settings()
    experiments = shown()
    if experiments:
        results(experiments)
    else:
        prepare(settings)


def read_settings() -> dict[str, str]:
    """Return the settings that the address names; a bad one is said and replaced by the default."""
    given = {name: st.query_params[name] for name in DEFAULTS if name in st.query_params}
    try:
        settings = {**DEFAULTS, **given}
        check(settings)
    except ConfigError as error:
        show_error(error)
        for name in given:
            del st.query_params[name]
        return dict(DEFAULTS)
    return settings


def check(settings: dict[str, str]) -> list[ExperimentConfig]:
    """Return the study's experiments, one a seed; raise `ConfigError` for settings out of range."""
    seeds = settings["seeds"]
    if seeds not in map(str, range(1, MOST_SEEDS + 1)):
        raise ConfigError(f"seeds: choose 1 to {MOST_SEEDS} (got {seeds[:40]!r})")
    values = dict(settings)
    if settings["optimizer"] in RATES:
        values["rate"] = settings["rate"] or f"{RATES[settings['optimizer']]:g}"
    changes = {field: values[name] for name, field in FIELDS.items() if values[name]}
    return [study_experiment(seed, changes) for seed in range(1, int(seeds) + 1)]


def updates(settings: dict[str, str]) -> int:
    """Return how many updates each run makes; the epochs end it where the link asks for more."""
    return min(check(settings)[0].training.max_steps or MOST_UPDATES, MOST_UPDATES)


def shown() -> list[Experiment]:
    """Return the experiments that the address names; say so when one is not there."""
    found = []
    # A seed named twice would count twice in every median.
    names = list(dict.fromkeys(name for name in st.query_params.get("experiments", "").split(",") if name))
    try:
        for name in names[:MOST_SEEDS]:
            experiment = store().experiment(name)
            found.append(experiment)
        check_study([experiment.config for experiment in found])
    except SentimentLabError as error:
        show_error(error)
        del st.query_params["experiments"]
        return []
    return found


def prepare(settings: dict[str, str]) -> None:
    """Draw the settings and the button."""
    first, second, *thresholds, last = st.columns([1.3, 1, *(1 for _ in THRESHOLDS), 1], vertical_alignment="bottom")
    with first:
        names = list(RATES)
        chosen = settings["optimizer"]
        key = f"{KEY}optimizer:{chosen}"
        st.segmented_control(
            "Optimizer",
            names,
            default=chosen if chosen in names else names[0],
            required=True,
            format_func=lambda name: say("training.optimizer", name),
            key=key,
            on_change=_take,
            args=("optimizer", key),
            help="Adam divides by the gradient's usual size and so hides clipping; SGD takes the gradient as it is.",
        )
    usual = f"{RATES.get(chosen, RATES['adam']):g}"
    with second:
        _text("rate", "Learning rate", settings, placeholder=usual)
    for column, (name, field) in zip(thresholds, THRESHOLDS.items(), strict=True):
        with column:
            _text(name, field_info(field).title, settings)
    with last:
        key = f"{KEY}seeds:{settings['seeds']}"
        counts = [str(count) for count in range(1, MOST_SEEDS + 1)]
        place = counts.index(settings["seeds"])
        st.selectbox("Seeds", counts, place, key=key, on_change=_take, args=("seeds", key))
    count = int(settings["seeds"])
    label = f"Run {count} seeds" if count > 1 else "Run 1 seed"
    if st.button(label, type="primary", icon=":material/play_circle:"):
        with errors_shown():
            start(settings)
    st.caption(
        f"Each seed: {len(RULES)} runs of rung 4's network side by side, {updates(settings)} updates on demo reviews. "
        "Seeds wait in the queue where there are fewer free places than seeds."
    )


def start(settings: dict[str, str]) -> None:
    """Create one experiment a seed, put them into the queue, and show them."""
    created = [start_experiment(config) for config in check(settings)]
    st.query_params["experiments"] = ",".join(experiment.id for experiment in created)
    st.rerun()


def results(experiments: Sequence[Experiment]) -> None:
    """Draw the study; while it trains, a fragment draws it anew every other second."""
    active = any(experiment.status.is_active for experiment in experiments)
    training = experiments[0].config.training
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            literal(
                f"{say('training.optimizer', training.optimizer)}, rate {training.learning_rate:g}, "
                + ", ".join(
                    f"{rule.phrase} {getattr(training, rule.threshold):g}" for rule in RULES.values() if rule.threshold
                )
            )
        )
        st.space("stretch")
        if active:
            st.button("Stop", icon=":material/stop:", on_click=_stop, args=([item.id for item in experiments],))
        st.button("New study", icon=":material/restart_alt:", on_click=_leave, help="Back to the settings.")
    identifiers = [experiment.id for experiment in experiments]
    st.fragment(_live, run_every=REFRESH_SECONDS if active else None)(identifiers, active)


def _live(identifiers: Sequence[str], active: bool) -> None:
    with errors_shown():
        experiments = [store().experiment(identifier) for identifier in identifiers]
        if active and not any(experiment.status.is_active for experiment in experiments):
            st.rerun()
        if active:
            _progress(experiments)
        st.plotly_chart(figure(experiments), key="lab-clipping-figure", config={"displaylogo": False})
        runs = measure(store(), experiments)
        for sentence in guidance(runs, experiments[0].config.training.max_norm):
            st.markdown(f"- {literal(sentence)}")
        tables(over_seeds(runs), runs)
        for experiment in experiments:
            if experiment.error:
                st.error(literal(f"Seed {experiment.config.seed}: {experiment.error}"))


def _progress(experiments: Sequence[Experiment]) -> None:
    done = sum(
        1.0 if not item.status.is_active else (item.progress.fraction or 0.0) if item.progress else 0.0
        for item in experiments
    )
    places = [f"seed {item.config.seed} {item.status}" for item in experiments]
    st.progress(min(1.0, done / len(experiments)), literal(", ".join(places)))


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])}, or {words[-1]}"


def _text(name: str, label: str, settings: dict[str, str], placeholder: str = "") -> None:
    key = f"{KEY}{name}:{settings[name]}:{settings['optimizer']}"
    st.text_input(label, settings[name], key=key, on_change=_take, args=(name, key), placeholder=placeholder)


def _take(name: str, key: str) -> None:
    value = str(st.session_state[key] or "").strip()
    if value and value != DEFAULTS[name]:
        st.query_params[name] = value
    else:
        st.query_params.pop(name, None)
    if name == "optimizer":
        # A rate that suits one optimizer is far off for the other.
        st.query_params.pop("rate", None)


def _stop(identifiers: Sequence[str]) -> None:
    for identifier in identifiers:
        # One that ended a moment ago needs no stop.
        with suppress(StoreError):
            store().request(identifier, "stop")


def _leave() -> None:
    st.query_params.pop("experiments", None)

"""The padding probe: one review, more and more padding behind it, and three models' P(positive)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from sentiment_core.colours import NEUTRAL
from sentiment_core.config import field_info, flatten
from sentiment_core.errors import ConfigError, SentimentLabError, StoreUnavailableError
from sentiment_core.explain import DEFAULT_BASELINE
from sentiment_core.explain.cost import padding_seconds
from sentiment_core.explain.job import EXPLANATION, PADDING, arguments_for
from sentiment_core.explain.padding_probe import (
    AMOUNTS,
    KINDS,
    MOST_PADDING,
    STEP,
    Candidate,
    Movement,
    alike,
    candidates,
    kind_of,
    movement,
    padding_probe,
    probe_experiment,
    unlike_fields,
)
from sentiment_core.inside.shipped import SHIPPED, load_to_look
from sentiment_core.metrics import Status
from sentiment_core.setting_words import say
from sentiment_core.store import Run
from sentiment_core.work.pace import duration
from ui.addresses import lab_address
from ui.kit.address_fields import several, text, whole
from ui.kit.at_once import AT_ONCE_SECONDS
from ui.kit.components.live_plot import live_experiment
from ui.kit.examples import EXAMPLES, example_choice
from ui.kit.experiments import control_row, start_button
from ui.kit.job_panel import job_panel
from ui.kit.kept import kept
from ui.kit.notices import errors_shown, literal, show_error, show_problem
from ui.kit.palette import run_colour
from ui.kit.plot import plot
from ui.kit.uploads import called
from ui.server.backend import store

NAMES = {"padded_last": "padded last state", "last": "true last state", "attention": "attention"}
DASHES = {"padded_last": "solid", "last": "dash", "attention": "dot"}
# What is asked before anybody has trained a model.
SHIPPED_KINDS = {"padded_last": "glass-padded", "last": "glass-last", "attention": "glass-attention"}
# So many differing settings are named; past that, the runs have little in common.
MOST_FIELDS = 5
MOST_CHARACTERS = 20_000
ADDRESS = lab_address(
    "padding",
    several("runs", len(KINDS)),
    whole("padding", 0, MOST_PADDING, 100),
    text("text", MOST_CHARACTERS, EXAMPLES["Mixed feelings"], "review"),
)


def draw() -> None:
    """Draw the lab: one review and the slider, the models that are asked, and the way to train others."""
    st.markdown(
        "In a batch the short reviews are filled up with padding. A model that reads its state after the padding "
        "answers a question nobody asked: how long was the longest review beside this one?"
    )
    show_problem()
    # A link may name any amount; the slider stops at some.
    ADDRESS.put(padding=round(ADDRESS.value("padding") / STEP) * STEP)
    found = candidates(store().experiments())
    runs = chosen_runs(found)
    waiting = [run for run in runs.values() if run.status is not Status.FINISHED]
    if waiting:
        watch(waiting[0])
        return
    named = bool(ADDRESS.value("runs"))
    if not named and not {"padded_last"} < runs.keys():
        # One model alone, or ones that read no padding, show a flat line and nothing beside it.
        runs = {}
        st.caption(literal(f"{shipped_in_words()} Alike in all but what the head reads."))
        probe(SHIPPED_KINDS)
    elif not (unlike := unlike_fields(list(runs.values()))):
        probe({kind: run.id for kind, run in runs.items()})
    else:
        st.error(literal(refusal(list(runs.values()), unlike)))
    if found:
        choose(found, runs)
    if runs.keys() != KINDS.keys() or unlike_fields(list(runs.values())):
        offer("Or make it yours: three models alike in all but what the head reads.")
    ADDRESS.put(runs=[runs[kind].id for kind in KINDS if kind in runs])


def shipped_in_words() -> str:
    """Say which models are asked where nobody has trained any."""
    asked = ", ".join(SHIPPED[name].title for name in SHIPPED_KINDS.values())
    return f"Asked here are small models that ship with Sentiment Lab, trained on 40,000 IMDb reviews: {asked}."


def chosen_runs(trained: Sequence[Candidate]) -> dict[str, Run]:
    """Return a run for each kind of model: those the address names, else ones that are alike; bad names are said."""
    named = ADDRESS.value("runs")
    if not named:
        return alike(trained)
    found: dict[str, Run] = {}
    try:
        for name in named:
            run = store().run(name)
            kind = kind_of(run.config)
            if kind is None:
                raise ConfigError(f"run {name} is no padded-last-state, last-state or attention model; others are used")
            if run.status is not Status.FINISHED and not run.status.is_active:
                raise ConfigError(f"run {name} has not finished ({run.status}); others are used")
            found[kind] = run
    except StoreUnavailableError:
        raise
    except SentimentLabError as error:
        show_error(error)
        ADDRESS.put(runs=[])
        return alike(trained)
    return found


def choose(trained: Sequence[Candidate], runs: Mapping[str, Run]) -> None:
    """Draw for each kind which run is asked; what is chosen goes into the address."""
    st.markdown("Ask runs that were trained here:")
    kinds = [kind for kind in KINDS if any(candidate.kind == kind for candidate in trained)]
    for column, kind in zip(st.columns(len(KINDS)), kinds, strict=False):
        offered = {candidate.run.id: candidate for candidate in trained if candidate.kind == kind}
        options = ["", *offered]
        chosen = runs[kind].id if kind in runs and runs[kind].id in offered else ""
        key = f"lab:padding:run:{kind}:{chosen}"
        column.selectbox(
            NAMES[kind].capitalize(),
            options,
            options.index(chosen),
            partial(_option, offered),
            key=key,
            on_change=_choose,
            args=(dict(runs), kind, key),
        )


def _option(offered: Mapping[str, Candidate], name: str) -> str:
    return described(offered[name]) if name else "not asked"


def described(candidate: Candidate) -> str:
    """Return which run it is: its experiment, its name, its reviews and when it was started."""
    run, experiment = candidate.run, candidate.experiment
    data = run.config.data
    path = data.path or ""
    reviews = called(path) if path else say("data.source", data.source)
    limit = "" if data.limit is None else f", {data.limit:,} at most"
    names = dict.fromkeys((experiment.name, run.name))
    when = datetime.fromtimestamp(experiment.created_at, UTC)
    return f"{' · '.join(names)} · {reviews}{limit} · {when:%Y-%m-%d %H:%M} UTC"


def refusal(runs: Sequence[Run], fields: Sequence[str]) -> str:
    """Return why `runs`, which differ in `fields`, are not compared, and what to do."""
    settings = [flatten(run.config) for run in runs]
    shown = []
    for field in fields[:MOST_FIELDS]:
        values = dict.fromkeys(say(field, each[field]) for each in settings)
        shown.append(f"{field_info(field).title} ({', '.join(values)})")
    more = f" and {len(fields) - MOST_FIELDS} more" if len(fields) > MOST_FIELDS else ""
    return (
        f"These runs differ in more than what the head reads: {', '.join(shown)}{more}. What padding does to one "
        "cannot be held against another; choose runs that are alike."
    )


def offer(what: str) -> None:
    """Draw the button that trains the models, under a sentence that says why."""
    with st.container(border=True):
        st.markdown(literal(what))
        start_button(
            "Train the three models",
            lambda: [probe_experiment()],
            lambda started: ADDRESS.put(runs=[run.id for run in started[0].runs]),
        )
        st.caption("Three small RNNs side by side on 4,000 demo reviews, alike in all but what the head reads.")


def watch(run: Run) -> None:
    """Draw the training; the page runs again when it ends."""
    experiment = store().experiment(run.experiment_id)
    with control_row(experiment):
        pass
    st.caption("The slider appears when all three have finished.")
    live_experiment(experiment.id, experiment.status, height=400)


def probe(models: Mapping[str, str]) -> None:
    """Draw the review, the slider, the lines of `models` (ids by kind) and what they say."""
    left, right = st.columns([1, 1.5], gap="large")
    with left:
        st.text_area("Review", key=ADDRESS.key("text"), height=180, max_chars=MOST_CHARACTERS)
        example_choice(ADDRESS, label_visibility="collapsed")
        padding = st.slider("Padding behind the review", 0, MOST_PADDING, step=STEP, key=ADDRESS.key("padding"))
    review = ADDRESS.value("text")
    with right:
        if not review.strip():
            st.caption("Write a review; the three answers appear here.")
            return
        lines: dict[str, np.ndarray] = {}
        for kind in [kind for kind in KINDS if kind in models]:
            with errors_shown():
                if (line := probed(models[kind], kind, review)) is not None:
                    lines[kind] = line
        if not lines:
            return
        plot(figure(lines, padding), key="lab:padding:figure")
    place = AMOUNTS.index(padding)
    for kind, line in lines.items():
        st.markdown(f"- {literal(sentence(kind, line, place))}")


def sentence(kind: str, line: np.ndarray, place: int) -> str:
    """Return what one model's `line (A,)` over `AMOUNTS` says, with its value at `AMOUNTS[place]`."""
    moved: Movement = movement(line)
    name = NAMES[kind].capitalize()
    if moved.is_flat:
        return f"{name}: {moved.start:.3f} whatever the padding. It does not move."
    answer = " and the answer turns" if moved.turned else ""
    return (
        f"{name}: {moved.start:.3f} without padding, {line[place]:.3f} with {AMOUNTS[place]}, "
        f"{moved.end:.3f} with {MOST_PADDING}{answer}. It moves by {moved.span:.3f}, though no word has changed."
    )


def figure(lines: Mapping[str, np.ndarray], padding: int) -> go.Figure:
    """Return P(positive) against padding, one line a model, `padding` marked."""
    made = go.Figure()
    for position, kind in enumerate(KINDS):
        if kind in lines:
            made.add_scatter(
                x=AMOUNTS,
                y=lines[kind],
                name=NAMES[kind],
                mode="lines",
                line={"color": run_colour(position), "width": 2.5, "dash": DASHES[kind]},
                hovertemplate="%{y:.4f}<extra>" + NAMES[kind] + ", padding %{x}</extra>",
            )
    made.add_hline(0.5, line={"color": NEUTRAL, "width": 1, "dash": "dash"})
    made.add_vline(padding, line={"color": NEUTRAL, "width": 2})
    made.update_layout(
        height=360,
        margin={"l": 50, "r": 10, "t": 34, "b": 44},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        xaxis={"title": "zero vectors behind the review", "range": [0, MOST_PADDING]},
        yaxis={"title": "P(positive)", "range": [0, 1]},
    )
    return made


def probed(model: str, kind: str, review: str) -> np.ndarray | None:
    """Return P(positive) `(A,)` over `AMOUNTS`; where that takes long, draw the panel of its job until it is there."""
    seconds = padding_seconds(int(_predictor(model).read(review)[1].sum()), AMOUNTS)
    # Those that ship are small, and read the first few words only.
    if model in SHIPPED or seconds <= AT_ONCE_SECONDS / len(KINDS):
        found: np.ndarray = _line(model, review)
        return found
    question = arguments_for(PADDING, model, review, (), None, DEFAULT_BASELINE, store())
    result = job_panel(
        EXPLANATION, question, start_label=f"Ask the {NAMES[kind]}", time_hint=f"About {duration(seconds)}."
    )
    return None if result is None else np.array(result.probabilities)


@kept(max_entries=3, show_spinner="Loading the model")
def _predictor(run_id: str) -> Any:
    return load_to_look(run_id, store())


@kept(max_entries=24, show_spinner="Asking the model")
def _line(run_id: str, review: str) -> np.ndarray:
    return padding_probe(_predictor(run_id), review, AMOUNTS)


def _choose(runs: Mapping[str, Run], kind: str, key: str) -> None:
    ids = {name: run.id for name, run in runs.items()} | {kind: st.session_state[key]}
    ADDRESS.put(runs=[ids[name] for name in KINDS if ids.get(name)])

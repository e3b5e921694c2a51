"""Gradient through time on real reviews: how far back it reaches, by start, cell and pooling; runs that watch it."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from sentiment_core.colours import NEUTRAL
from sentiment_core.config import ExperimentConfig, RunConfig, from_fields, with_runs
from sentiment_core.inside.flow import CASES, DISTANCES, Flow, When, gradient_flow
from sentiment_core.inside.flow_words import amount, comparisons, fates
from sentiment_core.inside.words import fate
from ui.addresses import to_train, watching
from ui.kit.notices import literal
from ui.kit.palette import run_colour
from ui.kit.plot import plot
from ui.labs.inside.figures import LEGEND
from ui.labs.inside.predict import predict, sealed
from ui.labs.inside.settings import Settings, one_of

WHEN: dict[str, str] = {"before": "Before training", "after": "After training"}
SETTINGS = Settings(
    "gradient-through-time",
    one_of("when", "before", list(WHEN)),
    one_of("distance", 64, DISTANCES[1:]),
)
ADDRESS = SETTINGS.address
ASKED = "default"
FATES = {"vanishes": "Less than a thousandth", "arrives": "Between", "explodes": "More than ten times as much"}


def draw() -> None:
    """Draw the lab."""
    measured = gradient_flow()
    answered = predict(
        "gradient-through-time",
        "a tanh RNN as PyTorch starts it. 64 words before the last one, how much of the last word's gradient is left?",
        list(FATES.values()),
        lambda: _default(measured),
    )
    flow = measured if answered else measured.without(ASKED)
    left, right = st.columns([1, 2.1], gap="large")
    with left:
        when: When = SETTINGS.choice("when", "Measured", WHEN.__getitem__)
        distance = SETTINGS.stops("distance", "Words before the last one", "{:d}".format)
        st.markdown(f"Of the last word's gradient, {distance} words earlier, in {flow.seeds} seeds:")
        for becomes, where in fates(flow, when, distance):
            st.markdown(f"**{becomes}**: {literal(where)}")
        if not answered:
            st.caption(sealed(literal(measured[ASKED].case.title)))
    with right:
        plot(lines(flow, when, distance), key="lab:gradient-through-time:lines")
        st.caption(
            literal(
                f"{' '.join(comparisons(flow, when, distance))} Measured on {flow.reviews} real reviews of at least "
                f"{flow.words} known words, mean over reviews; training is {flow.updates} updates. Lines are means, "
                "bands reach over all seeds; a line that ends has become smaller than a float32 can hold."
            )
        )
        with st.expander("The numbers", icon=":material/table:"):
            st.dataframe(table(flow, when), hide_index=True)
    with left:
        st.markdown("**See it in your own run**, live, while it trains:")
        for label, config in twins().items():
            to_train(config).draw(label, icon=":material/show_chart:")


def twins() -> dict[str, ExperimentConfig]:
    """Return experiments on Train that watch their inside, by what they compare."""
    base = from_fields({"model.pooling": ("last",), "training.epochs": 3})
    pairs = {
        "Last state and attention": {"model.pooling": ("attention_dot",)},
        "tanh RNN and LSTM": {"model.cell": "lstm"},
        "PyTorch's start and orthogonal": {"model.initialisation": "orthogonal"},
    }
    return {
        label: watching(
            with_runs(base, [RunConfig(name="tanh RNN, last state"), RunConfig(name=_other(label), overrides=fields)])
        )
        for label, fields in pairs.items()
    }


def _other(label: str) -> str:
    return label.partition(" and ")[2]


def lines(flow: Flow, when: When, distance: int) -> go.Figure:
    """Return log10 of what is left by distance, a line and the range of its seeds for each case."""
    made = go.Figure()
    for item in flow.cases:
        left, colour = item.left(when), run_colour(CASES.index(item.case))
        known = np.isfinite(left).all(axis=0)
        x = np.arange(len(DISTANCES))[known]
        mean, low, high = (np.asarray(reduce(left[:, known], axis=0)) for reduce in (np.mean, np.min, np.max))
        made.add_scatter(
            x=np.concatenate([x, x[::-1]]),
            y=np.concatenate([high, low[::-1]]),
            fill="toself",
            fillcolor=colour,
            opacity=0.18,
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
            legendgroup=item.case.name,
        )
        made.add_scatter(
            x=x,
            y=mean,
            name=item.case.title,
            legendgroup=item.case.name,
            mode="lines+markers",
            line={"color": colour, "width": 2.2},
            marker={"size": 5},
            hovertemplate=f"{item.case.title}: 10^%{{y:.1f}}<extra></extra>",
        )
    made.add_hline(0, line={"color": NEUTRAL, "width": 1, "dash": "dash"})
    made.add_vline(DISTANCES.index(distance), line={"color": NEUTRAL, "width": 1.5, "dash": "dot"})
    made.update_layout(
        height=380,
        margin={"l": 56, "r": 10, "t": 70, "b": 44},
        legend={**LEGEND, "font": {"size": 11}},
        hovermode="x",
        xaxis={
            "title": "words before the last one",
            "tickvals": list(range(len(DISTANCES))),
            "ticktext": [str(each) for each in DISTANCES],
            "showgrid": False,
        },
        yaxis={"title": "log10 of what is left", "zeroline": False},
    )
    return made


def table(flow: Flow, when: When) -> dict[str, list[str]]:
    """Return the measurements as columns: the case, then what is left at each distance."""
    columns = {"case": [item.case.title for item in flow.cases]}
    for place, distance in enumerate(DISTANCES[1:], start=1):
        columns[f"{distance} words"] = [amount(item.left(when)[:, place]) for item in flow.cases]
    return columns


def _default(flow: Flow) -> tuple[str, str]:
    left = flow[ASKED].before[:, DISTANCES.index(64)]
    return FATES[fate(10.0**left)], f"{amount(left)} is left, over {flow.seeds} seeds on real reviews."

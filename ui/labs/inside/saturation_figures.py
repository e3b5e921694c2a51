"""Figures of the saturation lab: a function over what arrives at it, and what is left of a gradient layer by layer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sentiment_core.colours import GRADIENT, NEUTRAL
from sentiment_core.inside.saturation import FLAT, FUNCTIONS, SLOPES, STEEPEST, Function, Stack
from ui.kit.palette import run_colour
from ui.labs.inside.figures import LEGEND, log10

NAMES: dict[Function, str] = {"tanh": "tanh", "sigmoid": "Sigmoid", "relu": "ReLU"}
COLOURS = {function: run_colour(place) for place, function in enumerate(NAMES)}
REACH = 8.0


def curve(function: Function, pre: np.ndarray) -> go.Figure:
    """Return `function` and its slope above the histogram of pre-activations, flat places shaded."""
    z = np.linspace(-REACH, REACH, 401)
    slopes = SLOPES[function](z)
    made = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.05, row_heights=[0.58, 0.42])
    for values, name, dash in ((FUNCTIONS[function](z), NAMES[function], "solid"), (slopes, "its slope", "dash")):
        made.add_scatter(
            x=z,
            y=values,
            name=name,
            mode="lines",
            line={"color": COLOURS[function] if dash == "solid" else GRADIENT.line, "width": 2.5, "dash": dash},
            row=1,
            col=1,
            hovertemplate=name + "(%{x:.2f}) = %{y:.3f}<extra></extra>",
        )
    edges = np.linspace(-REACH, REACH, 65)
    counts = np.histogram(np.clip(pre, -REACH, REACH), edges)[0] / pre.size
    centres = (edges[:-1] + edges[1:]) / 2
    flat = SLOPES[function](centres) < FLAT * STEEPEST[function]
    for where, name, colour in ((~flat, "slope left", GRADIENT.line), (flat, "flat", NEUTRAL)):
        made.add_bar(
            x=centres[where],
            y=counts[where],
            width=edges[1] - edges[0],
            name=name,
            marker={"color": colour, "line": {"width": 0}},
            row=2,
            col=1,
            hovertemplate="%{x:.2f}: %{y:.1%} of the pre-activations<extra></extra>",
        )
    limits = z[SLOPES[function](z) < FLAT * STEEPEST[function]]
    for low, high in ((-REACH, limits[limits <= 0].max()), (limits[limits > 0].min(initial=REACH), REACH)):
        if low < high:
            made.add_vrect(low, high, fillcolor=NEUTRAL, opacity=0.13, line={"width": 0}, row="all", col=1)
    made.update_yaxes(range=[-1.15, 1.15] if function == "tanh" else [-0.1, 1.15], row=1)
    made.update_yaxes(title_text="share", tickformat=".0%", row=2)
    made.update_xaxes(title_text="pre-activation z", range=[-REACH, REACH], row=2)
    made.update_layout(
        height=400, margin={"l": 56, "r": 10, "t": 34, "b": 40}, bargap=0, barmode="overlay", legend=LEGEND
    )
    return made


def survival(stacks: Mapping[Function, Stack], chosen: Function) -> go.Figure:
    """Return log10 of what is left of a gradient after each layer: slopes alone solid, with the weights dotted."""
    made = go.Figure()
    for function, stack in stacks.items():
        strong = function == chosen
        for values, what, dash in ((stack.slopes, "slopes alone", "solid"), (stack.lengths, "with weights", "dot")):
            if dash == "dot" and not strong:
                continue
            made.add_scatter(
                y=log10(values),
                name=f"{NAMES[function]}, {what}" if strong else NAMES[function],
                mode="lines",
                line={"color": COLOURS[function], "width": 3 if strong else 1.6, "dash": dash if strong else "dash"},
                hovertemplate=f"{NAMES[function]}, {what}: 10^%{{y:.2f}} after %{{x}} layers<extra></extra>",
            )
    made.add_hline(0, line={"color": NEUTRAL, "width": 1, "dash": "dash"})
    made.update_layout(
        height=270,
        margin={"l": 50, "r": 10, "t": 56, "b": 40},
        legend={**LEGEND, "font": {"size": 11}},
        xaxis={"title": "layers passed on the way back"},
        yaxis={"title": "log10 of what is left"},
    )
    return made

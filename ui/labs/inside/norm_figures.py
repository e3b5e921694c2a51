"""Figures of the batch-norm lab: one review in company, running statistics settling, a component before and after."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sentiment_core.colours import NEUTRAL
from ui.kit.palette import run_colour
from ui.labs.inside.figures import LEGEND

TRAINING, EVALUATION = run_colour(1), run_colour(0)


def company(training: Mapping[int, np.ndarray], evaluation: Mapping[int, np.ndarray]) -> go.Figure:
    """Return P(positive) of one review in each company `(draws,)`, by batch size: a dot a draw, two modes.

    `training` may be empty: then evaluation mode is shown alone.
    """
    made = go.Figure()
    for mode, found, colour, symbol, side in (
        ("training mode", training, TRAINING, "circle", -0.12),
        ("evaluation mode", evaluation, EVALUATION, "diamond", 0.12),
    ):
        if not found:
            continue
        x, y, sizes = [], [], []
        for place, (size, values) in enumerate(found.items()):
            x += list(place + side + np.linspace(-0.08, 0.08, len(values)))
            y += list(values)
            sizes += [size] * len(values)
        made.add_scatter(
            x=x,
            y=y,
            name=mode,
            mode="markers",
            marker={"color": colour, "size": 9, "symbol": symbol, "opacity": 0.75},
            customdata=sizes,
            hovertemplate=f"{mode}, batch of %{{customdata}}: %{{y:.4f}}<extra></extra>",
        )
    values = np.concatenate([*training.values(), *evaluation.values()])
    middle, reach = float(values.mean()), max(float(np.ptp(values)), 0.02)
    made.update_layout(
        height=370,
        margin={"l": 60, "r": 10, "t": 34, "b": 44},
        legend=LEGEND,
        xaxis={"title": "reviews in the batch", "tickvals": list(range(len(evaluation))), "ticktext": list(evaluation)},
        yaxis={"title": "P(positive)", "range": [middle - reach, middle + reach]},
    )
    return made


def settling(found: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> go.Figure:
    """Return running mean and variance over updates against those of the real words, for each way of counting."""
    made = make_subplots(
        rows=1,
        cols=2,
        horizontal_spacing=0.1,
        subplot_titles=("running mean: distance, in deviations", "running variance / variance"),
    )
    for place, (name, curves) in enumerate(found.items()):
        for column, curve in enumerate(curves, start=1):
            made.add_scatter(
                y=curve,
                name=name,
                legendgroup=name,
                showlegend=column == 1,
                mode="lines",
                line={"color": run_colour(place), "width": 2.2, "dash": "solid" if not place else "dash"},
                row=1,
                col=column,
                hovertemplate=f"{name}, after %{{x}} updates: %{{y:.3f}}<extra></extra>",
            )
    for column, goal in ((1, 0.0), (2, 1.0)):
        made.add_hline(goal, line={"color": NEUTRAL, "width": 1, "dash": "dot"}, row=1, col=column)
    made.update_xaxes(title_text="updates")
    made.update_annotations(font={"size": 13})
    made.update_layout(
        height=370, margin={"l": 44, "r": 10, "t": 66, "b": 44}, legend={**LEGEND, "y": 1.1, "font": {"size": 12}}
    )
    return made


def component(values: np.ndarray) -> go.Figure:
    """Return histograms of `values (3, N)`: a component as it is, normalised, and after γ and β."""
    edges = np.linspace(-6, 6, 81)
    made = go.Figure()
    for row, name, colour in zip(
        values, ("as it is", "normalised", "after γ and β"), (NEUTRAL, run_colour(0), run_colour(1)), strict=True
    ):
        share = np.histogram(np.clip(row, edges[0], edges[-1]), edges)[0] / len(row)
        made.add_scatter(
            x=(edges[:-1] + edges[1:]) / 2,
            y=share,
            name=name,
            mode="lines",
            fill="tozeroy",
            line={"color": colour, "width": 2, "shape": "hvh"},
            opacity=0.8,
            hovertemplate=f"{name}, %{{x:.2f}}: %{{y:.1%}}<extra></extra>",
        )
    made.update_layout(
        height=370,
        margin={"l": 56, "r": 10, "t": 34, "b": 44},
        legend=LEGEND,
        xaxis={"title": "value", "range": [-6, 6]},
        yaxis={"title": "share of the words", "tickformat": ".0%", "rangemode": "tozero"},
    )
    return made

"""The reliability diagram."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from sentiment_core.calibration import reliability
from sentiment_core.colours import NEUTRAL
from ui.kit.palette import run_colour


def reliability_figure(probabilities: np.ndarray, labels: np.ndarray) -> go.Figure:
    """Draw, for each tenth of P(positive) `(N,)`, how many of its reviews are positive, with 95 % intervals."""
    bins = reliability(probabilities, labels)
    observed = [part.observed for part in bins]
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"dash": "dash", "color": NEUTRAL}, hoverinfo="skip", showlegend=False
    )
    figure.add_scatter(
        x=[part.mean for part in bins],
        y=observed,
        mode="lines+markers",
        line={"color": run_colour(0), "width": 2},
        marker={"size": 8},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [part.high - part.observed for part in bins],
            "arrayminus": [part.observed - part.low for part in bins],
            "thickness": 1,
        },
        customdata=[[part.count, part.lower, part.upper] for part in bins],
        hovertemplate="P from %{customdata[1]:.1f} to %{customdata[2]:.1f}: %{y:.1%} of %{customdata[0]:,} reviews are "
        "positive<extra></extra>",
        showlegend=False,
    )
    figure.update_layout(
        height=270,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        xaxis={"title": "P(positive)", "range": [-0.02, 1.02]},
        yaxis={"title": "share that is positive", "range": [-0.02, 1.02]},
    )
    return figure

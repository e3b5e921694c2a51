"""Figures of the BERT lab: attention between tokens, and what positions look like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from sentiment_core.colours import ATTENTION, SIGNED
from ui.kit.palette import run_colour

# Transparent where nothing is, so that both themes show their own ground.
WEIGHT = [[0, f"{ATTENTION.line}00"], [0.35, f"{ATTENTION.line}73"], [1, ATTENTION.line]]
MARK = "#f59322"


def attention(weights: np.ndarray, tokens: Sequence[str]) -> go.Figure:
    """Return one head's weights `(T, T)` as a picture: a row says where its token looks; [CLS]'s row is framed."""
    size = len(tokens)
    # A number beside each token: figures take equal names for one place.
    names = [f"{place} {escaped(token)}" for place, token in enumerate(tokens)]
    made = go.Figure(
        go.Heatmap(
            z=weights,
            x=names,
            y=names,
            zmin=0,
            zmax=float(weights.max()),
            colorscale=WEIGHT,
            xgap=1,
            ygap=1,
            hovertemplate="%{y} looks at %{x}: %{z:.1%}<extra></extra>",
            colorbar={"thickness": 10, "tickformat": ".0%", "len": 0.6},
        )
    )
    made.add_shape(
        type="rect", x0=-0.5, x1=size - 0.5, y0=-0.5, y1=0.5, line={"color": MARK, "width": 2}, layer="above"
    )
    made.update_yaxes(autorange="reversed", showgrid=False, title_text="who looks")
    made.update_xaxes(showgrid=False, tickangle=-60, title_text="at whom")
    made.update_layout(height=max(360, 130 + 17 * size), margin={"l": 10, "r": 10, "t": 10, "b": 10})
    return made


def matrix(table: np.ndarray) -> go.Figure:
    """Return positions `(T, H)` as a picture, a row a position."""
    reach = float(np.abs(table).max()) or 1.0
    made = go.Figure(
        go.Heatmap(
            z=table,
            zmin=-reach,
            zmax=reach,
            colorscale=SIGNED,
            colorbar={"thickness": 10, "len": 0.6},
            hovertemplate="position %{y}, component %{x}: %{z:.2f}<extra></extra>",
        )
    )
    made.update_yaxes(autorange="reversed", showgrid=False, title_text="position")
    made.update_xaxes(showgrid=False, title_text="component")
    made.update_layout(height=330, margin={"l": 10, "r": 10, "t": 10, "b": 10})
    return made


def by_distance(similarities: dict[str, np.ndarray]) -> go.Figure:
    """Return the mean cosine of two positions by how far apart they are `(T,)`, a line for each kind."""
    made = go.Figure()
    for place, (name, values) in enumerate(similarities.items()):
        made.add_scatter(
            x=np.arange(len(values)),
            y=values,
            name=name,
            mode="lines",
            line={"color": run_colour(place), "width": 2},
            hovertemplate=f"{name}, %{{x}} apart: %{{y:.2f}}<extra></extra>",
        )
    made.update_xaxes(title_text="pieces apart")
    made.update_yaxes(title_text="mean cosine", range=[-0.65, 1.05])
    made.update_layout(
        height=330,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        showlegend=True,
    )
    return made


def escaped(text: str) -> str:
    """Return a text as Plotly's small markup shows it literally."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

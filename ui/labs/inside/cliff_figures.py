"""Figures of the clipping geometry: the land with its wall, arrows at one point, the gradient's length on the way."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from sentiment_core.colours import NEUTRAL
from sentiment_core.inside.cliff import Descent, Way, clip, length
from ui.kit.palette import run_colour
from ui.labs.inside.figures import LEGEND

NAMES: dict[Way, str] = {"none": "no clipping", "norm": "by norm", "value": "by value"}
COLOURS = {way: run_colour(place) for place, way in enumerate(NAMES)}
DASHES: dict[Way, str] = {"none": "solid", "norm": "solid", "value": "dot"}
SEEN = {"w": (2.0, 8.0), "b": (-4.0, 2.5)}


def land(w: np.ndarray, b: np.ndarray, errors: np.ndarray, paths: Mapping[Way, Descent], update: int) -> go.Figure:
    """Return the error over (w, b) as shades, and how far each path has come after `update` updates."""
    made = go.Figure(
        go.Heatmap(
            x=w,
            y=b,
            z=errors,
            zmin=0,
            zmax=float(errors.max()),
            colorscale=[[0, "rgba(138,143,152,0)"], [0.2, "rgba(138,143,152,0.28)"], [1, "rgba(138,143,152,0.85)"]],
            colorbar={"title": {"text": "error", "side": "top"}, "thickness": 10, "len": 0.9},
            hovertemplate="w %{x:.2f}, b %{y:.2f}: error %{z:.3f}<extra></extra>",
        )
    )
    for way, path in paths.items():
        walked = path.points[: update + 1]
        made.add_scatter(
            x=path.points[update:, 0],
            y=path.points[update:, 1],
            mode="lines+markers",
            line={"color": COLOURS[way], "width": 1.2, "dash": DASHES[way]},
            marker={"size": 4},
            opacity=0.35,
            showlegend=False,
            hoverinfo="skip",
        )
        made.add_scatter(
            x=walked[:, 0],
            y=walked[:, 1],
            name=NAMES[way],
            mode="lines+markers",
            line={"color": COLOURS[way], "width": 1.8, "dash": DASHES[way]},
            marker={"size": [5] * update + [13], "color": COLOURS[way], "opacity": 1, "line": {"width": 0}},
            customdata=path.errors[: update + 1],
            hovertemplate=NAMES[way] + ": w %{x:.2f}, b %{y:.2f}, error %{customdata:.3f}<extra></extra>",
        )
    made.update_layout(
        height=350,
        margin={"l": 44, "r": 10, "t": 34, "b": 40},
        legend=LEGEND,
        xaxis={"title": "w", "range": SEEN["w"], "showgrid": False, "zeroline": False},
        yaxis={"title": "b", "range": SEEN["b"], "showgrid": False, "zeroline": False},
    )
    return made


def arrows(gradient: np.ndarray, threshold: float, *, clipped: bool) -> go.Figure:
    """Return the downhill arrows of one `gradient (2,)`: as it is, by norm (a circle), by value (a square).

    Not `clipped`, only the first.
    """
    reach = 1.9 * threshold
    made = go.Figure()
    angles = np.linspace(0, 2 * np.pi, 90)
    corner = threshold * np.array([-1, 1, 1, -1, -1])
    bounds: tuple[tuple[np.ndarray, np.ndarray, Way], ...] = (
        (threshold * np.cos(angles), threshold * np.sin(angles), "norm"),
        (corner, threshold * np.array([-1, -1, 1, 1, -1]), "value"),
    )
    for x, y, way in bounds:
        made.add_scatter(
            x=x,
            y=y,
            mode="lines",
            line={"color": COLOURS[way], "width": 1, "dash": "dot"},
            showlegend=False,
            hoverinfo="skip",
        )
    shown: tuple[Way, ...] = tuple(NAMES) if clipped else ("none",)
    for way in shown:
        arrow = -clip(gradient, way, threshold)
        size = float(length(arrow))
        far = size > reach
        # An arrow that leaves the picture ends at its edge; its name says how long it is.
        x, y = arrow * (0.97 * reach / max(abs(arrow))) if far and max(abs(arrow)) > reach else arrow
        made.add_scatter(
            x=[0, x],
            y=[0, y],
            name=f"{NAMES[way]}: {size:.3g}",
            mode="lines+markers",
            line={"color": COLOURS[way], "width": 3 if way != "none" else 2, "dash": "dash" if far else "solid"},
            marker={"symbol": "arrow", "size": [0, 13], "angleref": "previous", "color": COLOURS[way], "opacity": 1},
            hovertemplate=f"{NAMES[way]}: length {size:.3g}<extra></extra>",
        )
    made.update_layout(
        height=280,
        margin={"l": 44, "r": 6, "t": 30, "b": 36},
        legend={**LEGEND, "font": {"size": 11}},
        xaxis={"title": "−∂L/∂w", "range": [-reach, reach], "zeroline": True, "constrain": "domain"},
        yaxis={"title": "−∂L/∂b", "range": [-reach, reach], "scaleanchor": "x", "zeroline": True},
    )
    return made


def lengths(paths: Mapping[Way, Descent], threshold: float, update: int) -> go.Figure:
    """Return ‖gradient‖ before clipping along each path, the threshold and the present update marked."""
    made = go.Figure()
    for way, path in paths.items():
        made.add_scatter(
            y=path.lengths,
            name=NAMES[way],
            showlegend=False,
            mode="lines",
            line={"color": COLOURS[way], "width": 1.8, "dash": DASHES[way]},
            hovertemplate=NAMES[way] + ", update %{x}: %{y:.3g}<extra></extra>",
        )
    made.add_hline(threshold, line={"color": NEUTRAL, "width": 1, "dash": "dash"})
    made.add_vline(update, line={"color": NEUTRAL, "width": 1.5})
    made.update_layout(
        height=190,
        margin={"l": 50, "r": 6, "t": 8, "b": 36},
        xaxis={"title": "updates"},
        yaxis={"title": "gradient norm", "type": "log", "dtick": 1, "exponentformat": "e"},
    )
    return made

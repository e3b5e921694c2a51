"""The Data page's figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from sentiment_core.colours import NEGATIVE, NEUTRAL, POSITIVE
from sentiment_core.metrics import Balance
from ui.kit.palette import run_colour

# The plane of words in pixels, about as it is drawn at 1280 × 720.
PLANE = np.array([560.0, 360.0])
MARGIN = {"l": 50, "r": 10, "t": 24, "b": 44}


def length_figure(edges: np.ndarray, whole: np.ndarray, cut: np.ndarray, longest: int) -> go.Figure:
    """Return reviews by length, those that the limit `longest` cuts in another colour, the limit as a line.

    `whole` and `cut (b,)` are the reviews of each bin: the limit lies within one, which has both.
    """
    made = go.Figure()
    for name, counts, colour in (("whole", whole, run_colour(0)), ("longer than the limit", cut, run_colour(1))):
        some = counts > 0
        made.add_bar(
            x=edges[:-1][some],
            y=counts[some],
            width=np.diff(edges)[some],
            offset=0,
            name=name,
            marker={"color": colour, "line": {"width": 0}},
            customdata=edges[1:][some] - 1,
            hovertemplate="%{x} to %{customdata} tokens: %{y} reviews<extra>%{fullData.name}</extra>",
        )
    made.add_vline(longest, line={"color": NEUTRAL, "width": 2, "dash": "dash"})
    made.update_layout(
        height=300,
        margin=MARGIN,
        bargap=0,
        barmode="stack",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
        xaxis={"title": "known tokens of a review", "range": [0, max(float(edges[-1]), 1.0)]},
        yaxis={"title": "reviews"},
    )
    return made


def balance_figure(parts: Mapping[str, Balance]) -> go.Figure:
    """Return the classes of each part as one bar."""
    positive = [part.positives for part in parts.values()]
    negative = [part.reviews - part.positives for part in parts.values()]
    # A number that its bar cannot hold would be turned or shrunk; it is still there on hover.
    room = max((*negative, *positive), default=0) / 8
    made = go.Figure()
    for name, values, hue in (("negative", negative, NEGATIVE), ("positive", positive, POSITIVE)):
        made.add_bar(
            y=list(parts),
            x=values,
            name=name,
            orientation="h",
            marker={"color": hue.line},
            text=[f"{value:,}" if value >= room else "" for value in values],
            textposition="inside",
            textangle=0,
            hovertemplate="%{y}: %{x:,} " + name + "<extra></extra>",
        )
    made.update_layout(
        barmode="stack",
        height=300,
        margin={**MARGIN, "l": 70},
        # In the order of the bars: Plotly turns it around for stacked ones.
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
        xaxis={"title": "reviews"},
        yaxis={"autorange": "reversed"},
    )
    return made


def batch_figure(real: np.ndarray, steps: int) -> go.Figure:
    """Return a batch `real (B, T)` as an image of `steps` ≥ T time steps: tokens coloured, padding grey."""
    made = go.Figure(
        go.Heatmap(
            z=real.astype(np.uint8),
            zmin=0,
            zmax=1,
            colorscale=[[0, "#c4c8cf"], [0.5, "#c4c8cf"], [0.5, run_colour(0)], [1, run_colour(0)]],
            showscale=False,
            x0=0.5,
            dx=1,
            hovertemplate="review %{y}, step %{x:.0f}<extra></extra>",
        )
    )
    made.update_layout(
        height=250,
        margin={"l": 40, "r": 10, "t": 8, "b": 40},
        xaxis={"title": "time step", "range": [0, steps]},
        yaxis={"title": "review", "autorange": "reversed", "showticklabels": False, "showgrid": False},
    )
    return made


def words_figure(words: Sequence[str], places: np.ndarray) -> go.Figure:
    """Return words at `places (n, 2)`, each with its name where there is room for it, all on hover."""
    # Plotly reads mark-up in labels; a word is only a word.
    shown = [word.replace("&", "&amp;").replace("<", "&lt;") for word in words]
    low, high = places.min(axis=0), places.max(axis=0)
    span = np.maximum(high - low, 1e-6)
    low, high = low - 0.1 * span, high + 0.1 * span
    positions = label_positions([len(word) for word in words], (places - low) / (high - low) * PLANE)
    made = go.Figure(
        go.Scatter(
            x=places[:, 0],
            y=places[:, 1],
            text=[word if position else "" for word, position in zip(shown, positions, strict=True)],
            mode="markers+text",
            textposition=[position or "top center" for position in positions],
            cliponaxis=False,
            marker={"size": 9, "color": run_colour(0)},
            hovertext=shown,
            hoverinfo="text",
        )
    )
    made.update_layout(
        height=380,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        xaxis={"showticklabels": False, "zeroline": False, "range": [low[0], high[0]]},
        yaxis={"showticklabels": False, "zeroline": False, "range": [low[1], high[1]]},
    )
    return made


def label_positions(lengths: Sequence[int], points: np.ndarray) -> list[str | None]:
    """Return where to write labels of `lengths` characters beside `points (n, 2)` in pixels; None: there is no room."""
    taken = [(x - 4, y - 4, x + 4, y + 4) for x, y in points]
    found: list[str | None] = []
    for own, (length, (x, y)) in enumerate(zip(lengths, points, strict=True)):
        found.append(None)
        wide = 7.0 * length
        for name, left, bottom in (
            ("top center", x - wide / 2, y + 5),
            ("bottom center", x - wide / 2, y - 19),
            ("middle right", x + 7, y - 7),
            ("middle left", x - 7 - wide, y - 7),
        ):
            box = (left, bottom, left + wide, bottom + 14)
            others = (other for index, other in enumerate(taken) if index != own)
            if not any(_overlap(box, other) for other in others):
                taken.append(box)
                found[-1] = name
                break
    return found


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]

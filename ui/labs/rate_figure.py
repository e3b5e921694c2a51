"""Loss against learning rate as a Plotly figure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from sentiment_core.colours import NEUTRAL
from sentiment_core.findings.sweep import RatePoint

# A loss far above guessing says no more than that the rate is too high, and would flatten the valley.
HIGHEST = 1.2


def rate_figure(
    points: Sequence[RatePoint], colours: Mapping[str, str], last: int, guessing: float | None = None
) -> go.Figure:
    """Return batch and validation loss at each rate; what diverged is a ✕ at the upper edge, what is too high a ▲.

    `colours` gives each run's; `last` is the number of steps that were averaged;
    `guessing` the loss of answering with the share of positive reviews, None where it is not known.
    """
    drawn = [point for point in points if point.loss is not None]
    losses = [loss for point in drawn for loss in (point.loss, point.validation_loss) if loss is not None]
    guesses = [] if guessing is None else [guessing]
    top = max([1.12 * guess for guess in guesses] + [1.05 * min(loss, HIGHEST) for loss in losses], default=HIGHEST)
    low = min([0.9 * guess for guess in guesses] + [loss - 0.04 for loss in losses], default=0.0)
    figure = go.Figure()
    for name, field, dash, symbol in (
        (f"batch loss, mean of the last {last}", "loss", "solid", "circle"),
        ("validation loss", "validation_loss", "dot", "circle-open"),
    ):
        shown = [(point, getattr(point, field)) for point in drawn if getattr(point, field) is not None]
        figure.add_scatter(
            x=[point.rate for point, _ in shown],
            y=[min(loss, top) for _, loss in shown],
            customdata=[loss for _, loss in shown],
            name=name,
            mode="lines+markers",
            line={"color": NEUTRAL, "width": 1.5, "dash": dash},
            marker={
                "color": [colours[point.run_id] for point, _ in shown],
                "symbol": [symbol if loss <= top else "triangle-up" for _, loss in shown],
                "size": 11,
                "line": {"width": 2, "color": [colours[point.run_id] for point, _ in shown]},
            },
            hovertemplate=name + " %{customdata:.4f}<extra>rate %{x:.3~g}</extra>",
            cliponaxis=False,
        )
    blown = [point for point in points if point.diverged]
    figure.add_scatter(
        x=[point.rate for point in blown],
        y=[top] * len(blown),
        customdata=[point.diverged_at for point in blown],
        name="diverged",
        mode="markers",
        marker={
            "symbol": "x",
            "size": 13,
            "color": [colours[point.run_id] for point in blown],
        },
        hovertemplate="diverged at step %{customdata}<extra>rate %{x:.3~g}</extra>",
        cliponaxis=False,
    )
    for guess in guesses:
        figure.add_hline(
            guess,
            line={"color": NEUTRAL, "width": 1, "dash": "dash"},
            annotation={
                "text": f"guessing: {guess:.3f}",
                "font": {"size": 11, "color": NEUTRAL},
                # Over the valley: at both ends of it lie points at this height.
                "x": 0.5,
                "xanchor": "center",
                "yanchor": "bottom",
            },
        )
    figure.update_layout(**_layout(points, low, top))
    return figure


def _layout(points: Sequence[RatePoint], low: float, top: float) -> dict[str, Any]:
    rates = [math.log10(point.rate) for point in points]
    return {
        "height": 330,
        "margin": {"l": 50, "r": 20, "t": 34, "b": 44},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "xaxis": {
            "type": "log",
            "title": "learning rate",
            "range": [min(rates) - 0.2, max(rates) + 0.2],
            "tickvals": [point.rate for point in points],
            "ticktext": [f"{point.rate:g}" for point in points],
        },
        "yaxis": {"title": "loss", "range": [low, top]},
    }

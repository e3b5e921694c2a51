"""The figures of a faithfulness study: deletion and insertion curves with intervals, and agreement between methods."""

from __future__ import annotations

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sentiment_core.colours import ATTENTION, NEUTRAL
from sentiment_core.explain.faithfulness import RANDOM
from sentiment_core.explain.study_question import Curve, MeanInterval, Study
from ui.explain.plot import method_colours

CURVES: tuple[Curve, ...] = ("deletion", "insertion")
BAND_OPACITY = 0.14


def curves_figure(result: Study) -> go.Figure:
    """Draw P of the predicted class while tokens go (left) and come (right), in the order of each method."""
    figure = make_subplots(
        cols=2,
        shared_yaxes=True,
        horizontal_spacing=0.04,
        subplot_titles=("Top share deleted", "Only top share kept"),
    )
    colours = method_colours()
    shares = [100 * fraction for fraction in result["fractions"]]
    for row in result["methods"]:
        colour = colours[row["method"]]
        for column, curve in enumerate(CURVES, start=1):
            values = row[curve]
            figure.add_scatter(
                x=[*shares, *reversed(shares)],
                y=[*values["high"], *reversed(values["low"])],
                fill="toself",
                fillcolor=colour,
                opacity=BAND_OPACITY,
                line={"width": 0},
                hoverinfo="skip",
                showlegend=False,
                legendgroup=row["method"],
                row=1,
                col=column,
            )
            figure.add_scatter(
                x=shares,
                y=values["mean"],
                mode="lines+markers",
                name=row["title"],
                legendgroup=row["method"],
                showlegend=column == 1,
                line={"color": colour, "width": 2, "dash": "dot" if row["method"] == RANDOM else "solid"},
                marker={"size": 5},
                hovertemplate="%{x:g} % of the tokens: %{y:.3f}<extra>%{fullData.name}</extra>",
                row=1,
                col=column,
            )
    figure.update_xaxes(ticksuffix=" %", range=[-1, 101], zeroline=False)
    figure.update_yaxes(range=[0, 1.02], zeroline=False)
    figure.update_yaxes(title_text="P(predicted class)", col=1)
    figure.update_layout(
        height=400, margin={"l": 10, "r": 10, "t": 36, "b": 10}, legend={"orientation": "h", "y": -0.14, "x": 0}
    )
    return figure


def agreement_figure(result: Study) -> go.Figure:
    """Draw Kendall's τ for each pair of methods, with its interval."""
    titles = {row["method"]: row["title"] for row in result["methods"]}
    known = [(tau, pair) for pair in result["agreement"] if (tau := pair["tau"])]
    known.sort(key=lambda each: each[0]["mean"])
    taus, pairs = [tau for tau, _ in known], [pair for _, pair in known]
    attention = ["attention" in (pair["first"], pair["second"]) for pair in pairs]
    figure = go.Figure(
        go.Scatter(
            x=[tau["mean"] for tau in taus],
            y=[f"{titles[pair['first']]} – {titles[pair['second']]}" for pair in pairs],
            error_x={
                "array": [tau["high"] - tau["mean"] for tau in taus],
                "arrayminus": [tau["mean"] - tau["low"] for tau in taus],
                "color": NEUTRAL,
                "thickness": 1.5,
            },
            mode="markers",
            marker={"size": 9, "color": [ATTENTION.line if own else NEUTRAL for own in attention]},
            hovertemplate="%{y}<br>τ = %{x:.3f}<extra></extra>",
        )
    )
    figure.update_xaxes(title_text="Kendall's τ", range=[min(0, *_lows(taus)) - 0.02, 1])
    figure.update_yaxes(automargin=True)
    figure.update_layout(height=90 + 30 * max(1, len(pairs)), margin={"l": 10, "r": 10, "t": 10, "b": 10})
    return figure


def _lows(taus: list[MeanInterval]) -> list[float]:
    return [tau["low"] for tau in taus] or [0.0]

"""Figures of the initialisation bench: what flows forward and back, word by word and layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sentiment_core.colours import NEUTRAL, SIGNED
from sentiment_core.inside.measures import histograms
from ui.kit.palette import run_colour

BINS = 31
# Transparent where nothing is, so that both themes show their own ground.
FORWARD = [[0, "rgba(8,119,189,0)"], [0.35, "rgba(8,119,189,0.45)"], [1, "rgba(8,119,189,1)"]]
BACKWARD = [[0, "rgba(123,94,167,0)"], [0.35, "rgba(123,94,167,0.45)"], [1, "rgba(123,94,167,1)"]]
LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}


def strips(activations: np.ndarray, gradients: np.ndarray, activation: str) -> go.Figure:
    """Return histograms over time of `activations` and log10 |`gradients`| `(L, T, B, H)`, a column a layer."""
    layers, steps = activations.shape[:2]
    titles = [f"layer {layer}" for layer in range(1, layers + 1)] if layers > 1 else None
    made = make_subplots(
        rows=2,
        cols=layers,
        shared_xaxes="all",
        shared_yaxes="rows",
        vertical_spacing=0.07,
        horizontal_spacing=0.03,
        subplot_titles=titles,
    )
    # ReLU has no upper end: what comes out of it may grow a hundredfold from word to word.
    values, label = (activations, "activation") if activation == "tanh" else (log10(activations), "log10 activation")
    sizes = log10(gradients)
    edges = np.linspace(-1, 1, BINS + 1) if activation == "tanh" else _edges(values)
    bounds = _edges(sizes)
    for layer in range(layers):
        rows = (
            (values[layer], edges, FORWARD, f"{label} %{{y:.2f}}: %{{z:.1%}} of the outputs"),
            (sizes[layer], bounds, BACKWARD, "10^%{y:.1f}: %{z:.1%} of the gradients"),
        )
        for row, (shown, parts, colours, words) in enumerate(rows, start=1):
            counts = histograms(shown.reshape(steps, -1), parts)
            made.add_heatmap(
                z=counts.T,
                x=np.arange(1, steps + 1),
                y=(parts[:-1] + parts[1:]) / 2,
                zmin=0,
                zmax=max(float(np.quantile(counts, 0.99)), 1e-9),
                colorscale=colours,
                showscale=False,
                row=row,
                col=layer + 1,
                hovertemplate="word %{x}<br>" + words + "<extra></extra>",
            )
    made.update_yaxes(title_text=label, row=1, col=1, showgrid=False, zeroline=False)
    made.update_yaxes(title_text="log10 |∂L/∂h|", row=2, col=1, showgrid=False, zeroline=False)
    made.update_xaxes(title_text="word", row=2, showgrid=False)
    made.update_layout(height=350, margin={"l": 56, "r": 10, "t": 26 if titles else 8, "b": 44})
    return made


def _edges(sizes: np.ndarray) -> np.ndarray:
    """Return bins that hold all finite `sizes` but the smallest hundredth."""
    known = sizes[np.isfinite(sizes)]
    low, high = (np.quantile(known, 0.01), known.max()) if known.size else (-1.0, 0.0)
    return np.asarray(np.linspace(low - 0.5, high + 0.5, BINS + 1))


def lengths(curves: Mapping[str, np.ndarray], chosen: str) -> go.Figure:
    """Return log10 ‖∂L/∂h_t‖ relative to the last word, a line `(T,)` for each start, the `chosen` one strong."""
    made = go.Figure()
    for place, (name, curve) in enumerate(curves.items()):
        strong = name == chosen
        made.add_scatter(
            x=np.arange(1, len(curve) + 1),
            y=curve,
            name=name,
            mode="lines",
            line={"color": run_colour(place), "width": 3.5 if strong else 1.3},
            opacity=1.0 if strong else 0.75,
            hovertemplate=f"{name}, word %{{x}}: 10^%{{y:.1f}} of the last<extra></extra>",
        )
    made.add_hline(0, line={"color": NEUTRAL, "width": 1, "dash": "dash"})
    made.update_layout(
        height=240,
        margin={"l": 50, "r": 10, "t": 60, "b": 40},
        legend={**LEGEND, "font": {"size": 11}},
        xaxis={"title": "word"},
        yaxis={"title": "log10 of the length"},
    )
    return made


def layers_figure(
    activations: np.ndarray, gradients: np.ndarray, colours: Sequence[str], edges: np.ndarray
) -> go.Figure:
    """Return densities of `activations` and `gradients` `(L, …)`, one line a layer, side by side."""
    made = make_subplots(rows=1, cols=2, subplot_titles=("tanh outputs", "their gradients"), horizontal_spacing=0.09)
    reach = float(np.quantile(np.abs(gradients), 0.995)) or 1.0
    for column, (values, bounds) in enumerate(
        ((activations, edges), (gradients, np.linspace(-reach, reach, BINS + 1))), start=1
    ):
        shares = histograms(values.reshape(len(values), -1), bounds)
        for layer, share in enumerate(shares):
            made.add_scatter(
                x=(bounds[:-1] + bounds[1:]) / 2,
                y=share,
                name=f"layer {layer + 1}",
                legendgroup=str(layer),
                showlegend=column == 1,
                mode="lines",
                line={"color": colours[layer], "width": 2},
                row=1,
                col=column,
                hovertemplate=f"layer {layer + 1}, %{{x:.3g}}: %{{y:.1%}}<extra></extra>",
            )
    made.update_yaxes(tickformat=".0%", rangemode="tozero")
    made.update_annotations(font={"size": 13})
    made.update_layout(
        height=290, margin={"l": 50, "r": 10, "t": 60, "b": 30}, legend={**LEGEND, "y": 1.12, "font": {"size": 11}}
    )
    return made


def bars(measured: np.ndarray, published: Sequence[float] | None) -> go.Figure:
    """Return saturated shares `(S, L)`: the mean over draws with its range, beside the `published` ones."""
    mean = measured.mean(axis=0)
    layers = list(range(1, len(mean) + 1))
    series = [("here", mean, run_colour(0))]
    if published is not None:
        series.append(("lecture", np.asarray(published), run_colour(1)))
    made = go.Figure()
    for name, shares, colour in series:
        spread = {"array": measured.max(axis=0) - mean, "arrayminus": mean - measured.min(axis=0)}
        made.add_bar(
            x=layers,
            y=shares,
            name=name,
            marker={"color": colour},
            error_y={**spread, "color": NEUTRAL, "thickness": 1.5} if name == "here" else None,
            hovertemplate="layer %{x}: %{y:.2%} " + name + "<extra></extra>",
        )
    # The numbers stand below the bars, where there is room for them on a phone as well.
    below = [
        "<br>".join(
            [
                f"layer {layer}",
                *(f'<span style="color:{colour}">{shares[layer - 1]:.1%}</span>' for _, shares, colour in series),
            ]
        )
        for layer in layers
    ]
    made.update_layout(
        height=270,
        margin={"l": 50, "r": 10, "t": 34, "b": 56},
        legend=LEGEND,
        xaxis={"tickvals": layers, "ticktext": below, "tickangle": 0},
        yaxis={"title": "saturated", "tickformat": ".0%", "rangemode": "tozero"},
    )
    return made


def units_figure(states: np.ndarray) -> go.Figure:
    """Return `states (N, H)`: what each unit holds after each update, a row a unit."""
    reach = max(float(np.abs(states).max()), 1e-6)
    made = go.Figure(
        go.Heatmap(
            z=states.T,
            zmin=-reach,
            zmax=reach,
            colorscale=SIGNED,
            x0=0,
            y0=1,
            ygap=1,
            colorbar={"title": {"text": "state", "side": "top"}, "thickness": 12, "len": 0.9},
            hovertemplate="unit %{y}, after %{x} updates: %{z:.6f}<extra></extra>",
        )
    )
    made.update_layout(
        height=330,
        margin={"l": 50, "r": 10, "t": 10, "b": 44},
        xaxis={"title": "updates", "showgrid": False, "dtick": 10},
        yaxis={"title": "unit", "autorange": "reversed", "showgrid": False},
    )
    return made


def log10(values: np.ndarray) -> np.ndarray:
    """Return log10 |values|; −inf at zeros."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log10(np.abs(values.astype(np.float64))))

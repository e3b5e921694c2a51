"""The clipping lab's figure and tables: loss and gradient norm, a column a seed, and the numbers behind them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import streamlit as st

from sentiment_core.clipping import RULES
from sentiment_core.colours import NEUTRAL
from sentiment_core.findings.clipping_over_seeds import RunClipping, Spread, WayClipping
from sentiment_core.steps.quantities import CORE, GRADIENT, LOSS
from sentiment_core.store import Experiment
from ui.kit.palette import run_colour
from ui.kit.terms import caption
from ui.server.api import source_of

# More points than a small panel has pixels only slow the browser down.
MOST_POINTS = 300
SHOWN = (CORE["loss"], CORE["grad_norm"])


def figure(experiments: Sequence[Experiment]) -> Any:
    """Return small multiples: loss above, gradient norm before clipping below, one column a seed."""
    from plotly.subplots import make_subplots

    titles = [f"seed {experiment.config.seed}" for experiment in experiments]
    made = make_subplots(
        rows=2,
        cols=len(experiments),
        shared_xaxes="all",
        shared_yaxes="rows",
        subplot_titles=titles,
        vertical_spacing=0.06,
        horizontal_spacing=0.02,
    )
    measured = {run.id: source_of(experiment.id).steps(run.id) for experiment in experiments for run in experiment.runs}
    for column, experiment in enumerate(experiments, start=1):
        for position, run in enumerate(experiment.runs):
            steps = measured[run.id]
            for row, quantity in enumerate(SHOWN, start=1):
                x, y = thinned(steps["step"], steps[quantity.name])
                made.add_scatter(
                    x=x,
                    y=y,
                    row=row,
                    col=column,
                    name=RULES[run.config.training.clipping].phrase,
                    legendgroup=run.config.training.clipping,
                    showlegend=column == row == 1,
                    mode="lines",
                    line={"width": 1.3, "color": run_colour(position)},
                )
    training = experiments[0].config.training
    for field in {rule.threshold for rule in RULES.values() if rule.threshold and rule.bounds_norm}:
        line = {"dash": "dot", "width": 1, "color": NEUTRAL}
        made.add_hline(y=getattr(training, field), row=2, col="all", line=line)
    for row, (quantity, panel) in enumerate(zip(SHOWN, (LOSS, GRADIENT), strict=True), start=1):
        made.update_yaxes(title_text=quantity.title, row=row, col=1)
        if panel.is_log(steps[quantity.name] for steps in measured.values()):
            made.update_yaxes(type="log", dtick=1, exponentformat="power", row=row)
    made.update_xaxes(title_text="step", row=2)
    made.update_layout(
        height=430,
        margin={"l": 10, "r": 10, "t": 50, "b": 10},
        legend={"orientation": "h", "y": 1.16, "x": 0},
        uirevision="clipping",
    )
    return made


def thinned(steps: Sequence[int], values: Sequence[float]) -> tuple[list[int], list[float | None]]:
    """Return at most about `MOST_POINTS` points: of each stretch the largest value, so that no spike gets lost."""
    stretch = max(1, math.ceil(len(steps) / MOST_POINTS))
    x: list[int] = []
    y: list[float | None] = []
    for start_at in range(0, len(steps), stretch):
        places = range(start_at, min(start_at + stretch, len(steps)))
        finite = [place for place in places if math.isfinite(values[place])]
        place = max(finite, key=values.__getitem__) if finite else start_at
        x.append(steps[place])
        y.append(values[place] if finite else None)
    return x, y


def tables(ways: Sequence[WayClipping], runs: Sequence[RunClipping]) -> None:
    """Draw each way of clipping over the seeds and, folded, each run."""
    rows = [
        {
            "": RULES[way.way].phrase,
            "Steps clipped": _range(way.clipped_share, ".0%"),
            "Length kept": _range(way.length_ratio, ".2f"),
            "Cosine": _range(way.cosine, ".3f"),
            "Last loss": _range(way.last_loss, ".3g"),
            "Loss varies by ±": _range(way.spread, ".3g"),
            "Validation accuracy": _range(way.accuracy, ".3f"),
            "Diverged": f"{way.diverged} of {way.seeds}",
        }
        for way in ways
    ]
    st.dataframe(rows, hide_index=True)
    caption(
        "Median over the seeds, in brackets the smallest and the largest. Length kept: norm after clipping / before, "
        "in clipped steps; cosine: of the angle between the two, 1 where the direction stayed."
    )
    with st.expander("Each run"):
        each = [
            {
                "Seed": run.seed,
                "Clipping": RULES[run.way].phrase,
                "Steps": run.steps,
                "Steps clipped": _number(run.clipped_share, ".0%"),
                "Length kept": _number(run.length_ratio, ".2f"),
                "Cosine": _number(run.cosine, ".3f"),
                "Usual norm": _number(run.usual_norm, ".3g"),
                "90th percentile": _number(run.norm_percentile, ".3g"),
                "Last loss": _number(run.last_loss, ".3g"),
                "Validation accuracy": _number(run.accuracy, ".3f"),
            }
            for run in runs
        ]
        st.dataframe(each, hide_index=True)


def _range(spread: Spread | None, form: str) -> str:
    if spread is None:
        return "–"
    if spread.low == spread.high:
        return format(spread.median, form)
    return f"{spread.median:{form}} ({spread.low:{form}} to {spread.high:{form}})"


def _number(value: float | None, form: str) -> str:
    return "–" if value is None or math.isnan(value) else format(value, form)

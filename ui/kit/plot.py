"""A figure on a page: drawn, told to screen readers in a sentence, and its numbers behind a button as a table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

if TYPE_CHECKING:
    import plotly.graph_objects as go

# A page sends no more rows than somebody can read.
MOST_ROWS = 1000
MOST_TOLD = 4


def plot(figure: go.Figure, *, key: str, zooms: bool = False, **options: Any) -> Any:
    """Draw a figure with its text alternative and, once somebody asks for it, its data as a table.

    One that `zooms` has Plotly's bar above it; `options` are those of `st.plotly_chart`.
    """
    config = {"displaylogo": False} if zooms else {"displayModeBar": False}
    drawn = st.plotly_chart(figure, key=key, config=config, alt=in_words(figure), **options)
    table = st.popover(
        "Data as a table", type="tertiary", icon=":material/table:", key=f"{key}:data", on_change="rerun"
    )
    if table.open:
        rows = rows_of(figure)
        with table:
            st.dataframe(rows[:MOST_ROWS], hide_index=True)
            if len(rows) > MOST_ROWS:
                st.caption(f"The first {MOST_ROWS:,} of {len(rows):,} rows.")
    return drawn


def in_words(figure: go.Figure) -> str:
    """Return what a figure shows in a few sentences: of each of the first curves its ends and its range."""
    told = [_trace(trace, *_titles(figure, trace), lone=len(figure.data) == 1) for trace in figure.data]
    told = [sentence for sentence in told if sentence]
    if not told:
        return "A figure in which nothing is drawn yet."
    more = f" And {len(told) - MOST_TOLD} more: all are in the table." if len(told) > MOST_TOLD else ""
    return f"{' '.join(told[:MOST_TOLD])}{more}"


def rows_of(figure: go.Figure) -> pd.DataFrame:
    """Return what is drawn, a row a point: of which series, at which x, which y, and the value of a cell."""
    rows = [row for trace in figure.data for row in _points(figure, trace)]
    made = pd.DataFrame(rows, columns=["series", "x", "y", "value"])
    return made.drop(columns=[name for name in made if (made[name] == "").all()])


def _points(figure: go.Figure, trace: Any) -> Iterator[tuple[str, str, str, str]]:
    name = _plain(trace.name)
    xs, ys = (_labels(figure, trace, way) for way in "xy")
    if getattr(trace, "z", None) is not None:
        for i, row in enumerate(trace.z):
            for j, value in enumerate(row):
                yield name, xs[j] if xs else str(j), ys[i] if ys else str(i), _number(value)
        return
    for i in range(max(len(xs), len(ys))):
        yield name, xs[i] if xs else str(i), ys[i] if ys else str(i), ""


def _labels(figure: go.Figure, trace: Any, way: str) -> list[str]:
    """Return the coordinates of a trace as the axis writes them."""
    given = getattr(trace, way, None)
    axis = _axis(figure, trace, way)
    ticks = {}
    if axis.tickvals is not None and axis.ticktext is not None:
        ticks = {_number(value): _plain(text) for value, text in zip(axis.tickvals, axis.ticktext, strict=False)}
    ticks |= {value: _plain(text) for value, text in (axis.labelalias or {}).items()}
    written = [_number(value) for value in ([] if given is None else given)]
    return [ticks.get(value, value) for value in written]


def _axis(figure: go.Figure, trace: Any, way: str) -> Any:
    return figure.layout[f"{way}axis{(getattr(trace, f'{way}axis', None) or way)[1:]}"]


def _titles(figure: go.Figure, trace: Any) -> tuple[str, str]:
    return _plain(_axis(figure, trace, "x").title.text), _plain(_axis(figure, trace, "y").title.text)


def _trace(trace: Any, x_title: str, y_title: str, *, lone: bool) -> str:
    name = _plain(trace.name) or y_title or ("The values" if lone else "")
    if getattr(trace, "z", None) is not None:
        cells = np.asarray(trace.z, dtype=float)
        return f"{name}: {cells.shape[0]} by {cells.shape[1]} cells{_range(cells.ravel())}." if cells.ndim == 2 else ""
    flat = getattr(trace, "orientation", None) == "h"
    values = pd.to_numeric(pd.Series(list(_given(trace.x if flat else trace.y))), errors="coerce").to_numpy(float)
    # Bands and frames have no name of their own, and are drawn around what has one.
    if not len(values) or not name or trace.hoverinfo == "skip":
        return ""
    over = f" over {x_title}" if x_title and not flat else ""
    kind = "bars" if trace.type in ("bar", "histogram") else "points"
    ends = "" if kind == "bars" or len(values) < 2 else f", from {_number(values[0])} to {_number(values[-1])}"
    return f"{name}: {len(values)} {kind}{over}{ends}{_range(values)}."


def _given(values: Any) -> Any:
    return [] if values is None else values


def _range(values: np.ndarray) -> str:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return ", none of them finite"
    lost = len(values) - len(finite)
    gone = f", {lost} not finite" if lost else ""
    return f", lowest {_number(finite.min())}, highest {_number(finite.max())}{gone}"


def _number(value: Any) -> str:
    if value is None:
        return ""
    return (
        f"{value:.4g}" if isinstance(value, int | float | np.number) and not isinstance(value, bool) else _plain(value)
    )


def _plain(text: Any) -> str:
    """Return a label without Plotly's small markup."""
    return "" if text is None else unescape(re.sub(r"<[^>]*>", " ", str(text))).strip()

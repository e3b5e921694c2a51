"""The map of the temporal order task as a figure, and what one of its cells says."""

from __future__ import annotations

from typing import Any

from sentiment_core.findings.order_map import CONFIDENCE, WAYS, MapCell, OrderMap
from ui.labs.inside.predict import sealed as to_predict

HALF, ROW_HEIGHT = 0.5, 72


def about(cell: MapCell) -> str:
    """Return how many seeds solved a cell, and how sure that is."""
    low, high = cell.interval.low, cell.interval.high
    return (
        f"{cell.solved} of {len(cell.outcomes)} seeds solve length {cell.length} {WAYS[cell.way].phrase}: with "
        f"{CONFIDENCE:.0%} confidence {low:.0%} to {high:.0%} of all seeds would."
    )


def figure(found: OrderMap, chosen: tuple[int, str], sealed: str | None = None) -> Any:
    """Return the map: a square a cell, darker the more seeds solve it, and a frame around the `chosen` length and way.

    What the way `sealed` came to is not shown.
    """
    import plotly.graph_objects as go

    cells = found.cells
    share = [0.0 if cell.way == sealed else cell.solved / len(cell.outcomes) for cell in cells]
    framed = [(cell.length, cell.way) == chosen for cell in cells]
    places = [(found.ways.index(cell.way), found.lengths.index(cell.length)) for cell in cells]
    made = go.Figure(
        go.Scatter(
            x=[x for x, _ in places],
            y=[y for _, y in places],
            mode="markers",
            marker={
                "symbol": "square",
                "size": 56,
                # A step in the middle, where the words change from the theme's colour to white.
                "color": [
                    f"rgba(8,119,189,{0.06 + 0.3 * one if one <= HALF else 0.25 + 0.75 * one:.2f})" for one in share
                ],
                "line": {
                    "width": [4 if one else 1 for one in framed],
                    "color": ["#8a8f98" if one else "rgba(138,143,152,0.6)" for one in framed],
                },
                "opacity": 1,
            },
            customdata=[
                [cell.length, cell.way, to_predict(WAYS[cell.way].label) if cell.way == sealed else about(cell)]
                for cell in cells
            ],
            hovertemplate="%{customdata[2]}<extra></extra>",
            cliponaxis=False,
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
        )
    )
    for cell, one, (x, y) in zip(cells, share, places, strict=True):
        # On dark squares words are white in both themes, on pale ones they are the theme's own.
        font = {"size": 14, **({"color": "#ffffff"} if one > HALF else {})}
        said = "?" if cell.way == sealed else f"{cell.solved} of {len(cell.outcomes)}"
        made.add_annotation(x=x, y=y, text=said, showarrow=False, font=font)
    names = [
        WAYS[way].label.replace(", ", ",<br>").replace(" by", "<br>by").replace(" start", "<br>start")
        for way in found.ways
    ]
    made.update_layout(
        height=80 + ROW_HEIGHT * len(found.lengths),
        margin={"l": 50, "r": 10, "t": 10, "b": 62},
        xaxis={
            "tickvals": list(range(len(names))),
            "ticktext": names,
            "tickangle": 0,
            "showgrid": False,
            "zeroline": False,
            "range": [-0.6, len(names) - 0.4],
        },
        yaxis={
            "tickvals": list(range(len(found.lengths))),
            "ticktext": [f"{length}" for length in found.lengths],
            "title": "length",
            "showgrid": False,
            "zeroline": False,
            "range": [-0.6, len(found.lengths) - 0.4],
        },
        dragmode=False,
    )
    return made

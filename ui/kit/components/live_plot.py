"""The live plot: status, runs, loss, gradient norm and accuracy of experiments, drawn and refreshed in the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st

from sentiment_core.findings.live_changes import asked
from sentiment_core.intervals import student
from sentiment_core.metrics import Status
from sentiment_core.seeds import MOST_SEEDS
from sentiment_core.steps.quantities import ACCURACY, GRADIENT, LOSS, drawn
from ui.kit.components.loader import declare
from ui.server.api import asset_url, base_url
from ui.server.backend import store

_component = declare("live_plot", "replay", "described", triggers=["changed"])
# How often this visitor has asked for something: whatever it was, the browser looks at once what became of it.
ASKS = "live-plot:asks"
# What the curves can be drawn over.
AXES = {"step": "Steps", "epoch": "Epochs", "reviews": "Reviews read"}


@dataclass(frozen=True)
class Curve:
    """One run to show, under the name and in the colour it has on this page.

    Runs with the same `group` are drawn as one: their mean and its interval. None: by itself. `per_epoch` training
    reviews, `batch_size` an update, place its steps on an axis of epochs or reviews.
    """

    experiment_id: str
    run_id: str
    label: str
    colour: str
    group: str | None = None
    batch_size: int = 1
    per_epoch: int = 0


@dataclass(frozen=True)
class Marker:
    """A step to mark in the curves, with a few words."""

    step: int
    label: str


def live_experiment(
    experiment_id: str,
    status: Status,
    *,
    height: int,
    playing: bool = False,
    only: str | None = None,
    awaited: bool = False,
    later: float = 0.0,
    key: str = "live-plot",
) -> None:
    """Show all runs of one experiment, or `only` one; the page reruns once whenever its status is no longer `status`.

    An ended experiment can be replayed; `playing` begins at once. Several plots on a page need a `key` each. `awaited`:
    something else stands in the place of the curves until their first point, with which the page reruns. It is drawn
    `later`, in seconds, unless the page needs it no more by then.
    """
    sources = [{"url": experiment_url(experiment_id), "runs": None if only is None else [{"id": only}]}]
    replay = "playing" if playing else "offered"
    own = {"awaited": awaited, "later": later, "asked": _asked(experiment_id, status)}
    _mount(key, sources, height, status=str(status), replay=replay, own=own)


def overlay(curves: Sequence[Curve], *, markers: Sequence[Marker] = (), height: int, axis: str) -> None:
    """Show chosen runs of any experiments on top of each other, over `AXES`."""
    _mount("overlay-plot", sources_of(curves), height, status=None, markers=markers, axis=axis)


def look_again() -> None:
    """Have the browser ask at once what became of something that was just asked for."""
    st.session_state[ASKS] = st.session_state.get(ASKS, 0) + 1


def sources_of(curves: Sequence[Curve]) -> list[dict[str, Any]]:
    """Return where the browser finds the runs of `curves`, and how it shows them."""
    sources: dict[str, list[dict[str, Any]]] = {}
    for curve in curves:
        shown = asdict(curve)
        shown["id"] = shown.pop("run_id")
        sources.setdefault(shown.pop("experiment_id"), []).append(shown)
    return [{"url": experiment_url(identifier), "runs": runs} for identifier, runs in sources.items()]


def experiment_url(experiment_id: str) -> str:
    """Return where the browser asks about an experiment."""
    return f"{base_url()}/api/experiments/{experiment_id}"


def _mount(
    key: str,
    sources: list[dict[str, Any]],
    height: int,
    status: str | None,
    replay: str | None = None,
    markers: Sequence[Marker] = (),
    axis: str = "step",
    own: Mapping[str, Any] | None = None,
) -> None:
    # A stable key and equal data leave the component alone when the page reruns: nothing blinks, zoom survives.
    data = {
        "plotly": asset_url("plotly.min.js"),
        "sources": sources,
        "status": status,
        **(own or {}),
        "asks": st.session_state.get(ASKS, 0),
        "compact": status is None,
        "replay": replay,
        **declared(),
        "markers": [asdict(marker) for marker in markers],
        "height": height,
        "axis": axis,
        # By how many values there are.
        "quantiles": {count: student(count) for count in range(2, MOST_SEEDS + 1)} if _is_grouped(sources) else {},
    }
    _component(key=key, data=data)


def _asked(experiment_id: str, status: Status) -> list[str]:
    requests = store().requested(experiment_id) if status.is_active else []
    return asked(store(), store().experiment(experiment_id), requests) if requests else []


def _is_grouped(sources: list[dict[str, Any]]) -> bool:
    return any(run.get("group") for source in sources for run in source["runs"] or ())


def declared() -> dict[str, Any]:
    """Return how quantities are called and drawn, and the panels of each figure: two share the steps on the left."""
    quantities = drawn()
    panels = dict.fromkeys(quantity.panel for quantity in quantities if quantity.panel)
    placed = {"curves": [LOSS, GRADIENT], "accuracy": [ACCURACY]}
    placed["more"] = [panel for panel in panels if panel not in (LOSS, GRADIENT, ACCURACY)]
    return {
        "quantities": {quantity.name: asdict(quantity) for quantity in quantities},
        "panels": {place: [asdict(panel) for panel in chosen] for place, chosen in placed.items()},
    }

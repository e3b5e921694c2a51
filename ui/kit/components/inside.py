"""The inside of runs that watched it: gradient through time, parts, saturation, histograms; live, and replayed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from sentiment_core.config import ExperimentConfig
from sentiment_core.store import Experiment
from ui.kit.components.live_plot import Curve, experiment_url, sources_of
from ui.kit.components.loader import declare
from ui.server.api import asset_url

_component = declare("inside")
NOT_WATCHED = "This run does not watch its inside: where its gradient went, what saturated, how its weights spread."

Offer = Callable[[str], None]


def inside_of(experiment: Experiment, offer: Offer) -> None:
    """Show the inside of all runs of one experiment; `offer` draws the link, so called, to one that watches.

    Follows the replay of the experiment's curves where the page has them.
    """
    watches = experiment.config.watch_every > 0
    _show([{"url": experiment_url(experiment.id), "runs": None}] if watches else [], offer, "inside")


def inside_of_runs(curves: Sequence[Curve], configs: Sequence[ExperimentConfig], offer: Offer) -> None:
    """Show the inside of those runs that watched it, of whatever experiments; `configs` are those of `curves`."""
    watching = [curve for curve, config in zip(curves, configs, strict=True) if config.watch_every > 0]
    _show(sources_of(watching), offer, "inside-overlay")


def _show(sources: list[dict[str, object]], offer: Offer, key: str) -> None:
    if not sources:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(NOT_WATCHED, width="content")
            offer("Start one that does")
        return
    st.header("Inside", anchor=False)
    _component(key=key, data={"plotly": asset_url("plotly.min.js"), "sources": sources})

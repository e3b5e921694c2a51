"""Rows of the temporal order map that are trained on this machine, beside the map that ships."""

from __future__ import annotations

from typing import Any

import streamlit as st

from sentiment_core.findings.order_map import (
    LENGTHS,
    ORDER_MAP,
    OTHER_SEEDS,
    SEEDS,
    WAYS,
    OrderMap,
    OrderQuestion,
    shipped,
    usual_seconds,
)
from sentiment_core.findings.order_words import beside
from sentiment_core.recorded import in_words
from sentiment_core.work.pace import duration
from ui.kit.address import Address
from ui.kit.address_fields import one_of_values
from ui.kit.job_panel import job_panel
from ui.kit.notices import as_list, literal
from ui.kit.plot import plot
from ui.labs.inside.predict import sealed as to_predict
from ui.labs.order_figures import figure
from ui.server.backend import desk

# By the first of them, as links have it.
RANGES = {OTHER_SEEDS[0]: OTHER_SEEDS, SEEDS[0]: SEEDS}
NAMES = {OTHER_SEEDS[0]: "6 to 10, new", SEEDS[0]: "1 to 5, shipped"}
SEEDS_FIELD = one_of_values("seeds", OTHER_SEEDS[0], list(RANGES))


def draw(address: Address, sealed: str | None) -> None:
    """Draw the way to train the chosen length here and, once some are, their map; not what the way `sealed` did."""
    with st.container(border=True, key="order-here"):
        st.markdown("**Measure it on this machine**")
        length: int = address.value("length")
        st.segmented_control(
            "Seeds", list(RANGES), key=address.key("seeds"), format_func=NAMES.__getitem__, required=True
        )
        seeds = RANGES[address.value("seeds")]
        time = duration(usual_seconds(length))
        job_panel(
            ORDER_MAP,
            OrderQuestion(length, seeds),
            start_label=f"Train length {length} here",
            time_hint=f"{len(WAYS) * len(seeds)} trainings, about {time} of one core. You may leave the page.",
        )
        if (found := _measured(seeds)) is not None:
            _show(found, (length, address.value("way")), sealed)


def _show(found: OrderMap, chosen: tuple[int, str], sealed: str | None) -> None:
    left, right = st.columns([1.35, 1], gap="large")
    with left:
        plot(figure(found, chosen, sealed), key="lab:temporal-order:here")
    with right:
        said = [to_predict("What both say")] if sealed else beside(shipped(), found)
        st.markdown(as_list(said))
        st.caption(
            literal(
                f"Computed here by {in_words(found.made)}, in {duration(found.cpu_seconds)} of one core. Choose "
                "another length above to add its row."
            )
        )


def _measured(seeds: tuple[int, ...]) -> OrderMap | None:
    """Return all rows that were trained here with `seeds` as one map, None where there are none."""
    jobs: list[Any] = [desk().look(ORDER_MAP, OrderQuestion(length, seeds)) for length in LENGTHS]
    rows = [job.result for job in jobs if job.result is not None]
    if not rows:
        return None
    return OrderMap(tuple(outcome for row in rows for outcome in row.outcomes), rows[-1].made)

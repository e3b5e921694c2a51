"""The experiments that belong to the one that is shown: its other seeds, and what runs of one experiment must share."""

from __future__ import annotations

import streamlit as st

from sentiment_core.config import flatten
from sentiment_core.findings.seed_groups import siblings
from sentiment_core.store import Experiment
from ui.addresses import to_runs, to_train
from ui.kit.notices import literal
from ui.server.backend import store
from ui.train.compare import comparisons

NEWEST, MOST_LINKS, MOST_RUNS = 100, 8, 50


def links(experiment: Experiment) -> None:
    """Draw the ways from an experiment to its siblings among the newest; nothing where there are none."""
    apart = {each.varied: each.word for each in comparisons().values() if each.apart}
    found = siblings(experiment, store().experiments(limit=NEWEST), tuple(apart))
    if len(found) < 2:
        return
    words = {"seed": "seed", **apart}
    said = {each.id: flatten(each.config) for each in found}
    varying = [name for name in words if len({said[each.id][name] for each in found}) > 1]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("The same with:", width="content")
        for other in [each for each in found if each.id != experiment.id][:MOST_LINKS]:
            called = ", ".join(f"{words[name]} {said[other.id][name]}" for name in varying)
            to_train(experiment=other.id).draw(literal(f"{called}, {other.status}"), icon=":material/show_chart:")
        runs = [run.id for each in found for run in each.runs]
        to_runs(runs[:MOST_RUNS], by_seed="seed" in varying).draw(
            f"All {len(found)} under Runs",
            icon=":material/compare_arrows:",
            help="On top of each other; several seeds as their mean and interval.",
        )

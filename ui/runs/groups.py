"""Runs grouped by everything but their seed: the table of settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from sentiment_core.findings.seed_groups import SeedGroup, group_by_seed
from sentiment_core.intervals import CONFIDENCE, Mean
from sentiment_core.store import Search
from ui.runs.table import Entry, differing_fields, shown_settings
from ui.server.backend import store

MOST_RUNS = 2_000
HALF = st.column_config.NumberColumn(
    "±",
    format="%.3f",
    help=f"Half the width of the {CONFIDENCE:.0%} interval of the mean over seeds (Student's t), on the same reviews.",
)
COLUMNS = {
    "Seeds": st.column_config.NumberColumn(help="With how many different seeds the setting was trained."),
    "Valid.": st.column_config.NumberColumn(format="%.3f", help="Mean validation accuracy over seeds."),
    "Test": st.column_config.NumberColumn(format="%.3f", help="Mean test accuracy over seeds."),
    "Valid. ±": HALF,
    "Test ±": HALF,
    "Repeats": st.column_config.NumberColumn(help="Further runs of seeds that are there already; they do not count."),
    "Parameters": st.column_config.NumberColumn(format="localized"),
}


@dataclass(frozen=True)
class Grouped:
    """A setting with the runs that have it, as rows of the ungrouped table know them."""

    group: SeedGroup
    entries: tuple[Entry, ...]


def list_groups(search: Search) -> list[Grouped]:
    """Return the runs that a search finds, the newest `MOST_RUNS` of them, grouped by everything but their seed."""
    entries = {pair[1].id: Entry(*pair) for pair in store().search_runs(search, MOST_RUNS)}
    groups = group_by_seed(entry.run for entry in entries.values())
    return [Grouped(group, tuple(entries[run.id] for run in group.runs)) for group in groups]


def group_rows(listed: Sequence[Grouped]) -> list[dict[str, Any]]:
    """Return one dict a setting: its name, seeds, means with intervals, then the settings that differ."""
    fields = [field for field in differing_fields([each.group.runs[0] for each in listed]) if field != "seed"]
    shown = shown_settings([each.group.runs[0] for each in listed], fields)
    return [
        {
            "Setting": each.group.name,
            "Seeds": len(each.group.runs),
            **_mean("Valid.", each.group.validation),
            **_mean("Test", each.group.test),
            **settings,
            "Repeats": each.group.repeats,
            "Parameters": each.group.runs[0].parameters,
            "First run": each.group.runs[0].id,
        }
        for each, settings in zip(listed, shown, strict=True)
    ]


def _mean(title: str, found: Mean | None) -> Mapping[str, float | None]:
    return {title: None if found is None else found.mean, f"{title} ±": None if found is None else found.half}

"""The table of runs: what differs between them, how they did, and their metrics as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from sentiment_core.config import field_info
from sentiment_core.metrics import STEP_COLUMNS
from sentiment_core.store import Experiment, Run
from ui.backend import store
from ui.forms import flatten
from ui.labels import say

HIDDEN_FIELDS = {"name", "data.path"}


@dataclass(frozen=True)
class Entry:
    """One row: a run with its experiment."""

    experiment: Experiment
    run: Run

    def label(self, alone: bool) -> str:
        """What the run is called, with its experiment unless runs of no other one are shown."""
        return self.run.name if alone else f"{self.run.name} ({self.experiment.id})"


def entries(experiments: Sequence[Experiment]) -> list[Entry]:
    """Return all runs, newest experiment first."""
    return [Entry(experiment, run) for experiment in experiments for run in experiment.runs]


def differing_fields(runs: Sequence[Run]) -> list[str]:
    """Return the settings in which the runs are not all alike, in the configuration's order."""
    settings = [flatten(run.config) for run in runs]
    return [
        field
        for field in (settings[0] if settings else {})
        if field not in HIDDEN_FIELDS and any(other[field] != settings[0][field] for other in settings)
    ]


def table_rows(listed: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return one dict a run: names, status, steps, accuracies, then the settings that differ."""
    fields = differing_fields([entry.run for entry in listed])
    rows = []
    for entry in listed:
        best, last = accuracies(entry.run.id, entry.run.steps, str(entry.run.status))
        settings = flatten(entry.run.config)
        rows.append(
            {
                "Run": entry.run.name,
                "Experiment": entry.experiment.id,
                "Status": str(entry.run.status).capitalize(),
                "Steps": entry.run.steps,
                "Best valid.": best,
                "Last valid.": last,
                "Test": entry.run.test_accuracy,
                **{field_info(field).title: say(field, settings[field]) for field in fields},
                "Parameters": entry.run.parameters,
                "Seconds": round(entry.run.seconds, 1),
            }
        )
    return rows


# Steps and status are part of the key: a run that goes on is looked up again, one that ended is not.
@st.cache_data(max_entries=4000, show_spinner=False)
def accuracies(run_id: str, steps: int, status: str) -> tuple[float | None, float | None]:
    """Return a run's best and last validation accuracy, None before the first evaluation."""
    values = [found.accuracy for found in store().evaluations(run_id) if found.part == "validation"]
    return (max(values), values[-1]) if values else (None, None)


def metrics_csv(chosen: Sequence[Entry]) -> bytes:
    """Return every measured step of the chosen runs as CSV."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["run_id", "run", *STEP_COLUMNS])
    for entry in chosen:
        # A leading apostrophe keeps a spreadsheet from taking a name for a formula.
        name = f"'{entry.run.name}" if entry.run.name[:1] in "=+-@\t\r" else entry.run.name
        for row in store().step_rows(entry.run.id):
            writer.writerow([entry.run.id, name, *(row[column] for column in STEP_COLUMNS)])
    return text.getvalue().encode()

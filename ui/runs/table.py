"""The table of runs: what differs between them, how they did, what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from sentiment_core.classroom.people import LECTURER
from sentiment_core.config import field_info, flatten
from sentiment_core.setting_words import say
from sentiment_core.store import Experiment, Run
from ui.server.backend import store

HIDDEN_FIELDS = {"name", "data.path"}
COLUMNS = {
    "Valid.": st.column_config.NumberColumn(format="%.3f", help="Validation accuracy of the weights that are kept."),
    "Test": st.column_config.NumberColumn(format="%.3f", help="Test accuracy, measured once, at the end."),
    "Parameters": st.column_config.NumberColumn(format="localized"),
    "Steps": st.column_config.NumberColumn(format="localized"),
    "Started": st.column_config.DatetimeColumn(format="MMM D, HH:mm", help="Universal time."),
    "Problem": st.column_config.TextColumn(width="large"),
}


@dataclass(frozen=True)
class Entry:
    """One row: a run with its experiment."""

    experiment: Experiment
    run: Run

    @property
    def problem(self) -> str | None:
        """Why the run failed, in a sentence; None when nothing went wrong."""
        return self.run.error or (self.experiment.error if str(self.run.status) == "failed" else None)


def labels(shown: Sequence[Entry]) -> dict[str, str]:
    """Return what each run is called by its id: its name, with its experiment where several are called alike."""
    names = [entry.run.name for entry in shown]
    return {
        entry.run.id: entry.run.name
        if names.count(entry.run.name) == 1
        else f"{entry.run.name} ({entry.experiment.id})"
        for entry in shown
    }


def differing_fields(runs: Sequence[Run]) -> list[str]:
    """Return the settings in which the runs are not all alike, in the configuration's order."""
    settings = [flatten(run.config) for run in runs]
    return [
        field
        for field in (settings[0] if settings else {})
        if field not in HIDDEN_FIELDS and any(other[field] != settings[0][field] for other in settings)
    ]


def table_rows(listed: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return one dict a run: names, status, accuracies, then the settings that differ, then the rest."""
    runs = [entry.run for entry in listed]
    shown = shown_settings(runs, differing_fields(runs))
    any_problem = any(entry.problem for entry in listed)
    has_owners = any(entry.experiment.owner for entry in listed)
    people = store().names() if has_owners else {}
    rows = []
    for entry, settings in zip(listed, shown, strict=True):
        rows.append(
            {
                "Run": entry.run.name,
                **({"Person": people.get(entry.experiment.owner or "", LECTURER.name)} if people else {}),
                "Experiment": entry.experiment.name,
                "Status": str(entry.run.status).capitalize(),
                "Steps": entry.run.steps,
                "Valid.": entry.run.validation_accuracy,
                "Test": entry.run.test_accuracy,
                **settings,
                "Parameters": entry.run.parameters,
                "Seconds": round(entry.run.seconds, 1),
                "Started": datetime.fromtimestamp(entry.experiment.created_at, UTC).replace(tzinfo=None),
                "ID": entry.run.id,
                **({"Problem": entry.problem} if any_problem else {}),
            }
        )
    return rows


def shown_settings(runs: Sequence[Run], fields: Sequence[str]) -> list[dict[str, Any]]:
    """Return, for each run, the settings `fields` by their titles; numbers stay numbers, so that they sort as such."""
    numeric = _numeric(fields, runs)
    flat = [flatten(run.config) for run in runs]
    return [
        {field_info(field).title: _shown(field, each[field], field in numeric) for field in fields} for each in flat
    ]


def setting_columns(runs: Sequence[Run]) -> dict[str, Any]:
    """Return how the settings in which runs differ are shown."""
    fields = differing_fields(runs)
    return {field_info(field).title: st.column_config.NumberColumn(format="%g") for field in _numeric(fields, runs)}


def _numeric(fields: Sequence[str], runs: Sequence[Run]) -> set[str]:
    settings = [flatten(run.config) for run in runs]
    return {field for field in fields if all(_is_number_or_none(row[field]) for row in settings)}


def _is_number_or_none(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _shown(field: str, value: Any, numeric: bool) -> Any:
    return value if numeric else say(field, value)

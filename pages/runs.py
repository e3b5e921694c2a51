"""Runs: what was trained, how it did, the curves of a few runs on top of each other, and what they got wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import streamlit as st

from sentiment_core.colours import colours_of
from sentiment_core.findings.twins import Parting, in_words, parting
from sentiment_core.store import Search
from ui.addresses import RUNS, to_lab, to_lesson, to_train, watching
from ui.kit.choice import choice
from ui.kit.cluster import cluster_panel
from ui.kit.components.inside import inside_of_runs
from ui.kit.components.live_plot import AXES, Curve, Marker, overlay
from ui.kit.health import health
from ui.kit.model_upload import bring_model
from ui.kit.notices import errors_shown, literal, show_problem
from ui.kit.palette import run_colour
from ui.kit.real import draw_real, twins_are_real
from ui.runs import confusion as run_confusion
from ui.runs import first_sight
from ui.runs import search as run_search
from ui.runs.actions import draw_actions
from ui.runs.groups import COLUMNS as GROUP_COLUMNS
from ui.runs.groups import Grouped, group_rows, list_groups
from ui.runs.search import ROWS, View
from ui.runs.table import COLUMNS, Entry, labels, setting_columns, table_rows
from ui.server.backend import store
from ui.server.visitor import visitor

MOST_CURVES = 8
MOST_PRESELECTED = 5
MOST_WANTED = 50
BANDS = (
    "Lines: means over seeds. Bands and bars: their 95 % intervals (Student's t) at each step; on a log axis, of the "
    "logarithm."
)
DEFAULT, LINKED, TABLE = "runs:default", "runs:linked", "runs:table"


def main() -> None:
    """Draw the filter, the table, the actions on what is selected, the curves and the confusion matrix."""
    show_problem()
    problems = RUNS.adopt()
    for message in problems or ():
        st.warning(literal(message))
    # The table forgets its selection while another page is open, and must after a link; the address does not.
    if linked := problems is not None:
        st.session_state.pop(TABLE, None)
    if visitor().room is None:
        cluster_panel()
    opening = st.session_state.get(TABLE) not in st.session_state
    if not store().count_runs(Search(linked=tuple(RUNS.value("runs")))):
        if RUNS.value("runs"):
            st.warning("The runs in this link are not here.")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.title("Runs", anchor=False, width="content")
            st.space("stretch")
            bring_model("runs:model", lambda run: RUNS.put(runs=[run.id]))
        first_sight.draw()
        return
    wanted = RUNS.value("runs")
    view = run_search.search_controls()
    actions = st.container(horizontal=True, vertical_alignment="center", gap="small")
    grouped = RUNS.value("group") == "seed"
    listed = list_groups(view.search) if grouped else list_runs(view, wanted, opening)
    if not listed:
        st.info(
            "No run fits this filter. Words must occur in a name, an id or a setting; cell=gru asks for one setting."
        )
        st.button("Show all runs", icon=":material/filter_alt_off:", on_click=run_search.show_everything)
        write_address([])
        return
    rows = select(as_rows(listed), wanted, linked)
    chosen = [entry for row in rows for entry in as_entries(listed[row])]
    with actions:
        draw_actions(chosen)
    if not chosen:
        st.caption("Select runs in the table to see their curves.")
    elif grouped:
        draw_groups([each for row in rows if isinstance(each := listed[row], Grouped)])
    else:
        draw_chosen(chosen)
    write_address(chosen)


@dataclass(frozen=True)
class Rows:
    """A table to choose from: its `content` and `columns`, and the row of each run that is in it."""

    content: Sequence[Mapping[str, Any]]
    columns: Mapping[str, Any]
    places: Mapping[str, int]
    newest: Sequence[int]  # the rows of the newest experiment


def as_entries(listed: Entry | Grouped) -> Sequence[Entry]:
    """Return the runs of a row."""
    return listed.entries if isinstance(listed, Grouped) else [listed]


def as_rows(listed: Sequence[Entry] | Sequence[Grouped]) -> Rows:
    """Return the table of runs, or of settings over their seeds."""
    entries = [(place, entry) for place, each in enumerate(listed) for entry in as_entries(each)]
    newest = entries[0][1].experiment.id
    runs = [as_entries(each)[0].run for each in listed]
    groups = [each for each in listed if isinstance(each, Grouped)]
    return Rows(
        content=group_rows(groups) if groups else table_rows([entry for _, entry in entries]),
        columns={**(GROUP_COLUMNS if groups else COLUMNS), **setting_columns(runs)},
        places={entry.run.id: place for place, entry in entries},
        newest=list(dict.fromkeys(place for place, entry in entries if entry.experiment.id == newest)),
    )


def list_runs(view: View, wanted: Sequence[str], opening: bool) -> list[Entry]:
    """Return the runs on one page of the table; when a link to runs is opened, the page that its first run is on."""
    found = store().count_runs(view.search)
    page = view.page
    if opening and page == 1 and wanted and found > ROWS:
        page = run_search.page_of(wanted[0], view.search) or 1
    page = run_search.page_control(found, page)
    found_here = [Entry(*pair) for pair in store().search_runs(view.search, ROWS, (page - 1) * ROWS)]
    if opening:
        st.session_state[LINKED] = frozenset(wanted)
    # Four rows are in sight: what a link names comes first, or its ticks would be out of it.
    linked = st.session_state.get(LINKED, frozenset())
    return sorted(found_here, key=lambda entry: entry.run.id not in linked)


def select(table: Rows, wanted: Sequence[str], linked: bool) -> list[int]:
    """Draw the table; return the selected rows."""
    known = table.places
    # Other rows: another key, which starts from a default again, because a selection is a list of row numbers.
    shape = ",".join(f"{name}:{place}" for name, place in known.items())
    rows_key = blake2b(shape.encode(), digest_size=8).hexdigest()
    key = f"runs-table-{rows_key}"
    if key not in st.session_state or TABLE not in st.session_state:
        # After another filter the address still names what was selected before: no broken link.
        if linked and wanted and not known.keys() & set(wanted):
            st.warning("The runs in this link are not in this list; here are the latest instead.")
        default = list(dict.fromkeys(known[name] for name in wanted if name in known))
        st.session_state[DEFAULT] = default or list(table.newest)[:MOST_PRESELECTED]
        st.session_state.pop(key, None)
    st.session_state[TABLE] = key
    event = st.dataframe(
        table.content,
        key=key,
        hide_index=True,
        height=min(38 + 35 * len(table.content), 178),
        column_config=table.columns,
        on_select="rerun",
        selection_mode="multi-row",
        placeholder="–",
        selection_default={"selection": {"rows": st.session_state[DEFAULT], "columns": [], "cells": []}},
    )
    return sorted(row for row in event["selection"]["rows"] if row < len(table.content))


def curve(entry: Entry, label: str, colour: str, group: str | None = None) -> Curve:
    """Return a run's curve; where nobody noted how many reviews it learned from, it is known by its steps alone."""
    training = store().balances(entry.run.id).get("train")
    size = entry.run.config.training.batch_size
    return Curve(entry.experiment.id, entry.run.id, label, colour, group, size, training.reviews if training else 0)


def axis_control(curves: Sequence[Curve]) -> str:
    """Draw the choice of what the curves are drawn over, as far as it is known of all of them; return it."""
    if not all(each.per_epoch for each in curves):
        return "step"
    return choice(RUNS, "x", "Over", AXES, help="What the curves are drawn over.")


def draw_groups(chosen: Sequence[Grouped]) -> None:
    """Draw settings over their seeds: mean curves with bands, and whether they differ."""
    if len(chosen) > MOST_CURVES:
        st.caption(f"The first {MOST_CURVES} of the {len(chosen)} selected settings are drawn and compared.")
    shown = chosen[:MOST_CURVES]
    curves = [
        curve(entry, entry.run.name, run_colour(place), f"{place + 1}: {each.group.name}")
        for place, each in enumerate(shown)
        for entry in each.entries
        if entry.run.steps
    ]
    if curves:
        overlay(curves, height=335, axis=axis_control(curves))
        if any(len(each.group.runs) > 1 for each in shown):
            st.caption(BANDS)
    else:
        st.caption("They wait in the queue, or had no update: their curves are here once they train.")
    draw_real([each.group for each in shown])


def draw_chosen(chosen: Sequence[Entry]) -> None:
    """Draw what is known about the selected runs: problems, where they part, curves, right and wrong."""
    for message in dict.fromkeys(entry.problem for entry in chosen if entry.problem):
        st.error(literal(message))
    if len(chosen) > MOST_CURVES:
        st.caption(f"The first {MOST_CURVES} of the {len(chosen)} selected runs are drawn.")
    shown = chosen[:MOST_CURVES]
    where = twins_part(chosen)
    names = labels(shown)
    colours = colours_in(shown)
    curves = [curve(entry, names[entry.run.id], colour) for entry, colour in zip(shown, colours, strict=True)]
    brought = [e.run.name for e in shown if e.run.steps and not store().steps(e.run.id, limit=1)["step"]]
    if brought:
        st.caption(literal(f"Curves stayed where it was trained: {', '.join(brought)}."))
    if any(entry.run.steps and entry.run.name not in brought for entry in shown):
        marked = [] if where is None or where.step is None else [Marker(where.step, "they part")]
        overlay(curves, markers=marked, height=335, axis=axis_control(curves))
    if where is not None:
        st.caption(literal(in_words(where)))
    if len(chosen) == 2:
        twins_are_real([entry.run for entry in chosen])
    health(store(), lambda: [store().run(entry.run.id) for entry in shown], lab=to_lab, lesson=to_lesson)
    run_confusion.draw_confusion(shown)
    if curves:
        again = to_train(watching(shown[0].experiment.config))
        inside_of_runs(curves, [entry.run.config for entry in shown], again.draw)


def colours_in(shown: Sequence[Entry]) -> list[str]:
    """Return a colour for each run: that of its experiment where it is the only one, else by its place."""
    experiment = shown[0].experiment
    if any(entry.experiment.id != experiment.id for entry in shown):
        return [run_colour(place) for place in range(len(shown))]
    own = dict(zip((run.id for run in experiment.runs), colours_of(experiment.config), strict=True))
    return [own[entry.run.id] for entry in shown]


def twins_part(chosen: Sequence[Entry]) -> Parting | None:
    """Return where two selected runs of one experiment part; None for any other selection."""
    if len(chosen) != 2 or chosen[0].experiment.id != chosen[1].experiment.id:
        return None
    one, other = chosen[0].run, chosen[1].run
    return parting(one, other, store().steps(one.id), store().steps(other.id))


def write_address(chosen: Sequence[Entry]) -> None:
    """Keep list and selection in the address."""
    RUNS.put(runs=[entry.run.id for entry in chosen[:MOST_WANTED]])
    of = ("of",) if RUNS.value("cell") else ()
    RUNS.write("filter", "status", "source", "page", "runs", "group", "x", "cell", "threshold", *of)


with errors_shown():
    main()
